"""The page of rollback rehearsals: freshness, the record form, remediation, the log's bytes."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from checklists.actions import rehearsals
from checklists.models import Environment, Rehearsal
from tests.waivers import NOW

PATH = "/projects/image-classifier/rehearsals/"


def body(answer) -> str:
    """The page as text."""
    return answer.content.decode()


@pytest.fixture
def production(project, now):
    """Where releases go; the clock stands."""
    return Environment.objects.get(project=project, name="production")


@pytest.fixture
def form(production, people):
    """What somebody types for a rehearsal of yesterday."""
    return {
        "environment": production.pk,
        "performed_on": "2026-11-20",
        "performed_time": "10:30",
        "zone": "Europe/Berlin",
        "performed_by": "Night shift",
        "from_version": "1.4.0",
        "to_version": "1.3.0",
        "minutes": 3,
        "seconds": 20,
        "outcome": "passed",
        "gaps": "",
    }


def rehearse(project, production, by, *, days=1.0, **more):
    """A rehearsal that many days ago."""
    facts = {
        "project": project, "environment": production, "by": by, "performed_at": NOW - timedelta(days=days),
        "performed_by": "Night shift", "from_version": "1.4.0", "to_version": "1.3.0",
        "duration_seconds": 200, "outcome": "passed",
    }  # fmt: skip
    return rehearsals.record(**facts | more)


def test_empty(client, production, people):
    """Without one, the page says so for each environment and why to try."""
    client.force_login(people.reader)
    page = body(client.get(PATH))
    assert page.count("Never rehearsed") == 2
    assert "No rehearsal yet" in page
    assert "Recording a rehearsal is open to" in page


def test_record_with_a_log(client, production, people, form):
    """Recorded from the form: the moment in its zone, the duration, the log's hash, as a download only."""
    client.force_login(people.lead)
    log = SimpleUploadedFile("back.html", b"<script>alert(1)</script>", content_type="text/html")
    answer = client.post(f"{PATH}record", form | {"log": log})
    assert (answer.status_code, answer.headers["Location"]) == (303, PATH)
    row = Rehearsal.objects.get()
    assert row.performed_at.isoformat() == "2026-11-20T09:30:00+00:00"
    assert row.duration_seconds == 200
    page = body(client.get(PATH))
    assert "1 of 30 days" in page
    assert "3 min 20 s" in page
    assert row.log_sha256 in page
    answer = client.get(f"{PATH}{row.pk}/log")
    assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


WRONG = [
    ({"performed_on": "2026-11-22"}, "lies in the past"),
    ({"performed_on": ""}, "This field is required"),
    ({"performed_on": "0001-01-01"}, "before 2000"),
    ({"performed_on": "2026-03-29", "performed_time": "02:30"}, "does not exist on that day"),
    ({"zone": "nowhere"}, "no time zone of that name"),
    ({"minutes": 0, "seconds": 0}, "how long it took"),
    ({"minutes": -1}, "greater than or equal to 0"),
    ({"seconds": 60}, "less than or equal to 59"),
    ({"outcome": "perfect"}, "Select a valid choice"),
    ({"outcome": "failed"}, "what went wrong"),
    ({"to_version": "1.4.0"}, "they differ"),
    ({"environment": 0}, "Select a valid choice"),
    ({"performed_by": "Night\u202eshift"}, "invisible character"),
]


@pytest.mark.parametrize(("typed", "words"), WRONG)
def test_wrong_forms(client, people, form, typed, words):
    """The mistake is said, nothing is recorded, what was typed stays."""
    client.force_login(people.lead)
    answer = client.post(f"{PATH}record", form | typed)
    assert answer.status_code == 200
    assert words in body(answer)
    assert 'value="1.4.0"' in body(answer)
    assert not Rehearsal.objects.exists()


def test_an_empty_log(client, people, form):
    """A file without bytes is said to prove nothing."""
    client.force_login(people.lead)
    answer = client.post(f"{PATH}record", form | {"log": SimpleUploadedFile("a.log", b"")})
    assert "proves nothing" in body(answer)


def test_failed_and_mended(client, project, production, people):
    """A failed one shows its form to makers until it is mended, once."""
    row = rehearse(project, production, people.lead, outcome="failed", gaps="The image was gone.")
    client.force_login(people.owner)
    page = body(client.get(PATH))
    assert "a deployment is blocked" in page
    assert "The image was gone." in page
    answer = client.post(f"{PATH}{row.pk}/remediate", {"text": "Images are kept."}, follow=True)
    assert "Images are kept." in body(answer)
    assert "no longer blocks" in body(answer)
    answer = client.post(f"{PATH}{row.pk}/remediate", {"text": "Again."}, follow=True)
    assert "on record already" in body(answer)


WORDS = [
    (0.001, "Rehearsed just now", "Fresh"),
    (12, "Rehearsed 12 days ago, 3 min 20 s; fresh until 9 Dec 2026 12:00 (UTC)", "Fresh"),
    (27, "Rehearse again in 3 days", "Due soon"),
    (31, "it counted until 20 Nov 2026 12:00 (UTC)", "Overdue"),
]


@pytest.mark.parametrize(("days", "words", "state"), WORDS)
def test_cards(client, project, production, people, release, gate, days, words, state):
    """The project's and the release's page say how fresh it is, and until when."""
    rehearse(project, production, people.lead, days=days)
    client.force_login(people.reader)
    for path in ("/projects/image-classifier/", f"/releases/{release.pk}/", PATH):
        page = body(client.get(path))
        assert words in page
        assert state in page


@pytest.mark.parametrize("path", ["", "record", "{}/remediate", "{}/log"])
def test_standing_questions(client, project, production, people, path):
    """Outsiders find nothing, readers read, other projects' numbers are none of this."""
    row = rehearse(
        project, production, people.lead, outcome="failed", gaps="It hung.", log=BytesIO(b"x"), log_name="a"
    )
    posts = path in {"record", "{}/remediate"}
    ask = client.post if posts else client.get
    client.force_login(people.outsider)
    assert ask(PATH + path.format(row.pk)).status_code == 404
    client.force_login(people.reader)
    assert ask(PATH + path.format(row.pk)).status_code == (403 if posts else 200)
    client.force_login(people.lead)
    if "{}" in path:
        assert ask(PATH + path.format(row.pk + 1)).status_code == 404
        assert ask(PATH + path.format(2**70)).status_code == 404
    wrong = client.get if posts else client.post
    assert wrong(PATH + path.format(row.pk)).status_code == 405
