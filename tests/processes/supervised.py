"""The supervisor as a child of a test, and what it left running."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from readiness.processes import wait_for

ROOT = Path(__file__).resolve().parent.parent.parent
KEPT = ("READINESS_", "DATABASE_URL", "REDIS_URL", "DJANGO_", "TEST_DATABASE_URL")


def children(data: Path) -> dict[int, str]:
    """Processes of the installation in that directory: id to command line."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            ours = f"READINESS_DATA_DIR={data}\0".encode() in (entry / "environ").read_bytes()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if ours and command:
            found[int(entry.name)] = command
    return found


def free_port() -> int:
    """A port that nobody listens on, as the system gives them out: two runs of the tests do not meet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def supervisor(
    command: str, data: Path, *options: str, port: int = 0, env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """The supervisor as a child of the test, without the tests' own settings but with `env`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(KEPT)} | (env or {})
    started = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "readiness.supervisor",
            command,
            "--data",
            str(data),
            "--port",
            str(port or free_port()),
            *options,
        ],
        cwd=ROOT,
        env=clean | {"PYTHONUNBUFFERED": "1", "COLUMNS": "160"},
        stdout=(data.parent / "out.txt").open("w"),
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield started
    finally:
        if started.poll() is None:
            started.terminate()
            started.wait(40)


def said(data: Path) -> str:
    """What the supervisor printed so far."""
    return (data.parent / "out.txt").read_text()


def wait_until_serving(data: Path) -> str:
    """Wait until it names its address; the address."""
    assert wait_for(lambda: "Readiness is at" in said(data), 150), said(data)
    match = re.search(r"Readiness is at (http://localhost:\d+)", said(data))
    assert match
    return match[1]
