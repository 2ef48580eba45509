"""A real web server with a database of its own, and a proxy before it that cuts connections when told to.

As a program (`python -m tests.client.served`) it makes the project and prints a token.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from readiness import embedded
from readiness.processes import Processes, wait_for

ROOT = Path(__file__).resolve().parent.parent.parent


class Served:
    """gunicorn on a free port; `token` may do everything in the project `image-classifier`."""

    def __init__(self, home: Path) -> None:
        self.processes = Processes()
        data = embedded.make_private(home / "data")
        (home / "runs").mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = data
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "readiness.settings",
            "READINESS_DATA_DIR": str(data),
            "READINESS_RUN_ROOTS": str(home / "runs"),
            "READINESS_PUBLIC_URL": self.url,
            "READINESS_ALLOWED_HOSTS": "127.0.0.1",
            "READINESS_BIND": f"127.0.0.1:{self.port}",
            "READINESS_WEB_WORKERS": "2",
            "READINESS_API_RATE": "100000",
            "DATABASE_URL": f"sqlite:///{data / 'readiness.sqlite3'}",
            # Nobody answers there: queued checks wait for the sweep.
            "REDIS_URL": f"redis+socket://{home / 'nobody.sock'}",
        }
        for arguments in (("migrate", "-v0"), ("createcachetable",)):
            self.python(str(ROOT / "manage.py"), *arguments)
        self.token = self.python("-m", "tests.client.served").splitlines()[-1]
        self.home = home
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [sys.executable, "-m", "gunicorn", "-c", "python:readiness.serving", "readiness.wsgi"]
        self.web = self.processes.start("web", command, env=self.env, log=self.home / "web.log")
        assert wait_for(self.answers, 60), (self.home / "web.log").read_text()

    def kill(self) -> None:
        """End the server and its workers without a word."""
        self.processes.forget("web")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.web.pid, signal.SIGKILL)

    def python(self, *arguments: str) -> str:
        """Run Python in this installation; what it prints."""
        done = subprocess.run(
            [sys.executable, *arguments], env=self.env, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def answers(self) -> bool:
        """Whether somebody listens."""
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """End the server."""
        self.processes.stop()


class Scissors:
    """Passes connections on; after `left` bytes to the server it calls `cut` and closes every connection."""

    def __init__(self, port: int) -> None:
        self.server = ("127.0.0.1", port)
        self.left: int | None = None
        self.passed = 0
        self.cut: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def arm(self, left: int | None, cut: Callable[[], None] = lambda: None) -> None:
        """Cut after so many bytes from now; None: never."""
        with self._lock:
            self.left, self.cut, self.passed = left, cut, 0

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.left == 0:
                client.close()
                continue
            try:
                server = socket.create_connection(self.server)
            except OSError:  # the server is down
                client.close()
                continue
            for source, sink, counted in ((client, server, True), (server, client, False)):
                threading.Thread(
                    target=self._pass, args=(source, sink), kwargs={"counted": counted}, daemon=True
                ).start()

    def _pass(self, source: socket.socket, sink: socket.socket, *, counted: bool) -> None:
        try:
            while data := source.recv(1 << 14):
                allowed = self._allowed(len(data)) if counted else len(data)
                sink.sendall(data[:allowed])
                if allowed < len(data):
                    with self._lock:
                        cut, self.cut = self.cut, lambda: None
                    cut()
                    break
        except OSError:
            pass
        finally:
            for end in (source, sink):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)  # another thread still reads: closing alone would wait
                end.close()

    def _allowed(self, wanted: int) -> int:
        with self._lock:
            allowed = wanted if self.left is None else min(wanted, self.left)
            if self.left is not None:
                self.left -= allowed
            self.passed += allowed
            return allowed


def seed() -> str:
    """The project, its checklist, and a token."""
    import django

    django.setup()
    from datetime import timedelta

    from checklists import clock
    from checklists.actions import library, projects, tokens
    from checklists.models import Person
    from checklists.models.access import Scope
    from tests.conftest import SOURCE

    owner = Person.objects.create_user("owner", password="correct-horse-battery", first_name="Ada")
    library.publish(source=SOURCE, by=None)
    projects.create(by=owner, name="Image classifier", environments=("staging", "production"))
    expires = clock.now() + timedelta(days=1)
    return tokens.create(by=owner, name="pipeline", scopes=tuple(Scope.values), expires_at=expires)[1]


if __name__ == "__main__":
    print(seed())
