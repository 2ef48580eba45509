"""A file of anybody, verified in a confined child process; what comes back is plain data."""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from readiness.engine.child import ChildLimits, run_in_child
from readiness.engine.errors import BadContent
from readiness.engine.sealed.keys import Keyring
from readiness.engine.sealed.verify.result import Verification, from_dict
from readiness.engine.target import OpenFile

TASK = "readiness.engine.sealed.verify_task:verify"
SECONDS = 900.0
MEMORY = 2 << 30
OUTPUT = 64 << 20


def verify_file(path: Path, named: Keyring, outside: Mapping[str, bytes]) -> Verification:
    """Verify the file at a path; see `verify_any`.

    Raises BadContent for a file that cannot be opened or is none of ours, LimitExceeded for one that takes
    more time or memory than a file of ours, ExtraMissing.
    """
    payload = {
        "name": path.name,
        "keys": [base64.b64encode(data).decode() for data in named.files()],
        "outside": {place: base64.b64encode(data).decode() for place, data in outside.items()},
    }
    try:
        # Not blocking: a pipe under that name is no file, and would be waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise BadContent(f"{path} cannot be read: {error.strerror}.", "Check the path.") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BadContent(f"{path} is no file.", "Name a report or an audit bundle.")
        opened = OpenFile(path.name, descriptor)
        limits = ChildLimits(seconds=SECONDS, memory=MEMORY + 4 * opened.size, output=OUTPUT)
        found = run_in_child(TASK, payload, files=[opened], limits=limits)
        opened.check_unmoved()
    finally:
        os.close(descriptor)
    return from_dict(found.value)
