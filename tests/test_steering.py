"""No text on a page turns what stands beside it around, whoever wrote it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checklists import clock
from checklists.actions import proposals, rehearsals, scorecards, tokens
from checklists.steering import steerless
from tests import governed, waivers

HOSTILE = "safe\u202e evas\u2066\x1b[31m\x9b31m\x07"
STEERING = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))} - {*"\t\n\r"}
STEERING |= {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}


@given(st.text() | st.text(st.sampled_from(sorted(STEERING) + list("a é–“”…\u00a0€\u2028"))))
def test_any_text(text):
    """No such character is left, and every other one is."""
    text = text.encode("utf-8", "ignore").decode()
    shown = steerless(text.encode()).decode()
    assert STEERING.isdisjoint(shown)
    assert shown == "".join(f"[U+{ord(c):04X}]" if c in STEERING else c for c in text)


def test_a_plain_page_is_left_as_it_is():
    """The usual page is not copied."""
    page = "<p>Größe – 80 %, “fine”</p>\r\n\t".encode()
    assert steerless(page) == page
    plain = b"<p>plain</p>\n"
    assert steerless(plain) is plain


def test_pages_of_what_people_and_pipelines_wrote(lenient, people, project, client):
    """Waivers, rehearsals, scorecards, proposals, tokens, inbox and log show the characters spelled out."""
    row = waivers.asked(lenient, people.lead, owner=people.second, reason=HOSTILE)
    release, where = lenient.release, governed.environment(project)
    now = clock.now()
    rehearsals.record(
        project=project,
        by=people.lead,
        environment=where,
        performed_at=now - timedelta(hours=1),
        performed_by=HOSTILE,
        from_version="2",
        to_version="1",
        duration_seconds=60,
        outcome="failed",
        gaps=HOSTILE,
    )
    card = json.loads(governed.card(release))
    card["suites"][0]["name"] = HOSTILE
    scorecards.register(release=release, data=json.dumps(card).encode(), by=people.lead)
    made = proposals.propose(
        project=project, by=people.lead, kind="policy", title=HOSTILE, reason=HOSTILE, text=governed.POLICY,
        environment=where,
    )  # fmt: skip
    expiry = now + timedelta(days=1)
    tokens.create(by=people.owner, name=HOSTILE, scopes=["read"], expires_at=expiry)
    client.force_login(people.owner)
    pages = [
        f"/gates/{lenient.pk}/waivers/{row.pk}/",
        f"/projects/{project.slug}/rehearsals/",
        f"/releases/{release.pk}/scorecards/",
        f"/projects/{project.slug}/changes/{made.pk}/",
        "/account/tokens",
        "/inbox/",
        "/audit/",
    ]
    for page in pages:
        text = client.get(page).content.decode()
        assert "[U+202E]" in text, page
        assert STEERING.isdisjoint(text), page


@pytest.mark.django_db
def test_downloads_are_left_alone(client, people, project):
    """Only pages are looked at: a file comes byte for byte."""
    environment, now = governed.environment(project), clock.now()
    from django.core.files.base import ContentFile

    row = rehearsals.record(
        project=project, by=people.owner, environment=environment, performed_at=now - timedelta(hours=1),
        performed_by="Lea", from_version="2", to_version="1", duration_seconds=60, outcome="passed",
        log_name="a.html", log=ContentFile(HOSTILE.encode()),
    )  # fmt: skip
    client.force_login(people.owner)
    response = client.get(f"/projects/{project.slug}/rehearsals/{row.pk}/log")
    assert b"".join(response) == HOSTILE.encode()
