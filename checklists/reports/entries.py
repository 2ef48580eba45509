"""The items of a report: criteria, what was observed against what was expected, evidence, who and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from checklists import zones
from checklists.loaded import Judged, LoadedGate, LoadedItem
from checklists.models import Evidence, MemberRole, Note
from checklists.reports.details import FIRST_ROWS, isolation, seen
from checklists.reports.moments import moment
from readiness.engine.outcome import Measurement
from readiness.engine.policy import SignatureState, State

KEPT_LISTS, KEPT_LINES = 4, FIRST_ROWS
WORDS = {
    "open": "Open",
    "passed": "Passed",
    "warned": "Passed with warning",
    "failed": "Failed",
    "na": "Not applicable",
    "waived": "Waived",
    "queued": "Being checked",
    "running": "Being checked",
}
APPROVALS: dict[SignatureState, tuple[State, str]] = {
    SignatureState.VALID: (State.PASSED, "Signed"),
    SignatureState.DROPPED: (State.NOT_APPLICABLE, "Not needed"),
    SignatureState.DECLINED: (State.FAILED, "Declined"),
    SignatureState.STALE: (State.OPEN, "Stale"),
    SignatureState.MISSING: (State.OPEN, "Not signed"),
}
OUTCOMES = {
    "PASS": "passed",
    "WARN": "passed with a warning",
    "FAIL": "failed",
    "ERROR": "could not be carried out",
    "SKIP": "found nothing to look at",
}


def sections(loaded: LoadedGate, judged: Judged, notes: Iterable[Note]) -> list[dict[str, Any]]:
    """`{title, items[]}` in document order."""
    said: dict[int, list[Note]] = {}
    for note in notes:
        said.setdefault(note.item_id, []).append(note)

    def signers(item: LoadedItem) -> list[str]:
        valid = (s for s in loaded.signoffs if s.digest == judged.digest and s.decision == "approve")
        return [s.person_name for s in valid if s.role == item.row.role]

    return [
        {
            "title": title,
            "items": [_item(item, judged, said.get(item.row.pk, []), signers(item)) for item in items],
        }
        for title, items in loaded.sections()
    ]


def _item(item: LoadedItem, judged: Judged, notes: Iterable[Note], signers: list[str]) -> dict[str, Any]:
    state, word, observed = _state(item, judged)
    return {
        "number": item.row.position + 1,
        "key": item.key,
        "title": item.spec.text,
        "requirement": item.row.requirement,
        "role": item.row.role,
        "state": state,
        "word": word,
        "observed": observed,
        "outcome": item.outcome,
        "decided": _decided(item),
        "reason": item.row.reason,
        "waiver": _waiver(item),
        "criteria": [_criterion(item, index, signers) for index in range(len(item.spec.criteria))],
        "checks": [_check(result) for result in item.results],
        "evidence": [_evidence(piece) for piece in item.evidence],
        "notes": [{"text": note.text, "by": note.by.name, "at": moment(note.at)} for note in notes],
        "charts": [chart for finding in item.findings for chart in finding["charts"]],
        **({"reported_by": item.reported_by} if item.reported_by else {}),
    }


def _state(item: LoadedItem, judged: Judged) -> tuple[str, str, str]:
    if item.row.role:
        worth = judged.verdict.signatures.get(item.row.role, SignatureState.MISSING)
        state, word = APPROVALS[worth]
        return state.value, word, "decided by signing; see the signatures"
    # A run under way does not change what was decided before it.
    shown = "warned" if item.warned else str(item.state)
    if item.row.decided == "person":  # the reason is told beside it
        return shown, WORDS[shown], item.findings[0]["message"] if item.findings else ""
    return shown, WORDS[shown], item.observed


def _waiver(item: LoadedItem) -> str:
    """Until when it is waived, or was, and by whom; empty without a waiver that matters."""
    row = item.waiver
    if row is None or not row.decided_by or not (item.lapsed or item.state == State.WAIVED):
        return ""
    until = zones.words(row.expires_at, row.expires_zone)
    said = f"Its waiver expired: {until}" if item.lapsed else f"Waived until {until}"
    role = MemberRole(row.decided_as).label.lower()
    return f"{said}, approved by {row.decided_by.name} as {role}. Reason: “{row.reason}”"


def _decided(item: LoadedItem) -> dict[str, str]:
    row = item.row
    if item.state == State.WAIVED and item.waiver and item.waiver.decided_by:
        return {"how": "waiver", "by": item.waiver.decided_by.name, "at": moment(item.waiver.decided_at)}
    if row.decided == "person" and row.decided_by:
        return {"how": "person", "by": row.decided_by.name, "at": moment(row.decided_at)}
    if row.decided == "checks":
        return {"how": "checks", "by": ", ".join(_kinds(item)), "at": moment(row.decided_at)}
    ran = row.run.finished_at if row.run_id and row.run else None
    return {"how": "", "by": "", "at": moment(ran)}


def _kinds(item: LoadedItem) -> list[str]:
    return list(dict.fromkeys(result["kind"] for result in item.results))


def _criterion(item: LoadedItem, index: int, signers: list[str]) -> dict[str, str]:
    """`{text, state: yes|no|open, by}`. Checks decide an item as a whole: none of several is named failed."""
    criterion = item.spec.criteria[index]
    if item.row.role and signers:
        return {"text": criterion.text, "state": "yes", "by": f"confirmed by {' and '.join(signers)}"}
    if item.row.role:
        return {"text": criterion.text, "state": "open", "by": "not confirmed on this state"}
    if criterion.confirm or not item.row.has_checks:
        person = item.row.decided_by
        if index in item.row.confirmed and person:
            return {"text": criterion.text, "state": "yes", "by": f"confirmed by {person.name}"}
        return {"text": criterion.text, "state": "open", "by": "not confirmed"}
    theirs = sum(not c.confirm for c in item.spec.criteria)
    return {"text": criterion.text} | _checked(item.outcome, alone=theirs == 1)


def _checked(outcome: str, *, alone: bool) -> dict[str, str]:
    if outcome in ("PASS", "WARN"):
        return {"state": "yes", "by": "checked"}
    if outcome in ("FAIL", "ERROR"):
        return {"state": "no" if alone else "open", "by": "the check failed" if alone else "see the checks"}
    return {"state": "open", "by": "nothing to look at" if outcome else "not checked"}


def _check(result: Mapping[str, Any]) -> dict[str, Any]:
    finding = result["finding"]
    return {
        "kind": result["kind"],
        "outcome": finding["outcome"],
        "words": OUTCOMES.get(finding["outcome"], finding["outcome"]),
        "message": finding["message"],
        "advice": finding["advice"],
        "seconds": result["duration_s"],
        "isolation": isolation(finding.get("details")),
        "kept": [] if finding["outcome"] == "PASS" else _kept(result),
        "measurements": [_measured(m) for m in finding["measurements"]],
        "files": result["files"],
    }


def _kept(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The first lines of the lists a check kept: `{label, columns[], lines[], more}`. Bounded."""
    found = []
    for part in seen(result).parts[:KEPT_LISTS]:
        block = part.block.splitlines()
        lines = [" · ".join(row) for row in part.first] or block[-KEPT_LINES:]
        more = part.unseen or len(block) - len(block[-KEPT_LINES:])
        found.append({"label": part.label, "columns": part.head, "lines": lines, "more": more})
    return found


def _measured(stored: Mapping[str, Any]) -> dict[str, Any]:
    measurement = Measurement.from_dict(stored)
    return {**stored, "observed": measurement.observed, "expected": measurement.expected}


def _evidence(piece: Evidence) -> dict[str, Any]:
    return {
        "kind": piece.kind,
        "name": piece.name,
        "sha256": piece.sha256,
        "size": piece.size,
        "url": piece.url,
        "by": piece.added_by.name,
        "at": moment(piece.added_at),
    }
