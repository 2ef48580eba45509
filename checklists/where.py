"""By which door, and from which address, the present act came: the audit log says so of every entry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

PAGE, API, COMMAND, WORKER = "page", "api", "command", "worker"


@dataclass(slots=True)
class Where:
    """A door, and the address of who stands at it (empty for commands and workers).

    `told` is set when a refused attempt was logged, so that it is not logged again further out; `why` is what
    the attempt was told.
    """

    door: str
    address: str = ""
    told: bool = False
    why: str = ""

    def said(self) -> dict[str, str]:
        """As the audit log holds it."""
        return {"door": self.door} | ({"address": self.address} if self.address else {})


_HERE: ContextVar[Where | None] = ContextVar("where", default=None)
_process: list[Where] = []


def current() -> Where | None:
    """Where the present act came from; None where nobody said, as in tests of acts alone."""
    return _HERE.get() or (_process[0] if _process else None)


def process(door: str) -> None:
    """Every act of this process comes by that door, unless something nearer says otherwise."""
    _process[:] = [Where(door)]


@contextmanager
def at(place: Where) -> Iterator[Where]:
    """Acts inside came from there."""
    kept = _HERE.set(place)
    try:
        yield place
    finally:
        _HERE.reset(kept)
