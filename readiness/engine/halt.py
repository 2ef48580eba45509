"""The word to stop: children and live measurements of a run that was interrupted end at once.

A run sets an event in its context; whatever works for it looks at it several times a second.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from readiness.engine.errors import LimitExceeded

_EVENT: ContextVar[threading.Event | None] = ContextVar("halt", default=None)


@contextmanager
def watching() -> Iterator[threading.Event]:
    """Make this context's work stoppable: set the event, and `look` raises."""
    event = threading.Event()
    token = _EVENT.set(event)
    try:
        yield event
    finally:
        _EVENT.reset(token)


def look() -> None:
    """Raise LimitExceeded when the run was interrupted."""
    event = _EVENT.get()
    if event is not None and event.is_set():
        raise LimitExceeded("The run was interrupted.", "Run the checks again.")
