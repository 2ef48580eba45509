"""Looks after a child that starts programs: all its processes together, and what they write.

Limits of the kernel hold for each process alone, and some not for the administrator's account. So the
parent counts: processes of the child's session, their memory, files in the child's own directory.
"""

from __future__ import annotations

import os
import resource
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from readiness.engine.errors import LimitExceeded
from readiness.engine.sizes import size_words

MAX_PROCESSES = 256
MAX_WRITTEN = 256 << 20
MAX_FILES = 20_000
MAX_DEPTH = 50
_EVERY = 0.1
_SUSPECT = "Look at what the command does; make it do less."


class Watch:
    """Counts at most every 0.1 s. `session` is the child's process id, `home` its writable directory."""

    def __init__(self, session: int, home: str, memory: int) -> None:
        self.session, self.home, self.memory = session, home, memory
        self._next = 0.0

    def look(self) -> None:
        """Raise LimitExceeded when the processes are too many, too big, or wrote too much."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _EVERY
        sizes = list(_processes(self.session))
        if len(sizes) > MAX_PROCESSES:
            raise LimitExceeded(f"It started more than {MAX_PROCESSES} processes and was ended.", _SUSPECT)
        if sum(sizes) > self.memory:
            raise LimitExceeded(
                f"Its processes used more than {size_words(self.memory)} of memory and were ended.", _SUSPECT
            )
        if _written(self.home) > MAX_WRITTEN:
            raise LimitExceeded(
                f"It wrote more than {size_words(MAX_WRITTEN)} of temporary files and was ended.", _SUSPECT
            )


def clear(home: str) -> None:
    """Empty a directory that a command filled, however deep: nested folders are lifted up, not descended."""
    top = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fchmod(top, 0o700)
        while entries := list(os.scandir(top)):
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    _lift(top, entry.name)
                else:
                    os.unlink(entry.name, dir_fd=top)
    finally:
        os.close(top)


def _lift(top: int, name: str) -> None:
    os.chmod(name, 0o700, dir_fd=top)
    folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
    try:
        for entry in list(os.scandir(folder)):
            if entry.is_dir(follow_symlinks=False):
                os.chmod(entry.name, 0o700, dir_fd=folder)
                os.rename(entry.name, uuid.uuid4().hex, src_dir_fd=folder, dst_dir_fd=top)
            else:
                os.unlink(entry.name, dir_fd=folder)
    finally:
        os.close(folder)
    os.rmdir(name, dir_fd=top)


def _processes(session: int) -> Iterator[int]:
    """Resident bytes of each process of a session; nothing where there is no /proc."""
    page = resource.getpagesize()
    try:
        names = [entry.name for entry in os.scandir("/proc") if entry.name.isdecimal()]
    except OSError:
        return
    for name in names:
        try:
            # the name in brackets may hold anything, so count from its end
            fields = Path(f"/proc/{name}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        if len(fields) > 21 and int(fields[3]) == session:
            yield int(fields[21]) * page


def _written(home: str) -> int:
    """Bytes of all files beneath a directory. Raises LimitExceeded for too many or too deep."""
    total = count = 0
    folders = [(home, 0)]
    while folders:
        folder, depth = folders.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue
        count += len(entries)
        if count > MAX_FILES or depth > MAX_DEPTH:
            raise LimitExceeded("It wrote too many temporary files and was ended.", _SUSPECT)
        for entry in entries:
            try:
                info = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            total += info.st_blocks * 512
            if entry.is_dir(follow_symlinks=False):
                folders.append((entry.path, depth + 1))
    return total
