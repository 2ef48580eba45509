"""`readiness verify` on a bundle of 50 MB, beside reading and hashing the same bytes.

python -m bench verify
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.figure import say, timed

SIZE, LIMIT, ROUNDS = 50 << 20, 3.0, 5


def main() -> int:
    """Print one line; 0 when it holds."""
    with tempfile.TemporaryDirectory() as folder:
        bundle, keys = made(Path(folder))
        command = [sys.executable, "-m", "readiness", "verify", str(bundle), "--key", str(keys)]
        pairs = [(timed(lambda: run(command)), timed(lambda: hashed(bundle))) for _ in range(ROUNDS)]
        ours, base = (min(column) for column in zip(*pairs, strict=True))
        return say(
            f"verification of a bundle of {bundle.stat().st_size >> 20} MB, with the start of Python",
            f"{ours:.2f} s",
            against=f"reading it and one SHA-256 {base:.2f} s",
            ratio=ours / base,
            limit=f"limit {LIMIT:g} s",
            holds=ours < LIMIT,
        )


def made(folder: Path) -> tuple[Path, Path]:
    """An honest bundle with that much evidence, and the key that it is to be verified with."""
    from readiness.engine import seal
    from tests.engine.sealed.world import World

    world = World(evidence=os.urandom(SIZE))
    (folder / "audit.zip").write_bytes(world.bundle())
    (folder / "keys.json").write_bytes(seal.canonical(world.trusted().to_dict("ready.example")))
    return folder / "audit.zip", folder / "keys.json"


def run(command: list[str]) -> None:
    """A file that does not verify is no measurement."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def hashed(path: Path) -> str:
    """The least that any verification does."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
