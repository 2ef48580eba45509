"""One registered version of a model, whatever registry it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readiness.engine.errors import BadContent

MAX_ENTRIES = 10_000
_NAMES = ("name", "model_name", "registered_name")


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered version: its name, its version as text, stage and aliases ("" and none where not given),
    all else that the registry says, and where.
    """

    name: str
    version: str
    stage: str
    aliases: tuple[str, ...]
    fields: Mapping[str, Any]
    place: str


def made(fields: Mapping[str, Any], place: str) -> Entry:
    """An entry from its fields. Raises BadContent without a name and a version."""
    name = next((fields[key] for key in _NAMES if isinstance(fields.get(key), str)), "")
    version = fields.get("version", fields.get("model_version"))
    if not name or isinstance(version, bool) or not isinstance(version, str | int | float) or version == "":
        raise BadContent(f"{place} has no name and version of a model.", "Write {name, version, …}.")
    stage = fields.get("stage", fields.get("current_stage", fields.get("status_stage", "")))
    aliases = fields.get("aliases", fields.get("alias", ()))
    aliases = [aliases] if isinstance(aliases, str) else aliases if isinstance(aliases, list | tuple) else ()
    return Entry(name, str(version), str(stage or ""), tuple(map(str, aliases)), fields, place)


def check_once(found: list[Entry], file: str) -> None:
    """Raise BadContent for a version that is given twice."""
    seen: set[tuple[str, str]] = set()
    for entry in found:
        if (entry.name, entry.version) in seen:
            raise BadContent(
                f"{file} holds {entry.name[:60]} {entry.version[:40]} twice.", "Keep the true one."
            )
        seen.add((entry.name, entry.version))
