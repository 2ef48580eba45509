"""What changed against the last approved release: settings of files and feature flags, secrets masked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from readiness.engine.deploy.manifest import Delta, Flag
from readiness.engine.readers import config_file
from readiness.engine.target import RunDirectory

_NOTHING = object()
MAX_KEY = 200


def of_files(run: RunDirectory, current: str, approved: str) -> Iterator[Delta]:
    """The settings of `current` that differ from those of `approved`. Raises BadContent, FileMissing."""
    before, after = (config_file.settings(config_file.load(run, name), name) for name in (approved, current))
    yield from _differing(before, after, f"{current}:")


def of_flags(before: Mapping[str, Flag], after: Mapping[str, Flag]) -> Iterator[Delta]:
    """The feature flags that differ."""
    yield from _differing(before, after, "feature_flags:")


def _differing(before: Mapping[str, Any], after: Mapping[str, Any], where: str) -> Iterator[Delta]:
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key, _NOTHING), after.get(key, _NOTHING)
        # true and 1 are equal for Python, but not in a configuration
        if isinstance(old, bool) != isinstance(new, bool) or old != new:
            yield Delta(key=f"{where}{key}"[:MAX_KEY], before=_shown(key, old), after=_shown(key, new))


def _shown(key: str, value: Any) -> Any:
    return None if value is _NOTHING else config_file.shown(key, value)
