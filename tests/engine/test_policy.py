"""The decision table: who is in the way, and when a gate is approved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.engine.checklist import Requirement
from readiness.engine.policy import (
    Decision,
    GateState,
    ItemState,
    RoleState,
    Signature,
    SignatureState,
    State,
    VerdictState,
    decide,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HERE, OTHER = "sha256:here", "sha256:other"


def item(state: str, requirement: str = "mandatory", **more) -> ItemState:
    return ItemState(
        key=f"k-{state}", title=state, state=State(state), requirement=Requirement(requirement), **more
    )


def role(name: str = "technical-lead", **more) -> RoleState:
    return RoleState(role=name, title=name, item=f"{name}-approval", **more)


def signed(name: str = "technical-lead", decision: str = "approve", digest: str = HERE) -> Signature:
    return Signature(role=name, decision=Decision(decision), digest=digest, person="P")


LEAD = role()


def gate(items=(), roles=(LEAD,), signatures=(), *, waivers: bool = False) -> GateState:
    return GateState(
        digest=HERE, items=tuple(items), roles=tuple(roles), signatures=tuple(signatures), waivers=waivers
    )


PASSED, FAILED, OPEN = item("passed"), item("failed"), item("open")
NA = item("na", "conditional", reason="no user interface")
LATER, EARLIER = NOW + timedelta(seconds=1), NOW
PRODUCT = "product-owner"
DROPPED = role(PRODUCT, conditional=True, dropped_reason="internal tool")

TABLE = [
    ("nothing at all is never approved", gate(), "open", ["empty", "unsigned"]),
    ("no items but signed", gate(signatures=[signed()]), "open", ["empty"]),
    ("all passed, nobody signed", gate([PASSED]), "ready", ["unsigned"]),
    ("all passed and signed", gate([PASSED], signatures=[signed()]), "approved", []),
    ("one open", gate([PASSED, OPEN]), "open", ["open", "unsigned"]),
    ("one open, signed all the same", gate([PASSED, OPEN], signatures=[signed()]), "open", ["open"]),
    ("one failed", gate([PASSED, FAILED]), "blocked", ["failed", "unsigned"]),
    ("failed and open: failed wins", gate([OPEN, FAILED]), "blocked", ["failed", "open", "unsigned"]),
    ("failed and signed", gate([FAILED], signatures=[signed()]), "blocked", ["failed"]),
    ("not applicable with reason", gate([PASSED, NA], signatures=[signed()]), "approved", []),
    ("not applicable alone", gate([NA], signatures=[signed()]), "approved", []),
    (
        "not applicable without reason",
        gate([item("na", "conditional", reason=" ")], signatures=[signed()]),
        "open",
        ["reason"],
    ),
    (
        "mandatory not applicable",
        gate([item("na", "mandatory", reason="no")], signatures=[signed()]),
        "open",
        ["reason"],
    ),
    (
        "recommended skipped",
        gate([item("na", "recommended", reason="later")], signatures=[signed()]),
        "approved",
        [],
    ),
    (
        "recommended open still blocks",
        gate([item("open", "recommended")], signatures=[signed()]),
        "open",
        ["open"],
    ),
    (
        "waived where allowed",
        gate([item("waived", waiver_until=LATER)], signatures=[signed()], waivers=True),
        "approved",
        [],
    ),
    (
        "waived where none is allowed",
        gate([item("waived", waiver_until=LATER)], signatures=[signed()]),
        "blocked",
        ["waiver"],
    ),
    (
        "waiver expires to the second",
        gate([item("waived", waiver_until=EARLIER)], signatures=[signed()], waivers=True),
        "blocked",
        ["waiver"],
    ),
    (
        "waiver without date",
        gate([item("waived")], signatures=[signed()], waivers=True),
        "blocked",
        ["waiver"],
    ),
    ("signed another state", gate([PASSED], signatures=[signed(digest=OTHER)]), "ready", ["stale"]),
    ("declined", gate([PASSED], signatures=[signed(decision="decline")]), "declined", ["declined"]),
    (
        "declined while something failed",
        gate([FAILED], signatures=[signed(decision="decline")]),
        "declined",
        ["declined", "failed"],
    ),
    (
        "declined an earlier state",
        gate([PASSED], signatures=[signed(decision="decline", digest=OTHER)]),
        "ready",
        ["stale"],
    ),
    (
        "one approves, one declines in the same role",
        gate([PASSED], signatures=[signed(), signed(decision="decline")]),
        "declined",
        ["declined"],
    ),
    (
        "second role missing",
        gate([PASSED], roles=[role(), role(PRODUCT)], signatures=[signed()]),
        "ready",
        ["unsigned"],
    ),
    (
        "second role signed another state",
        gate([PASSED], roles=[role(), role(PRODUCT)], signatures=[signed(), signed(PRODUCT, digest=OTHER)]),
        "ready",
        ["stale"],
    ),
    (
        "both signed",
        gate([PASSED], roles=[role(), role(PRODUCT)], signatures=[signed(), signed(PRODUCT)]),
        "approved",
        [],
    ),
    ("second role dropped", gate([PASSED], roles=[role(), DROPPED], signatures=[signed()]), "approved", []),
    (
        "a role that always signs cannot be dropped",
        gate([PASSED], roles=[role(dropped_reason="holiday")]),
        "ready",
        ["unsigned"],
    ),
    (
        "dropped without reason",
        gate([PASSED], roles=[role(conditional=True, dropped_reason=" ")]),
        "ready",
        ["unsigned"],
    ),
    (
        "every role dropped: nobody is left",
        gate([PASSED], roles=[role(conditional=True, dropped_reason="x")]),
        "ready",
        ["unsigned"],
    ),
    ("no roles at all", gate([PASSED], roles=[]), "ready", ["unsigned"]),
    (
        "a signature in a role nobody asked",
        gate([PASSED], signatures=[signed(PRODUCT)]),
        "ready",
        ["unsigned"],
    ),
    (
        "a decline in a role nobody asked",
        gate([PASSED], signatures=[signed(), signed(PRODUCT, "decline")]),
        "approved",
        [],
    ),
    (
        "a decline of a dropped role does not count",
        gate([PASSED], roles=[role(), DROPPED], signatures=[signed(), signed(PRODUCT, "decline")]),
        "approved",
        [],
    ),
]


@pytest.mark.parametrize(
    ("state", "verdict", "kinds"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_table(state, verdict, kinds):
    """Each row: the verdict, and the kinds of blockers in order."""
    decided = decide(state, NOW)
    assert (decided.state, [b.kind for b in decided.blockers]) == (VerdictState(verdict), kinds)
    assert decided.approved == (verdict == "approved")
    assert decided.approved == (not decided.blockers)


def test_needs_a_zone():
    """A clock reading without a zone is refused, not guessed."""
    with pytest.raises(ValueError, match="zone"):
        decide(gate([PASSED]), NOW.replace(tzinfo=None))


def test_counts_include_approvals():
    """Approvals count as items: signed is passed, dropped not applicable, declined failed."""
    state = gate(
        [PASSED, OPEN],
        roles=[role(), DROPPED, role("compliance")],
        signatures=[signed(), signed("compliance", "decline")],
    )
    counts = decide(state, NOW).counts
    assert {s.value: n for s, n in counts.items() if n} == {"passed": 2, "open": 1, "na": 1, "failed": 1}


def test_signature_states():
    """Each role's signature has its own word."""
    state = gate([PASSED], roles=[role(), DROPPED, role("compliance")], signatures=[signed(digest=OTHER)])
    assert decide(state, NOW).signatures == {
        "technical-lead": SignatureState.STALE,
        PRODUCT: SignatureState.DROPPED,
        "compliance": SignatureState.MISSING,
    }


