"""Sign-offs: is each genuine, bound to this gate, recorded in the log, and what is it worth now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from readiness.engine.errors import BadContent
from readiness.engine.sealed import statements
from readiness.engine.sealed.log import Entry
from readiness.engine.sealed.verify.fields import Fields
from readiness.engine.sealed.verify.material import Case, SignOff
from readiness.engine.sealed.verify.result import Claim, Signed, State, failed, unknown, verified
from readiness.engine.sealed.verify.trust import FAILED, UNKNOWN, worst

VERBS = {"approve": "gate.approved", "decline": "gate.declined", "withdraw": "signoff.withdrawn"}
SIGNING_ROLES = ("technical-lead", "product-owner", "compliance")
CURRENT = ("valid", "declined")
LIVE = (*CURRENT, "stale")
# The log's entry and the envelope are of one moment; the envelope may be written to the second.
APART = timedelta(seconds=1)
_HEX = frozenset("0123456789abcdef")


def claim(case: Case) -> Claim:
    """The claim on all sign-offs together; fills in each sign-off's `word` and `worth`."""
    problems: list[str] = []
    doubts: list[str] = []
    entries = [entry for entry in case.log.entries if entry.content["verb"] in VERBS.values()]
    recorded = [(_recorded(entry), entry) for entry in entries]
    sealed = [(name, entry) for name, entry in recorded if name]
    older = [entry for name, entry in recorded if not name]
    problems += _lineage(case)
    problems += _listed(case, [name for name, _ in sealed])
    by_name = dict(sealed)
    for number, signed in enumerate(case.sign_offs, 1):
        entry = by_name.get(signed.envelope.sha256)
        signed.word = case.trust.envelope(
            signed.envelope, signed.at, vouched=entry is not None and _vouched(case, entry, signed)
        )
        if signed.word.state is not State.VERIFIED:
            (problems if signed.word.state is FAILED else doubts).append(
                f"{_who(signed, number)}: {signed.word.why}"
            )
        problems += [f"{_who(signed, number)}: {why}" for why in _bound(case, signed)]
        if entry is not None:
            problems += [f"{_who(signed, number)}: {why}" for why in _as_logged(entry, signed)]
    doubts += [
        f"entry {entry.seq} of the log records a sign-off of a release before 0.5, which has no envelope"
        for entry in older
    ]
    problems += _printed(case, older=len(older))
    if problems:
        return failed("signatures", "A signature is not what it should be.", problems)
    if doubts:
        return unknown("signatures", "Not every signature can be verified.", doubts)
    if not case.sign_offs:
        return verified("signatures", "Nobody has signed, and the log agrees.")
    live = sum(signed.worth in CURRENT for signed in case.sign_offs)
    return verified(
        "signatures",
        f"{len(case.sign_offs)} sign-offs: each by a valid key, bound to this gate and recorded in its log; "
        f"{live} of them count for the state shown.",
    )


def listed(case: Case) -> tuple[Signed, ...]:
    """The sign-offs as they are shown to people."""
    return tuple(
        Signed(
            role=signed.said.text("role"),
            name=signed.said.text("name"),
            decision=signed.said.text("decision"),
            worth=signed.worth,
            meaning=signed.said.text("meaning"),
            comment=signed.said.text("comment"),
            signed_at=signed.said.text("signed_at"),
            methods=tuple(signed.said.under("credential").texts("methods")),
            digest=signed.digest,
            key=signed.envelope.keyid,
        )
        for signed in case.sign_offs
    )


def _who(signed: SignOff, number: int) -> str:
    return f"sign-off {number} ({signed.said.text('name')} as {signed.said.text('role')})"


def _recorded(entry: Entry) -> str:
    found = entry.content["data"].get("envelope")
    return found if isinstance(found, str) else ""


