"""YAML as checklists use it: plain data only, with the line of every entry.

No aliases, no duplicate keys, no tags, no NaN or infinity, no octal or base-60 numbers: what is read is
what is written. Keys are text, dates and odd numbers stay text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from readiness.engine.errors import ChecklistError

MAX_CHARACTERS = 64_000
_PLAIN = re.compile(r"[-+]?(0|[1-9][0-9]*|0x[0-9a-fA-F]+)")
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Located:
    """Plain data with places: `lines` maps a path of keys and indexes to its 1-based line, `raw` a scalar's
    path to its text as written (so that a version 1.10 does not become 1.1).
    """

    data: Any
    lines: dict[Path, int] = field(default_factory=dict)
    raw: dict[Path, str] = field(default_factory=dict)


def load(text: str, *, line: int, what: str) -> Located:
    """Read one YAML document whose first line is line `line` of the file; `what` names it in messages.

    Raises ChecklistError with the line.
    """
    if len(text) > MAX_CHARACTERS:
        raise ChecklistError(
            f"the {what} has {len(text)} characters; at most {MAX_CHARACTERS} are read.",
            "Shorten it.",
            line=line,
        )
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        data = None if node is None else loader.construct_document(node)
    except yaml.YAMLError as error:
        raise _not_yaml(error, text, line, what) from None
    except RecursionError:
        raise ChecklistError(f"the {what} is nested too deeply.", "Flatten it.", line=line) from None
    except ValueError as error:
        raise ChecklistError(f"the {what} is not valid YAML: {error}.", "Correct it.", line=line) from None
    located = Located(data)
    for path, child, number in _walk(node, (), line) if node is not None else ():
        located.lines[path] = number
        if isinstance(child, yaml.ScalarNode):
            located.raw[path] = child.value
    return located


class _Loader(yaml.SafeLoader):
    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            _refuse("aliases (*name) are not allowed", self.peek_event().start_mark)  # type: ignore[no-untyped-call]  # its stub has no types
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  # PyYAML's signature
        found: dict[Any, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                _refuse("a key must be text", key.start_mark)
            if key.value in found:
                _refuse(f"the key {key.value!r} is written twice", key.start_mark)
            found[key.value] = self.construct_object(value, deep=deep)
        return found

    def whole(self, node: yaml.ScalarNode) -> int | str:
        """YAML 1.1 reads 30:00 as 1800 and 010 as 8. Nobody means that: such words stay text."""
        return int(self.construct_yaml_int(node)) if _PLAIN.fullmatch(node.value) else str(node.value)

    def finite(self, node: yaml.ScalarNode) -> float | str:
        if ":" in node.value or "_" in node.value:
            return str(node.value)
        number = self.construct_yaml_float(node)
        if not math.isfinite(number):
            _refuse(f"{node.value} is not a number to compare with", node.start_mark)
        return number


_CORE = "tag:yaml.org,2002:"
_Loader.yaml_constructors = {
    None: yaml.SafeLoader.construct_undefined,
    **{
        _CORE + n: yaml.SafeLoader.yaml_constructors[_CORE + n] for n in ("null", "bool", "str", "seq", "map")
    },
    **{_CORE + n: yaml.SafeLoader.construct_yaml_str for n in ("timestamp", "merge", "value")},
    _CORE + "int": _Loader.whole,
    _CORE + "float": _Loader.finite,
}


def _refuse(problem: str, mark: yaml.Mark) -> NoReturn:
    raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


def _not_yaml(error: yaml.YAMLError, text: str, line: int, what: str) -> ChecklistError:
    mark = getattr(error, "problem_mark", None)
    offset = mark.line if mark else text.count("\n", 0, getattr(error, "position", 0) or 0)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    return ChecklistError(
        f"the {what} is not valid YAML: {problem}.",
        "Correct it; quote text that holds `: ` or `#`.",
        line=line + offset,
    )


def _walk(node: yaml.Node, path: Path, line: int) -> Iterator[tuple[Path, yaml.Node, int]]:
    yield path, node, line + node.start_mark.line
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            for found, child, number in _walk(value, (*path, key.value), line):
                # an entry's own line is its key's: a folded value may start further down
                yield found, child, line + key.start_mark.line if len(found) == len(path) + 1 else number
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _walk(value, (*path, index), line)
