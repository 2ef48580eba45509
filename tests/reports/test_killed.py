"""SIGKILL while a report is rendered: afterwards there is the whole report or none, never a part of one."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


class Installation:
    """A database and a blob store of its own."""

    def __init__(self, home: Path) -> None:
        self.data, self.run = home / "data", home / "runs" / "one"
        self.data.mkdir()
        self.run.mkdir(parents=True)
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "readiness.settings",
            "READINESS_DATA_DIR": str(self.data),
            "READINESS_RUN_ROOTS": str(self.run.parent),
            "DATABASE_URL": f"sqlite:///{self.data / 'readiness.sqlite3'}",
        }
        self.python(str(ROOT / "manage.py"), "migrate", "-v0")

    def python(self, *arguments: str) -> str:
        """Run to the end; what it prints."""
        command = [sys.executable, *arguments]
        done = subprocess.run(command, env=self.env, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def act(self, *arguments: str) -> Any:
        """One act of tests/reports/killed.py."""
        return json.loads(self.python("-m", "tests.reports.killed", *arguments))

    def start(self) -> subprocess.Popen[bytes]:
        """Start to render, in a process group of its own."""
        command = [sys.executable, "-m", "tests.reports.killed", "render"]
        return subprocess.Popen(
            command, env=self.env, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL
        )

    def blobs(self) -> list[Path]:
        """Files of the blob store that are not being written."""
        return [p for p in (self.data / "blobs").rglob("*") if p.is_file() and p.name[0] != "."]


# Every step between the row and the whole report.
STEPS = [
    ("checklists.reports.pdf:typeset", "before"),
    ("checklists.reports.sealing:_sign", "before"),
    ("readiness.engine.sealed.pdf_sign:sign", "after"),
    ("checklists.blobs:put", "before"),
    ("checklists.blobs:put", "after"),
    ("checklists.actions.reports:_end", "before"),
    ("checklists.actions.reports:_end", "after"),
]


def test_killed_at_every_step(tmp_path):
    """Set, signed, stored, named: killed between any two, there is no report or the whole signed one."""
    place = Installation(tmp_path)
    place.act("seed", str(place.run))
    for where, when in STEPS:
        command = [sys.executable, "-m", "tests.reports.killed", "die", where, when]
        done = subprocess.run(command, env=place.env, cwd=ROOT, capture_output=True, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]
        now = place.act("again")
        last = (where, when) == STEPS[-1]
        assert (now["state"], bool(now["sha256"])) == (("done", True) if last else ("queued", False)), where
        assert now["broken"] == []
        assert all(hashlib.sha256(p.read_bytes()).hexdigest() == p.name for p in place.blobs())
    assert now["whole"]
    assert place.act("same") is True


def test_killed_while_rendering(tmp_path):
    """Killed at several moments: each time the report waits again or is whole; in the end it is there."""
    place = Installation(tmp_path)
    place.act("seed", str(place.run))
    for wait in (0.6, 1.2, 1.8, 2.4):
        process = place.start()
        time.sleep(wait)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        now = place.act("again")
        assert now["broken"] == []
        assert now["state"] in ("queued", "done"), now
        assert now["whole"] is bool(now["sha256"])
        assert all(hashlib.sha256(p.read_bytes()).hexdigest() == p.name for p in place.blobs())
    assert place.act("render") == "rendered"
    now = place.act("again")
    assert (now["state"], now["whole"], now["error"]) == ("done", True, "")
