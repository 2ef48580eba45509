"""A stored signature counts only as what was signed, where it was signed; else it says what is wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest

from checklists import clock, keys, signatures, unaccounted
from checklists.actions import gates, signing_keys
from checklists.loaded import load
from checklists.models import AuditEntry, Environment, InstallationKey, SignOff
from readiness.engine.sealed import dsse, statements
from readiness.engine.sealed.keys import SigningKey
from tests import signing

LEAD = "technical-lead"


@pytest.fixture
def signed(ready_gate, people):
    """The technical lead's approval, as it is stored."""
    signing.approve(gate=ready_gate.pk, role=LEAD, by=people.lead, comment="Good.")
    return SignOff.objects.get()


def worth(gate) -> str:
    """What the technical lead's signature is worth now."""
    return load(gate.pk).judge(clock.now()).verdict.signatures[LEAD].value


def named(gate) -> list[str]:
    """What the audit's verification says of signatures."""
    return [bad.why for bad in unaccounted.signatures() if bad.stream == gate.stream]


def test_the_envelope_says_it_all(signed, ready_gate, people):
    """Subject, person, role, decision, meaning with its reason, time with offset, credential, place."""
    read = dsse.read(signed.envelope.encode(), "it")
    said = read.predicate
    assert read.predicate_type == statements.SIGN_OFF
    assert f"sha256:{read.subject}" == signed.digest == signing.digest_of(ready_gate.pk)
    assert (said["gate"], said["person"], said["name"]) == (ready_gate.pk, people.lead.pk, "Lead Person")
    assert (said["role"], said["decision"], said["comment"]) == (LEAD, "approve", "Good.")
    assert said["meaning"] == (
        "As technical lead, I approve the deployment of Image classifier 1.4.0 to production, because every"
        " item of the checklist is settled and I confirmed: Performance meets the requirement; Monitoring is"
        " adequate. My comment: Good."
    )
    assert said["signed_at"].endswith("+00:00")
    assert said["credential"] == {"methods": ["password"], "challenge": signed.challenge}
    assert said["installation"] == keys.installation()
    entry = AuditEntry.objects.get(verb="gate.approved")
    assert (entry.data["envelope"], entry.data["methods"]) == (signed.envelope_sha256, ["password"])


@pytest.mark.parametrize(("zone", "offset"), [("Europe/Berlin", "+0"), ("Asia/Kolkata", "+05:30")])
def test_the_offset_is_the_signers(ready_gate, people, settings, zone, offset):
    """The time is kept with the offset of the installation's zone, and the row can tell it again."""
    settings.TIME_ZONE = zone
    from django.utils import timezone

    timezone.get_default_timezone.cache_clear()
    try:
        signing.approve(gate=ready_gate.pk, role=LEAD, by=people.lead)
    finally:
        settings.TIME_ZONE = "UTC"
        timezone.get_default_timezone.cache_clear()
    row = SignOff.objects.get()
    assert dsse.read(row.envelope.encode(), "it").predicate["signed_at"][26:].startswith(offset)
    assert signatures.check(row, whole=True) == ""


ALTERED = {
    "decision": ({"decision": "decline", "comment": "x"}, "altered after signing: decision"),
    "role": ({"role": "compliance"}, "altered after signing: role"),
    "name": ({"person_name": "Somebody Else"}, "altered after signing: name"),
    "meaning": ({"meaning": "As technical lead, I approve everything."}, "altered after signing: meaning"),
    "criteria": ({"criteria": []}, "altered after signing: confirmed criteria"),
    "comment": ({"comment": "Very good."}, "altered after signing: comment"),
    "digest": ({"digest": "sha256:" + "0" * 64}, "altered after signing: digest"),
    "time": ({"signed_at": clock.now() - timedelta(days=1)}, "altered after signing: time"),
    "offset": ({"utc_offset_minutes": 60}, "altered after signing: time"),
    "methods": ({"methods": ["password", "totp"]}, "altered after signing: credentials"),
    "challenge": ({"challenge": "0" * 64}, "altered after signing: credentials"),
    "key": ({"key_id": "0" * 64}, signatures.UNKNOWN_KEY),
    "envelope": ({"envelope": "{}"}, signatures.ALTERED),
    "hash": ({"envelope_sha256": "0" * 64}, signatures.ALTERED),
}


