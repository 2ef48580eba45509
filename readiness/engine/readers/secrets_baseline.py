"""A baseline of detect-secrets: findings that somebody looked at and accepted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers import plain_json
from readiness.engine.target import RunDirectory

FINGERPRINT = re.compile(r"[0-9a-f]{40}")


def accepted(run: RunDirectory, file: str) -> set[tuple[str, str]]:
    """Path and fingerprint of every entry that is not marked as a real secret. Raises BadContent."""
    read = plain_json.parse(run.read_text(file), file)
    results = read.get("results") if isinstance(read, Mapping) else None
    if not isinstance(results, Mapping):
        raise BadContent(f"{file} is no baseline of detect-secrets.", "Write it with its `scan`.")
    return set(_entries(results, file))


def _entries(results: Mapping[str, Any], file: str) -> Iterator[tuple[str, str]]:
    for path, entries in results.items():
        for entry in _objects(entries, f"{file} · results.{path[:120]}"):
            fingerprint = entry.get("hashed_secret")
            if not isinstance(fingerprint, str) or not FINGERPRINT.fullmatch(fingerprint):
                raise BadContent(f"{file}: an entry of {path[:120]} has no `hashed_secret`.", "")
            if entry.get("is_secret") is not True:
                yield PurePosixPath(path).as_posix(), fingerprint


def _objects(value: Any, place: str) -> Iterable[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(v, Mapping) for v in value):
        raise BadContent(f"{place} is no list of findings.", "Write the baseline again.")
    return value
