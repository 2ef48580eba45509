"""Verifies a file of anybody, in the engine's limited child process; nothing of it is kept."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

from django.conf import settings
from django.core.cache import cache
from django.core.files.base import File
from django.core.files.uploadedfile import TemporaryUploadedFile

from checklists.errors import Refused
from checklists.models import Person
from readiness.engine.child import ChildLimits, run_in_child
from readiness.engine.sealed.keys import Keyring
from readiness.engine.sealed.verify import result
from readiness.engine.target import OpenFile

TASK = "readiness.engine.sealed.verify_task:verify"
SECONDS = 60
MEMORY = 1 << 30
AT_ONCE = 2  # of all people together: each takes a thread of the server, a processor and memory
BUSY = "Too many files are being verified at this moment; nothing was looked at."


def verify(
    file: File[bytes], *, name: str, keys: Keyring, outside: Mapping[str, bytes], by: Person
) -> result.Verification:
    """What `readiness verify` says of the file with these keys; `outside` are checkpoints by name.

    Raises Refused while too many verify, CheckProblem for a file that cannot be read within the limits.
    """
    payload = {
        "name": name,
        "keys": [base64.b64encode(data).decode() for data in keys.files()],
        "outside": {place: base64.b64encode(data).decode() for place, data in outside.items()},
    }
    with _slot(by), _on_disk(file) as kept:
        opened = OpenFile(name, kept.fileno())
        limits = ChildLimits(
            seconds=SECONDS, memory=MEMORY + 4 * opened.size, isolation=settings.MIN_ISOLATION
        )
        found = run_in_child(TASK, payload, files=[opened], limits=limits)
    return result.from_dict(found.value)


@contextmanager
def _on_disk(file: File[bytes]) -> Iterator[IO[bytes]]:
    """The upload as a file with a descriptor: Django keeps small ones in memory."""
    if isinstance(file, TemporaryUploadedFile) and file.file:
        yield file.file
        return
    with tempfile.TemporaryFile() as kept:
        for chunk in file.chunks():
            kept.write(chunk)
        kept.flush()
        kept.seek(0)
        yield kept


@contextmanager
def _slot(by: Person) -> Iterator[None]:
    """One at a time for each person, and a few for all; a slot comes back by itself when a process dies."""
    mine = [f"verifying-{by.pk}"]
    everybody = [f"verifying-slot-{number}" for number in range(AT_ONCE)]
    taken = []
    try:
        for group in (mine, everybody):
            free = next((slot for slot in group if cache.add(slot, 1, 2 * SECONDS)), None)
            if free is None:
                raise Refused(
                    BUSY, "Try again in a minute, or use readiness verify on a machine of your own."
                )
            taken.append(free)
        yield
    finally:
        cache.delete_many(taken)
