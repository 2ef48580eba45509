"""Git LFS pointers: a text of some 130 bytes that stands for a file which was never fetched."""

from __future__ import annotations

import os

from readiness.engine.errors import BadContent
from readiness.engine.target import OpenFile

HEAD = b"version https://git-lfs.github.com/spec/"
MAX_POINTER = 1024


def is_pointer(head: bytes) -> bool:
    """Whether a file that begins so is a pointer."""
    return head.startswith((HEAD, b"version https://hawser.github.com/spec/"))


def refuse_pointer(file: OpenFile) -> None:
    """Raise BadContent when the file is a pointer, with the size of what it stands for. Moves nothing."""
    if file.size >= MAX_POINTER:
        return
    text = os.pread(file.fd, MAX_POINTER, 0)
    if is_pointer(text):
        raise BadContent(
            f"{file.path} is a Git LFS pointer, not the file itself{_meant(text)}.",
            "Fetch the file with `git lfs pull`, and copy that one into the run.",
        )


def _meant(text: bytes) -> str:
    size = next((line[5:].strip() for line in text.splitlines() if line.startswith(b"size ")), b"")
    return f" (of {int(size)} bytes)" if size.isdigit() and len(size) < 20 else ""
