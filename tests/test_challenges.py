"""A challenge holds for one person, gate, role and state, for 15 minutes, and makes one signature."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checklists import challenges, clock
from checklists.actions import signoffs
from checklists.actions.signoff_records import REPEATED
from checklists.challenges import Bound
from checklists.errors import Refused, StaleForm
from checklists.models import SignOff
from tests import signing

BOUND = Bound(person=3, gate=7, role="compliance", digest="sha256:" + "a" * 64)
OTHERS = {
    "person": replace(BOUND, person=4),
    "gate": replace(BOUND, gate=8),
    "role": replace(BOUND, role="technical-lead"),
    "digest": replace(BOUND, digest="sha256:" + "b" * 64),
}


def test_it_comes_back_as_a_name():
    """64 hexadecimal characters, the same each time it is read, another one for each form."""
    text = challenges.make(BOUND)
    name = challenges.read(text, BOUND)
    assert len(bytes.fromhex(name)) == 32
    assert challenges.read(text, BOUND) == name
    assert challenges.read(challenges.make(BOUND), BOUND) != name


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_of_something_else(other):
    """A form that was shown to somebody else, elsewhere, or of another state signs nothing here."""
    with pytest.raises(StaleForm, match="another person, gate, role or state"):
        challenges.read(challenges.make(other), BOUND)


@pytest.mark.parametrize(
    ("minutes", "holds"), [(0, True), (14.9, True), (15.1, False), (60 * 24, False), (-2, False)]
)
def test_fifteen_minutes(minutes, holds):
    """Older than that, or from the future, it is refused."""
    made = clock.now()
    text = challenges.make(BOUND, made)
    if holds:
        assert challenges.read(text, BOUND, made + timedelta(minutes=minutes))
    else:
        with pytest.raises(StaleForm, match="older than 15 minutes"):
            challenges.read(text, BOUND, made + timedelta(minutes=minutes))


@given(st.one_of(st.text(max_size=300), st.integers(0, 400)))
def test_nothing_else_is_one(given):
    """Any text, and any single character changed, is refused as not made here."""
    text = challenges.make(BOUND)
    if isinstance(given, int):
        place = given % len(text)
        other = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
    else:
        other = given
    with pytest.raises(StaleForm):
        challenges.read(other, BOUND)


def test_once(ready_gate, people):
    """The same request again is refused, with the right password, also when the signature was taken back."""
    digest = signing.digest_of(ready_gate.pk)
    text = signing.challenge(ready_gate.pk, "technical-lead", people.lead, digest)
    common = {"gate": ready_gate.pk, "by": people.lead, "given": signing.given()}
    sent = common | {"role": "technical-lead", "digest": digest, "challenge": text}
    signoffs.approve(**sent, confirmed=[0, 1])
    with pytest.raises(Refused, match=REPEATED):
        signoffs.approve(**sent, confirmed=[0, 1])
    signing.withdraw(gate=ready_gate.pk, by=people.lead, reason="Wrong release.")
    with pytest.raises(Refused, match=REPEATED):
        signoffs.approve(**sent, confirmed=[0, 1])
    with pytest.raises(Refused, match=REPEATED):
        signoffs.decline(**sent, reason="No.")
    assert SignOff.objects.count() == 2


def test_the_row_is_what_makes_it_single(ready_gate, people, monkeypatch):
    """Where a second request slips past the question, the database says no, in the same words."""
    digest = signing.digest_of(ready_gate.pk)
    text = signing.challenge(ready_gate.pk, "technical-lead", people.lead, digest)
    common = {"gate": ready_gate.pk, "by": people.lead, "given": signing.given(), "digest": digest}
    sent = common | {"role": "technical-lead", "challenge": text, "confirmed": [0, 1]}
    signoffs.approve(**sent)
    signing.withdraw(gate=ready_gate.pk, by=people.lead, reason="Wrong release.")
    monkeypatch.setattr(signoffs, "refuse_repeated", lambda _: None)
    with pytest.raises(Refused, match=REPEATED):
        signoffs.approve(**sent)
    assert SignOff.objects.count() == 2
