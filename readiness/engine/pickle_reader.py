"""Reads a pickle without running it: opcodes are followed on paper, and nothing is ever called.

A machine with a stack and a memo works through `pickletools.genops`. Numbers, text and containers become
themselves; every global must be on the list in engine/pickle_globals.py, whose entries describe what a call
of it would make; anything else ends the reading with its name. No import and no call takes place.
"""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Callable
from typing import Any

from readiness.engine.errors import BadContent, LimitExceeded
from readiness.engine.pickle_globals import Global, Opaque, Pairs, call, find_global, persistent, set_state

MAX_PICKLE = 64 << 20
MAX_OPCODES = 2_000_000
_MAX_MEMO = 1 << 32


class Unverified(BadContent):
    """The pickle wants something that no checkpoint needs; the message names it."""


def read_pickle(data: bytes, path: str, *, foreign: tuple[str, ...] = ()) -> Any:
    """The value that the pickle describes: see engine/pickle_globals.py for what stands for tensors.

    `foreign`: module prefixes whose globals are taken as opaque names (TorchScript's own classes). Raises
    Unverified naming a global that is not on the list, BadContent for a broken pickle, LimitExceeded.
    """
    machine = _Machine(foreign)
    place = 0
    try:
        for number, (opcode, argument, position) in enumerate(pickletools.genops(data)):
            place = position or 0
            if number > MAX_OPCODES:
                raise LimitExceeded(f"{path} has more than {MAX_OPCODES} pickle opcodes.", _ADVICE)
            machine.step(opcode.name, argument)
    except IndexError:
        missing = f"{path} has a broken pickle near byte {place}: a value is missing."
        raise BadContent(missing, _ADVICE) from None
    except (ValueError, TypeError, OverflowError, struct.error) as error:
        reason = str(error)[:200]
        raise BadContent(f"{path} has a broken pickle near byte {place}: {reason}.", _ADVICE) from None
    except Refused as refused:
        raise Unverified(
            f"{path} is not verified: its pickle {refused}. Nothing of it was run.",
            "Save plain data: torch.save({'model_state_dict': model.state_dict(), 'epoch': …}, path).",
        ) from None
    if place + 1 != len(data):
        raise BadContent(f"{path} has {len(data) - place - 1} bytes behind the end of its pickle.", _ADVICE)
    return machine.result


_ADVICE = "Save the checkpoint again."


class Refused(Exception):  # never leaves read_pickle
    """What the pickle does that is not on the list, as the end of a sentence."""


