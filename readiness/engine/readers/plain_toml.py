"""TOML: plain data; endless lines and deep nesting are refused."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers.plain_json import MAX_DEPTH

LIMIT = 16 << 20
LONGEST_LINE = 100_000  # tomllib takes quadratic time for a key of many dots


def parse(text: str, file: str) -> Any:
    """Plain data of a TOML file; dates stay dates. Raises BadContent."""
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LONGEST_LINE:
            raise BadContent(
                f"{file} line {number} has {len(line)} characters; at most {LONGEST_LINE} are read.",
                "Break the line.",
            )
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:160]
        raise BadContent(f"{file} is not usable TOML: {reason}.", "Write plain TOML.") from None
    _check_depth(data, file)
    return data


def _check_depth(data: Any, file: str) -> None:
    level = [data]
    for _ in range(MAX_DEPTH + 1):
        level = [
            inner
            for value in level
            if isinstance(value, Mapping | list)
            for inner in (value.values() if isinstance(value, Mapping) else value)
        ]
        if not level:
            return
    raise BadContent(f"{file} is nested deeper than {MAX_DEPTH} levels.", "Flatten it.")
