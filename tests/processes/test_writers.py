"""Eight people write on one gate at once: nothing is lost, nothing is "locked", on either database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.processes.writers_figures import ROUNDS, WRITERS

ROOT = Path(__file__).resolve().parent.parent.parent
SERVER = os.environ.get("TEST_DATABASE_URL", "")


@pytest.fixture
def database(tmp_path):
    """A database of its own: a file, or one on the test run's PostgreSQL."""
    if not SERVER:
        yield f"sqlite:///{tmp_path / 'writers.sqlite3'}"
        return
    import psycopg

    name = f"writers_{os.getpid()}"
    with psycopg.connect(SERVER, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        yield urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}"))
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_eight_writers(tmp_path, database):
    """Every act takes one revision, every note is there, stale forms are refused, the audit chain holds."""
    env = {
        **os.environ,
        "DATABASE_URL": database,
        "READINESS_DATA_DIR": str(tmp_path),
        "READINESS_RUN_ROOTS": str(tmp_path / "runs"),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "tests.processes.writers", str(tmp_path)]
    done = subprocess.run(
        command, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-3000:]
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["vendor"] == ("postgresql" if SERVER else "sqlite")
    assert figures["notes"] == WRITERS * ROUNDS
    assert figures["raised"] == 3 * WRITERS * ROUNDS
    assert figures["refused"] == WRITERS
    assert figures["revisions_in_order"]
    assert figures["broken"] == []
    assert figures["longest_ms"] < 20_000
