"""No act: texts of strangers that no database keeps are refused before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checklists.errors import Refused


def refuse_nul(document: Any, name: str) -> None:
    """Raise Refused when a NUL character stands in a text or a name of plain data."""
    left: list[Any] = [document]
    while left:
        value = left.pop()
        if isinstance(value, Mapping):
            left += [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple):
            left += value
        elif isinstance(value, str) and "\0" in value:
            raise Refused(f"{name} holds a NUL character, which no database keeps.", "Take it out.")
