"""A log of 1 GB, searched for all faults of trainings, beside reading and counting its lines.

python -m bench log
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from bench.figure import say, timed
from readiness.engine.checklist import CheckSpec
from readiness.engine.runner import run_check
from readiness.engine.target import RunDirectory

SIZE, LIMIT_S = 1000 << 20, 20.0
SEARCHES = {
    "training faults": {"training": True, "ends_with": "Training complete"},
    "patterns that stop backtracking engines": {"must_not": ["(a+)+$", "(x+x+)+y"], "ends_with": "complete"},
}


def main() -> int:
    """Print one line for each search; 0 when all hold."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_log(root / "training.log")
        bare = timed(lambda: count_lines(root / "training.log"))
        return max(line(root, name, wanted, bare) for name, wanted in SEARCHES.items())


def line(root: Path, name: str, wanted: dict, bare: float) -> int:
    """One figure."""
    spec = CheckSpec(kind="log", params={"file": "training.log"} | wanted)
    start = time.perf_counter()
    finding = run_check(spec, RunDirectory(root), {}, required=True).finding
    ours = time.perf_counter() - start
    if not finding.outcome.passes:
        sys.exit(f"the check said {finding.outcome}: {finding.message}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return say(
        f"log of {SIZE >> 20} MB, {name}",
        f"{ours:.1f} s, {SIZE / ours / 1e6:.0f} MB/s, {memory} MB of memory",
        against=f"reading it and counting lines {bare:.1f} s",
        ratio=ours / bare,
        limit=f"needs < {LIMIT_S:g} s",
        holds=ours < LIMIT_S,
    )


def count_lines(path: Path) -> None:
    """The least that a search could do."""
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            chunk.count(b"\n")


def write_log(path: Path) -> None:
    """Steps of a training, as loggers write them, and its end."""
    step = "2026-11-21 11:21:05,120 INFO trainer: step {:07d} train_loss=0.3141 lr=1.0e-04 grad_norm=0.92\n"
    block = "".join(step.format(number) for number in range(10_000)).encode()
    with path.open("wb") as file:
        for _ in range(SIZE // len(block)):
            file.write(block)
        file.write(b"INFO Training complete\n")


if __name__ == "__main__":
    sys.exit(main())
