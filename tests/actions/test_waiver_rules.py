"""What a waiver must satisfy, who decides on it, and what an approved one does to the gate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from zoneinfo import ZoneInfo

import pytest

from checklists import permissions
from checklists.actions import evidence, items, projects, releases, waivers
from checklists.actions import waiver_rules as rules
from checklists.errors import Forbidden, Refused, StaleForm
from checklists.loaded import load
from checklists.models import MemberRole, Notification, Waiver
from tests import signing
from tests import waivers as made
from tests.conftest import run_checks

SECOND = timedelta(seconds=1)
BERLIN = ZoneInfo("Europe/Berlin")
ENDS = [
    ("a second ahead", made.NOW + SECOND, "UTC", ""),
    ("exactly the longest time", made.NOW + timedelta(days=180), "UTC", ""),
    ("in another zone", datetime(2026, 12, 12, 23, 59, 59, tzinfo=BERLIN), "Europe/Berlin", ""),
    ("this second", made.NOW, "UTC", rules.PAST),
    ("past", made.NOW - SECOND, "UTC", rules.PAST),
    ("past, though later on the wall", datetime(2026, 11, 21, 12, 30, tzinfo=BERLIN), "UTC", rules.PAST),
    ("a second too long", made.NOW + timedelta(days=180, seconds=1), "UTC", "at most 180 days"),
    ("the end of time", datetime.max.replace(tzinfo=UTC), "UTC", "at most 180 days"),
    ("without a zone", datetime(2026, 12, 12), "UTC", rules.NO_ZONE),  # that is the case
    ("in no zone of that name", made.NOW + SECOND, "Europe/Atlantis", rules.NO_ZONE),
    ("in a file's name", made.NOW + SECOND, "../../etc/passwd", rules.NO_ZONE),
]  # fmt: skip


@pytest.mark.parametrize(("end", "zone", "why"), [e[1:] for e in ENDS], ids=[e[0] for e in ENDS])
def test_expiry(lenient, people, end, zone, why):
    """An expiry lies ahead, within the longest time, to the second, in a zone that exists."""
    if why:
        with pytest.raises(Refused, match=why[:20]):
            made.draft(lenient, people.lead, expires_at=end, expires_zone=zone)
        assert not Waiver.objects.exists()
    else:
        row = made.draft(lenient, people.lead, expires_at=end, expires_zone=zone)
        assert (row.expires_at, row.expires_zone) == (end, zone)


def test_longest_time_is_configured(lenient, people, settings):
    """READINESS_WAIVER_MAX_DAYS is what the operator allows; asking counts from the day of asking."""
    settings.WAIVER_MAX_DAYS = 7
    with pytest.raises(Refused, match="at most 7 days"):
        made.draft(lenient, people.lead, days=8)
    row = made.draft(lenient, people.lead, days=7)
    settings.WAIVER_MAX_DAYS = 3
    with pytest.raises(Refused, match="at most 3 days"):
        waivers.submit(gate=lenient.pk, waiver=row.pk, by=people.lead)


@pytest.mark.parametrize("name", rules.TEXTS)
@pytest.mark.parametrize("text", ["", "  \n", "\0", "x" * 5001], ids=["empty", "space", "nul", "long"])
def test_texts(lenient, people, name, text):
    """Reason, risk, plan and scope are all said, in at most 5000 characters."""
    with pytest.raises(Refused, match=name):
        made.draft(lenient, people.lead, **{name: text})


TARGETS = [
    ({"key": "weights"}, rules.NOT_NEEDED),  # passed
    ({"key": "review"}, rules.NOT_NEEDED),  # not applicable
    ({"key": "approve-lead"}, "An approval is given by signing"),
    ({"key": "nothing"}, "not part of the gate"),
    ({"key": ""}, rules.ONE_TARGET),
    ({"key": "issues", "rule": "rehearsal"}, rules.ONE_TARGET),
    ({"key": "", "rule": "approvals"}, "No rule"),
    ({"key": "", "rule": "artifacts"}, "No rule"),
]


@pytest.mark.parametrize(("target", "why"), TARGETS)
def test_what_takes_no_waiver(lenient, people, target, why):
    """Items that are settled, approvals, and rules that hold always."""
    run_checks(lenient, people.lead)
    seen = load(lenient.pk).item("review").row.changed_in
    items.not_applicable(gate=lenient.pk, key="review", by=people.lead, seen=seen, reason="Read before.")
    wanted = {"owner": people.lead, "expires_at": made.NOW + timedelta(days=1)}
    with pytest.raises(Refused, match=why[:20]):
        waivers.draft(gate=lenient.pk, by=people.lead, **made.TEXTS, **wanted, **target)


def test_checklist_that_allows_none(gate, people):
    """Where the checklist says no exceptions, nobody writes one."""
    with pytest.raises(Refused, match=rules.NOT_ALLOWED):
        waivers.draft(
            gate=gate.pk, by=people.lead, key="issues", owner=people.lead,
            expires_at=datetime.now(UTC) + timedelta(days=1), **made.TEXTS,
        )  # fmt: skip


@pytest.mark.parametrize("who", ["reader", "outsider"])
def test_owner_can_act(lenient, people, who):
    """Who answers for it belongs to the project, and not as a reader."""
    with pytest.raises(Refused, match="must be a member"):
        made.draft(lenient, people.lead, owner=getattr(people, who))


def test_a_service_account_owns_and_decides_nothing(lenient, people, project):
    """A pipeline may ask; a person answers and a person decides, whatever role somebody gave it."""
    people.contributor.is_service = people.compliance.is_service = True
    people.contributor.save()
    people.compliance.save()
    with pytest.raises(Refused, match="must be a member"):
        made.draft(lenient, people.lead, owner=people.contributor)
    row = made.asked(lenient, people.contributor, owner=people.lead)
    with pytest.raises(Forbidden, match=rules.BY_HAND):
        waivers.approve(gate=lenient.pk, waiver=row.pk, by=people.compliance, role="compliance")


def decide(row, by, role="compliance"):
    """Approve in a role."""
    return waivers.approve(gate=row.gate_id, waiver=row.pk, by=by, role=role)


def also(project, people, person, role):
    """Give a person another role."""
    projects.add_member(project=project, by=people.owner, person=person, role=role)


def test_never_who_asked(lenient, people, project):
    """Who asks does not decide, in no role."""
    also(project, people, people.lead, "compliance")
    row = made.asked(lenient, people.lead, owner=people.owner)
    with pytest.raises(Forbidden, match="You asked for this waiver"):
        decide(row, people.lead)


def test_never_who_owns_it(lenient, people):
    """Who answers for the plan does not approve that it is good enough."""
    row = made.asked(lenient, people.lead, owner=people.compliance)
    with pytest.raises(Forbidden, match="You own what this waiver leaves open"):
        decide(row, people.compliance)


def test_another_role_than_that_of_who_asked(lenient, people, project):
    """A second person in a role of who asked does not count: the role must be another one."""
    also(project, people, people.lead, "compliance")
    row = made.asked(lenient, people.lead)
    with pytest.raises(Forbidden, match="decided in another role"):
        decide(row, people.compliance)
    assert decide(row, people.product, "product-owner").state == "approved"


def test_never_who_made_the_release(lenient, people, project):
    """Who created the release approves nothing on it but as technical lead."""
    also(project, people, people.contributor, "compliance")
    row = made.asked(lenient, people.lead)
    with pytest.raises(Forbidden, match="You created this release"):
        decide(row, people.contributor)


def test_never_who_attached_evidence(lenient, people):
    """Who attached evidence to the gate does not waive its items."""
    evidence.attach_link(gate=lenient.pk, key="issues", by=people.compliance, url="https://x.example")
    row = made.asked(lenient, people.lead)
    with pytest.raises(Forbidden, match="You attached evidence"):
        decide(row, people.compliance)


def test_one_person_acts_in_one_role(lenient, people, project):
    """Who signed in one role does not decide in another."""
    also(project, people, people.product, "compliance")
    row = made.asked(lenient, people.lead)
    signing.decline(
        gate=lenient.pk, role="product-owner", by=people.product, reason="Too early.",
        digest=load(lenient.pk).judge(made.NOW).digest,
    )  # fmt: skip
    with pytest.raises(Forbidden, match="one person acts in one role"):
        decide(row, people.product)
    assert decide(row, people.product, "product-owner").decided_as == "product-owner"


@pytest.mark.parametrize("role", ["owner", "technical-lead", "contributor", "reader", "nonsense", ""])
def test_no_other_role_decides(lenient, people, role):
    """Only product owner and compliance, whatever the form says."""
    row = made.asked(lenient, people.lead)
    with pytest.raises(Forbidden):
        decide(row, people.compliance, role)


def test_on_the_state_that_was_shown(lenient, people):
    """A gate that changed while somebody was reading is read again before it is decided."""
    row = made.asked(lenient, people.lead)
    shown = load(lenient.pk).judge(made.NOW).digest
    run_checks(lenient, people.lead)
    at = {"gate": lenient.pk, "waiver": row.pk, "by": people.compliance, "role": "compliance"}
    with pytest.raises(StaleForm):
        waivers.approve(digest=shown, **at)
    assert waivers.approve(digest=load(lenient.pk).judge(made.NOW).digest, **at).state == "approved"


def test_too_late(lenient, people, now):
    """What passes by itself meanwhile needs no waiver, and one that would be expired is not approved."""
    row, other = made.asked(lenient, people.lead, "weights"), made.asked(lenient, people.lead, days=1)
    run_checks(lenient, people.lead)
    with pytest.raises(Refused, match=rules.NOT_NEEDED[:20]):
        decide(row, people.compliance)
    now.forward(days=1)
    with pytest.raises(Refused, match=rules.PAST[:20]):
        decide(other, people.compliance)
    waivers.reject(gate=lenient.pk, waiver=other.pk, by=people.compliance, role="compliance", reason="Late.")


def test_what_it_does(lenient, people, now):
    """Approved: the item counts as waived, verdict, blockers and score are kept as they were and became."""
    row = made.approved(lenient, people)
    assert load(lenient.pk).item("issues").state == "waived"
    assert load(lenient.pk).item("issues").row.state == "open"
    assert row.before["verdict"] == row.after["verdict"] == "open"
    assert row.before["blockers"] - row.after["blockers"] == 1
    assert row.after["score"] > row.before["score"]
    lenient.refresh_from_db()
    assert lenient.verdict_until == row.expires_at
    assert lenient.summary["counts"]["waived"] == 1


def test_revoked_item_shows_its_own_state(lenient, people):
    """Revoked is not expired: the item is open again, as if there had been none."""
    row = made.approved(lenient, people)
    waivers.revoke(gate=lenient.pk, waiver=row.pk, by=people.lead, reason="Settled.")
    item = load(lenient.pk).item("issues")
    assert (item.state, item.lapsed) == ("open", False)
    lenient.refresh_from_db()
    assert (lenient.verdict, lenient.verdict_until) == ("open", None)


def test_the_one_that_ends_last_counts(lenient, people, now):
    """A second waiver, approved in time, takes over without a gap."""
    made.approved(lenient, people, days=5)
    later = made.approved(lenient, people, days=9)
    now.forward(days=6)
    item = load(lenient.pk).item("issues")
    assert (item.state, item.waiver) == ("waived", later)
    now.forward(days=3)
    assert load(lenient.pk).item("issues").lapsed


def test_it_stays_when_files_change(lenient, people, run_dir):
    """A waiver names the item, not the bytes: it stays, and what it was approved on is kept beside it."""
    (run_dir / "metrics.json").write_text('{"test": {"accuracy": 0.79}}')
    releases.take_snapshot(release=lenient.release, by=people.lead)
    run_checks(lenient, people.lead)
    row = made.approved(lenient, people, "accuracy")
    assert "79" in row.after["observed"]
    (run_dir / "metrics.json").write_text('{"test": {"accuracy": 0.31}}')
    releases.take_snapshot(release=lenient.release, by=people.lead)
    loaded = run_checks(lenient, people.lead)
    assert loaded.item("accuracy").state == "waived"
    assert row.after["artifact"] != loaded.gate.release.snapshot.digest


def test_who_is_told(lenient, people):
    """A request to who may decide, a decision to who asked: never to who did it."""
    made.approved(lenient, people, owner=people.second)
    told = {
        (n.person.username, n.title.partition(":")[0]) for n in Notification.objects.filter(kind="waiver")
    }
    assert told == {
        ("compliance", "A waiver waits for a decision"),
        ("product", "A waiver waits for a decision"),
        ("lead", "A waiver was approved"),
        ("second", "A waiver was approved"),
    }


def test_an_owner_who_left(lenient, people, project):
    """Somebody must answer for it on the day it is approved: an owner who left the project does not."""
    row = made.asked(lenient, people.lead, owner=people.second)
    projects.remove_member(
        project=project, by=people.owner, membership=people.second.memberships.get(project=project)
    )
    with pytest.raises(Refused, match="must be a member"):
        decide(row, people.compliance)


SUBSETS = [frozenset(c) for n in range(len(MemberRole) + 1) for c in combinations(MemberRole.values, n)]
FLAGS = ("is_requester", "is_owner", "made_release", "attached_evidence")


def test_duties_stay_apart():
    """All roles of who asks and who decides: allowed only in a deciding role that who asks does not have."""
    nobody = dict.fromkeys(FLAGS, False)
    allowed = 0
    for theirs, mine in product(SUBSETS, SUBSETS):
        for role in MemberRole.values:
            asked = {"role": role, "roles": mine, "roles_of_requester": theirs, "signed_as": None}
            if not permissions.why_not_decide_waiver(**asked, **nobody):
                allowed += 1
                assert role in {"product-owner", "compliance"}
                assert role in mine
                assert role not in theirs
    assert allowed == 2 * (len(SUBSETS) // 2) ** 2  # per role: it is among mine, not among theirs


@pytest.mark.parametrize("flag", [*FLAGS, "signed_as"])
def test_each_tie_is_enough(flag):
    """One tie to the request, the release, the evidence or another signature, and somebody else decides."""
    ties = dict.fromkeys(FLAGS, False) | {"signed_as": None}
    free = {"role": "compliance", "roles": {"compliance"}, "roles_of_requester": set()}
    assert permissions.why_not_decide_waiver(**free, **ties) == ""
    tied = ties | {flag: "product-owner" if flag == "signed_as" else True}
    assert permissions.why_not_decide_waiver(**free, **tied)
