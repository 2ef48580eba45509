"""What the child process does with a command (run by engine/child.py, nowhere else): start it and listen.

The process is confined before; the command inherits all of it. Its output is bounded; when the time is up,
what it wrote until then is told, and the parent ends it.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from functools import partial
from typing import IO, Any, cast

from readiness.engine.confine import die_with
from readiness.engine.errors import CheckProblem, LimitExceeded
from readiness.engine.sizes import size_words

MAX_OUTPUT = 4_000_000
TAIL = 8_000
_LINGER = 0.5  # seconds that something it started may still hold the output


def run(payload: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """`{code, late, output, seconds}`: exit code (negative: killed by that signal), or late when time was up.

    Raises LimitExceeded over MAX_OUTPUT, CheckProblem when it cannot be started.
    """
    del fds
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            payload["argv"],
            executable=payload["program"],
            cwd=payload["cwd"],
            env=payload["env"] | {"HOME": os.environ["HOME"], "TMPDIR": os.environ["TMPDIR"]},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=partial(_ready, os.getpid()),  # noqa: PLW1509  # this process has one thread
        )
    except OSError as error:
        raise CheckProblem(f"{payload['argv'][0]} cannot be started: {error.strerror}.", "") from None
    output, late = _listen(process, started + payload["seconds"])
    return {
        "code": None if late else process.returncode,
        "late": late,
        "output": output.decode("utf-8", "replace"),
        "seconds": time.monotonic() - started,
    }


def _ready(parent: int) -> None:
    # in a process namespace of its own its parent's number is 0
    die_with(os.getppid() and parent)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)


def _listen(process: subprocess.Popen[bytes], deadline: float) -> tuple[bytes, bool]:
    """The output until both it and the command end, and whether the command still ran at the deadline."""
    output, end = bytearray(), deadline
    pipe = cast("IO[bytes]", process.stdout)
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while (left := end - time.monotonic()) > 0:
            if end == deadline and process.poll() is not None:
                end = min(end, time.monotonic() + _LINGER)
            if not selector.select(min(0.05, left)):
                continue
            chunk = os.read(pipe.fileno(), 1 << 16)
            if not chunk:
                break
            output += chunk
            if len(output) > MAX_OUTPUT:
                said = f"The command printed more than {size_words(MAX_OUTPUT)} and was ended."
                raise LimitExceeded(said, "Make it quieter.")
    return bytes(output), not _ended(process, deadline)


def _ended(process: subprocess.Popen[bytes], deadline: float) -> bool:
    # it may go on after it closed its output; the parent ends whatever is left
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True
