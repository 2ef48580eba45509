"""What must hold for every release: no blocker helps, time alone never mends, silence never approves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.engine.deploy.decision import Verdict, decide
from readiness.engine.deploy.rules import rehearsal, separation

BAD = {
    "no approval": {"manifest": {"approvals": []}},
    "a decline": {
        "manifest": {
            "approvals.+": {"role": "legal", "name": "Eve Marsh", "decision": "decline", "at": "2026-11-19"}
        }
    },
    "one person": {"manifest": {"approvals.1.name": "Ada Okafor"}},
    "an undated approval": {"manifest": {"approvals.0.at": ""}},
    "no rehearsal": {"drop": ["rollback"]},
    "a failed rehearsal": {"manifest": {"rollback.rehearsal.outcome": "failed"}},
    "no scorecard": {"drop": ["scorecard"]},
    "a failed scorecard": {"manifest": {"scorecard.overall_passed": False}},
    "no artifact": {"manifest": {"artifacts": []}},
    "an unhashed artifact": {"drop": ["artifacts.0.sha256"]},
    "a slow service": {"manifest": {"metrics.p95_ms": 999}},
    "an unmeasured service": {"drop": ["metrics.flake_rate"]},
    "an untried migration": {"drop": ["migrations.0.dry_run"]},
    "a secret without version": {"drop": ["secrets.0.version"]},
    "a blocked gate": {"manifest": {"gates.0.verdict": "blocked"}},
    "an expired waiver": {"waiver": {"expires_at": "2026-11-01"}},
    "no window": {"drop": ["rollout"]},
    "other files": {"facts": {"files": "same", "changed": "dist/b.bin"}},
}
RANK = {Verdict.APPROVE: 0, Verdict.WAIVER_REQUIRED: 1, Verdict.REJECT: 2}
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
sets = st.sets(st.sampled_from(sorted(BAD)), max_size=5)
waived = st.sampled_from(
    [None, {"rule": "rehearsal"}, {"rule": "metrics"}, {"rule": "scorecard"}, {"rule": "approvals"}]
)
days = st.floats(-20, 400)


def joined(names, waiver=None):
    """One case of several faults; what a fault takes out, another does not change."""
    case: dict = {"manifest": {}, "drop": [], "facts": {}}
    for name in sorted(names):
        case["manifest"] |= BAD[name].get("manifest", {})
        case["drop"] += BAD[name].get("drop", [])
        case["facts"] |= BAD[name].get("facts", {})
        case |= {"waiver": BAD[name]["waiver"]} if "waiver" in BAD[name] else {}
    gone = tuple(path.split(".")[0] for path in case["drop"] if "." not in path)
    case["manifest"] = {p: v for p, v in case["manifest"].items() if p.split(".")[0] not in gone}
    emptied = [p for p, v in case["manifest"].items() if v == []]
    case["manifest"] = {
        p: v
        for p, v in case["manifest"].items()
        if not any(p.startswith(f"{e}.") and p != e for e in emptied)
    }
    case["drop"] = [p for p in case["drop"] if p.split(".")[0] not in emptied]
    return case | ({"waiver": waiver} if waiver and "waiver" not in case else {})


@pytest.mark.parametrize("name", sorted(BAD))
def test_each_blocks(judged, name):
    """Each fault by itself blocks a good release."""
    assert not judged(**joined({name})).approved


@given(names=sets, more=st.sampled_from(sorted(BAD)), waiver=waived)
def test_a_blocker_never_helps(judged, names, more, waiver):
    """With one more fault the verdict is the same or worse, never greener."""
    before, after = judged(**joined(names, waiver)), judged(**joined(names | {more}, waiver))
    if waiver is None or "waiver" not in BAD[more]:
        assert RANK[after.verdict] >= RANK[before.verdict]
    assert not after.approved or before.approved


@given(names=sets, waiver=waived, first=days, later=days)
def test_time_never_mends(made, names, waiver, first, later):
    """A refusal stays one as time passes, unless a date in the future was the reason and says so.

    A window that has not begun, and dates ahead of the clock, carry `heals_at`; nothing else mends itself.
    """
    manifest, config, _, facts = made(**joined(names, waiver))
    start, end = sorted((NOW + timedelta(days=first), NOW + timedelta(days=later)))
    before, after = (decide(manifest, config, at, facts) for at in (start, end))
    healing = [r for r in before.reasons if r.heals_at]
    assert all(r.heals_at > start for r in healing)
    if not before.approved and not healing:
        assert not after.approved


@given(at=days)
def test_heals_at_is_true(made, at):
    """At the moment that a reason names, that very reason is gone."""
    manifest, config, _, facts = made()
    moment = NOW + timedelta(days=at)
    for reason in decide(manifest, config, moment, facts).reasons:
        if reason.heals_at:
            then = decide(manifest, config, reason.heals_at, facts).reasons
            assert (reason.rule, reason.item, reason.text) not in {(r.rule, r.item, r.text) for r in then}


@given(names=sets, data=st.data())
def test_removing_an_approval_never_helps(made, names, data):
    """Without one of its approvals a release is judged the same or worse."""
    manifest, config, at, facts = made(**joined(names - {"other files"}))
    approving = [n for n, a in enumerate(manifest.approvals) if a.decision == "approve"]
    if not approving:
        return
    gone = data.draw(st.sampled_from(approving))
    fewer = msgspec.structs.replace(
        manifest, approvals=tuple(a for n, a in enumerate(manifest.approvals) if n != gone)
    )
    before, after = decide(manifest, config, at, facts), decide(fewer, config, at, facts)
    assert RANK[after.verdict] >= RANK[before.verdict]


@given(
    words=st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c"]),
            st.sampled_from(["Ann", "Bob", "Cy"]),
            st.booleans(),
            st.integers(1, 4),
        ),
        max_size=6,
    ),
    gone=st.integers(0, 5),
)
def test_removing_any_approval_never_helps(made, words, gone):
    """The same for any muddle of roles, people, declines and dates."""
    approvals = [
        {"role": r, "name": n, "decision": "approve" if yes else "decline", "at": f"2026-11-1{day}"}
        for r, n, yes, day in words
    ]
    case = {"config": {"required_roles": ["a", "b"]}}
    if gone >= len(words) or not words[gone][2]:
        return
    fewer = approvals[:gone] + approvals[gone + 1 :]
    full, less = (decide(*made(**case, manifest={"approvals": each})) for each in (approvals, fewer))
    assert RANK[less.verdict] >= RANK[full.verdict]


@given(st.dictionaries(st.sampled_from("abcde"), st.sets(st.sampled_from("vwxyz"), min_size=1), max_size=5))
def test_a_person_for_each_role(people):
    """Roles are called shared exactly when no choice of people, of all there are, gives each its own."""
    choices = product(*people.values())
    possible = any(len(set(choice)) == len(people) for choice in choices)
    shared = separation._alone(people)
    assert bool(shared) is not possible
    assert not shared or len(set().union(*(people[role] for role in shared))) < len(shared)


def test_many_roles_end_soon():
    """Fifty roles that forty-nine people share are judged at once."""
    people = {f"r{n}": {f"p{m}" for m in range(49)} for n in range(50)}
    assert len(separation._alone(people)) == 50


@given(
    st.sets(
        st.sampled_from(["artifacts", "rollback", "rollout", "approvals", "scorecard", "metrics"]), min_size=1
    )
)
def test_silence_never_approves(judged, gone):
    """A manifest that says nothing about something that is asked is never approved."""
    assert not judged(drop=sorted(gone)).approved


@given(
    performed=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    days=st.integers(1, 400),
    seconds=st.integers(-100_000, 100_000),
)
def test_stale_to_the_second(performed, days, seconds):
    """A rehearsal is stale from the first second after its limit, and not at the limit itself."""
    now = performed + timedelta(days=days, seconds=seconds)
    assert rehearsal.stale(performed, now, days) is (seconds > 0)


@pytest.mark.parametrize(("seconds", "approved"), [(-1, True), (0, True), (1, False)])
def test_rehearsal_limit(made, seconds, approved):
    """The whole decision turns at the same second."""
    manifest, config, _, facts = made(
        manifest={
            "rollback.rehearsal.performed_at": "2026-10-21T12:00:00Z",
            "rollback.rehearsed_at": "2026-10-21T12:00:00Z",
        }
    )
    assert decide(manifest, config, NOW + timedelta(seconds=seconds), facts).approved is approved


def test_needs_a_zone(made):
    """A clock reading without a zone is refused, not guessed."""
    manifest, config, at, facts = made()
    with pytest.raises(ValueError, match="zone"):
        decide(manifest, config, at.replace(tzinfo=None), facts)
