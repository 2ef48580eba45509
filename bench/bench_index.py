"""Ten thousand small artifacts, indexed: names, sizes, hashes, with every safety of the run directory.

python -m bench index
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench.figure import say, timed
from readiness.engine.indexing import index

FILES, FOLDERS, SIZE, ROUNDS, LIMIT_S = 10_000, 100, 3_000, 3, 3.0


def main() -> int:
    """Print one line; 0 when the figure holds."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for number in range(FILES):
            path = root / f"part{number % FOLDERS}" / f"{number}.json"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(number.to_bytes(4, "big") * (SIZE // 4))
        pairs = [(timed(lambda: bare(root)), timed(lambda: index(root))) for _ in range(ROUNDS)]
    plain = median(first for first, _ in pairs)
    ours = median(second for _, second in pairs)
    return say(
        f"index of {FILES} files of {SIZE // 1000} kB",
        f"{ours:.2f} s",
        against=f"bare loop of read and SHA-256 {plain:.2f} s",
        ratio=ours / plain,
        limit=f"needs < {LIMIT_S:g} s",
        holds=ours < LIMIT_S,
    )


def bare(root: Path) -> None:
    """The same hashes without any care."""
    for path in root.rglob("*.json"):
        hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
