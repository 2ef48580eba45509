"""A thousand runs in `readiness history`: each is validated, its files hashed and its data searched.

python -m bench history
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.bench_start import COMMAND, write_run
from bench.figure import say, timed

RUNS, LIMIT_S = 1000, 10.0


def main() -> int:
    """Print one line; 0 when the figure holds."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(RUNS):
            write_run(Path(folder) / f"run_{number:04d}", rows=200)
        bare = timed(lambda: hash_all(Path(folder)))
        ours = timed(
            lambda: subprocess.run([COMMAND, "history", folder], check=True, stdout=subprocess.DEVNULL)
        )
    return say(
        f"readiness history of {RUNS} runs",
        f"{ours:.1f} s",
        against=f"reading and hashing their files {bare:.2f} s",
        ratio=ours / bare,
        limit=f"needs < {LIMIT_S:g} s",
        holds=ours < LIMIT_S,
    )


def hash_all(folder: Path) -> None:
    """The bytes alone."""
    for path in folder.rglob("*.*"):
        hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
