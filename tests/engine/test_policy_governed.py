"""Waivers and stages in the decision: every combination, and what must never happen."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.engine.policy import EarlierStage, GateState, State, VerdictState, decide
from tests.engine.test_policy import FAILED, HERE, NOW, OPEN, OTHER, PASSED, gate, gates, item, signed

AHEAD, OVER = NOW + timedelta(seconds=1), NOW
# Of an item of that state, with an expiry, where waivers are allowed or not: what stands in the way.
ITEMS = {
    ("passed", None, True): "", ("passed", None, False): "",
    ("passed", AHEAD, True): "", ("passed", AHEAD, False): "",
    ("passed", OVER, True): "", ("passed", OVER, False): "",
    ("failed", None, True): "failed", ("failed", None, False): "failed",
    ("failed", AHEAD, True): "waiver", ("failed", AHEAD, False): "waiver",
    ("failed", OVER, True): "waiver", ("failed", OVER, False): "waiver",
    ("open", None, True): "open", ("open", None, False): "open",
    ("open", AHEAD, True): "waiver", ("open", AHEAD, False): "waiver",
    ("open", OVER, True): "waiver", ("open", OVER, False): "waiver",
    ("waived", None, True): "waiver", ("waived", None, False): "waiver",
    ("waived", AHEAD, True): "", ("waived", AHEAD, False): "waiver",
    ("waived", OVER, True): "waiver", ("waived", OVER, False): "waiver",
    ("na", None, True): "", ("na", None, False): "",
    ("na", AHEAD, True): "", ("na", AHEAD, False): "",
    ("na", OVER, True): "", ("na", OVER, False): "",
}  # fmt: skip
# What one signature makes of it: its own blocker, and the verdict beside nothing, an open item, a hard one.
SIGNATURES = {
    "nobody signed": ((), "unsigned", {"": "ready", "open": "open", "hard": "blocked"}),
    "signed this state": ((signed(),), "", {"": "approved", "open": "open", "hard": "blocked"}),
    "signed another state": (
        (signed(digest=OTHER),), "stale", {"": "ready", "open": "open", "hard": "blocked"}
    ),
    "declined this state": (
        (signed(decision="decline"),), "declined", {"": "declined", "open": "declined", "hard": "declined"}
    ),
}  # fmt: skip
CASES = list(product(ITEMS, SIGNATURES))


def name(what, how) -> str:
    """A case in words."""
    state, until, allowed = what
    waiver = {None: "no waiver", AHEAD: "a waiver ahead", OVER: "a waiver over"}[until]
    return f"{state}, {waiver}, {'allowed' if allowed else 'not allowed'}, {how}"


@pytest.mark.parametrize(("what", "how"), CASES, ids=[name(*case) for case in CASES])
def test_one_item(what, how):
    """120 cases: an item, its waiver, whether waivers are allowed, and a signature."""
    state, until, allowed = what
    requirement = "conditional" if state == "na" else "mandatory"
    here = item(state, requirement, reason="no user interface", waiver_until=until)
    signatures, own, verdicts = SIGNATURES[how]
    decided = decide(gate([here], signatures=signatures, waivers=allowed), NOW)
    hard = {"failed": "hard", "waiver": "hard"}.get(ITEMS[what], ITEMS[what])
    assert decided.state == VerdictState(verdicts[hard])
    assert {b.kind for b in decided.blockers} == {ITEMS[what], own} - {""}
    assert decided.approved == (not decided.blockers)


def test_the_table_is_whole():
    """Every state of an item stands in it, with and without a waiver."""
    assert {state for state, _, _ in ITEMS} == {state.value for state in State}
    assert len(CASES) == 120


def test_an_expired_waiver_says_when_and_what_is_wrong():
    """The blocker names the moment, and what was observed."""
    lost = item("failed", observed="accuracy 77 %, needs 80 %", waiver_until=OVER)
    [first, _] = decide(gate([lost], waivers=True), NOW).blockers
    assert first.text == "its waiver expired on 2026-11-21 12:00 UTC; accuracy 77 %, needs 80 %"
    assert first.item == "k-failed"


EARLIER = {
    "missing": (None, "open"),
    "open": (VerdictState.OPEN, "open"),
    "ready": (VerdictState.READY, "open"),
    "blocked": (VerdictState.BLOCKED, "blocked"),
    "declined": (VerdictState.DECLINED, "blocked"),
    "approved": (VerdictState.APPROVED, ""),
}
OWN = {
    "signed": (gate([PASSED], signatures=[signed()]), "approved"),
    "ready": (gate([PASSED]), "ready"),
    "open": (gate([OPEN]), "open"),
    "failed": (gate([FAILED]), "blocked"),
    "declined": (gate([PASSED], signatures=[signed(decision="decline")]), "declined"),
}
WORSE = {"approved": 0, "ready": 1, "open": 2, "blocked": 3, "declined": 4}


def after(state: GateState, *verdicts: VerdictState | None) -> GateState:
    """The gate behind stages whose gates say that."""
    earlier = tuple(EarlierStage(title=f"Stage {n}", verdict=v) for n, v in enumerate(verdicts))
    return dataclasses.replace(state, earlier=earlier)


@pytest.mark.parametrize(("before", "own"), list(product(EARLIER, OWN)))
def test_an_earlier_stage(before, own):
    """A later gate is never better than the stage before it lets it be, and never approved before it."""
    verdict, least = EARLIER[before]
    state, alone = OWN[own]
    decided = decide(after(state, verdict), NOW)
    assert decided.state.value == max(alone, least or alone, key=WORSE.__getitem__)
    stages = [b for b in decided.blockers if b.kind == "stage"]
    assert len(stages) == (before != "approved")
    assert decided.may_approve == (before == "approved" and own in {"signed", "ready"})


def test_no_stage_is_skipped():
    """One stage of many that is not approved is enough, whichever it is; each one says its own word."""
    good = VerdictState.APPROVED
    for place in range(3):
        verdicts: list[VerdictState | None] = [good, good, good]
        verdicts[place] = None
        assert decide(after(OWN["signed"][0], *verdicts), NOW).state == "open"
    assert decide(after(OWN["signed"][0], good, good, good), NOW).approved
    texts = {b.text for b in decide(after(OWN["signed"][0], *(v for v, _ in EARLIER.values())), NOW).blockers}
    assert len(texts) == 5


governed = st.builds(
    after, gates, st.sampled_from([None, *VerdictState]), st.sampled_from([None, *VerdictState])
) | st.builds(after, gates)
RANK = {"approved": 3, "ready": 2, "open": 1, "blocked": 0, "declined": -1}


def add_item(bad):
    """One more item."""
    return lambda state: dataclasses.replace(state, items=(*state.items, bad))


BAD = {
    "a failed item": add_item(FAILED),
    "an open item": add_item(OPEN),
    "an expired waiver": add_item(item("waived", waiver_until=OVER)),
    "a lost waiver": add_item(item("open", waiver_until=OVER)),
    "a waiver without an end": add_item(item("waived")),
    "a reason that is missing": add_item(item("na", "recommended")),
    "a mandatory item left out": add_item(item("na", "mandatory", reason="no")),
    "a stage without a gate": lambda s: after(s, *(e.verdict for e in s.earlier), None),
    "a stage that is blocked": lambda s: after(s, *(e.verdict for e in s.earlier), VerdictState.BLOCKED),
    "a decline": lambda s: dataclasses.replace(s, signatures=(*s.signatures, signed(decision="decline"))),
    "no signature": lambda s: dataclasses.replace(s, signatures=()),
    "another state": lambda s: dataclasses.replace(s, digest="sha256:new"),
}


@given(governed, st.sampled_from(sorted(BAD)))
def test_adding_a_blocker_never_helps(state, bad):
    """Whatever the gate says, whatever is added: never approved, and never better than before.

    A decline of another state ceases to count with that state; then nothing is compared.
    """
    worse = decide(BAD[bad](state), NOW)
    assert not worse.approved
    before = decide(state, NOW)
    if before.state is not VerdictState.DECLINED:
        assert RANK[worse.state.value] <= RANK[before.state.value]


@given(governed, st.timedeltas(timedelta(), timedelta(days=4000)))
def test_time_never_makes_it_better(state, later):
    """However much time passes, the verdict stays or gets worse: nothing heals by waiting."""
    now, then = decide(state, NOW), decide(state, NOW + later)
    assert RANK[then.state.value] <= RANK[now.state.value]
    assert {(b.kind, b.item) for b in now.blockers} <= {(b.kind, b.item) for b in then.blockers}


@given(governed)
def test_a_waiver_never_signs(state):
    """Waiving every item leaves signatures, declines and stages as they were."""
    waived = tuple(dataclasses.replace(i, state=State.WAIVED, waiver_until=AHEAD) for i in state.items)
    best = decide(dataclasses.replace(state, items=waived, waivers=True), NOW)
    before = decide(state, NOW)
    kept = {"stage", "declined", "unsigned", "stale"}
    assert [b for b in best.blockers if b.kind in kept] == [b for b in before.blockers if b.kind in kept]
    assert best.signatures == before.signatures
    assert state.digest == HERE
