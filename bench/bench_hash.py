"""Hashing against `openssl dgst -sha256`: one large file, and many files on all cores.

python -m bench hash
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench.figure import say, timed
from readiness.engine.indexing import index
from readiness.engine.target import RunDirectory

ONE, MANY, PIECES, ROUNDS = 512 << 20, 8 << 20, 64, 5
LEAST_ONE, LEAST_MANY = 0.9, 1.8


def main() -> int:
    """Print two lines; 0 when both figures hold."""
    if not shutil.which("openssl"):
        print("hashing: not measured, there is no openssl to compare with")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        one, many = Path(folder) / "one", Path(folder) / "many"
        fill(one, 1, ONE)
        fill(many, PIECES, MANY)
        single = compare(one, lambda: hash_one(one))
        several = compare(many, lambda: index(many))
    cores = os.cpu_count() or 1
    wanted = LEAST_MANY if cores > 1 else LEAST_ONE
    return line("hash of one file of 512 MB", ONE, single, LEAST_ONE) | line(
        f"index of {PIECES} files of 8 MB, {cores} cores", MANY * PIECES, several, wanted
    )


def line(what: str, size: int, pairs: list[tuple[float, float]], least: float) -> int:
    """One figure: our speed as a multiple of openssl's, the median of the rounds' own ratios."""
    ours, theirs = (median(column) for column in zip(*pairs, strict=True))
    ratio = median(their / our for our, their in pairs)
    return say(
        what,
        f"{size / ours / 1e6:.0f} MB/s",
        against=f"openssl, one process {size / theirs / 1e6:.0f} MB/s",
        ratio=ratio,
        limit=f"needs ≥ {least:g}",
        holds=ratio >= least,
    )


def compare(folder: Path, ours) -> list[tuple[float, float]]:
    """(ours, openssl's) seconds, one after the other, so that both meet the same machine."""
    command = ["openssl", "dgst", "-sha256", *sorted(str(path) for path in folder.iterdir())]
    return [
        (timed(ours), timed(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)))
        for _ in range(ROUNDS)
    ]


def hash_one(folder: Path) -> None:
    """Open and hash, as every check of a file does."""
    with RunDirectory(folder).open("0.bin"):
        pass


def fill(folder: Path, count: int, size: int) -> None:
    """Files that differ, written once and then in the page cache."""
    folder.mkdir()
    block = os.urandom(1 << 20)
    for number in range(count):
        with (folder / f"{number}.bin").open("wb") as file:
            for _ in range(size >> 20):
                file.write(block)


if __name__ == "__main__":
    sys.exit(main())
