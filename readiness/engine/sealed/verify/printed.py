"""What the report prints beside the signed state: held against the log, the sign-offs and itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from readiness.engine.policy import VerdictState
from readiness.engine.sealed.verify.bound import line
from readiness.engine.sealed.verify.fields import Fields, moment
from readiness.engine.sealed.verify.material import Case
from readiness.engine.sealed.verify.state import plain
from readiness.engine.verdict_words import NAMES

TOLD = ("reason", "risk", "mitigation", "scope")
PAST = {"superseded": "replaced", "withdrawn": "withdrawn"}


def entries(case: Case) -> Iterator[str]:
    """The newest entries of the log, none left out, each as it was written, up to the log's end."""
    audit, found = case.report.under("audit"), case.log
    if audit.text("stream") != found.stream:
        yield "the report prints another log"
    if (audit.whole("length"), audit.text("head")) != (found.length, f"{found.length}:{found.head}"):
        yield f"the report prints another end of the log than entry {found.length}"
    shown = audit.each("entries")
    numbers = [one.whole("seq") for one in shown]
    if numbers != list(range(found.length - len(shown) + 1, found.length + 1)) or not shown:
        yield "the report leaves entries of the log out, or prints them in another order"
        return
    for one in shown:
        place = one.whole("seq") - found.start.seq - 1
        if place >= 0 and not _as_written(one, found.entries[place].content, found.entries[place].hash):
            yield f"the report prints entry {one.whole('seq')} otherwise than the log has it"


def _as_written(one: Fields, content: Mapping[str, Any], hashed: str) -> bool:
    at = moment(content["at"], "the log").replace(microsecond=0)
    return one.moment("at") == at and all(
        one.text(name) == wanted
        for name, wanted in {
            "who": content["actor_name"],
            "verb": content["verb"],
            "subject": content["subject"],
            "hash": hashed,
        }.items()
    )


def backwards(case: Case) -> Iterator[str]:
    """Where times run back: a clock may have, or somebody dated an act back. The order is that of the log."""
    latest: datetime | None = None
    said = "before what precedes it: a clock ran back, or it is not true"
    for entry in case.log.entries:
        at = moment(entry.content["at"], "the log")
        if latest and at < latest:
            yield f"entry {entry.seq} is dated {at}, {said}"
        latest = max(at, latest or at)
    if latest and case.made_at < latest.replace(microsecond=0):
        yield f"the report is dated {case.made_at}, {said}"


def waivers(case: Case) -> Iterator[str]:
    """Each waiver that was approved, and no other, as it was asked for and decided on."""
    if case.log.start.seq:
        return  # an approval may lie before the cut
    logged: dict[str, dict[int, Mapping[str, Any]]] = {"submitted": {}, "approved": {}, "revoked": {}}
    for entry in case.log.entries:
        kind, _, what = str(entry.content["verb"]).partition(".")
        number = entry.content["data"].get("waiver")
        if kind == "waiver" and what in logged and isinstance(number, int):
            logged[what][number] = entry.content
    shown = {one.whole("id"): one for one in case.report.each("waivers")}
    for number in sorted(shown.keys() ^ logged["approved"].keys()):
        why = "printed, but the log does not approve it" if number in shown else "not printed"
        yield f"the waiver {number} is {why}"
    for number in shown.keys() & logged["approved"].keys():
        asked = logged["submitted"].get(number, {}).get("data", {})
        if not _as_asked(shown[number], asked, logged["approved"][number]["subject"]) or (
            shown[number].text("state") == "revoked"
        ) != (number in logged["revoked"]):
            yield f"the waiver {number} is printed otherwise than the log has it"


def _as_asked(one: Fields, asked: Mapping[str, Any], subject: str) -> bool:
    here = one.text("item") or f"rule {one.text('rule')}"
    same = all(one.text(name) == asked.get(name) for name in TOLD)
    return (
        here == subject
        and same
        and one.moment("expires_at") == moment(str(asked.get("expires_at")), "the log")
    )


def history(case: Case, *, older: int) -> Iterator[str]:
    """The sign-offs that no longer count, as they were given."""
    past = case.report.under("history")
    gone = [line(s.said, PAST[s.worth], s.digest) for s in case.sign_offs if s.worth in PAST]
    shown = [line(one, one.text("state"), one.text("digest")) for one in past.each("entries")]
    strange = [one for one in shown if one not in gone]
    if len(strange) > older:
        yield "the report prints a sign-off that was replaced or withdrawn otherwise than it was given"
    if not len(gone) <= len(shown) + past.whole("more") <= len(gone) + older:
        yield f"the report leaves out that {len(gone)} sign-offs were replaced or withdrawn"


def follows(case: Case) -> Iterator[str]:
    """Names and figures that follow from the signed state."""
    snapshot, report = Fields(case.snapshot, "the snapshot"), case.report
    dropped = {role.text("role"): role.text("dropped") for role in snapshot.each("roles")}
    for role in report.each("roles"):
        told = role.under("dropped").text("reason") if role.data.get("dropped") else ""
        if told != dropped.get(role.text("role"), ""):
            yield f"the report prints another reason why {role.text('role')} does not sign"
    said = report.under("verdict")
    printed = [item for section in report.each("sections") for item in section.each("items")]
    warned = sum(item.text("state") == "warned" for item in printed)
    if (said.whole("warnings"), said.whole("total")) != (warned, len(printed)):
        yield "the report counts items or warnings otherwise than it prints them"
    earlier = snapshot.under("stage").each("earlier") if "stage" in snapshot.data else []
    shown = report.under("gate").each("earlier")
    if plain([_said(one.text("verdict")) for one in earlier]) != plain(
        [one.text("verdict") for one in shown]
    ):
        yield "the report prints another verdict of an earlier stage"


def _said(verdict: str) -> str:
    return NAMES[VerdictState(verdict)].lower() if verdict else "no gate"
