"""Runs one command of a suite to its end, or ends it: with all that it started, and with bounded output.

The command belongs to whoever runs the pipeline, in their own checkout: it is not confined. It gets a session
of its own, so that a time limit or Ctrl-C ends its children too; those that left the session are found by a
mark in their environment, where the system shows it.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, cast

from readiness.engine.suites import marks

GRACE = 3.0  # seconds between the request to end and the end
LINGER = 1.0  # seconds that something left behind may still hold the output
_CHUNK = 1 << 16
_TICK = 0.1


class Sink(Protocol):
    """Takes the output as it comes."""

    def write(self, data: bytes) -> None:
        """Some bytes more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended. `code`: negative for a signal, None when it never started (`problem` says why).

    `late`: the time limit ended it; `stopped`: somebody interrupted the run; `left`: it ended by itself, and
    left processes behind, which were ended too.
    """

    code: int | None
    seconds: float
    late: bool = False
    stopped: bool = False
    left: bool = False
    problem: str = ""


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    seconds: float,
    sink: Sink,
    stop: threading.Event,
) -> Ended:
    """Run a command without a shell; its output (both streams) goes to `sink`. `stop` ends it early."""
    marked, mark = marks.marked(env)
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=marked,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return Ended(code=None, seconds=0.0, problem=_why(argv[0], cwd, error))
    late = stopped = left = False
    with process:
        try:
            late, stopped = _listen(process, sink, started + seconds, stop)
        finally:
            left = _end(process, mark, gently=late or stopped, sink=sink)
    return Ended(
        code=process.returncode,
        seconds=time.monotonic() - started,
        late=late,
        stopped=stopped,
        left=left and not (late or stopped),
    )


def _why(program: str, cwd: Path, error: OSError | ValueError) -> str:
    if not cwd.is_dir():
        return f"the working directory {cwd.name} does not exist"
    if isinstance(error, FileNotFoundError):
        return f"the program {program[:120]!r} was not found"
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{program[:120]!r} cannot be started: {reason}"


def _listen(
    process: subprocess.Popen[bytes], sink: Sink, deadline: float, stop: threading.Event
) -> tuple[bool, bool]:
    """Pass the output on until the command ends; whether it was late, and whether somebody stopped it."""
    pipe = cast("IO[bytes]", process.stdout)
    open_, ended = True, 0.0
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            now = time.monotonic()
            if stop.is_set():
                return False, True
            if not ended and _has_ended(process):
                ended = now
            if ended and (not open_ or now > ended + LINGER):
                return False, False
            if not ended and now > deadline:
                return True, False
            if not open_:
                time.sleep(0.02)
            elif selector.select(_TICK if not ended else 0.02):
                chunk = os.read(pipe.fileno(), _CHUNK)
                sink.write(chunk)
                open_ = bool(chunk)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    # not reaped yet: its number must stay its own until its group has been ended
    if hasattr(os, "waitid"):
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, process.pid, flags) is not None
    return process.poll() is not None  # systems without waitid


def _end(process: subprocess.Popen[bytes], mark: str, *, gently: bool, sink: Sink) -> bool:
    """End the session and whatever left it; whether there was anything left to end beside the command."""
    if gently:
        _signal_group(process, signal.SIGTERM)
        _drain(process, sink, time.monotonic() + GRACE)
    others = list(marks.others(process.pid, mark))
    _signal_group(process, signal.SIGKILL)
    for pid in others:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    return bool(others)


def _drain(process: subprocess.Popen[bytes], sink: Sink, until: float) -> None:
    """Keep reading while it ends, so that its last words are kept and a full pipe does not hold it up."""
    pipe = cast("IO[bytes]", process.stdout)
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while time.monotonic() < until:
            if not selector.select(_TICK):
                if _has_ended(process):
                    return
                continue
            chunk = os.read(pipe.fileno(), _CHUNK)
            if not chunk:
                break
            sink.write(chunk)
    while time.monotonic() < until and not _has_ended(process):
        time.sleep(0.02)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
