"""What msgspec refused, in words, with its place and, in YAML, the line."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from readiness.engine.deploy.words import shown
from readiness.engine.errors import ReadinessError

_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_FIELD = re.compile(r"unknown field `([^`]*)`|missing required field `([^`]*)`")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]")
_PATTERN = re.compile(r"`str` matching regex '.*'", re.DOTALL)
_FORMS = {
    "path": "a path beneath the release's directory: relative, with `/`, without `..`",
    "log": "a path beneath the release's directory: relative, with `/`, without `..`",
    "sha256": "a SHA-256 in 64 lower-case hex digits",
    "artifact_digest": "a SHA-256 in 64 lower-case hex digits",
}
Lines = Mapping[tuple[str | int, ...], int]


class DeployError(ReadinessError):
    """A manifest, a configuration or a release file that cannot be used; nothing was decided."""


def explained(
    error: msgspec.ValidationError, name: str, advice: str, lines: Lines | None = None
) -> DeployError:
    """A DeployError that names file, line (where `lines` knows it), key, and what was expected there."""
    match = _AT.match(str(error))
    what, path = (match["what"], match["path"] or "$") if match else (str(error), "$")
    steps: list[str | int] = [m[1] or int(m[2]) for m in _STEP.finditer(path)]
    last = next((s for s in reversed(steps) if isinstance(s, str)), "")
    what = _PATTERN.sub(_FORMS.get(last, "another form"), what).replace("Object contains", "it contains")
    what = what.replace("Object missing", "it is missing").replace("`null`", "nothing")
    field = _FIELD.search(what)
    unknown = [field[1]] if field and field[1] else []
    where = f" line {line_of(lines, [*steps, *unknown])}" if lines is not None else ""
    place = path.removeprefix("$").lstrip(".")
    return DeployError(f"{name}{where}{', ' + place if place else ''}: {shown(_lower(what))}.", advice)


def line_of(lines: Lines, steps: list[str | int]) -> int:
    """The line of the value that the steps lead to, as far as they lead."""
    for end in range(len(steps), -1, -1):
        if (line := lines.get(tuple(steps[:end]))) is not None:
            return line
    return 1


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
