"""One request sent by six clients at once under one key has one effect and one answer, on either database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.processes.test_writers import SERVER, database  # noqa: F401  # a fixture

ROOT = Path(__file__).resolve().parent.parent.parent
SENDERS, KEYS = 6, 5


def test_one_effect(tmp_path, database):  # noqa: F811  # the fixture
    """Each key: one row, one first answer, the same bytes for everybody; nobody gets an error."""
    env = {
        **os.environ,
        "DATABASE_URL": database,
        "READINESS_DATA_DIR": str(tmp_path),
        "READINESS_RUN_ROOTS": str(tmp_path / "runs"),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "tests.processes.repeated", str(tmp_path)]
    done = subprocess.run(
        command, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-3000:]
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["vendor"] == ("postgresql" if SERVER else "sqlite")
    assert figures["statuses"] == {"201": SENDERS * KEYS}
    assert figures["bodies"] == [1] * KEYS
    assert figures["first"] == [1] * KEYS
    assert (figures["links"], figures["keys"], figures["unfinished"]) == (KEYS, KEYS, 0)
    assert figures["broken"] == []
