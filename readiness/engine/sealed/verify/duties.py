"""Duties kept apart: whoever made the release or brought evidence signs as technical lead only.

The log knows people by number, the report and the signed state by name. Where only a name agrees, it may be
a namesake: that is not verified, and not failed.
"""

from __future__ import annotations

from collections.abc import Iterator

from readiness.engine.sealed.log import Entry
from readiness.engine.sealed.verify import signing
from readiness.engine.sealed.verify.bound import CURRENT
from readiness.engine.sealed.verify.fields import Fields
from readiness.engine.sealed.verify.material import Case, SignOff
from readiness.engine.sealed.verify.result import Claim, State, failed, unknown, verified

LEAD = "technical-lead"


def claim(case: Case) -> Claim:
    """One person signs in one role; own work is signed as technical lead only."""
    current = [signed for signed in case.sign_offs if signed.worth in CURRENT]
    problems, doubts = list(_one_role(current)), []
    for signed in current:
        if signed.said.text("role") == LEAD:
            continue
        who = f"{signed.said.text('name')}, who signed as {signed.said.text('role')},"
        problems += [f"{who} {what}" for what in _did(case, signed)]
        doubts += [f"{who} has the name of whoever {what}" for what in _may_have_done(case, signed)]
    if problems:
        return failed("duties", "Somebody signed off their own work, or in two roles.", problems)
    if doubts:
        return unknown("duties", "It cannot be told whether somebody signed off their own work.", doubts)
    if signing.state(case) is not State.VERIFIED:
        return unknown(
            "duties", "By what the file says they were, but not every signature could be verified."
        )
    return verified(
        "duties", "Each signed in one role, and nobody but a technical lead signed off their own work."
    )


def _one_role(current: list[SignOff]) -> Iterator[str]:
    seen: dict[int, str] = {}
    for signed in current:
        role = seen.setdefault(signed.said.whole("person"), signed.said.text("role"))
        if role != signed.said.text("role"):
            yield f"{signed.said.text('name')} signed as {role} and as {signed.said.text('role')}"


def _did(case: Case, signed: SignOff) -> Iterator[str]:
    """By the log, which knows people by number."""
    said, latest = signed.said, _latest_runs(case)
    for entry in case.log.entries:
        content = entry.content
        if content["actor_id"] != said.whole("person"):
            continue
        if content["verb"] == "evidence.attached" and _counts(case, entry, said.text("name")):
            yield f"attached {content['data'].get('name')} (entry {entry.seq} of the log)"
        if content["verb"] == "run.reported" and latest.get(content["subject"]) == entry.seq:
            yield f"reported results of {content['subject']} (entry {entry.seq} of the log)"


def _counts(case: Case, entry: Entry, name: str) -> bool:
    """Whether the evidence that was attached by this entry is in the signed state.

    Of several entries of one file the printed name decides, which may have changed since; one alone is it.
    """
    piece = _piece(entry)
    names = [by for *other, by in _pieces(case) if tuple(other) == piece]
    alone = (
        sum(e.content["verb"] == "evidence.attached" and _piece(e) == piece for e in case.log.entries) == 1
    )
    return bool(names) and (alone or name in names or entry.content["actor_name"] in names)


def _piece(entry: Entry) -> tuple[str, str, str]:
    data = entry.content["data"]
    return entry.content["subject"], str(data.get("name", "")), str(data.get("sha256", ""))


def _latest_runs(case: Case) -> dict[str, int]:
    """The entry of each item's newest results: those before it no longer count."""
    runs = (e for e in case.log.entries if e.content["verb"] in ("run.reported", "run.finished"))
    return {entry.content["subject"]: entry.seq for entry in runs}


def _may_have_done(case: Case, signed: SignOff) -> Iterator[str]:
    name = signed.said.text("name")
    release = case.report.under("release")
    if release.text("by") == name:
        yield "created the release"
    if release.text("pushed_by") == name:
        yield "pushed the files of the release"
    logged = {_piece(entry) for entry in case.log.entries if entry.content["verb"] == "evidence.attached"}
    for key, piece, sha256, by in _pieces(case):
        if by == name and (key, piece, sha256) not in logged:
            yield f"attached {piece} to {key}, which the log does not record"


def _pieces(case: Case) -> list[tuple[str, str, str, str]]:
    """The evidence of the signed state: item, name, SHA-256, by whom."""
    snapshot = Fields(case.snapshot, "the snapshot")
    listed = [*snapshot.each("items"), *snapshot.each("approval_evidence")]
    return [
        (item.text("key"), piece.text("name"), piece.text("sha256"), piece.text("by"))
        for item in listed
        for piece in item.each("evidence")
    ]
