"""A kind of check for these tests: it says that it started, waits, and dies when told to."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from readiness.engine.outcome import Finding, Outcome
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory


class PauseParams(Params, frozen=True):
    """`starts` is a file that gets one line per start: the process's id."""

    starts: str
    seconds: float = 0.0
    dies: bool = False


@check("pause", title="Wait")
def pause(want: PauseParams, run: RunDirectory) -> Finding:
    """Waited."""
    with Path(want.starts).open("a", encoding="ascii") as out:
        out.write(f"{os.getpid()}\n")
    if want.dies:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(want.seconds)
    return Finding(outcome=Outcome.PASS, message="waited")
