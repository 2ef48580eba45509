"""Sign-offs: is each genuine, bound to this gate, recorded in the log, and what is it worth now."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.engine.sealed.log import Entry
from readiness.engine.sealed.verify.bound import CURRENT, LIVE, VERBS, as_logged, bound, printed
from readiness.engine.sealed.verify.material import Case, SignOff
from readiness.engine.sealed.verify.printed import history
from readiness.engine.sealed.verify.result import Claim, Signed, State, failed, unknown, verified
from readiness.engine.sealed.verify.trust import FAILED, worst


def claim(case: Case) -> Claim:
    """The claim on all sign-offs together; fills in each sign-off's `word` and `worth`."""
    problems: list[str] = []
    doubts: list[str] = []
    entries = [entry for entry in case.log.entries if entry.content["verb"] in VERBS.values()]
    recorded = [(_recorded(entry), entry) for entry in entries]
    sealed = [(name, entry) for name, entry in recorded if name]
    older = [entry for name, entry in recorded if not name]
    problems += _lineage(case, older=bool(older))
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
        problems += [f"{_who(signed, number)}: {why}" for why in bound(case, signed)]
        if entry is not None:
            problems += [f"{_who(signed, number)}: {why}" for why in as_logged(entry, signed)]
    doubts += [
        f"entry {entry.seq} of the log records a sign-off of a release before 0.5, which has no envelope"
        for entry in older
    ]
    problems += printed(case, older=len(older))
    problems += history(case, older=len(older))
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


def _lineage(case: Case, *, older: bool) -> Iterator[str]:
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
        elif withdraws and not replaces and not older:
            yield f"sign-off {number} withdraws nothing"
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


def state(case: Case) -> State:
    """The least of all sign-offs' words."""
    return worst(signed.word.state for signed in case.sign_offs) if case.sign_offs else State.VERIFIED
