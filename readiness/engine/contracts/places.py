"""Where in a configuration something is wrong: its key and line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

from readiness.engine.errors import ReadinessError

EXAMPLE = "See `readiness decide --help`, or start from `contracts: [{name: …, type: completeness}]`."
_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_FIELD = re.compile(r"unknown field `([^`]*)`")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+|\.\.\.)\]")
_ANY = "[...]"


class ContractError(ReadinessError):
    """A configuration that cannot be used. `line` is 1-based, or None when the whole file is meant."""

    def __init__(self, message: str, advice: str = "", *, line: int | None = None) -> None:
        super().__init__(message, advice)
        self.line = line


def explained(said: str, text: str, name: str, column: str | None) -> ContractError:
    """A ContractError with the line of what msgspec refused, which does not say in which `column` it was."""
    match = _AT.match(said)
    what, path = (match["what"], match["path"] or "$") if match else (said, "$")
    steps = [_step(m, column) for m in _STEP.finditer(path)]
    unknown = _FIELD.search(what)
    line = line_of(text, [*steps, *([unknown[1]] if unknown else [])])
    key = path.removeprefix("$").replace(_ANY, f".{column}" if column else _ANY).lstrip(".") or "the file"
    return ContractError(f"{name} line {line}, {key}: {what}.", EXAMPLE, line=line)


def _step(match: re.Match[str], column: str | None) -> str | int:
    if match[1]:
        return match[1]
    return int(match[2]) if match[2].isdecimal() else column or ""


def line_of(text: str, steps: Iterable[str | int]) -> int:
    """The line of the value that the steps lead to, as far as they lead; of the key, in a mapping."""
    node: Any = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    line = 1
    for step in steps:
        if isinstance(step, int) and isinstance(node, yaml.SequenceNode) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == step), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        else:
            break
    return line
