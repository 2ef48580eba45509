"""What msgspec refused, in words, with its place and, in YAML, the line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from readiness.engine.errors import ReadinessError
from readiness.engine.guard import legible

_PATH = re.compile(r" - at `(?:key` in `)?\$(?P<path>[^`]*)`")
_FIELD = re.compile(r"(?:unknown|missing required) field `([^`]*)`")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]")
_PLAIN_PATH = "a path beneath the release's directory: relative, with `/`, without `..`"
_DIGEST = "a SHA-256 in 64 lower-case hex digits"
_PATHS = ("path", "log", "artifacts", "exclude", "current", "approved", "base_manifest")
_FORMS = dict.fromkeys(_PATHS, _PLAIN_PATH) | {"sha256": _DIGEST, "artifact_digest": _DIGEST}
Lines = Mapping[tuple[str | int, ...], int]


class DeployError(ReadinessError):
    """A manifest, a configuration or a release file that cannot be used; nothing was decided."""


def explained(
    error: msgspec.ValidationError, struct: Any, name: str, advice: str, lines: Lines | None = None
) -> DeployError:
    """A DeployError that names file, line (where `lines` knows it), key, and what was expected there."""
    from readiness.engine import (
        mismatch,
    )  # only for a file that is wrong: `readiness gate` must start at once

    told, text = mismatch.explained(error, struct), str(error)
    path = _PATH.search(text)
    steps: list[str | int] = [m[1] or int(m[2]) for m in _STEP.finditer(path["path"] if path else "")]
    said = told[0]
    if "matching regex" in text:
        last = next((s for s in reversed(steps) if isinstance(s, str)), "")
        said = f"`{path['path'].lstrip('.') if path else last}` needs {_FORMS.get(last, 'another form')}"
    field = _FIELD.search(text)
    at = [*steps, *([field[1]] if field and "unknown" in text else [])]
    where = f" line {line_of(lines, at)}" if lines is not None else ""
    return DeployError(f"{name}{where}: {legible(said)[:600]}.", told[1].strip() or advice)


def line_of(lines: Lines, steps: list[str | int]) -> int:
    """The line of the value that the steps lead to, as far as they lead."""
    for end in range(len(steps), -1, -1):
        if (line := lines.get(tuple(steps[:end]))) is not None:
            return line
    return 1