def test_may_approve_only_when_settled():
    """An approval may be given exactly when nothing but signatures is missing."""
    assert decide(gate([PASSED]), NOW).may_approve
    assert not decide(gate([PASSED, OPEN]), NOW).may_approve
    assert not decide(gate([FAILED]), NOW).may_approve
    assert not decide(gate([PASSED], signatures=[signed(decision="decline")]), NOW).may_approve


items_ = st.builds(
    ItemState,
    key=st.uuids().map(str),
    title=st.just("t"),
    requirement=st.sampled_from(Requirement),
    state=st.sampled_from(State),
    reason=st.sampled_from(["", "why"]),
    waiver_until=st.sampled_from([None, EARLIER, LATER]),
)
gates = st.builds(
    GateState,
    digest=st.just(HERE),
    items=st.lists(items_, max_size=5).map(tuple),
    roles=st.just((role(), role(PRODUCT, conditional=True))),
    signatures=st.lists(
        st.builds(
            signed,
            st.sampled_from(["technical-lead", PRODUCT]),
            st.sampled_from(["approve", "decline"]),
            st.sampled_from([HERE, OTHER]),
        ),
        max_size=4,
    ).map(tuple),
    waivers=st.booleans(),
)


@given(gates, st.sampled_from([FAILED, OPEN]))
def test_adding_a_blocker_never_approves(state, bad):
    """Whatever the gate says, one more failed or open item leaves it not approved."""
    worse = GateState(
        digest=state.digest,
        items=(*state.items, bad),
        roles=state.roles,
        signatures=state.signatures,
        waivers=state.waivers,
    )
    assert not decide(worse, NOW).approved


@given(gates)
def test_approved_means_settled_and_signed(state):
    """Approved implies: every item settled, every required role signed this digest, nobody declined."""
    if not decide(state, NOW).approved:
        return
    assert state.items
    assert all(i.state not in (State.OPEN, State.FAILED) for i in state.items)
    here = [s for s in state.signatures if s.digest == HERE]
    assert {s.role for s in here} == {"technical-lead", PRODUCT}
    assert all(s.decision is Decision.APPROVE for s in here)


@given(gates)
def test_time_alone_never_turns_green(state):
    """What is not approved now is not approved later, when nothing but time passes."""
    if not decide(state, NOW).approved:
        assert not decide(state, NOW + timedelta(days=400)).approved
