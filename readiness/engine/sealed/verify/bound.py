"""One sign-off against everything around it: the gate, the log's entry, what the report prints."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from readiness.engine.errors import BadContent
from readiness.engine.sealed import statements
from readiness.engine.sealed.log import Entry
from readiness.engine.sealed.verify.fields import Fields
from readiness.engine.sealed.verify.material import Case, SignOff

VERBS = {"approve": "gate.approved", "decline": "gate.declined", "withdraw": "signoff.withdrawn"}
SIGNING_ROLES = ("technical-lead", "product-owner", "compliance")
METHODS = frozenset({"password", "totp", "recovery-code", "passkey", "sso"})
CURRENT = ("valid", "declined")
LIVE = (*CURRENT, "stale")
# The log's entry and the envelope are of one moment; the envelope may be written to the second.
APART = timedelta(seconds=1)
_HEX = frozenset("0123456789abcdef")


def bound(case: Case, signed: SignOff) -> Iterator[str]:
    """What does not bind it to this gate, this release and this installation."""
    said, report = signed.said, case.report
    if said.data.keys() != statements.SignOff.__annotations__.keys():
        raise BadContent(f"{said.place} has other fields than a sign-off has.", "")
    for name, here in _place(case).items():
        if said.data[name] != here:
            yield f"it was given for another {name}: {said.data[name]!r}, not {here!r}"
    subject = (
        f"gate:{said.data['gate']} {said.data['project']}/{said.data['release']}/{said.data['environment']}"
    )
    if signed.envelope.statement["subject"][0]["name"] != subject:
        yield "its subject has the name of something else"
    if said.text("decision") not in VERBS or said.text("role") not in SIGNING_ROLES:
        yield "it is a decision, or in a role, that nobody signs"
    credential = said.under("credential")
    challenge = credential.text("challenge")
    methods = credential.texts("methods")
    if len(challenge) != 64 or not set(challenge) <= _HEX or not methods or not set(methods) <= METHODS:
        yield "it does not say by which credentials it was given"
    said.texts("criteria")
    if signed.worth in CURRENT:
        used = report.under("signed").under("snapshot").under("checklist")
        named = f"{used.text('slug')}@{used.text('version')} sha256:{statements.bare(used.text('sha256'))}"
        if said.text("checklist") != named:
            yield f"it was given on another checklist: {said.text('checklist')}"
        asked = {role.text("role") for role in report.under("signed").under("snapshot").each("roles")}
        if said.text("role") not in asked:
            yield "this gate does not ask its role"


def _place(case: Case) -> dict[str, object]:
    gate = case.report.under("gate")
    return {
        "installation": case.stated.text("installation"),
        "gate": gate.whole("id"),
        "project": case.report.under("project").text("slug"),
        "release": case.report.under("release").text("version"),
        "environment": gate.text("environment"),
    }


def as_logged(entry: Entry, signed: SignOff) -> Iterator[str]:
    """What the log records otherwise."""
    content, said = entry.content, signed.said
    data = content["data"]
    pairs = {
        "decision": (content["verb"], VERBS.get(said.text("decision"))),
        "person": (content["actor_id"], said.whole("person")),
        "name": (content["actor_name"], said.text("name")),
        "role": (content["subject"], said.text("role")),
        "state": (data.get("digest"), signed.digest),
        "meaning": (data.get("meaning"), said.text("meaning")),
        "comment": (data.get("comment"), said.text("comment")),
        "criteria": (data.get("criteria"), said.texts("criteria")),
        "credential": (data.get("methods"), said.under("credential").texts("methods")),
    }
    for name, (logged, given) in pairs.items():
        if logged != given:
            yield f"the log's entry {entry.seq} records another {name}"
    if abs(datetime.fromisoformat(content["at"]) - signed.at) > APART:
        yield f"the log's entry {entry.seq} records another time"


def printed(case: Case, *, older: int) -> Iterator[str]:
    """The report prints exactly the sign-offs that count, as they were given."""
    asked = {role.text("role") for role in case.report.each("roles")}
    given = [
        line(s.said, s.worth, s.digest)
        for s in case.sign_offs
        if s.worth in LIVE and s.said.text("role") in asked
    ]
    shown = [line(one, one.text("state"), one.text("digest")) for one in case.report.each("signatures")]
    for one in given:
        if one not in shown:
            yield f"the report does not print the sign-off of {one[1]} as {one[0]} as it was given"
    extra = [one for one in shown if one not in given]
    if len(extra) > older or (not extra and len(shown) != len(given)):
        yield f"the report prints {len(shown)} sign-offs, {len(given)} were given and count"


def line(one: Fields, worth: str, digest: str) -> tuple[object, ...]:
    """What a sign-off says, as the report prints it."""
    return (
        one.text("role"),
        one.text("name"),
        one.text("decision"),
        worth,
        one.text("meaning"),
        tuple(one.texts("criteria")),
        one.text("comment"),
        one.moment("signed_at").replace(microsecond=0),
        one.moment("signed_at").utcoffset(),
        digest,
    )
