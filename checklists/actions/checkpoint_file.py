"""The file of checkpoints: only ever appended to, whole notes or nothing."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path


def append(path: str | Path, notes: Sequence[str]) -> None:
    """Append the notes and have the disk keep them. Raises OSError; then the file is as it was before."""
    data = "\n".join(notes).encode()
    made = not os.path.lexists(path)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        before = os.fstat(descriptor).st_size
        try:
            _whole(descriptor, b"\n" + data if before else data)
            os.fsync(descriptor)
        except OSError:
            _take_back(descriptor, before)
            raise
    finally:
        os.close(descriptor)
    if made:
        _keep_name(Path(path).parent)


def _whole(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _take_back(descriptor: int, size: int) -> None:
    """Half a note must not stay; where the file takes nothing but more, verifying names the damage."""
    try:
        os.ftruncate(descriptor, size)
    except PermissionError:
        return


def _keep_name(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
