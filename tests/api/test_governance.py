"""Waivers and rehearsals by a pipeline: asked and recorded here, decided by people elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from checklists import clock
from checklists.actions import gates, library, waivers
from checklists.models import Environment, Rehearsal, Waiver
from tests.api.conftest import as_person
from tests.api.world import problem_of
from tests.conftest import SOURCE

REHEARSALS = "/api/v1/projects/image-classifier/rehearsals"


@pytest.fixture
def lenient(release, people, project):
    """A gate whose checklist allows waivers."""
    source = SOURCE.replace("slug: small", "slug: lenient\nwaivers: true")
    return gates.open_gate(
        release=release,
        checklist=library.publish(source=source, by=None),
        environment=Environment.objects.get(project=project, name="staging"),
        by=people.contributor,
    )


def wanted(**changed):
    """A waiver that may be asked for."""
    told = {name: f"The {name}." for name in ("reason", "risk", "mitigation", "scope")}
    until = (clock.now() + timedelta(days=7)).isoformat()
    return {"item": "issues", "owner": "owner", "expires_at": until, **told, **changed}


def test_ask_for_a_waiver(api, lenient, people):
    """It is in review in the name of the token's person; a person decides; only who asked takes it back."""
    told = api.post(f"gates/{lenient.pk}/waivers", wanted())
    assert told.status_code == 201, told.content
    assert (told.json()["state"], told.json()["requested_by"]) == ("review", "Contributor Person")
    number = told.json()["id"]
    other = as_person(people.lead)
    assert problem_of(other.post(f"gates/{lenient.pk}/waivers/{number}/withdraw"))["status"] in {403, 409}
    back = api.post(f"gates/{lenient.pk}/waivers/{number}/withdraw")
    assert back.json()["state"] == "withdrawn"


def test_a_draft(api, lenient):
    """A draft waits for a person to ask."""
    assert api.post(f"gates/{lenient.pk}/waivers", wanted(draft=True)).json()["state"] == "draft"


def test_expired_is_said(api, lenient, people):
    """Approved and past its expiry, whatever the row says."""
    number = api.post(f"gates/{lenient.pk}/waivers", wanted()).json()["id"]
    waivers.approve(gate=lenient.pk, waiver=number, by=people.compliance, role="compliance")
    url = f"gates/{lenient.pk}/waivers/{number}"
    assert api.get(url).json()["state"] == "approved"
    assert api.get(f"gates/{lenient.pk}").json()["counts"]["waived"] == 1
    with pytest.MonkeyPatch.context() as patched:
        later = clock.now() + timedelta(days=7)
        patched.setattr(clock, "now", lambda: later)
        assert api.get(url).json()["state"] == "expired"
        assert api.get(f"gates/{lenient.pk}").json()["counts"]["waived"] == 0


def test_time_alone_changes_an_answer(api, lenient, people):
    """An ETag of before the expiry is worth nothing after it, although no revision rose."""
    number = api.post(f"gates/{lenient.pk}/waivers", wanted()).json()["id"]
    waivers.approve(gate=lenient.pk, waiver=number, by=people.compliance, role="compliance")
    tag = api.get(f"gates/{lenient.pk}").headers["ETag"]
    assert api.get(f"gates/{lenient.pk}", If_None_Match=tag).status_code == 304
    with pytest.MonkeyPatch.context() as patched:
        later = clock.now() + timedelta(days=7)
        patched.setattr(clock, "now", lambda: later)
        answer = api.get(f"gates/{lenient.pk}", If_None_Match=tag)
        assert answer.status_code == 200
        assert "ETag" not in answer.headers
        assert any("expired" in blocker["text"] for blocker in answer.json()["blockers"])


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"owner": "outsider"}, 422),
        ({"owner": "reader"}, 409),
        ({"item": "nothing"}, 409),
        ({"item": "", "rule": ""}, 409),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 409),
        ({"expires_at": "2020-01-01T00:00:00"}, 422),
        ({"expires_at": "9999-12-31T23:59:59-14:00"}, 409),
        ({"expires_at": "0001-01-01T00:00:00+14:00"}, 409),
        ({"expires_zone": "Mars/Base"}, 409),
        ({"reason": " "}, 409),
        ({"state": "approved"}, 422),
        ({"revision": 0}, 409),
    ],
)
def test_waiver_refused(changed, status, api, lenient):
    """Nothing is written for a wrong owner, item, date, zone, or a field that is not asked for."""
    told = problem_of(api.post(f"gates/{lenient.pk}/waivers", wanted(**changed)))
    assert told["status"] == status, told
    assert not Waiver.objects.exists()


def test_where_none_is_allowed(api, gate):
    """The checklist decides whether there are waivers."""
    assert problem_of(api.post(f"gates/{gate.pk}/waivers", wanted()))["status"] == 409


def rehearsed(**changed):
    """A rehearsal that may be recorded."""
    return {
        "environment": "production",
        "performed_at": (clock.now() - timedelta(days=1)).isoformat(),
        "performed_by": "Rita",
        "from_version": "1.4.0",
        "to_version": "1.3.0",
        "duration_seconds": "420",
        "outcome": "failed",
        "gaps": "The runbook names an old host.",
    } | changed


def test_record_a_rehearsal(api, project):
    """With its log; a failed one is mended once."""
    log = SimpleUploadedFile("rollback.log", b"went back")
    made = api.client.post(REHEARSALS, rehearsed() | {"log": log}, headers=api.headers)
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["outcome"], told["recorded_by"], told["log_name"]) == (
        "failed",
        "Contributor Person",
        "rollback.log",
    )
    content = api.get(told["log"].removeprefix("http://localhost:8000"))
    assert b"".join(content.streaming_content) == b"went back"
    mended = api.post(
        f"{REHEARSALS}/{told['id']}/remediation", {"text": "The host is right now; tried again."}
    )
    assert mended.json()["remediated_by"] == "Contributor Person"
    again = api.post(f"{REHEARSALS}/{told['id']}/remediation", {"text": "Twice."})
    assert problem_of(again)["status"] == 409


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"environment": "moon"}, 422),
        ({"performed_at": "2999-01-01T00:00:00Z"}, 409),
        ({"performed_at": "yesterday"}, 422),
        ({"performed_at": "0001-01-01T00:00:00+14:00"}, 409),
        ({"duration_seconds": "0"}, 422),
        ({"outcome": "maybe"}, 422),
        ({"gaps": ""}, 409),
        ({"to_version": "1.4.0"}, 409),
    ],
)
def test_rehearsal_refused(changed, status, api, project):
    """Nothing is written for what cannot be."""
    answer = api.client.post(REHEARSALS, rehearsed(**changed), headers=api.headers)
    assert problem_of(answer)["status"] == status, answer.content
    assert not Rehearsal.objects.exists()
