"""The deployment gate: 500 releases from their files, and one `readiness gate` as a whole process.

python -m bench deploy
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.figure import say
from bench.place import ROOT

RELEASES, ROUNDS = 500, 15
MOST_SECONDS, MOST_PROCESS = 5.0, 0.3
COMMAND = str(Path(sys.executable).parent / "readiness")
AT = "2026-11-20T09:00:00Z"


def main() -> int:
    """Print two lines; 0 when both figures hold."""
    os.environ.pop("OTEL_EXPORTER_OTLP_ENDPOINT", None)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(shutil.copytree(ROOT / "examples" / "release-governance", Path(folder) / "release"))
        write(place)
        return evaluated(place) | whole_process(place)


def write(place: Path) -> None:
    """The example's manifest, and variants of it: each has its own figures, and every third one fails."""
    from readiness.engine.deploy import assemble, collect, offline

    made = collect.collect(place / "release.yml", place / "readiness_report.json", at=offline.moment(AT))
    document = made.to_dict()
    (place / "m.json").write_text(assemble.dump(made))
    for number in range(RELEASES):
        document["metrics"]["p95_ms"] = 150.0 + number % 3 * 50
        document["run_ids"] = [made.scorecard.run_id, f"run-{number}"]
        (place / f"m{number}.json").write_text(json.dumps(document))


def evaluated(place: Path) -> int:
    """All releases, read, hashed and judged one after the other, against only hashing their files."""
    from readiness.engine.deploy import looking, offline, reading
    from readiness.engine.target import RunDirectory

    manifests = [place / f"m{number}.json" for number in range(RELEASES)]
    start = time.perf_counter()
    decisions = [
        offline.answer(offline.Question(manifest=path, config=place / "gate.yml", root=place, as_of=AT))
        for path in manifests
    ]
    ours = time.perf_counter() - start
    assert sum(decision.approved for decision in decisions) == sum(n % 3 < 2 for n in range(RELEASES))
    manifest, run = reading.read(manifests[0].read_bytes(), "m").manifest, RunDirectory(place)
    start = time.perf_counter()
    for path in manifests:
        json.loads(path.read_bytes())
        looking.files(run, manifest)
    bare = time.perf_counter() - start
    return say(
        f"{RELEASES} releases evaluated offline",
        f"{ours:.2f} s",
        against=f"only reading and hashing {bare:.2f} s",
        ratio=ours / bare,
        limit=f"needs < {MOST_SECONDS:.0f} s",
        holds=ours < MOST_SECONDS,
    )


def whole_process(place: Path) -> int:
    """`readiness gate` from the shell and back, against a Python that does nothing."""
    gate = [COMMAND, "gate", "--manifest", "m.json", "--config", "gate.yml", "--root", ".", "--as-of", AT]
    ours, bare = timed(gate, place), timed([sys.executable, "-c", "pass"], place)
    return say(
        "readiness gate, whole process",
        f"{ours * 1000:.0f} ms",
        against=f"python -c pass {bare * 1000:.0f} ms",
        ratio=ours / bare,
        limit=f"needs < {MOST_PROCESS * 1000:.0f} ms",
        holds=ours < MOST_PROCESS,
    )


def timed(command: list[str], place: Path) -> float:
    """Median of wall-clock seconds; each run must end with 0."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run(command, cwd=place, stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - start)
    return median(times)


if __name__ == "__main__":
    sys.exit(main())
