"""A small installation in a directory of its own: real broker, worker and clock, short waits."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

from readiness import embedded
from readiness.processes import Processes, wait_for

ROOT = Path(__file__).resolve().parent.parent.parent
CELERY = [sys.executable, "-m", "celery", "-A", "readiness.celery:app"]
ITEM = """- [ ] **{key}** {{#{key}}}
  ```yaml check
  pause: {{starts: {starts}, seconds: {seconds}, dies: {dies}}}
  ```
"""
HEAD = (
    "---\ntitle: Pauses\nslug: pauses\nversion: 1.0.0\nsign_off: [{role: technical-lead}]\n---\n## Pauses\n"
)
APPROVAL = "## Approval\n- [ ] **Lead** {#lead role=technical-lead}\n  - Fine\n"


class Place:
    """Data directory, environment and processes of one installation."""

    def __init__(self, home: Path, **pauses: dict[str, Any]) -> None:
        self.home = home
        self.processes = Processes()
        self.broker = embedded.Broker()
        self.data = embedded.make_private(home / "data")
        run_dir = home / "runs" / "one"
        run_dir.mkdir(parents=True)
        (run_dir / "a.txt").write_text("a")
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "readiness.settings",
            "PYTHONPATH": f"{_plugin(home)}{os.pathsep}{ROOT}",
            "READINESS_DATA_DIR": str(self.data),
            "READINESS_RUN_ROOTS": str(home / "runs"),
            "READINESS_CHECK_SECONDS": "4",
            "READINESS_LEASE_MARGIN_SECONDS": "2",
            "READINESS_RESEND_SECONDS": "2",
            "READINESS_SWEEP_SECONDS": "1",
            "READINESS_LOG_LEVEL": "INFO",
            "DATABASE_URL": f"sqlite:///{self.data / 'readiness.sqlite3'}",
            "REDIS_URL": self.broker.url,
        }
        self.manage("migrate", "-v0")
        self.manage("createcachetable")
        checklist = home / "pauses.md"
        items = (ITEM.format(key=key, starts=self._starts(key), **_pause(**kw)) for key, kw in pauses.items())
        checklist.write_text(HEAD + "".join(items) + APPROVAL)
        self.gate = self.act("seed", str(checklist), str(run_dir))

    def manage(self, *arguments: str) -> str:
        """Run manage.py; what it prints."""
        return self._python(str(ROOT / "manage.py"), *arguments)

    def act(self, name: str, *arguments: str) -> Any:
        """Run one act of tests/processes/acts.py; what it returns."""
        return json.loads(self._python("-m", "tests.processes.acts", name, *arguments).splitlines()[-1])

    def start_broker(self) -> None:
        """Start the broker; it holds nothing from before."""
        self.broker.start(self.processes, self.home / "broker.log")

    def start_worker(self, *options: str, name: str = "worker") -> subprocess.Popen[bytes]:
        """Start a worker."""
        quiet = ["--without-gossip", "--without-mingle"]
        command = [*CELERY, "worker", "-c", "2", "-l", "INFO", *quiet, *options]
        return self.processes.start(name, command, env=self.env, log=self.home / "worker.log")

    def start_beat(self) -> None:
        """Start the clock."""
        command = [*CELERY, "beat", "-l", "INFO", "--pidfile="]
        self.processes.start("beat", command, env=self.env, log=self.home / "beat.log")

    def kill(self, name: str) -> None:
        """SIGKILL a process with its whole group: nobody gets to say good-bye."""
        child = self.processes.forget(name)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    def flush(self) -> None:
        """Throw away everything on the broker."""
        import redis

        with redis.Redis(unix_socket_path=str(self.broker.socket)) as client:
            assert client.flushall()

    def done_tasks(self) -> int:
        """How many messages the workers have dealt with."""
        said = (self.home / "worker.log").read_text(errors="replace")
        return len(re.findall(r"Task checklists.run_checks\[\S+ succeeded", said))

    def starts(self, key: str) -> list[int]:
        """The ids of the processes that began an item's check."""
        path = self._starts(key)
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def wait_for_start(self, key: str, count: int = 1) -> int:
        """Wait until an item's check began so often; the latest process's id."""
        assert wait_for(lambda: len(self.starts(key)) >= count, 60), self.log("worker")
        return self.starts(key)[-1]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read the database as an outsider would."""
        with sqlite3.connect(f"file:{self.data / 'readiness.sqlite3'}?mode=ro", uri=True, timeout=20) as base:
            return base.execute(query, values).fetchall()

    def state(self, run: int) -> str:
        """A run's state and outcome."""
        return " ".join(
            *self.rows("SELECT state, outcome FROM checklists_checkrun WHERE id = ?", run)
        ).strip()

    def assert_ended_once(self, run: int, outcome: str, within: float = 25) -> None:
        """The run ends with that outcome; one audit entry says so; the audit log's chains hold."""
        assert wait_for(lambda: self.state(run).startswith("done"), within), (
            self.state(run),
            self.log("worker"),
        )
        assert self.state(run) == f"done {outcome}"
        ends = [
            json.loads(data)["run"]
            for (data,) in self.rows(
                "SELECT data FROM checklists_auditentry WHERE verb IN ('run.finished', 'run.ended')"
            )
        ]
        assert ends.count(run) == 1
        assert self.act("verify") == []

    def log(self, name: str) -> str:
        """The end of a process's log, for a failing test."""
        path = self.home / f"{name}.log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    def close(self) -> None:
        """End everything."""
        self.processes.stop(grace=5)
        self.broker.remove()

    def _python(self, *arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(command, env=self.env, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def _starts(self, key: str) -> Path:
        return self.home / f"{key}.starts"


def _pause(*, seconds: float = 0.0, dies: bool = False) -> dict[str, Any]:
    return {"seconds": seconds, "dies": str(dies).lower()}


def _plugin(home: Path) -> Path:
    """A directory from which every process learns the kinds of slow_kinds.py at its start.

    Not by an entry point: kinds of another package run in a confined child, and these must reach the worker.
    """
    site = home / "site"
    site.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("slow_kinds.py"), site)
    (site / "sitecustomize.py").write_text("import slow_kinds\n")
    return site