class _Machine:
    def __init__(self, foreign: tuple[str, ...]) -> None:
        self.foreign = foreign
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.result: Any = None
        self.work = 0

    def step(self, name: str, argument: Any) -> None:
        if name in _PUSH_ARGUMENT:
            self.stack.append(argument)
        elif name in _PUSH_NEW:
            self.stack.append(_PUSH_NEW[name]())
        elif name in _STEPS:
            _STEPS[name](self, argument)
        elif name not in ("PROTO", "FRAME"):
            raise Refused(f"uses the opcode {name}")

    def mark(self, _: Any) -> None:
        self.below.append(self.stack)
        self.stack = []

    def pop_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.below.pop()
        return items

    def drop_mark(self, _: Any) -> None:
        self.pop_mark()

    def drop(self, _: Any) -> None:
        if self.stack or not self.below:
            self.stack.pop()
        else:
            self.pop_mark()

    def stop(self, _: Any) -> None:
        self.result = self.stack.pop()

    def put(self, index: Any) -> None:
        if not 0 <= index < _MAX_MEMO:
            raise ValueError("a memo index out of range")
        self.memo[index] = self.stack[-1]

    def get(self, index: Any) -> None:
        if index not in self.memo:
            raise ValueError("a memo entry that was never stored")
        self.stack.append(self.memo[index])

    def tuple_of(self, count: int) -> None:
        if len(self.stack) < count:
            raise IndexError
        items = tuple(self.stack[-count:])
        self.stack[-count:] = [items]

    def marked_tuple(self, _: Any) -> None:
        items = tuple(self.pop_mark())
        self.stack.append(items)

    def marked_list(self, _: Any) -> None:
        items = self.pop_mark()
        self.stack.append(items)

    def marked_dict(self, _: Any) -> None:
        items = self.pop_mark()
        self.stack.append(Pairs())
        self.set_items(items)

    def set_item(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.set_items([key, value])

    def append(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, list):
            raise Refused(f"appends to {_kind(target)}")
        target.extend(items)

    def set_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, Pairs) or len(items) % 2:
            raise Refused(f"sets items of {_kind(target)}")
        target.items.extend(zip(items[::2], items[1::2], strict=True))

    def find(self, module: Any, name: Any) -> None:
        if not (isinstance(module, str) and isinstance(name, str)):
            raise Refused("computes the name of what it wants to import")
        if module.startswith(self.foreign) and self.foreign:
            self.stack.append(Global(module, name, Opaque))
            return
        found = find_global(module, name)
        if found is None:
            raise Refused(f"wants {f'{module}.{name}'[:120]!r}, which is not on the list of what it may need")
        self.stack.append(found)

    def call(self, function: Any, arguments: Any) -> None:
        if not isinstance(function, Global) or not isinstance(arguments, tuple):
            raise Refused(f"calls {_kind(function)}")
        self.work += sum(len(a) for a in arguments if isinstance(a, list | tuple | str | bytes))
        if self.work > MAX_PICKLE:
            raise LimitExceeded("The pickle copies more data than a checkpoint has.", _ADVICE)
        made = call(function, arguments)
        if made is None:
            raise Refused(f"calls {function} with arguments that make no sense")
        self.stack.append(made)

    def build(self, _: Any) -> None:
        state = self.stack.pop()
        if not set_state(self.stack[-1], state):
            raise Refused(f"sets the state of {_kind(self.stack[-1])}")

    def persist(self, pid: Any) -> None:
        found = persistent(pid)
        if found is None:
            raise Refused("refers to a storage in a way that PyTorch does not")
        self.stack.append(found)

    def global_line(self, argument: Any) -> None:
        module, _, name = argument.partition(" ")
        self.find(module, name)

    def stack_global(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.find(module, name)

    def reduce(self, _: Any) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        self.call(function, arguments)

    def new_with_names(self, _: Any) -> None:
        names = self.stack.pop()
        if not isinstance(names, Pairs) or names.items:
            raise Refused("makes an object with named arguments")
        self.reduce(None)

    def instance(self, argument: Any) -> None:
        arguments = tuple(self.pop_mark())
        self.global_line(argument)
        self.call(self.stack.pop(), arguments)

    def object(self, _: Any) -> None:
        function, *arguments = self.pop_mark()
        self.call(function, tuple(arguments))


def _kind(value: Any) -> str:
    return str(value) if isinstance(value, Global) else f"a {type(value).__name__.lower()}"


_PUSH_ARGUMENT = frozenset((
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
    "STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8",
    "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8",
))  # fmt: skip
_PUSH_NEW: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": Pairs,
    "EMPTY_SET": list,  # what is in a set may be unhashable here; a list says as much
}
_STEPS: dict[str, Callable[[_Machine, Any], None]] = {
    "MARK": _Machine.mark,
    "STOP": _Machine.stop,
    "POP": _Machine.drop,
    "POP_MARK": _Machine.drop_mark,
    "DUP": lambda m, _: m.stack.append(m.stack[-1]),
    "PUT": _Machine.put,
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "MEMOIZE": lambda m, _: m.put(len(m.memo)),
    "GET": _Machine.get,
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "TUPLE1": lambda m, _: m.tuple_of(1),
    "TUPLE2": lambda m, _: m.tuple_of(2),
    "TUPLE3": lambda m, _: m.tuple_of(3),
    "TUPLE": _Machine.marked_tuple,
    "LIST": _Machine.marked_list,
    "FROZENSET": _Machine.marked_list,
    "DICT": _Machine.marked_dict,
    "APPEND": lambda m, _: m.append([m.stack.pop()]),
    "APPENDS": lambda m, _: m.append(m.pop_mark()),
    "ADDITEMS": lambda m, _: m.append(m.pop_mark()),
    "SETITEM": _Machine.set_item,
    "SETITEMS": lambda m, _: m.set_items(m.pop_mark()),
    "GLOBAL": _Machine.global_line,
    "STACK_GLOBAL": _Machine.stack_global,
    "REDUCE": _Machine.reduce,
    "NEWOBJ": _Machine.reduce,
    "NEWOBJ_EX": _Machine.new_with_names,
    "INST": _Machine.instance,
    "OBJ": _Machine.object,
    "BUILD": _Machine.build,
    "PERSID": _Machine.persist,
    "BINPERSID": lambda m, _: m.persist(m.stack.pop()),
}
