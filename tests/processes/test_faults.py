"""Disk full, I/O error and SIGKILL at the writes of every act; `make faults` does each of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults import strace

ROOT = Path(__file__).resolve().parent.parent.parent
NOT_TRACED = strace.missing()
pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(bool(NOT_TRACED), reason=NOT_TRACED or "strace traces"),
]
QUICK = ("evidence", "part-2", "archive", "sign-off", "key", "secret-key", "run-directory", "backup", "seal")


def sweep(*arguments: str) -> dict[str, Any]:
    """What `python -m tests.faults` found."""
    command = [sys.executable, "-m", "tests.faults", "--json", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
    assert done.stdout, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found | {"code": done.returncode}


def test_some_faults_of_each_act():
    """After each the store is consistent, the error is a clear one, and the act can be done again."""
    found = sweep("--most", "7", *QUICK)
    assert found["wrong"] == {name: [] for name in QUICK}
    assert found["reached"] >= 6 * len(QUICK)
    assert found["code"] == 0


def test_wrong_ways_of_writing_are_seen():
    """Writing in place, not syncing, and a row before its file: the same sweep flags each."""
    found = sweep("--broken", "--most", "14")
    assert any("written under its final name" in problem for problem in found["wrong"]["in place"])
    assert any("holds other bytes" in problem for problem in found["wrong"]["in place"])
    assert any("named before its bytes are synced" in problem for problem in found["wrong"]["unsynced"])
    assert any("a row may come before" in problem for problem in found["wrong"]["unsynced"])
    assert any("a row names a file that is not there" in problem for problem in found["wrong"]["row first"])
    assert found["code"] == 0
