"""Reads a pickle without running it: opcodes are followed on paper, and nothing is ever called.

The machine in engine/pickle_machine.py works through `pickletools.genops`. Numbers, text and containers
become themselves; every global must be on a list (engine/pickle_globals.py, engine/sklearn_globals.py), whose
entries describe what a call of it would make; anything else ends the reading with its name. No import and no
call takes place.
"""

from __future__ import annotations

import io
import pickletools
import struct
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.pickle_globals import Global, Opaque, find_global
from readiness.engine.pickle_machine import MAX_PICKLE, Machine, Refused, Rules, Stream

__all__ = ["MAX_PICKLE", "Rules", "Stream", "Unverified", "read_one", "read_pickle"]


class Unverified(BadContent):
    """The pickle wants something that no checkpoint needs; the message names it."""


def read_pickle(data: bytes, path: str, *, foreign: tuple[str, ...] = (), rules: Rules | None = None) -> Any:
    """The value that the pickle describes: see engine/pickle_globals.py for what stands for tensors.

    `foreign`: module prefixes whose globals are taken as opaque names (TorchScript's own classes). Raises
    Unverified naming a global that is not on the list, BadContent for a broken pickle, LimitExceeded.
    """

    def find(module: str, name: str) -> Global | None:
        return Global(module, name, Opaque) if module.startswith(foreign) else find_global(module, name)

    known = rules or (Rules(find=find) if foreign else Rules())
    stream = io.BytesIO(data)
    value = read_one(stream, path, known)
    if stream.tell() != len(data):
        raise BadContent(
            f"{path} has {len(data) - stream.tell()} bytes behind the end of its pickle.", known.advice
        )
    return value


def read_one(stream: Stream, path: str, rules: Rules) -> Any:
    """One pickle of a stream, which stands behind it afterwards. Raises as `read_pickle` does.

    A reader that fetches whole frames and one that does not must see the same opcodes, also where other
    bytes follow: frames may not overlap, no opcode may cross a frame's end, and the last frame ends with it.
    """
    machine, place, frame = Machine(rules, path), stream.tell(), 0
    try:
        for opcode, argument, position in pickletools.genops(stream):  # type: ignore[arg-type]  # reads no more of it
            place = position or 0
            frame = _frame(opcode.name, argument, place, stream.tell(), frame)
            machine.step(opcode.name, argument)
            if machine.waiting:
                _end_of_frame(stream, frame)
                machine.resume(stream)
        _end_of_frame(stream, frame)
    except IndexError:
        missing = f"{path} has a broken pickle near byte {place}: a value is missing."
        raise BadContent(missing, rules.advice) from None
    except (ValueError, TypeError, OverflowError, struct.error, EOFError) as error:
        reason = str(error)[:200]
        raise BadContent(f"{path} has a broken pickle near byte {place}: {reason}.", rules.advice) from None
    except Refused as refused:
        raise Unverified(
            f"{path} is not verified: its pickle {refused}. Nothing of it was run.", rules.instead
        ) from None
    return machine.result


def _frame(name: str, argument: Any, place: int, behind: int, frame: int) -> int:
    """Where the present frame ends, after an opcode from `place` to `behind`."""
    if name != "FRAME":
        if place < frame < behind:
            raise ValueError("an opcode crosses the end of its frame")
        return frame
    if place < frame:
        raise ValueError("a frame begins inside another one")
    return behind + int(argument)


def _end_of_frame(stream: Stream, frame: int) -> None:
    if stream.tell() < frame:
        raise ValueError("a frame reaches beyond its opcodes")
