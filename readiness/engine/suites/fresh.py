"""Which report files an attempt has written: a file of an earlier run proves nothing about this one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from readiness.engine.errors import RunDirectoryError
from readiness.engine.target import RunDirectory

Print = tuple[int, int, int]  # inode, time of modification in ns, size


@dataclass(frozen=True, slots=True)
class Written:
    """Paths of the files that are new or changed since the look before, and of those that are not."""

    new: tuple[str, ...]
    old: tuple[str, ...]


def look(root: Path, patterns: Iterable[str]) -> dict[str, Print]:
    """A fingerprint of every file that matches; nothing when the directory is not there."""
    found: dict[str, Print] = {}
    try:
        run = RunDirectory(root)
    except RunDirectoryError:
        return found
    for pattern in patterns:
        for path in _matching(run, pattern):
            try:
                info = (run.root / path).stat()
            except OSError:
                continue
            found[path] = (info.st_ino, info.st_mtime_ns, info.st_size)
    return found


def since(before: Mapping[str, Print], root: Path, pattern: str) -> Written:
    """The files of a pattern, by whether they were written since `before` was taken."""
    now = look(root, [pattern])
    new = tuple(path for path, each in now.items() if before.get(path) != each)
    return Written(new, tuple(path for path in now if path not in new))


def _matching(run: RunDirectory, pattern: str) -> list[str]:
    if any(mark in pattern for mark in "*?["):
        return run.glob(pattern)
    return [pattern] if (run.root / pattern).is_file() else []
