"""Puts a small file into a folder: the whole file or none, even when the power fails."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from readiness.engine.errors import RunDirectoryError

_HOW = "Make the directory writable, or copy it."
_FULL = "Make room on the disk, and try again."
PRIVATE = 0o600


def write(
    folder: Path,
    name: str,
    data: bytes,
    *,
    mode: int | None = None,
    last_look: Callable[[], None] | None = None,
) -> Path:
    """Write or replace the file `name` directly beneath `folder`; a replaced one keeps its permissions.

    `mode` is what the file's permissions become instead (PRIVATE for secrets). `last_look` is called right
    before the file takes its place; what it raises leaves everything as it was. Raises RunDirectoryError when
    it cannot be written, or when what stands there is no plain file.
    """
    target = folder / name
    present = _mode(target)
    with _written(target, lambda file: file.write(data), present if mode is None else mode) as temporary:
        if last_look:
            last_look()
        temporary.replace(target)
    return target


def create(folder: Path, name: str, data: bytes, *, mode: int = PRIVATE) -> bool:
    """Write the file `name` directly beneath `folder` unless it is there; False, and unchanged, when it is.

    Of several processes that do so at once, one succeeds. Raises RunDirectoryError.
    """
    target = folder / name
    with _written(target, lambda file: file.write(data), mode) as temporary:
        try:
            os.link(temporary, target)
        except FileExistsError:
            return False
    return True


def stream(target: Path, fill: Callable[[IO[bytes]], object], *, mode: int = PRIVATE) -> None:
    """Write or replace a file of any size: `fill` writes it. Raises RunDirectoryError, and what it raises."""
    with _written(target, fill, mode) as temporary:
        temporary.replace(target)


def folder(path: Path, *, mode: int = 0o777) -> Path:
    """The folder, made with those above it where it is missing. Raises RunDirectoryError."""
    if not path.is_dir():
        try:
            path.mkdir(mode=mode, parents=True, exist_ok=True)
            sync(path.parent)
        except OSError as error:
            raise _cannot(path, error) from None
    return path


def sync(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _written(target: Path, fill: Callable[[IO[bytes]], object], mode: int) -> Iterator[Path]:
    """What `fill` writes under a temporary name beside the target, synced; that name goes afterwards."""
    temporary = ""
    try:
        with tempfile.NamedTemporaryFile(
            "wb", dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as file:
            temporary = file.name
            fill(file)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        yield Path(temporary)
        sync(target.parent)
    except OSError as error:
        raise _cannot(target, error) from None
    finally:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink()


def _mode(target: Path) -> int:
    try:
        info = target.lstat()
    except FileNotFoundError:
        return 0o644  # others read the run too
    except OSError as error:
        raise _cannot(target, error) from None
    if not stat.S_ISREG(info.st_mode):
        raise RunDirectoryError(f"{target} is no plain file.", "Take it away, and try again.")
    return stat.S_IMODE(info.st_mode)


def _cannot(target: Path, error: OSError) -> RunDirectoryError:
    how = _FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else _HOW
    return RunDirectoryError(f"{target} cannot be written: {error.strerror}.", how)
