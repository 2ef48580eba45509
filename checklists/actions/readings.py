"""The act of reading, where it is logged: an auditor's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction

from checklists import audit, clock
from checklists.models import Person
from checklists.reads import auditing

MOST = 300  # characters that an entry's subject keeps


def note(*, by: Person, path: str, projects: Iterable[int], once_in: timedelta, **about: object) -> None:
    """Enter into the log of each project that an auditor read this, unless it was noted that recently."""
    path = path[:MOST]
    for pk in projects:
        stream = f"project:{pk}"
        if not auditing.noted(stream, by, path, since=once_in):
            with transaction.atomic():
                at = clock.now()
                audit.append(stream, by=by, verb=auditing.READ, at=at, subject=path, data=about)
