"""One command that runs a whole installation on this machine: broker, worker, clock and web server.

    python -m readiness.supervisor run       an installation of your own, data in var/
    python -m readiness.supervisor demo      the same with demonstration data, in var/demo/

It serves until Ctrl-C and leaves no process behind. When a child dies it says which and ends them all.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import click
import django

from readiness import embedded
from readiness.engine.errors import ReadinessError
from readiness.processes import Processes, wait_for

HERE = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
START_SECONDS = 30.0


class Stop(BaseException):
    """Somebody asked us to end (SIGINT, SIGTERM, SIGHUP)."""


class ChildEndedError(ReadinessError):
    """One of our processes ended by itself."""


@dataclass
class Installation:
    """What runs here. `logs` is None when everything prints to our own output."""

    data: Path
    port: int
    logs: Path | None
    processes: Processes = field(default_factory=Processes)
    broker: embedded.Broker | None = None

    @property
    def url(self) -> str:
        """Where people open it."""
        return f"http://localhost:{self.port}"

    def configure(self) -> None:
        """Set what the environment leaves open, start the broker, and make Django ready in this process."""
        os.environ["READINESS_DATA_DIR"] = str(self.data)
        if "READINESS_SECRET_KEY" not in os.environ and "READINESS_SECRET_KEY_FILE" not in os.environ:
            os.environ["READINESS_SECRET_KEY_FILE"] = str(embedded.secret_key(self.data))
        os.environ.setdefault("READINESS_PUBLIC_URL", self.url)
        os.environ.setdefault("READINESS_ALLOWED_HOSTS", f"localhost,{HOST}")
        os.environ["READINESS_BIND"] = f"{HOST}:{self.port}"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readiness.settings")
        if not os.environ.get("REDIS_URL") and not os.environ.get("REDIS_URL_FILE"):
            self.broker = embedded.Broker()
            self.broker.start(self.processes, self.log("broker"))
            os.environ["REDIS_URL"] = self.broker.url
        django.setup()

    def log(self, name: str) -> Path | None:
        """Where a child prints."""
        return self.logs / f"{name}.log" if self.logs else None

    def prepare(self) -> None:
        """Tables, the shared cache, static files, the built-in checklists."""
        from django.core.management import call_command  # Django is ready only now

        from checklists import startup

        call_command("setup", verbosity=0)
        startup.refuse_unsafe()

    def start(self) -> None:
        """Start worker, clock and web server; wait until each shows life. Raises ChildEndedError."""
        celery = [sys.executable, "-m", "celery", "-A", "readiness.celery:app"]
        level = os.environ.get("READINESS_LOG_LEVEL", "INFO")
        quiet = ["--without-gossip", "--without-mingle"]
        self._child("worker", [*celery, "worker", "-c", "2", "-l", level, *quiet])
        self._child("beat", [*celery, "beat", "-l", level, "--pidfile="])
        self._child(
            "web",
            [sys.executable, "-m", "gunicorn", "-c", "python:readiness.serving", "readiness.wsgi"],
        )

    def wait_until_ready(self, since: float) -> None:
        """Wait until web server and worker answer. Raises ChildEndedError, ReadinessError."""
        for name, ready in (("web", self._web_answers), ("worker", lambda: _beaten("worker", since))):
            if not wait_for(lambda ready=ready: self.alive() and ready(), START_SECONDS):  # type: ignore[misc]
                raise ReadinessError(
                    f"The {name} process did not start within {START_SECONDS:g} s.", self._where(name)
                )

    def alive(self) -> bool:
        """True while all children run. Raises ChildEndedError naming the one that does not."""
        ended = self.processes.ended()
        if ended:
            how = f"by signal {-ended.code}" if ended.code < 0 else f"with exit code {ended.code}"
            raise ChildEndedError(f"The {ended.name} process ended {how}.", self._where(ended.name))
        return True

    def stop(self) -> None:
        """End every child; deaf to further signals meanwhile."""
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        self.processes.stop()
        if self.broker:
            self.broker.remove()

    def _child(self, name: str, command: list[str]) -> None:
        self.processes.start(name, command, log=self.log(name))

    def _web_answers(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex((HOST, self.port)) == 0

    def _where(self, name: str) -> str:
        log = self.log(name)
        if log is None or not log.exists():
            return "Its output above says why."
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-15:]
        return "\n".join([f"The end of {log}:", *lines])


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stop


def _beaten(name: str, since: float) -> bool:
    from checklists.models import Heartbeat  # Django is ready only now

    beat = Heartbeat.objects.filter(name=name).first()
    return beat is not None and beat.at.timestamp() >= since


def supervise(here: Installation, work: Callable[[Installation], bool]) -> int:
    """Start everything, do the work, serve while it says so; the exit code. Always ends every child."""
    for number in _SIGNALS:
        signal.signal(number, _stop)
    try:
        since = time.time()
        here.configure()
        here.prepare()
        here.start()
        here.wait_until_ready(since)
        if work(here):
            while here.alive():
                time.sleep(0.5)
    except Stop:
        click.echo("\nEnding.")
    except ReadinessError as error:
        click.secho(f"{error.message}", fg="red", err=True)
        click.echo(error.advice, err=True)
        return 1
    finally:
        here.stop()
    return 0


def _say_what_is_missing() -> None:
    if embedded.pango_is_missing():
        click.secho("PDF reports need Pango, which this machine lacks. Install it with:", fg="yellow")
        click.echo(f"  {embedded.PANGO}")


def _installation(data: str, port: int, *, logs: bool) -> Installation:
    home = embedded.make_private(Path(data).resolve())
    folder = embedded.make_private(home / "logs") if logs else None
    return Installation(data=home, port=embedded.free_port(HOST, port), logs=folder)


@click.group()
def main() -> None:
    """Run a whole installation on this machine."""


@main.command()
@click.option("--data", default=str(HERE / "var"), help="Directory for database, uploads and keys.")
@click.option("--port", default=8000, help="Port on 127.0.0.1; the next free one when it is taken.")
def run(data: str, port: int) -> None:
    """An installation of your own."""
    _say_what_is_missing()
    sys.exit(supervise(_installation(data, port, logs=False), _serve))


def _serve(here: Installation) -> bool:
    from checklists.models import Person  # Django is ready only now

    click.echo(f"\nReadiness is at {here.url}. Ctrl-C ends it.")
    if not Person.objects.exists():
        click.echo("Nobody can sign in yet. Add somebody:")
        click.echo(f"  READINESS_DATA_DIR={here.data} {sys.executable} manage.py createsuperuser")
    return True


@main.command()
@click.option("--data", default=str(HERE / "var" / "demo"), help="Directory for database, uploads and keys.")
@click.option("--port", default=8000, help="Port on 127.0.0.1; the next free one when it is taken.")
@click.option("--new-passwords", is_flag=True, help="Make new passwords for the demonstration's people.")
@click.option("--exit-after-checks", is_flag=True, help="End when the verdicts are printed.")
def demo(data: str, port: int, *, new_passwords: bool, exit_after_checks: bool) -> None:
    """Two real releases at their gates, checked and ready to look at."""
    from readiness import demonstration  # prints with a library that nothing else here needs

    _say_what_is_missing()
    here = _installation(data, port, logs=True)
    sys.exit(
        supervise(
            here, lambda i: demonstration.show(i, new_passwords=new_passwords) and not exit_after_checks
        )
    )


if __name__ == "__main__":
    main()
