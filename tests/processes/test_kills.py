"""SIGKILL at moments by chance in check runs and report renderings; `make faults` does over two hundred."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
RUNS, REPORTS = 30, 4
pytestmark = [pytest.mark.processes]


def test_killed_at_any_moment():
    """Each run and report ends, once, with one entry; failing checks never pass; no PDF is half there."""
    command = [sys.executable, "-m", "tests.faults.kills", str(RUNS), str(REPORTS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["killed"]["run"]["kills"] >= RUNS
    assert found["killed"]["report"]["kills"] >= REPORTS
    assert (found["open"], found["not_once"], found["torn"]) == (0, [], [])
    assert found["passed_by_accident"] == []
    assert found["broken"] == []