def _lineage(case: Case) -> Iterator[str]:
    """Which sign-off replaces which; gives each its worth."""
    known: dict[str, SignOff] = {}
    challenges: set[str] = set()
    for number, signed in enumerate(case.sign_offs, 1):
        name, replaces = signed.envelope.sha256, signed.said.text("supersedes")
        if name in known:
            yield f"sign-off {number} stands twice"
            continue
        challenge = signed.said.under("credential").text("challenge")
        if challenge in challenges:
            yield f"sign-off {number} uses the challenge of another one again"
        challenges.add(challenge)
        withdraws = signed.said.text("decision") == "withdraw"
        earlier = known.get(replaces)
        if replaces and (
            earlier is None
            or earlier.worth not in LIVE
            or earlier.said.whole("person") != signed.said.whole("person")
        ):
            yield f"sign-off {number} replaces one that is missing, another person's, or was replaced before"
        elif earlier is not None:
            earlier.worth = "withdrawn" if withdraws else "superseded"
        current = "declined" if signed.said.text("decision") == "decline" else "valid"
        signed.worth = "withdrawal" if withdraws else current if signed.digest == case.digest else "stale"
        known[name] = signed
    live = [signed.said.whole("person") for signed in known.values() if signed.worth in LIVE]
    if len(set(live)) != len(live):
        yield "one person has two sign-offs that count"


def _listed(case: Case, recorded: list[str]) -> Iterator[str]:
    """The log records exactly these sign-offs, in this order."""
    here = [signed.envelope.sha256 for signed in case.sign_offs]
    if here == recorded:
        return
    for name in recorded:
        if name not in here:
            yield f"the log records the sign-off {name[:12]}…, which is not enclosed"
    for name in here:
        if name not in recorded:
            yield f"the sign-off {name[:12]}… is enclosed, but the log does not record it"
    if sorted(here) == sorted(recorded):
        yield "the sign-offs stand in another order than the log records"


def _vouched(case: Case, entry: Entry, signed: SignOff) -> bool:
    """Whether a checkpoint by another trusted, unrevoked key covers the entry that records it."""
    notes = (case.note, *case.earlier, *(note for _, note in case.outside))
    return any(
        note.checkpoint.stream == case.log.stream
        and note.checkpoint.installation == case.stated.text("installation")
        and note.checkpoint.length >= entry.seq
        and case.log.hash_at(note.checkpoint.length) == note.checkpoint.head
        and (word := case.trust.note(note)).state is State.VERIFIED
        and word.key != signed.envelope.keyid
        for note in notes
    )


def _bound(case: Case, signed: SignOff) -> Iterator[str]:
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
    if len(challenge) != 64 or not set(challenge) <= _HEX or not credential.texts("methods"):
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


def _as_logged(entry: Entry, signed: SignOff) -> Iterator[str]:
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
    }
    for name, (logged, given) in pairs.items():
        if logged != given:
            yield f"the log's entry {entry.seq} records another {name}"
    if abs(datetime.fromisoformat(content["at"]) - signed.at) > APART:
        yield f"the log's entry {entry.seq} records another time"


def _printed(case: Case, *, older: int) -> Iterator[str]:
    """The report prints exactly the sign-offs that count, as they were given."""
    asked = {role.text("role") for role in case.report.each("roles")}
    given = [
        _line(s.said, s.worth, s.digest)
        for s in case.sign_offs
        if s.worth in LIVE and s.said.text("role") in asked
    ]
    shown = [_line(one, one.text("state"), one.text("digest")) for one in case.report.each("signatures")]
    for line in given:
        if line not in shown:
            yield f"the report does not print the sign-off of {line[1]} as {line[0]} as it was given"
    extra = [line for line in shown if line not in given]
    if len(extra) > older or (not extra and len(shown) != len(given)):
        yield f"the report prints {len(shown)} sign-offs, {len(given)} were given and count"


def _line(one: Fields, worth: str, digest: str) -> tuple[object, ...]:
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


def state(case: Case) -> State:
    """The least of all sign-offs' words."""
    return worst(signed.word.state for signed in case.sign_offs) if case.sign_offs else State.VERIFIED


__all__ = ["UNKNOWN", "claim", "listed", "state"]
