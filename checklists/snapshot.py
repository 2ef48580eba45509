"""The canonical snapshot of a gate: all that a signer relies on, and nothing else.

Left out on purpose: approval items and sign-offs themselves, revisions, run ids, times, durations, notes
(discussion), charts (drawn from files whose hashes are in), and the values of volatile measurements
(latency and load enter by outcome and limit only). So three signatures stay valid together, and an equal
re-run makes none stale. Left out too: what follows from something that is in (the checklist's texts and what
is derived from them follow from its SHA-256, a file's size from its hash), and accounts, which enter by the
printed name. tests/test_digest.py lists every column with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from checklists import zones
from readiness.engine.outcome import Limit, quantity
from readiness.engine.sealed.signable import signable as signable  # noqa: PLC0414  # found here by others

if TYPE_CHECKING:
    from checklists.loaded import LoadedGate, LoadedItem, Passed
    from checklists.models import Evidence, Waiver

SCHEMA_VERSION = 1


def build(loaded: LoadedGate, at: datetime, earlier: Sequence[Passed] = ()) -> dict[str, Any]:
    """The snapshot as plain data at a moment; its canonical JSON is what a signature covers.

    What only some gates have (`stage`, `rule_waivers`, an item's `waiver` and `reported_by`) is a key only
    where it applies.
    """
    gate, release = loaded.gate, loaded.gate.release
    parameters = release.parameters
    # An expired one stays in, marked: else the state of before it, and old signatures, would hold again.
    rule_waivers = [
        _waiver(w) | {"rule": w.rule, "expired": not w.live(at)} for w in loaded.waivers if w.rule
    ]
    return {
        "schema_version": SCHEMA_VERSION,
        "project": {"slug": release.project.slug, "name": release.project.name},
        "release": {
            "version": release.version,
            "planned_for": release.planned_for.isoformat() if release.planned_for else None,
        },
        "environment": gate.environment.name,
        "checklist": {
            "slug": gate.checklist.slug,
            "version": gate.checklist.version,
            "sha256": gate.checklist.sha256,
        },
        "artifact": release.snapshot.digest,
        "parameters": {
            "number": parameters.number if parameters else 0,
            "values": parameters.values if parameters else {},
            "bar_moved_after_result": bool(parameters and parameters.after_result),
        },
        "items": [_item(item) for item in loaded.items if not item.row.role],
        "roles": [
            {"role": r.role, "conditional": r.conditional, "dropped": r.dropped_reason} for r in loaded.roles
        ],
        "approval_evidence": [
            {"key": item.key, "evidence": [_evidence(e) for e in item.evidence]}
            for item in loaded.items
            if item.row.role and item.evidence
        ],
        **({"stage": _stage(gate.stage, earlier)} if gate.stage else {}),
        **({"rule_waivers": rule_waivers} if rule_waivers else {}),
    }


def _stage(stage: str, earlier: Sequence[Passed]) -> dict[str, Any]:
    return {
        "stage": stage,
        "earlier": [
            {
                "stage": passed.stage.value,
                "digest": passed.judged.digest if passed.judged else "",
                "verdict": passed.judged.verdict.state.value if passed.judged else "",
            }
            for passed in earlier
        ],
    }


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return {
        "reason": waiver.reason,
        "risk": waiver.risk,
        "mitigation": waiver.mitigation,
        "owner": waiver.owner.name,
        "scope": waiver.scope,
        "expires_at": waiver.expires_at.astimezone(UTC).isoformat(timespec="seconds"),
        "requested_by": waiver.requested_by.name,
        "approved_by": waiver.decided_by.name if waiver.decided_by else "",
        "approved_as": waiver.decided_as,
    }


def _item(item: LoadedItem) -> dict[str, Any]:
    row = item.row
    person = row.decided_by if row.decided == "person" else None
    return {
        "key": row.key,
        "title": item.spec.text,
        "requirement": row.requirement,
        "state": item.state,
        "decided": row.decided,
        "by": person.name if person else "",
        "reason": row.reason,
        "confirmed": row.confirmed,
        "checks": [signable(result) for result in item.results],
        "evidence": [_evidence(e) for e in item.evidence],
        **({"waiver": _waiver(item.waiver)} if item.waiver and item.state == "waived" else {}),
        **({"reported_by": item.reported_by} if item.reported_by else {}),
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "kind": evidence.kind,
        "name": evidence.name,
        "sha256": evidence.sha256,
        "url": evidence.url,
        "by": evidence.added_by.name,
    }


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two snapshots: which item ("" for the release itself), what, from, to.

    `by` and `at` are filled in from the audit log (reads/stale.py): who changed it last, and when.
    """

    item: str
    title: str
    what: str
    old: str
    new: str
    by: str = ""
    at: datetime | None = None

    def to_dict(self) -> dict[str, str]:
        """Plain data for reports; `at` is local time with its offset, or empty."""
        at = timezone.localtime(self.at).isoformat(timespec="seconds") if self.at else ""
        return {**asdict(self), "at": at}


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """What changed from one snapshot to another, in words; empty when both are equal."""
    return [*_release_changes(old, new), *_item_changes(old, new)]


def _release_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key, title in (("artifact", "Run files"), ("environment", "Environment")):
        if old[key] != new[key]:
            yield Change("", title, "changed", _short(old[key]), _short(new[key]))
    if old["checklist"] != new["checklist"]:
        yield Change("", "Checklist", "version", old["checklist"]["version"], new["checklist"]["version"])
    if old["release"] != new["release"]:
        yield Change("", "Release", "changed", _plain(old["release"]), _plain(new["release"]))
    before, after = old["parameters"]["values"], new["parameters"]["values"]
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield Change("", name, "parameter", _plain(before.get(name)), _plain(after.get(name)))
    if old["parameters"]["bar_moved_after_result"] != new["parameters"]["bar_moved_after_result"]:
        yield Change("", "Parameters", "bar moved after result", "no", "yes")
    yield from _standing_changes(old, new)
    dropped = {r["role"]: r["dropped"] for r in old["roles"]}
    for role in new["roles"]:
        if dropped.get(role["role"], "") != role["dropped"]:
            yield Change(
                "", role["role"], "role", dropped.get(role["role"]) or "signs", role["dropped"] or "signs"
            )


def _standing_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Earlier stages and waivers of rules."""
    was_stage, is_stage = (side.get("stage") or {"earlier": []} for side in (old, new))
    before = {s["stage"]: s for s in was_stage["earlier"]}
    for stage in is_stage["earlier"]:
        was = before.get(stage["stage"], {"verdict": "", "digest": ""})
        if was["verdict"] != stage["verdict"]:
            title = f"Stage {stage['stage']}"
            yield Change("", title, "verdict", was["verdict"] or "no gate", stage["verdict"] or "no gate")
        elif was["digest"] != stage["digest"]:
            yield Change(
                "", f"Stage {stage['stage']}", "changed", _short(was["digest"]), _short(stage["digest"])
            )
    rules = ({w["rule"]: w for w in side.get("rule_waivers", [])} for side in (old, new))
    was_rules, is_rules = rules
    for rule in sorted(was_rules.keys() | is_rules.keys()):
        if was_rules.get(rule) != is_rules.get(rule):
            yield Change("", rule, "waiver", _until(was_rules.get(rule)), _until(is_rules.get(rule)))


def _until(waiver: Mapping[str, Any] | None) -> str:
    if not waiver:
        return "none"
    until = datetime.fromisoformat(waiver["expires_at"])
    return f"{'expired' if waiver.get('expired') else 'until'} {zones.words(until, 'UTC')}"


def _item_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    before = {item["key"]: item for item in old["items"]}
    for item in new["items"]:
        was = before.get(item["key"])
        if was is None:
            yield Change(item["key"], item["title"], "item", "", "added")
        elif was != item:
            yield from _one_item(was, item)
    notes = ({e["key"]: e["evidence"] for e in side["approval_evidence"]} for side in (old, new))
    was_evidence, is_evidence = notes
    for key in sorted(was_evidence.keys() | is_evidence.keys()):
        yield from _evidence_changes(key, key, was_evidence.get(key, []), is_evidence.get(key, []))


def _one_item(was: Mapping[str, Any], item: Mapping[str, Any]) -> Iterator[Change]:
    key, title = item["key"], item["title"]
    if was["state"] != item["state"]:
        yield Change(key, title, "state", was["state"], item["state"])
    if was.get("waiver") != item.get("waiver"):
        yield Change(key, title, "waiver", _until(was.get("waiver")), _until(item.get("waiver")))
    if was.get("reported_by", "") != item.get("reported_by", ""):
        here = "checked here"
        yield Change(
            key, title, "checked by", was.get("reported_by") or here, item.get("reported_by") or here
        )
    if was["reason"] != item["reason"]:
        yield Change(key, title, "reason", was["reason"], item["reason"])
    if was["confirmed"] != item["confirmed"]:
        yield Change(
            key, title, "confirmed criteria", str(len(was["confirmed"])), str(len(item["confirmed"]))
        )
    if was["by"] != item["by"]:
        yield Change(key, title, "decided by", was["by"], item["by"])
    yield from _check_changes(key, title, was["checks"], item["checks"])
    yield from _evidence_changes(key, title, was["evidence"], item["evidence"])


def _check_changes(key: str, title: str, was: list[Any], now: list[Any]) -> Iterator[Change]:
    measured = ({(c["kind"], m["name"]): m for c in side for m in c["measurements"]} for side in (was, now))
    old, new = measured
    told = False
    for name in sorted(old.keys() | new.keys()):
        left, right = old.get(name, {}), new.get(name, {})
        if left != right:
            told = True
            yield Change(key, title, name[1], _value(left), _value(right))
    if was != now and not told:
        files = {f["path"]: f["sha256"] for c in was for f in c["files"]}
        changed = [f["path"] for c in now for f in c["files"] if files.get(f["path"]) != f["sha256"]]
        yield Change(key, title, "files" if changed else "check result", "", ", ".join(changed) or "changed")


def _value(measurement: Mapping[str, Any]) -> str:
    if not measurement:
        return "not measured"
    shown = (
        quantity(measurement["value"], measurement["unit"])
        if "value" in measurement
        else _ok(measurement["ok"])
    )
    limit = measurement["limit"]
    return f"{shown} ({Limit.from_dict(limit).words(measurement['unit'])})" if limit else shown


def _ok(ok: bool | None) -> str:  # noqa: FBT001  # one stored value, three states
    return {True: "within the limit", False: "over the limit", None: "measured"}[ok]


def _evidence_changes(key: str, title: str, was: list[Any], now: list[Any]) -> Iterator[Change]:
    for piece in now:
        if piece not in was:
            yield Change(key, title, "evidence added", "", piece["name"])
    for piece in was:
        if piece not in now:
            yield Change(key, title, "evidence removed", piece["name"], "")


def _short(text: str) -> str:
    return f"{text[:15]}…" if text.startswith("sha256:") else text


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_plain(v)}" for k, v in value.items() if v is not None)
    return quantity(value) if value is not None else "not set"
