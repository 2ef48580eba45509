"""Strict YAML: one plain document; aliases, tags, doubled keys and deep nesting are refused by line."""

from __future__ import annotations

import re
from typing import Any

import yaml

from readiness.engine.errors import BadContent
from readiness.engine.readers.plain_json import MAX_DEPTH, check_surrogates

LIMIT = 4 << 20  # bytes of a file: parsing takes about 250 times its size in memory
LONGEST_NUMBER = 400
_DIGIT = re.compile(r"[+-]?\.?[0-9]")


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """The safe loader without doubled keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  # PyYAML's signature
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str | int | float | bool) and key in seen:
                line = key_node.start_mark.line + 1
                raise yaml.YAMLError(f"the key {key!r} stands twice, line {line}")
            if isinstance(key, str | int | float | bool):
                seen.add(key)
        made: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return made


def parse(text: str, file: str) -> Any:
    """Plain data of one YAML document.

    Raises BadContent for aliases, tags, doubled keys, more than 100 levels.
    """
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            _check_plain(event, depth)
        data = yaml.load(text, Loader=_Loader)  # noqa: S506  # _Loader is a safe loader
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise BadContent(
            f"{file} is not usable YAML: {reason}.", "Write plain YAML without aliases and tags."
        ) from None
    check_surrogates(data, text, file)
    return data


def _check_plain(event: Any, depth: int) -> None:
    line = event.start_mark.line + 1
    if depth > MAX_DEPTH:
        raise yaml.YAMLError(f"it is nested deeper than {MAX_DEPTH} levels, line {line}")
    if isinstance(event, yaml.AliasEvent):
        raise yaml.YAMLError(f"it uses an alias (*name), line {line}")
    if getattr(event, "tag", None) is not None:
        raise yaml.YAMLError(f"it uses a tag (!name), line {line}")
    # YAML 1.1 reads 1:30:00 as one number to the base of 60: a long one costs minutes.
    long = isinstance(event, yaml.ScalarEvent) and event.implicit[0] and len(event.value) > LONGEST_NUMBER
    if long and _DIGIT.match(event.value):
        raise yaml.YAMLError(f"it holds a number of {len(event.value)} characters, line {line}")
