"""How long the command takes to start: `readiness --version`, and `readiness ready` on a small run.

python -m bench start
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.figure import say

ROUNDS = 15
COMMAND = str(Path(sys.executable).parent / "readiness")


def main() -> int:
    """Print two lines; 0 when both figures hold."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run_001"
        write_run(run)
        bare, _ = measured([sys.executable, "-c", "pass"])
        version, _ = measured([COMMAND, "--version"])
        ready, peak = measured([COMMAND, "ready", "--run", str(run)])
    return line("readiness --version", version, bare, 0.08) | line(
        f"readiness ready, small run, {peak:.0f} MB of memory (needs < 60)", ready, bare, 0.15, fits=peak < 60
    )


def line(what: str, ours: float, bare: float, limit: float, *, fits: bool = True) -> int:
    """One figure."""
    return say(
        what,
        f"{ours * 1000:.0f} ms",
        against=f"python -c pass {bare * 1000:.0f} ms",
        ratio=ours / bare,
        limit=f"needs < {limit * 1000:.0f} ms",
        holds=fits and ours < limit,
    )


def measured(command: list[str]) -> tuple[float, float]:
    """Median of wall-clock seconds over the rounds, and the peak memory of the last in MB."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        times.append(time.perf_counter() - start)
        if os.waitstatus_to_exitcode(status):
            sys.exit(f"{command} ended with {os.waitstatus_to_exitcode(status)}")
    return median(times), usage.ru_maxrss / 1024


def write_run(run: Path, rows: int = 2000) -> None:
    """A validation run that is ready: a table, its hash, decision, audit and environment."""
    (run / "data").mkdir(parents=True)
    table = "".join(f"{18 + n % 60},{1000 + n * 7}\n" for n in range(rows))
    (run / "data" / "train.csv").write_text(f"age,income\n{table}", encoding="utf-8")
    digest = hashlib.sha256((run / "data" / "train.csv").read_bytes()).hexdigest()
    contract = {"name": "completeness", "min_row_count": 100, "max_null_ratio": 0.1}
    files = {
        "manifest": {
            "run_id": "run_001",
            "timestamp": "2026-11-01T10:00:00Z",
            "version": "1.0",
            "contracts": [contract],
            "datasets": [{"path": "data/train.csv", "hash": f"sha256:{digest}"}],
        },
        "decision": {
            "run_id": "run_001",
            "status": "PASS",
            "recommendation": "SHIP",
            "checks": {"schema": "PASS", "contamination": "PASS"},
            "summary": {"warnings": []},
        },
        "environment": {"seed": 42, "python": "3.11.7", "packages": {"numpy": "2.0.0"}},
        "redaction_audit": {"status": "PASS", "findings_count": 0, "summary": {"findings_by_type": {}}},
    }
    for name, content in files.items():
        (run / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
