"""Children that are forked from a prepared process: each is as fresh as one that was started anew."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from django.core.management.base import CommandError
from django.db import Error, connections

from readiness.engine.errors import ReadinessError

_PR_SET_PTRACER, _ANY = 0x59616D61, ctypes.c_ulong(-1)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: `said` is its answer, `refused` the message of a clear error, `broke` a traceback.

    All are empty for a child that was killed by `signal`.
    """

    said: Any = None
    refused: str = ""
    broke: str = ""
    signal: int = 0


def fork(act: Callable[[], Any], held: Callable[[int], Callable[[], None]] | None = None) -> Ended:
    """Do the act in a child and wait for it. `held` gets the child's id before the act begins, and returns
    what is to be done when it has ended.
    """
    go_out, go_in = os.pipe()
    answer_out, answer_in = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(go_in)  # so that it ends when this process does
        os.close(answer_out)
        _be_child(act, go_out, answer_in)
    os.close(go_out)
    os.close(answer_in)
    after = held(child) if held else None
    os.write(go_in, b"g")
    os.close(go_in)
    with os.fdopen(answer_out, "rb") as answer:
        heard = answer.read()
    _, status = os.waitpid(child, 0)
    if after:
        after()
    if os.WIFSIGNALED(status):
        return Ended(signal=os.WTERMSIG(status))
    return Ended(**json.loads(heard)) if heard else Ended(broke="ended without an answer")


def fresh(act: Callable[[], Any]) -> Any:
    """What the act returns in a child; what goes wrong there is raised here."""
    ended = fork(act)
    if ended.refused or ended.broke or ended.signal:
        raise RuntimeError(ended.refused or ended.broke or f"killed by {signal.Signals(ended.signal).name}")
    return ended.said


def _be_child(act: Callable[[], Any], go: int, answer: int) -> NoReturn:
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANY, 0, 0, 0)
        os.setpgid(0, 0)
        if not os.read(go, 1):
            os._exit(1)
        time.sleep(0.002)  # the tracer is attached, and about to stop us for the first time
        data = json.dumps(_tried(act), default=str).encode()
        with suppress(OSError, Error):
            connections.close_all()
        with suppress(OSError):
            os.write(answer, data)
            os._exit(0)
        os.write(answer, data)  # the first try is what the tracer spoiled
    finally:
        os._exit(1)


def _tried(act: Callable[[], Any]) -> dict[str, Any]:
    try:
        return {"said": act()}
    except (ReadinessError, Error, CommandError) as error:
        return {"refused": f"{type(error).__name__}: {error}"}
    except BaseException:  # noqa: BLE001  # whatever it is, the parent judges it
        return {"broke": traceback.format_exc()[-2000:]}