@pytest.mark.parametrize(("changed", "why"), ALTERED.values(), ids=ALTERED)
def test_altered_by_sql(signed, ready_gate, lifted_triggers, changed, why):
    """Whatever column is changed: the role is unsigned, the reason is told, and the audit names it."""
    SignOff.objects.filter(pk=signed.pk).update(**changed)
    ((row, told),) = load(ready_gate.pk).invalid
    assert row.pk == signed.pk
    assert why in told
    assert worth(ready_gate) == "missing"
    assert any(why in one for one in named(ready_gate))


def test_another_person(signed, ready_gate, people, lifted_triggers):
    """A signature put in somebody else's name is nobody's."""
    SignOff.objects.filter(pk=signed.pk).update(person=people.second)
    assert "altered after signing: account" in load(ready_gate.pk).invalid[0][1]


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("snapshot", {"items": []}, signatures.OTHER_STATE),
        ("supersedes", None, "names another signature as replaced"),
    ],
)
def test_what_the_audit_sees_beyond(signed, ready_gate, people, lifted_triggers, column, value, why):
    """The state kept beside it, and which signature it replaced, are held against the envelope too."""
    signing.decline(gate=ready_gate.pk, role=LEAD, by=people.lead, reason="No.")
    later = SignOff.objects.get(live=True)
    SignOff.objects.filter(pk=later.pk).update(**{column: value})
    assert any(why in one for one in named(ready_gate))


def test_copied_to_another_gate(signed, ready_gate, people, release, checklist, project):
    """The same row in another gate of the same release, even of the same state, counts for nothing."""
    staging = Environment.objects.get(project=project, name="staging")
    other = gates.open_gate(release=release, checklist=checklist, environment=staging, by=people.lead)
    row = SignOff.objects.values().get()
    SignOff.objects.create(**row | {"id": None, "gate_id": other.pk, "challenge": "f" * 64})
    assert [why for _, why in load(other.pk).invalid] == [signatures.MOVED]
    assert any(signatures.MOVED in one for one in named(other))
    assert worth(ready_gate) == "valid"


def test_sealed_by_a_key_of_ones_own(signed, ready_gate, lifted_triggers):
    """An envelope made anew: by an unknown key, or by an unknown one that names ours."""
    own, said = SigningKey.make(), dsse.read(signed.envelope.encode(), "it").statement

    class Posing:
        id = signed.key_id
        sign = staticmethod(own.sign)

    for signer, why in ((own, signatures.UNKNOWN_KEY), (Posing(), signatures.FORGED)):
        made = dsse.sign(said, signer).decode()
        read = dsse.read(made.encode(), "it")
        SignOff.objects.filter(pk=signed.pk).update(envelope=made, envelope_sha256=read.sha256)
        assert [told for _, told in load(ready_gate.pk).invalid] == [why]


def test_put_back_into_force(signed, ready_gate, people, lifted_triggers):
    """A withdrawn approval whose `live` somebody sets again does not count; nor is one put out silently."""
    signing.withdraw(gate=ready_gate.pk, by=people.lead, reason="Wrong release.")
    SignOff.objects.filter(pk=signed.pk).update(live=True)
    assert [why for _, why in load(ready_gate.pk).invalid] == [signatures.REPLACED]
    assert any(signatures.REPLACED in one for one in named(ready_gate))


def test_put_back_without_its_withdrawal(signed, ready_gate, people, lifted_triggers):
    """Taking the record of the withdrawal away as well does not help: the log tells of it."""
    signing.withdraw(gate=ready_gate.pk, by=people.lead, reason="Wrong release.")
    SignOff.objects.filter(decision="withdraw")._raw_delete("default")
    SignOff.objects.filter(pk=signed.pk).update(live=True)
    assert [why for _, why in load(ready_gate.pk).invalid] == [signatures.REPLACED]
    assert worth(ready_gate) == "missing"


