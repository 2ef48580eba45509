"""Reading fields of JSON that anybody may have written: what is not as it should be is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from readiness.engine.errors import BadContent


class Fields:
    """A JSON object from a file. Every question raises BadContent where the answer has another form."""

    def __init__(self, data: object, place: str) -> None:
        if not isinstance(data, Mapping):
            raise BadContent(f"{place} is no JSON object.", "")
        self.data: Mapping[str, Any] = data
        self.place = place

    def _get(self, name: str, kind: type | tuple[type, ...], words: str) -> Any:
        value = self.data.get(name)
        if not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool):
            raise BadContent(f"{self.place} has no {words} under {name!r}.", "")
        return value

    def text(self, name: str) -> str:
        """A string."""
        return str(self._get(name, str, "text"))

    def whole(self, name: str) -> int:
        """An integer."""
        return int(self._get(name, int, "number"))

    def flag(self, name: str) -> bool:
        """True or false."""
        return bool(self._get(name, bool, "yes or no"))

    def moment(self, name: str) -> datetime:
        """An ISO 8601 time with a zone."""
        return moment(self.text(name), f"{self.place}: {name}")

    def under(self, name: str) -> Fields:
        """An object."""
        return Fields(self._get(name, Mapping, "object"), f"{self.place}: {name}")

    def each(self, name: str) -> list[Fields]:
        """A list of objects."""
        listed: Sequence[object] = self._get(name, list, "list")
        return [Fields(one, f"{self.place}: {name} {place}") for place, one in enumerate(listed, 1)]

    def texts(self, name: str) -> list[str]:
        """A list of strings."""
        listed: list[object] = self._get(name, list, "list")
        if not all(isinstance(one, str) for one in listed):
            raise BadContent(f"{self.place} has no list of texts under {name!r}.", "")
        return [str(one) for one in listed]

    def named_texts(self, name: str) -> dict[str, str]:
        """An object whose values are strings."""
        found = self.under(name)
        return {key: found.text(key) for key in found.data}


def moment(text: str, place: str) -> datetime:
    """An ISO 8601 time with a zone. Raises BadContent."""
    try:
        at = datetime.fromisoformat(text)
        at.astimezone(UTC)  # in UTC it may be before year 1, or after 9999
        offset = at.utcoffset()
    except (ValueError, OverflowError):
        offset = None
    if offset is None:
        raise BadContent(f"{place} is no time with a zone.", "")
    return at
