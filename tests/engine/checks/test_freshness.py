"""`freshness`: dates of every file, counted from a given now; the future and what is no date never pass."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readiness.engine import runner
from readiness.engine.checklist import CheckSpec
from readiness.engine.options import Options

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


@pytest.fixture
def fresh(run):
    """`fresh(files, **params)`: the finding at noon of 30 June 2026, UTC."""

    def check(files, **params):
        made = run(files)
        made.options = Options(now=NOW)
        spec = CheckSpec(kind="freshness", params={"max_age_days": 30, **params})
        return runner.run_check(spec, made, {}, required=True).finding

    return check


@pytest.mark.parametrize(
    ("raw", "params", "outcome", "words"),
    [
        ("2026-06-30", {}, "PASS", "0.5 days old, needs ≤ 30 days"),
        ("2026-06-30T12:00:00Z", {}, "PASS", "0 days old"),
        ("2026-06-01T12:00:00Z", {}, "PASS", "29 days old"),
        ("2026-05-31T12:00:00Z", {}, "PASS", "30 days old"),
        ("2026-05-31T11:59:00Z", {}, "FAIL", "30.001 days old, needs ≤ 30 days"),
        ("2026-05-31T11:59:59Z", {}, "FAIL", "30.00001157 days old, needs ≤ 30 days"),
        ("2026-06-30T14:00:00+02:00", {}, "PASS", "0 days old"),
        ("2026-06-30 14:00:00", {"time_zone": "Europe/Berlin"}, "PASS", "0 days old"),
        ("2026-06-30 14:00:00", {}, "FAIL", "in the future"),
        ("2026-06-30T12:04:00Z", {}, "PASS", "0 days old"),
        ("2026-06-30T12:06:00Z", {}, "FAIL", "in the future"),
        ("2026-07-01", {}, "PASS", "0 days old"),
        ("2026-07-02", {}, "FAIL", "in the future"),
        ("2027-06-30", {}, "FAIL", "in the future"),
        ("9999-12-31T23:59:59-12:00", {}, "FAIL", "out of range"),
        ("0001-01-01", {}, "FAIL", "days old"),
        ("2026-02-30", {}, "FAIL", "d.json · at is '2026-02-30'"),
        ("20260630", {}, "FAIL", "not a date"),
        (20260630, {}, "FAIL", "not a date"),
        (1782820800, {}, "FAIL", "not a date"),
        ("June 30, 2026", {}, "FAIL", "not a date"),
        ("30.06.2026", {}, "FAIL", "not a date"),
        ("2026-06-30 or so", {}, "FAIL", "2026-06-30 or so"),
        ("", {}, "FAIL", "not a date"),
        (None, {}, "FAIL", "not a date"),
        (True, {}, "FAIL", "not a date"),
        (["2026-06-30"], {}, "FAIL", "not a date"),
        ("2026-06-30", {"time_zone": "Mars/Olympus"}, "ERROR", "no time zone"),
        ("2026-06-30", {"max_age_days": -1}, "ERROR", "max_age_days is -1"),
        ("2026-06-30", {"mtime": True}, "ERROR", "needs `key`, or `mtime: true`"),
    ],
)
def test_dates(fresh, raw, params, outcome, words):
    """ISO 8601 with and without time and zone, the limit itself, the future, and what is no date."""
    found = fresh({"d.json": {"at": raw}}, file="d.json", key="at", **params)
    assert (found.outcome, words in found.message) == (outcome, True), found.message


@pytest.mark.parametrize(
    ("file", "text", "key"),
    [
        ("d.yaml", "model:\n  at: 2026-06-29\n", "model.at"),
        ("d.yaml", "model:\n  at: 2026-06-29T10:00:00Z\n", "model.at"),
        ("d.md", "# Card\n\n- **Last reviewed**: 2026-06-29\n", "Last reviewed"),
        ("d.md", "| What | When |\n|---|---|\n| Rehearsal | 2026-06-29 |\n", "rehearsal"),
        ("d.csv", "at,x\n2026-01-01,1\n2026-06-29,2\nNA,3\n", "at"),
        ("d.jsonl", '{"at": "2026-06-29"}\n{"x": 1}\n', "at"),
    ],
)
def test_files(fresh, file, text, key):
    """The same date from every format; of a column the latest counts."""
    found = fresh({file: text}, file=file, key=key)
    assert (found.outcome, "2026-06-29" in found.message) == ("PASS", True), found.message


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("d.csv", "at\n2026-06-29\nsoon\n", "d.csv line 3 · at is 'soon', not a date"),
        ("d.csv", "at,x\n,1\n", "holds no date"),
        ("d.csv", "x\n1\n", "has no column at"),
        ("d.csv", "at\n2026-06-29,1\n", "line 2 has 2 cells"),
        ("d.csv", "at\n2026-06-29\n2036-01-01\n", "in the future"),
        ("d.json", "{}", "has no at"),
        ("d.md", "# Card\n", "no line or table row"),
    ],
)
def test_bad_files(fresh, file, text, words):
    """A cell that is no date, a column of nulls, a single date in the future: FAIL with the place."""
    found = fresh({file: text}, file=file, key="at")
    assert (found.outcome, words in found.message) == ("FAIL", True), found.message


def test_mtime_only_when_asked(fresh, tmp_path):
    """The file's own time counts only with `mtime: true`, and says that it did."""
    (tmp_path / "a.txt").write_text("no date here")
    os.utime(tmp_path / "a.txt", (1.0, 1.0))
    old = fresh({}, file="a.txt", mtime=True)
    assert (old.outcome, "time of modification" in old.message) == ("FAIL", True)
    stamp = (NOW - timedelta(days=1)).timestamp()
    os.utime(tmp_path / "a.txt", (stamp, stamp))
    assert fresh({}, file="a.txt", mtime=True).outcome == "PASS"
    assert fresh({}, file="a.txt", key="at").outcome == "FAIL"


def test_age_is_volatile(fresh):
    """The age differs between equal runs: a signature covers its limit, not its value."""
    found = fresh({"d.json": {"at": "2026-06-29"}}, file="d.json", key="at")
    assert [m.name for m in found.measurements if m.volatile] == ["Age"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.timezones()))
def test_pass_means_recent(fresh, moment):
    """For any time in any zone: PASS exactly when it lies within the last 30 days, give or take the skew."""
    found = fresh({"d.json": json.dumps({"at": moment.isoformat()})}, file="d.json", key="at")
    age = NOW - moment
    if abs(moment.utcoffset().total_seconds()) % 60:
        return  # zones before standard time, to the second
    assert (found.outcome == "PASS") == (timedelta(seconds=-300) <= age <= timedelta(days=30))