def test_a_row_of_an_earlier_release_put_back(signed, ready_gate, people, lifted_triggers):
    """A withdrawn row without an envelope stays withdrawn, too."""
    first = InstallationKey.objects.get().not_before
    AuditEntry.objects.filter(stream=ready_gate.stream, seq=1).update(at=first - timedelta(days=2))
    SignOff.objects.filter(pk=signed.pk).update(**BARE, signed_at=first - timedelta(days=1))
    signing.withdraw(gate=ready_gate.pk, by=people.lead, reason="Wrong release.")
    SignOff.objects.filter(pk=signed.pk).update(live=True)
    assert [why for _, why in load(ready_gate.pk).invalid] == [signatures.REPLACED]


def test_put_out_of_force_silently(signed, ready_gate, lifted_triggers):
    """Without a later record, a signature that is not live any more is named."""
    SignOff.objects.filter(pk=signed.pk).update(live=False)
    assert any("put out of force without a record" in one for one in named(ready_gate))


def test_taken_away(signed, ready_gate, lifted_triggers):
    """The log tells of a signature whose row is gone."""
    SignOff.objects.all()._raw_delete("default")
    assert named(ready_gate) == ["tells of a signature as technical-lead that is not there any more"]


def test_signing_replaces_what_does_not_count(signed, ready_gate, people, lifted_triggers):
    """Who finds an altered row in their name signs again, on the same state; then the role is signed."""
    SignOff.objects.filter(pk=signed.pk).update(comment="Very good.")
    signing.approve(gate=ready_gate.pk, role=LEAD, by=people.lead)
    loaded = load(ready_gate.pk)
    assert (loaded.invalid, worth(ready_gate)) == ([], "valid")
    assert SignOff.objects.get(live=True).supersedes == signed


BARE = {"envelope": "", "envelope_sha256": "", "key_id": "", "challenge": "", "methods": []}


@pytest.mark.parametrize(("days", "counts"), [(-1, True), (1, False)])
def test_rows_of_earlier_releases(signed, ready_gate, lifted_triggers, days, counts):
    """A row without an envelope counts when it is older than the first key, and only then."""
    first = InstallationKey.objects.get().not_before
    AuditEntry.objects.filter(stream=ready_gate.stream, seq=1).update(at=first - timedelta(days=2))
    SignOff.objects.filter(pk=signed.pk).update(**BARE, signed_at=first + timedelta(days=days))
    assert worth(ready_gate) == ("valid" if counts else "missing")
    assert [why for _, why in load(ready_gate.pk).invalid] == ([] if counts else [signatures.BARE])


def test_a_row_dated_back_on_a_gate_of_today(signed, ready_gate, people):
    """A row put in by SQL, without an envelope and older than the first key, signs no later gate."""
    first = InstallationKey.objects.get().not_before
    kept = SignOff.objects.values().get(pk=signed.pk)
    made = {"id": None, "role": "compliance", "person_id": people.compliance.pk, "person_name": "Compliance"}
    SignOff.objects.create(**kept | BARE | made | {"signed_at": first - timedelta(days=1)})
    loaded = load(ready_gate.pk)
    assert [why for _, why in loaded.invalid] == [signatures.EARLY]
    assert loaded.judge(clock.now()).verdict.signatures["compliance"].value == "missing"
    assert any(signatures.EARLY in one for one in named(ready_gate))


def test_before_any_key_rows_count(signed, ready_gate, lifted_triggers):
    """An installation that was upgraded a moment ago keeps its approvals."""
    SignOff.objects.filter(pk=signed.pk).update(**BARE)
    InstallationKey.objects.all()._raw_delete("default")
    assert worth(ready_gate) == "valid"


def test_verifying_is_cheap(signed, ready_gate, django_assert_num_queries):
    """One question more for a gate with signatures, and each envelope is verified once by a process."""
    signatures._verified.cache_clear()
    with django_assert_num_queries(6):
        load(ready_gate.pk)
    load(ready_gate.pk)
    assert signatures._verified.cache_info().misses == 1


def test_a_key_that_is_gone_signs_nothing(ready_gate, people):
    """Without its private half nothing is signed, and the message says what to do."""
    keys.private_file(signing_keys.ensure()).unlink()
    with pytest.raises(keys.KeyMissing, match="keys rotate"):
        signing.approve(gate=ready_gate.pk, role=LEAD, by=people.lead)
    assert not SignOff.objects.exists()
