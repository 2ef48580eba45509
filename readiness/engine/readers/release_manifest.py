"""A release manifest: what producers call its parts, and what each part must say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.readers import data

# What producers call the parts; a checklist may name others.
NAMES = {
    "release": ("release", "version", "release_id"),
    "artifacts": ("artifacts", "artifact_hashes", "artifactHashes", "hashes"),
    "configuration": (
        "configuration_deltas", "configuration_delta", "config_deltas", "configurationDeltas", "configDeltas",
        "config_changes", "configuration.deltas",
    ),
    "window": ("rollout_window", "rolloutWindow", "window", "rollout.window"),
    "rollback": ("rollback_plan", "rollbackPlan", "rollback"),
    "approvals": ("approvals", "approvers", "approved_by"),
    "scorecard": ("scorecard", "scorecard_path", "scorecardPath", "readiness_scorecard", "scorecard.path"),
}  # fmt: skip
_ABSENT = object()
_STARTS = ("start", "starts_at", "start_time", "begin", "from", "opens", "opens_at")
_ENDS = ("end", "ends_at", "end_time", "until", "to", "closes", "closes_at")
_WHAT = (
    "to",
    "to_version",
    "target",
    "target_version",
    "version",
    "previous_version",
    "artifact",
    "model",
    "image",
)
_HOW = ("steps", "command", "commands", "procedure", "how", "script", "runbook", "instructions", "method")
_WHO = ("name", "approver", "by", "approved_by", "person", "user", "email", "signed_by")
_APPROVED = frozenset(("approved", "approve", "accepted", "signed", "yes", "true", "ok", "lgtm"))
_EMPTY = frozenset(
    ("", "todo", "tbd", "n/a", "na", "none", "null", "-", "?", "…", "...", "xxx", "fixme", "pending")
)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a manifest as it stands there, and the place that messages name."""

    value: Any
    place: str


def part(manifest: Mapping[str, Any], name: str, key: str, file: str) -> Part | None:
    """A part by the key that the checklist names (dotted), else by the known names. Two names: BadContent."""
    if key:
        try:
            return Part(data.lookup(manifest, key, file), f"{file} · {key}")
        except NotFound:
            return None
    values = {known: _value(manifest, known) for known in NAMES[name]}
    found = [known for known, value in values.items() if value is not _ABSENT]
    found = [known for known in found if not any(other.startswith(f"{known}.") for other in found)]
    if len(found) > 1 and name != "release":
        raise BadContent(f"{file} has both {found[0]} and {found[1]}.", "Keep one of them.")
    return Part(values[found[0]], f"{file} · {found[0]}") if found else None


def _value(manifest: Mapping[str, Any], name: str) -> Any:
    """What stands under a name, or under a name in a part; else _ABSENT."""
    outer, _, inner = name.partition(".")
    value = manifest.get(outer, _ABSENT)
    if not inner or value is _ABSENT:
        return value
    if (
        name == "configuration.deltas"
        and isinstance(value, Mapping)
        and set(value) <= {"base_release", inner}
    ):
        return value.get(inner, [])  # a manifest of ours leaves out an empty list
    return value.get(inner, _ABSENT) if isinstance(value, Mapping) else _ABSENT


def said(value: Any) -> bool:
    """Whether a value says something: text that is no placeholder, a number, a filled list or object."""
    if isinstance(value, str):
        return value.strip().lower() not in _EMPTY
    if isinstance(value, Mapping):
        return any(said(v) for v in value.values())
    if isinstance(value, Sequence):
        return bool(value) and all(said(v) for v in value)
    return value is not None and not isinstance(value, bool)


def window(given: Part) -> tuple[datetime, datetime]:
    """Start and end of the rollout window. Raises BadContent."""
    value = given.value
    if isinstance(value, str) and value.count("/") == 1:
        value = value.split("/")
    if isinstance(value, list) and len(value) == 2:
        value = {"start": value[0], "end": value[1]}
    if not isinstance(value, Mapping):
        raise BadContent(f"{given.place} is no window.", "Write {start, end} as ISO 8601 times.")
    start, end = (_moment(value, keys, given.place) for keys in (_STARTS, _ENDS))
    if (start.tzinfo is None) != (end.tzinfo is None):
        raise BadContent(f"{given.place}: one time has a time zone, the other none.", "Write both with one.")
    return start, end


def _moment(value: Mapping[str, Any], keys: tuple[str, ...], place: str) -> datetime:
    key = next((k for k in keys if k in value), None)
    if key is None:
        raise BadContent(f"{place} has no {keys[0]}.", "Write {start, end} as ISO 8601 times.")
    text = value[key]
    try:
        return datetime.fromisoformat(text.strip() if isinstance(text, str) else "")
    except ValueError:
        raise BadContent(
            f"{place} · {key} is no time: {str(text)[:40]!r}.", "Write ISO 8601: 2025-10-01T12:00:00Z."
        ) from None


def rollback_gaps(given: Part) -> list[str]:
    """What a rollback plan does not say: what it goes back to, or how. Of a text alone nobody can tell."""
    if isinstance(given.value, list) and said(given.value):
        return ["what to go back to"]
    if not isinstance(given.value, Mapping):
        return [] if isinstance(given.value, str) and said(given.value) else ["what to go back to", "how"]
    rehearsal = given.value.get("rehearsal")
    # a rehearsal says where it went back to
    plan = {**rehearsal, **given.value} if isinstance(rehearsal, Mapping) else given.value
    wanted = (("what to go back to", plan, _WHAT), ("how", given.value, _HOW))
    return [gap for gap, where, keys in wanted if not any(said(where.get(k)) for k in keys)]


def approvals(given: Part) -> dict[str, str]:
    """Who approved, by role (lower case). Declined, pending and nameless entries are left out.

    Raises BadContent for what is no list of approvals.
    """
    value = given.value
    if isinstance(value, Mapping):
        value = [
            {"role": role, **(v if isinstance(v, Mapping) else {"name": v})} for role, v in value.items()
        ]
    if not isinstance(value, list) or not all(isinstance(v, Mapping) for v in value):
        raise BadContent(f"{given.place} is no list of approvals.", "Write [{role, name, decision}].")
    return {role(str(v.get("role", ""))): _who(v) for v in value if _who(v) and _approved(v)}


def role(name: str) -> str:
    """A role as it is compared: "Technical Lead" and "technical_lead" are "technical-lead"."""
    return "-".join(name.strip().lower().replace("_", " ").replace("-", " ").split())


def _who(entry: Mapping[str, Any]) -> str:
    value = next((entry[k] for k in _WHO if k in entry), None)
    return value.strip() if isinstance(value, str) and said(value) else ""


def _approved(entry: Mapping[str, Any]) -> bool:
    words = [entry[k] for k in ("decision", "status", "state", "approved", "verdict") if k in entry]
    return all(str(word).strip().lower() in _APPROVED for word in words)
