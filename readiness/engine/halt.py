"""The word to stop: children and live measurements of a run that was interrupted end at once.

The runner names the run's event for the time of one check; whatever waits for long looks at it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from readiness.engine.errors import CheckProblem

_EVENT: ContextVar[threading.Event | None] = ContextVar("halt", default=None)


@contextmanager
def heeding(event: threading.Event) -> Iterator[None]:
    """Within the block, `look` raises once the event is set."""
    token = _EVENT.set(event)
    try:
        yield
    finally:
        _EVENT.reset(token)


def look() -> None:
    """Raise CheckProblem when the run was interrupted."""
    event = _EVENT.get()
    if event is not None and event.is_set():
        raise CheckProblem("The run was interrupted.", "Run the checks again.")
