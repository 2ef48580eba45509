"""Puts a small file into a folder: the whole file or none, even when the power fails."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from readiness.engine.errors import RunDirectoryError

_HOW = "Make the directory writable, or copy it."


def write(folder: Path, name: str, data: bytes, *, last_look: Callable[[], None] | None = None) -> Path:
    """Write or replace the file `name` directly beneath `folder`; a replaced one keeps its permissions.

    `last_look` is called right before the file takes its place; what it raises leaves everything as it was.
    Raises RunDirectoryError when it cannot be written, or when what stands there is no plain file.
    """
    target, temporary = folder / name, ""
    mode = _mode(target)
    try:
        with tempfile.NamedTemporaryFile("wb", dir=folder, prefix=f".{name}.", delete=False) as file:
            temporary = file.name
            file.write(data)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        if last_look:
            last_look()
        Path(temporary).replace(target)
        temporary = ""
        _sync(folder)
    except OSError as error:
        raise RunDirectoryError(f"{target} cannot be written: {error.strerror}.", _HOW) from None
    finally:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink()
    return target


def _mode(target: Path) -> int:
    try:
        info = target.lstat()
    except FileNotFoundError:
        return 0o644  # others read the run too
    except OSError as error:
        raise RunDirectoryError(f"{target} cannot be written: {error.strerror}.", _HOW) from None
    if not stat.S_ISREG(info.st_mode):
        raise RunDirectoryError(f"{target} is no plain file.", "Take it away, and try again.")
    return stat.S_IMODE(info.st_mode)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
