"""Child processes that live and die together: each in a process group of its own, none left behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
GRACE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Ended:
    """A child that ended by itself: its name and exit code (negative: the signal that killed it)."""

    name: str
    code: int


class Processes:
    """Started in order, ended in the opposite order. A child's own children belong to its group."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a child; what it prints goes to `log`, or where ours goes."""
        out = log.open("ab") if log else None
        try:
            child = subprocess.Popen(
                list(command),
                env=dict(env) if env is not None else None,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT if out else None,
                start_new_session=True,  # Ctrl-C reaches us alone, and we end the children in order
                preexec_fn=_ends_with(os.getpid()),  # noqa: PLW1509  # nothing here has threads yet
            )
        finally:
            if out:
                out.close()
        self._running[name] = child
        return child

    def ended(self) -> Ended | None:
        """The first child that is no longer there, if any."""
        for name, child in self._running.items():
            code = child.poll()
            if code is not None:
                return Ended(name, code)
        return None

    def running(self, name: str) -> bool:
        """Whether this child is there."""
        return name in self._running and self._running[name].poll() is None

    def forget(self, name: str) -> subprocess.Popen[bytes]:
        """Leave a child to the caller."""
        return self._running.pop(name)

    def stop(self, grace: float = GRACE_SECONDS) -> None:
        """End all: first politely, newest first, then whatever is left of each group by SIGKILL."""
        for name in reversed(list(self._running)):
            child = self._running[name]
            _signal_group(child.pid, signal.SIGTERM, alone=True)
            with suppress(subprocess.TimeoutExpired):
                child.wait(grace)
            _signal_group(child.pid, signal.SIGKILL)
            child.wait()
            del self._running[name]


def wait_for(happened: Callable[[], bool], seconds: float, every: float = 0.05) -> bool:
    """Wait until something is so; False when it is not within the time."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def _signal_group(pid: int, number: signal.Signals, *, alone: bool = False) -> None:
    try:
        if alone:
            os.kill(pid, number)
        else:
            os.killpg(pid, number)
    except ProcessLookupError:
        return


def _ends_with(parent: int) -> Callable[[], None] | None:
    """Makes the kernel end the child when we are killed without a chance to do it ourselves (Linux)."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask
