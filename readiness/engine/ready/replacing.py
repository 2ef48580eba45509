"""Replaces a file of a run: a whole file or none, and never one that changed meanwhile."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from readiness.engine.errors import FileChanged, FileRefused, RunDirectoryError
from readiness.engine.ready.files import RunFiles
from readiness.engine.target import RunDirectory


def encoded(data: Mapping[str, Any]) -> bytes:
    """Indented JSON. Raises FileRefused for the name of a file that is no text."""
    try:
        return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError as error:
        near = str(error.object)[max(0, error.start - 40) : error.start + 10]
        raise FileRefused(f"The name of a file is no text, near {near!r}.", "Rename the file.") from None


def replace(files: RunFiles, name: str, data: bytes) -> None:
    """Replace a file at once, if it still is what was read. Raises FileChanged, RunDirectoryError."""
    root, before = files.run.root, files.run.used.get(name)
    target, temporary = root / name, ""
    try:
        mode = _mode(target)
        with tempfile.NamedTemporaryFile("wb", dir=root, prefix=f".{name}.", delete=False) as file:
            temporary = file.name
            file.write(data)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        if before and _digest(root, name) != before.sha256:
            raise FileChanged(
                f"{name} changed while it was sealed.", "Seal again when nothing writes to the run."
            )
        os.replace(temporary, target)  # noqa: PTH105
        _sync(root)
    except OSError as error:
        raise RunDirectoryError(
            f"{target} cannot be written: {error.strerror}.", "Make the run directory writable, or copy it."
        ) from None
    finally:
        with suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108


def _mode(target: Path) -> int:
    """The permissions a replaced file keeps; a link is not replaced."""
    try:
        info = target.lstat()
    except FileNotFoundError:
        return 0o644
    if not stat.S_ISREG(info.st_mode):
        raise RunDirectoryError(f"{target} is a link.", "Put the file itself into the run.")
    return stat.S_IMODE(info.st_mode)


def _digest(root: Path, name: str) -> str:
    return RunFiles(RunDirectory(root)).sha256(name)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
