"""Six ask, deploy and sweep at once: one answer, one deployment, each schedule once, on either database."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.processes.test_writers import ROOT, SERVER, database

__all__ = ["database"]  # a fixture


def test_six_at_once(tmp_path, database):
    """Nothing is decided twice, deployed twice or fired twice, and nobody waits for ever."""
    env = {
        **os.environ,
        "DATABASE_URL": database,
        "READINESS_DATA_DIR": str(tmp_path),
        "READINESS_RUN_ROOTS": str(tmp_path / "runs"),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "tests.processes.deciders", str(tmp_path)]
    done = subprocess.run(
        command, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-3000:]
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["vendor"] == ("postgresql" if SERVER else "sqlite")
    assert (figures["decisions"], figures["deployments"], figures["deployed"]) == (1, 1, 1)
    assert figures["fired"] == 1
    assert figures["same"] == [1, 1]  # the very same signing request six times at once: one signature
    assert set(figures["mixed"]) <= {"approve", "undecided"}
    assert figures["last"] == "undecided"
    assert figures["verdicts"] == ["approve"]
    assert figures["broken"] == []
