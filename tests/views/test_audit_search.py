"""Searching, filtering and exporting the audit log, and its checkpoints."""

from __future__ import annotations

import csv
import json
import re
from datetime import timedelta

import pytest
from django.db import transaction

from checklists import audit, checkpoints, clock
from checklists.actions import evidence, items, projects, refusals
from checklists.models import AuditEntry
from readiness.engine.sealed import log, notes
from tests.conftest import run_checks


@pytest.fixture
def lived(gate, people, project, client):
    """A gate with some life, seen by its reader."""
    run_checks(gate, people.lead)
    items.note(gate=gate.pk, key="issues", by=people.lead, text="Zoë looked at it.")
    evidence.attach_link(gate=gate.pk, key="issues", by=people.lead, url="https://x.example/=1")
    with transaction.atomic():
        audit.append(gate.stream, by=people.product, verb="act.refused", at=clock.now(), subject="issues")
    with audit.acting("nightly rdy_abcd1234"), transaction.atomic():
        audit.append(gate.stream, by=people.lead, verb="item.noted", at=clock.now(), subject="accuracy")
    client.force_login(people.reader)
    return gate


def lines(client, **asked):
    """What stands in the column of acts."""
    page = client.get("/audit/", asked).content.decode()
    body = re.search("<tbody>.*</tbody>", page, re.DOTALL)
    return re.findall(r"<tr>.*?</tr>", body[0], re.DOTALL) if body else []


FOUND = [
    ({"q": "looked"}, 1),
    ({"q": "Zoë"}, 1),
    ({"q": "zzz"}, 0),
    ({"q": "x.example attached"}, 1),
    ({"q": "product person"}, None),
    ({"refused": "on"}, 1),
    ({"token": "rdy_abcd1234"}, 1),
    ({"token": "rdy_none"}, 0),
    ({"verb": "evidence"}, 1),
    ({"verb": "item.noted"}, 2),
    ({"verb": "item.noted", "token": "rdy_abcd1234"}, 1),
    ({"until": "2001-01-01"}, 0),
    ({"since": "9000-01-01"}, 0),
    ({"q": "i%sues"}, 0),
    ({"q": "\\"}, 0),
    ({"q": "a" * 5000}, 0),
]


@pytest.mark.parametrize(("asked", "count"), FOUND, ids=[str(row[0])[:40] for row in FOUND])
def test_search_and_filters(lived, client, asked, count):
    """Each narrows; words match sentences, names, subjects and what entries hold."""
    found = lines(client, **asked)
    assert len(found) == count if count is not None else found


@pytest.mark.parametrize(
    "asked", [{"since": "x"}, {"until": "2026-13-01"}, {"verb": "nonsense"}, {"project": "0"}]
)
def test_what_is_not_understood_is_not_asked(lived, client, asked):
    """As if it were not there."""
    assert len(lines(client, **asked)) == len(lines(client))


def test_days_are_whole_days(lived, client):
    """Today's entries are from today to today."""
    today = clock.now().date().isoformat()
    assert len(lines(client, since=today, until=today)) == len(lines(client))


def test_a_project_with_its_gates(lived, client, people, project):
    """The project's own stream and those of its gates, and nothing of another project."""
    other = projects.create(by=people.reader, name="Another")
    assert len(lines(client, project=other.pk)) == 1
    both = AuditEntry.objects.filter(stream__in=[lived.stream, f"project:{project.pk}"]).count()
    assert len(lines(client, project=project.pk)) == both


def test_titles_and_details(lived, client):
    """An item's title instead of its key; what changed; where it came from; a refusal stands out."""
    page = client.get("/audit/").content.decode()
    assert "<b>No critical issue</b>" in page
    assert "<b>issues</b>" not in page
    assert '<span class="audit-refused">Tried what they may not do</span>' in page
    assert "by the token nightly rdy_abcd1234" in page


def test_access_is_for_administrators(lived, client, people):
    """Who signed in from where is nobody else's business."""
    refusals.note("access.sign_in_failed", who="x", subject="tried-name")
    assert "tried-name" not in client.get("/audit/").content.decode()
    assert "tried-name" not in b"".join(client.get("/audit/export.csv?stream=access")).decode()
    people.reader.is_staff = True
    people.reader.save()
    page = client.get("/audit/?stream=access").content.decode()
    assert "tried-name" in page
    assert "Sign-ins and refusals" in page


def test_csv(lived, client):
    """The choice as it was made; nothing that a spreadsheet would calculate; every field quoted."""
    with transaction.atomic():
        for subject in ("=1+1", "+1", "-1", "@x", "\tx", "\rx", 'a"b', "plain"):
            audit.append(lived.stream, by=None, verb="evidence.removed", at=clock.now(), subject=subject)
    answer = client.get("/audit/export.csv?verb=evidence.removed")
    assert answer["Content-Disposition"] == 'attachment; filename="audit-log.csv"'
    raw = b"".join(answer).decode()
    head, *rows = csv.reader(raw.splitlines(keepends=True))
    assert [row[head.index("subject")] for row in reversed(rows)] == [
        "'=1+1", "'+1", "'-1", "'@x", "'\tx", "'\rx", 'a"b', "plain"
    ]  # fmt: skip
    assert raw.count("\r\n") == 9
    assert all(line.startswith('"') for line in raw.split("\r\n")[:-1])


def test_json_lines(lived, client):
    """One whole stream verifies offline; a choice is entries, each with its hash."""
    whole = log.read(b"".join(client.get(f"/audit/export.jsonl?stream={lived.stream}")), "x")
    assert whole.broken is None
    assert whole.length == AuditEntry.objects.filter(stream=lived.stream).count()
    part = b"".join(client.get(f"/audit/export.jsonl?stream={lived.stream}&verb=item.noted"))
    assert [json.loads(line)["verb"] for line in part.splitlines()] == ["item.noted"] * 2


def test_foreign_streams_are_not_exported(lived, client, people):
    """Naming one is as if none was named; then there is nothing of theirs either."""
    client.force_login(people.outsider)
    assert b"".join(client.get(f"/audit/export.jsonl?stream={lived.stream}")) == b""


def test_queries_stay_the_same(lived, client, people, django_assert_max_num_queries):
    """With every filter, and many entries."""
    asked = {
        "q": "a",
        "token": "rdy",
        "since": "2001-01-01",
        "refused": "on",
        "verb": "item",
        "stream": lived.stream,
    }
    client.get("/audit/")
    for choice in ({}, asked):
        with django_assert_max_num_queries(12):
            client.get("/audit/", choice)


def test_checkpoints(lived, client, people):
    """Listed for who may read the stream, downloaded as they were signed, 404 for everybody else."""
    row = checkpoints.sign_head(lived.stream, cause="asked", at=clock.now() - timedelta(days=1))
    page = client.get("/audit/checkpoints").content.decode()
    assert f"/audit/checkpoints/{row.pk}.txt" in page
    answer = client.get(f"/audit/checkpoints/{row.pk}.txt")
    assert notes.read(answer.content, "x")[0].checkpoint.length == row.length
    assert (
        answer["Content-Disposition"] == f'attachment; filename="checkpoint-gate-{lived.pk}-{row.length}.txt"'
    )
    client.force_login(people.outsider)
    assert f"{row.pk}.txt" not in client.get("/audit/checkpoints").content.decode()
    for pk in (row.pk, 10**30):
        assert client.get(f"/audit/checkpoints/{pk}.txt").status_code == 404
