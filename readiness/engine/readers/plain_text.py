"""Text files of the run; a Git LFS pointer is named as what it is, not as broken JSON."""

from __future__ import annotations

from readiness.engine.errors import BadContent
from readiness.engine.readers import lfs
from readiness.engine.target import TEXT_LIMIT, RunDirectory, decode


def read(run: RunDirectory, file: str, limit: int = TEXT_LIMIT) -> str:
    """The text of a UTF-8 (or BOM-marked UTF-16) file.

    Raises BadContent for a Git LFS pointer and for other encodings, FileMissing, LimitExceeded.
    """
    content = run.read_bytes(file, limit)
    if lfs.is_pointer(content):
        raise BadContent(
            f"{file} is a Git LFS pointer, not the file itself.",
            "Fetch the file with `git lfs pull`, and copy that one into the run.",
        )
    return decode(content, file)
