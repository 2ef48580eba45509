"""The machine that follows a pickle's opcodes on paper: stack, memo and names; nothing is ever called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from readiness.engine.errors import LimitExceeded
from readiness.engine.pickle_globals import Global, Pairs, call, find_global, persistent, set_state

MAX_PICKLE = 64 << 20
MAX_OPCODES = 2_000_000
MAX_WORK = 64 << 20
_MAX_MEMO = 1 << 32


class Stream(Protocol):
    """What a pickle is read from: forwards only."""

    def read(self, count: int, /) -> bytes: ...
    def readline(self) -> bytes: ...
    def tell(self) -> int: ...


@dataclass(slots=True)
class Rules:
    """What one kind of file may say, and what reading it has cost so far.

    `find`: the listed global of a module and name, or None. `persistent`: what a persistent id stands for,
    or None. `wrapper`: what `unwrap(wrapper, stream)` replaces by the bytes behind its state in the stream.
    `copied` counts the bytes and entries that calls would have copied; `opcodes` counts steps. Both
    are shared by all pickles of one file.
    """

    find: Callable[[str, str], Global | None] = find_global
    persistent: Callable[[Any], Any] = persistent
    advice: str = "Save the checkpoint again."
    instead: str = "Save plain data: torch.save({'model_state_dict': model.state_dict(), 'epoch': …}, path)."
    wrapper: type | None = None
    unwrap: Callable[[Any, Stream], Any] | None = None
    max_opcodes: int = MAX_OPCODES
    max_work: int = MAX_WORK
    opcodes: int = 0
    copied: int = 0


class Refused(Exception):  # never leaves pickle_reader
    """What the pickle does that is not on the list, as the end of a sentence."""


class Machine:
    """One pickle's stack and memo. `step` follows one opcode; `result` stands after STOP."""

    def __init__(self, rules: Rules, path: str) -> None:
        self.rules = rules
        self.path = path
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.result: Any = None
        self.waiting = False

    def step(self, name: str, argument: Any) -> None:
        """Follow one opcode. Raises Refused, LimitExceeded, and what Python raises for a broken pickle."""
        self.rules.opcodes += 1
        if self.rules.opcodes > self.rules.max_opcodes:
            most = self.rules.max_opcodes
            raise LimitExceeded(f"{self.path} has more than {most} pickle opcodes.", self.rules.advice)
        if name in _PUSH_ARGUMENT:
            self.stack.append(argument)
        elif name in _PUSH_NEW:
            self.stack.append(_PUSH_NEW[name]())
        elif name in _STEPS:
            _STEPS[name](self, argument)
        elif name not in ("PROTO", "FRAME"):
            raise Refused(f"uses the opcode {name}")

    def resume(self, stream: Stream) -> None:
        """Replace the wrapper on top by what stands in the stream behind it."""
        self.waiting = False
        if self.rules.unwrap:
            self.stack[-1] = self.rules.unwrap(self.stack[-1], stream)

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
        found = self.rules.find(module, name)
        if found is None:
            raise Refused(f"wants {f'{module}.{name}'[:120]!r}, which is not on the list of what it may need")
        self.stack.append(found)

    def call(self, function: Any, arguments: Any, *, new: bool = False) -> None:
        if not isinstance(function, Global) or not isinstance(arguments, tuple):
            raise Refused(f"calls {_kind(function)}")
        self._pay(sum(len(a) for a in arguments if isinstance(a, list | tuple | str | bytes)))
        self._pay(sum(len(a.items) for a in arguments if isinstance(a, Pairs)))
        made = call(function, arguments, new=new)
        if made is None:
            raise Refused(f"calls {function} with arguments that make no sense")
        self.stack.append(made)

    def _pay(self, count: int) -> None:
        self.rules.copied += count
        if self.rules.copied > self.rules.max_work:
            raise LimitExceeded(f"{self.path} copies more data than it can need.", self.rules.advice)

    def build(self, _: Any) -> None:
        state = self.stack.pop()
        parts = state if isinstance(state, tuple) else (state,)
        self._pay(sum(len(part.items) for part in parts if isinstance(part, Pairs)))
        if not set_state(self.stack[-1], state):
            raise Refused(f"sets the state of {_kind(self.stack[-1])}")
        self.waiting = self.rules.wrapper is not None and isinstance(self.stack[-1], self.rules.wrapper)

    def persist(self, pid: Any) -> None:
        found = self.rules.persistent(pid)
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

    def new(self, _: Any) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        self.call(function, arguments, new=True)

    def new_with_names(self, _: Any) -> None:
        names = self.stack.pop()
        if not isinstance(names, Pairs) or names.items:
            raise Refused("makes an object with named arguments")
        self.new(None)

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
_STEPS: dict[str, Callable[[Machine, Any], None]] = {
    "MARK": Machine.mark,
    "STOP": Machine.stop,
    "POP": Machine.drop,
    "POP_MARK": Machine.drop_mark,
    "DUP": lambda m, _: m.stack.append(m.stack[-1]),
    "PUT": Machine.put,
    "BINPUT": Machine.put,
    "LONG_BINPUT": Machine.put,
    "MEMOIZE": lambda m, _: m.put(len(m.memo)),
    "GET": Machine.get,
    "BINGET": Machine.get,
    "LONG_BINGET": Machine.get,
    "TUPLE1": lambda m, _: m.tuple_of(1),
    "TUPLE2": lambda m, _: m.tuple_of(2),
    "TUPLE3": lambda m, _: m.tuple_of(3),
    "TUPLE": Machine.marked_tuple,
    "LIST": Machine.marked_list,
    "FROZENSET": Machine.marked_list,
    "DICT": Machine.marked_dict,
    "APPEND": lambda m, _: m.append([m.stack.pop()]),
    "APPENDS": lambda m, _: m.append(m.pop_mark()),
    "ADDITEMS": lambda m, _: m.append(m.pop_mark()),
    "SETITEM": Machine.set_item,
    "SETITEMS": lambda m, _: m.set_items(m.pop_mark()),
    "GLOBAL": Machine.global_line,
    "STACK_GLOBAL": Machine.stack_global,
    "REDUCE": Machine.reduce,
    "NEWOBJ": Machine.new,
    "NEWOBJ_EX": Machine.new_with_names,
    "INST": Machine.instance,
    "OBJ": Machine.object,
    "BUILD": Machine.build,
    "PERSID": Machine.persist,
    "BINPERSID": lambda m, _: m.persist(m.stack.pop()),
}
