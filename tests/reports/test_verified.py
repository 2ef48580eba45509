"""What the product makes verifies, whatever happened on the gate: nothing honest is ever called a forgery."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from checklists import blobs, clock, keys
from checklists.actions import gate_roles, releases, reports, signing_keys, waivers
from checklists.models import Gate, Report
from readiness.engine.sealed.verify import Result, State, Verification, verify_any
from tests import governed, signing
from tests import waivers as waived
from tests.actions.test_stages import gate_of, made, staged
from tests.reports.made import attach, sign
from tests.waivers import Clock

__all__ = ["made", "staged"]  # fixtures


def verified(gate: Gate, by) -> dict[str, Verification]:
    """A report with its bundle asked for, rendered and verified with the installation's keys."""
    asked = reports.request(gate=gate.pk, by=by, evidence="all", with_bundle=True)
    reports.render(asked.pk)
    row = Report.objects.get(pk=asked.pk)
    assert not row.error
    names = {"report": row.sha256, "bundle": row.bundle_sha256}
    return {name: verify_any(blobs.get(sha256), keys.ring()) for name, sha256 in names.items()}


def good(gate: Gate, people, verdict: str) -> None:
    """Report and bundle verify, and give the verdict that the gate has; the bundle lacks nothing."""
    found = verified(gate, people.reader)
    for one in found.values():
        wrong = [(claim.id, claim.why, claim.details) for claim in one.claims if claim.state is State.FAILED]
        assert one.result is Result.VERIFIED, wrong
        claim = one.claim("verdict")
        assert claim is not None
        assert claim.why.endswith(f"{verdict}.")
    unknown = {claim.id for claim in found["bundle"].claims if claim.state is not State.VERIFIED}
    assert unknown == {"outside"}


def dropped(gate: Gate, people) -> str:
    """A role is dropped; the others sign."""
    gate_roles.drop_role(gate=gate.pk, role="compliance", by=people.compliance, reason="No personal data.")
    sign(gate, people, "lead", "product")
    return "approved"


def stale(gate: Gate, people) -> str:
    """Evidence is attached after everybody signed."""
    sign(gate, people)
    attach(gate, people.lead)
    return "ready"


def changed_his_mind(gate: Gate, people) -> str:
    """Declined, withdrawn, then approved by the same person."""
    sign(gate, people)
    signing.decline(gate=gate.pk, role="compliance", by=people.compliance, reason="Not yet.")
    signing.withdraw(gate=gate.pk, by=people.compliance, reason="A mistake.")
    sign(gate, people, "compliance")
    return "approved"


def declined(gate: Gate, people) -> str:
    """One declines."""
    sign(gate, people, "lead")
    signing.decline(gate=gate.pk, role="product-owner", by=people.product, reason="Not “now”: \u202e <b>.")
    return "declined"


def bar_moved(gate: Gate, people) -> str:
    """A threshold is changed after the result was seen."""
    sign(gate, people, "lead")
    releases.set_parameters(
        release=gate.release,
        checklist=gate.checklist,
        values={"target_accuracy": "70"},
        by=people.owner,
        reason="Agreed.",
    )
    return "open"


def rotated(gate: Gate, people) -> str:
    """A new key comes into use between two signatures."""
    sign(gate, people, "lead")
    signing_keys.rotate()
    sign(gate, people, "product", "compliance")
    return "approved"


def revoked(gate: Gate, people) -> str:
    """The key of all signatures is revoked; the new one vouches for the log that records them."""
    sign(gate, people)
    signing_keys.revoke(key_id=keys.signer().id, reason="The laptop was stolen.")
    return "approved"


@pytest.mark.django_db
@pytest.mark.parametrize("what", [dropped, stale, changed_his_mind, declined, bar_moved, rotated, revoked])
def test_ready_gate(what: Callable[[Gate, object], str], ready_gate, people) -> None:
    """A gate with every item settled, and what happens then."""
    good(ready_gate, people, what(ready_gate, people))


@pytest.mark.django_db
def test_gate_that_nobody_touched(gate, people) -> None:
    """Nothing checked, nothing signed."""
    good(gate, people, "open")


@pytest.mark.django_db
def test_waivers(project, people, run_dir, monkeypatch) -> None:
    """A live waiver, the same one expired, and one that was revoked."""
    time = Clock(monkeypatch)
    gate = waived.open_gate(project, people, run_dir)
    row = waived.approved(gate, people)
    good(gate, people, "open")
    time.forward(days=30)
    good(gate, people, "blocked")
    time.forward(hours=1)
    other = waived.approved(gate, people, "review")
    waivers.revoke(gate=gate.pk, waiver=other.pk, by=people.compliance, reason="Settled otherwise.")
    good(gate, people, "blocked")
    assert row.expires_at < clock.now()


@pytest.mark.django_db
def test_stages(made, people) -> None:
    """A later stage waits for the one before, and is approved after it."""
    later = gate_of(made, "production")
    governed.settle(later, people)
    good(later, people, "open")
    governed.approve(gate_of(made, "readiness"), people)
    governed.sign(later, people)
    good(later, people, "approved")
