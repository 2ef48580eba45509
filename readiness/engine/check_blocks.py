"""`yaml check` blocks: the scripted checks of an item."""

from __future__ import annotations

import re
from typing import Any

from readiness.engine import strict_yaml
from readiness.engine.checklist import CheckSpec
from readiness.engine.errors import ChecklistError
from readiness.engine.strict_yaml import Located, Path

WHAT = "check block"
_WHEN = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_ADVICE = "Write `kind: {parameter: value}`, or a list of such pairs."


def is_check(info: str) -> bool:
    """Whether a fence's info string ("yaml check") marks scripted checks."""
    return info.lower().split()[:2] in (["yaml", "check"], ["yml", "check"])


def read(text: str, line: int) -> tuple[CheckSpec, ...]:
    """The checks of one block whose fence opens on 1-based line `line`.

    A block is a mapping of kinds to parameters, or a list of such mappings; the key `when: $name`
    beside the kinds makes them depend on a parameter. Raises ChecklistError with the line.
    """
    found = strict_yaml.load(text, line=line + 1, what=WHAT)
    if isinstance(found.data, dict):
        specs = _specs(found, (), found.data, line)
    elif isinstance(found.data, list):
        specs = [s for n, entry in enumerate(found.data) for s in _specs(found, (n,), entry, line)]
    else:
        specs = []
    if not specs:
        raise ChecklistError("the check block names no check.", _ADVICE, line=line)
    return tuple(specs)


def _specs(found: Located, path: Path, entry: Any, line: int) -> list[CheckSpec]:
    if not isinstance(entry, dict):
        raise ChecklistError(
            f"{entry!r} is not a check with parameters.", _ADVICE, line=found.lines.get(path, line)
        )
    when = _when(found, path, entry)
    return [
        CheckSpec(kind=kind, params=params, when=when, line=found.lines.get((*path, kind), line))
        for kind, params in entry.items()
        if kind != "when"
    ]


def _when(found: Located, path: Path, entry: dict[str, Any]) -> str | None:
    if "when" not in entry:
        return None
    match = _WHEN.fullmatch(str(entry["when"]))
    if not match:
        raise ChecklistError(
            f"`when` must name one parameter, not {entry['when']!r}.",
            "Write for example `when: $staging_url`.",
            line=found.lines[*path, "when"],
        )
    return match[1]
