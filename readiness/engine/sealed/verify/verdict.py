"""The verdict, decided again from the signed state and the signatures by the one function that decides."""

from __future__ import annotations

from datetime import datetime

from readiness.engine import policy
from readiness.engine.checklist import Checklist, Requirement
from readiness.engine.errors import BadContent, ChecklistError
from readiness.engine.sealed import statements
from readiness.engine.sealed.verify import signing
from readiness.engine.sealed.verify.bound import LIVE
from readiness.engine.sealed.verify.fields import Fields
from readiness.engine.sealed.verify.material import Case, sha256
from readiness.engine.sealed.verify.printed import follows
from readiness.engine.sealed.verify.result import Claim, State, failed, unknown, verified
from readiness.engine.sealed.verify.state import items
from readiness.engine.verdict_words import verdict_name


def verdict(case: Case) -> Claim:
    """What the gate says, decided here at the report's moment, equals what the report says."""
    try:
        found = policy.decide(_gate(case), case.report.under("generated").moment("at"))
    except ValueError as error:
        return failed("verdict", f"The signed state cannot be decided on: {str(error)[:120]}.")
    said = case.report.under("verdict")
    problems = []
    if (found.state.value, found.approved) != (said.text("state"), said.flag("approved")):
        problems.append(
            f"the report says “{said.text('state')}”, the signed state gives “{found.state.value}”"
        )
    told = sorted((one.text("kind"), one.text("item")) for one in said.each("blockers"))
    if told != sorted((one.kind, one.item) for one in found.blockers):
        problems.append("the report names other things in the way than follow from the signed state")
    name = verdict_name(found, Fields(case.snapshot, "the snapshot").text("environment"))
    if said.text("name") != name:
        problems.append(f"the report calls the verdict “{said.text('name')}”, it is “{name}”")
    printed = {one.text("role"): one.text("state") for one in case.report.each("roles")}
    if printed != {role: worth.value for role, worth in found.signatures.items()}:
        problems.append("the report says something else of the roles' signatures")
    counts = said.under("counts")
    if {name: counts.whole(name) for name in counts.data} != {s.value: n for s, n in found.counts.items()}:
        problems.append("the report counts the items otherwise")
    problems += follows(case)
    if problems:
        return failed("verdict", "The verdict does not follow from what was signed.", problems)
    word = f"decided again from the signed state: {found.state.value}"
    if signing.state(case) is not State.VERIFIED:
        return unknown("verdict", f"It is {word}, but not every signature could be verified.")
    return verified("verdict", f"The verdict, {word}.")


def _gate(case: Case) -> policy.GateState:
    snapshot = Fields(case.snapshot, "the snapshot")
    approvals = {item.text("role"): key for key, item in items(case).items() if item.text("role")}
    until = _waivers(case)
    return policy.GateState(
        digest=case.digest,
        items=tuple(_item(item, until) for item in snapshot.each("items")),
        roles=tuple(
            policy.RoleState(
                role=role.text("role"),
                title=role.text("role"),
                conditional=role.flag("conditional"),
                dropped_reason=role.text("dropped"),
                item=approvals.get(role.text("role"), ""),
            )
            for role in snapshot.each("roles")
        ),
        signatures=tuple(
            policy.Signature(
                role=one.said.text("role"),
                decision=policy.Decision(one.said.text("decision")),
                digest=one.digest,
                person=one.said.text("name"),
            )
            for one in case.sign_offs
            if one.worth in LIVE
        ),
        waivers=_allowed(case),
        earlier=tuple(
            _stage(one)
            for one in (snapshot.under("stage").each("earlier") if "stage" in snapshot.data else [])
        ),
    )


def _item(item: Fields, until: dict[str, datetime]) -> policy.ItemState:
    state = policy.State(item.text("state"))
    expires = (
        item.under("waiver").moment("expires_at") if "waiver" in item.data else until.get(item.text("key"))
    )
    return policy.ItemState(
        key=item.text("key"),
        title=item.text("title"),
        requirement=Requirement(item.text("requirement")),
        state=state,
        reason=item.text("reason"),
        waiver_until=expires,
    )


def _waivers(case: Case) -> dict[str, datetime]:
    """Until when each item was last waived: an expired waiver is no part of the signed state."""
    found: dict[str, datetime] = {}
    for one in case.report.each("waivers"):
        if one.text("item") and one.text("state") in ("approved", "expired"):
            ends = one.moment("expires_at")
            found[one.text("item")] = max(ends, found.get(one.text("item"), ends))
    return found


def _stage(one: Fields) -> policy.EarlierStage:
    said = one.text("verdict")
    return policy.EarlierStage(title=one.text("stage"), verdict=policy.VerdictState(said) if said else None)


def _allowed(case: Case) -> bool:
    """Whether the checklist allows waivers: by its source where that is enclosed, else as the report says."""
    source = _parsed(case)
    return source.waivers if source else case.report.under("checklist").flag("waivers")


def _parsed(case: Case) -> Checklist | None:
    from readiness.engine import markdown  # late: whoever has no checklist needs no parser

    if case.material.checklist is None:
        return None
    try:
        return markdown.parse(case.material.checklist)
    except ChecklistError as error:
        raise BadContent(f"The enclosed checklist cannot be read: {error.message}", "") from None


def checklist(case: Case) -> Claim:
    """The source has the signed SHA-256, and asks for the items and roles that were judged."""
    snapshot = Fields(case.snapshot, "the snapshot")
    named = statements.bare(snapshot.under("checklist").text("sha256"))
    if case.material.checklist is None:
        return unknown("checklist", "The PDF does not enclose the checklist's source; ask for the bundle.")
    if sha256(case.material.checklist) != named:
        return failed("checklist", "The enclosed checklist is another one than was signed.")
    parsed = _parsed(case)
    assert parsed is not None
    asked = {item.id: (item.text, item.requirement.value) for item in parsed.items if item.role is None}
    judged = {one.text("key"): (one.text("title"), one.text("requirement")) for one in snapshot.each("items")}
    if asked != judged:
        keys = sorted(key for key in asked.keys() | judged.keys() if asked.get(key) != judged.get(key))
        return failed("checklist", "The signed state does not judge what the checklist asks.", keys)
    roles = [(role.role.value, role.conditional) for role in parsed.sign_off]
    if roles != [(one.text("role"), one.flag("conditional")) for one in snapshot.each("roles")]:
        return failed("checklist", "The signed state asks other roles than the checklist does.")
    return verified(
        "checklist", f"The checklist’s source has the signed SHA-256, and its {len(asked)} items were judged."
    )
