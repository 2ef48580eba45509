"""Scorecards: kept byte for byte, once, for their own release; flake rates over time."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from checklists import blobs, clock
from checklists.actions import scorecards
from checklists.charts import svg
from checklists.errors import Forbidden, Refused
from checklists.models import AuditEntry, Scorecard
from checklists.reads import scorecards as read
from readiness.engine.errors import BadContent
from tests.governed import card, environment, registered


def test_bytes_are_kept_and_read(release, people):
    """The row says what the file says; the blob is the file."""
    data = card(release)
    row = scorecards.register(release=release, data=data, by=people.contributor)
    assert blobs.get(row.sha256) == data
    assert (row.run_id, row.overall_passed, row.owner) == ("run-1", True, "platform")
    assert row.document["suites"][1]["p95_latency_ms"] == 174
    assert AuditEntry.objects.get(verb="scorecard.registered").data["sha256"] == row.sha256


def test_the_same_bytes_again(release, people):
    """A pipeline that repeats itself gets the same row, and no second entry."""
    data = card(release)
    first = scorecards.register(release=release, data=data, by=people.contributor)
    assert scorecards.register(release=release, data=data, by=people.lead) == first
    assert AuditEntry.objects.filter(verb="scorecard.registered").count() == 1


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"", BadContent, "line 1"),
        (b"[]", BadContent, "not an object"),
        (b'{"release": NaN}', BadContent, "needs text"),
        ("other release", Refused, "of release 9.9.9, not of 1.4.0"),
        ("future", Refused, "in the future"),
        ("long", Refused, "more than 100 characters"),
        ("lying", BadContent, "its suites say that it did not"),
        ("nul", Refused, "NUL character"),
    ],
)
def test_what_is_refused(release, people, data, error, words):
    """What is no scorecard, another release's, of the future, or contradicts itself: nothing is stored."""
    failed = [{"name": "integration", "status": "failed", "duration": 1}]
    made = {
        "other release": card(release).replace(b"1.4.0", b"9.9.9"),
        "future": card(release, at=clock.now() + timedelta(hours=1)),
        "long": card(release, run_id="x" * 101),
        "lying": card(release, suites=failed),
        "nul": card(release, owner="a\0b"),
    }
    with pytest.raises(error, match=words):
        scorecards.register(
            release=release, data=data if isinstance(data, bytes) else made[data], by=people.contributor
        )
    assert not Scorecard.objects.exists()


def test_who_may(release, people):
    """Makers register; readers and signers do not."""
    for person in (people.reader, people.product, people.outsider):
        with pytest.raises(Forbidden):
            scorecards.register(release=release, data=card(release), by=person)


def test_the_one_that_counts(release, people):
    """The newest of the environment or of none; a part that passed proves nothing, one that failed counts."""
    now, where = clock.now(), environment(release.project)
    assert read.newest(release, where) is None
    staging = registered(release, people, environment="staging", run_id="s", at=now - timedelta(minutes=1))
    assert read.newest(release, where) == staging
    whole = registered(release, people, run_id="w", at=now - timedelta(hours=2))
    registered(release, people, run_id="p", partial=True, at=now - timedelta(hours=1))
    assert read.newest(release, where) == whole
    failed = [{"name": "unit", "status": "failed", "duration": 1}]
    bad = registered(
        release, people, run_id="b", partial=True, overall_passed=False, suites=failed,
        at=now - timedelta(minutes=30),
    )  # fmt: skip
    assert read.newest(release, where) == bad


def test_flake_trend(release, people):
    """The rates of each suite in words, and the highest of each run as a chart with its numbers spoken."""
    for place, rate in enumerate((0.0, 0.01, 0.04)):
        suites = [{"name": "integration", "status": "passed", "duration": 1, "flake_rate": rate}]
        at = clock.now() - timedelta(hours=5 - place)
        registered(release, people, suites=suites, run_id=f"r{place}", at=at)
    history = read.history(release.project_id)
    (trend,) = read.flake_trends(history)
    assert (trend.suite, trend.words) == ("integration", "rising: 4 % in the latest of 3 runs, 4 % at most")
    drawn = svg(read.flake_chart(history))
    assert "from 0 % to 4 %" in drawn
    assert "needs &lt; 10 %" in drawn
    assert read.flake_chart(history[:1]) is None


def test_a_suite_name_cannot_break_the_chart(release, people):
    """Names are a stranger's text."""
    suites = [{"name": "<script>", "status": "passed", "duration": 1, "flake_rate": 0.5}]
    for run in ("a", "b"):
        registered(release, people, suites=suites, run_id=run)
    assert "<script>" not in svg(read.flake_chart(read.history(release.project_id)))
    assert json.loads(blobs.get(Scorecard.objects.first().sha256))["suites"] == suites
