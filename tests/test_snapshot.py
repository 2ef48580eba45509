"""What a signature covers, what it leaves out, and how a difference reads."""

from __future__ import annotations

import copy

import pytest

from checklists.snapshot import changes, signable

MEASURED = {
    "name": "Test accuracy",
    "value": 87.6,
    "unit": "%",
    "limit": {"op": ">=", "value": 80.0},
    "source": "metrics.json · test.accuracy",
    "volatile": False,
    "ok": True,
}
LATENCY = MEASURED | {
    "name": "p95",
    "value": 17.9,
    "unit": "ms",
    "limit": {"op": "<", "value": 100},
    "volatile": True,
}


def result(*measurements, message="fine", outcome="PASS"):
    """A stored check result."""
    return {
        "kind": "metric",
        "params": {"file": "metrics.json"},
        "finding": {
            "outcome": outcome,
            "message": message,
            "advice": "",
            "measurements": list(measurements),
            "charts": [{"kind": "bars"}],
            "details": {"host": "a"},
        },
        "duration_s": 0.5,
        "files": [{"path": "metrics.json", "size": 10, "sha256": "a" * 64}],
    }


def test_volatile_values_are_left_out():
    """An equal re-run with another latency is covered by the same bytes; one over the limit is not."""
    first = signable(result(LATENCY, message="p95 17.9 ms"))
    again = signable(result(LATENCY | {"value": 21.4}, message="p95 21.4 ms") | {"duration_s": 9})
    slow = signable(result(LATENCY | {"value": 210.0, "ok": False}, message="p95 210 ms", outcome="FAIL"))
    assert first == again != slow


@pytest.mark.parametrize(
    "change",
    [
        {"value": 90.0},
        {"limit": {"op": ">=", "value": 70.0}},
        {"source": "elsewhere"},
        {"unit": "points"},
        {"name": "x"},
    ],
)
def test_measured_values_are_covered(change):
    """Value, limit, source, unit and name of what was measured."""
    assert signable(result(MEASURED)) != signable(result(MEASURED | change))


def test_files_and_messages_are_covered():
    """Another file hash or another message changes what is signed."""
    base, other = result(MEASURED), result(MEASURED)
    other["files"][0]["sha256"] = "b" * 64
    assert signable(base) != signable(other)
    assert signable(base) != signable(result(MEASURED, message="other"))


def item(**more):
    """An item of a snapshot."""
    return {
        "key": "accuracy",
        "title": "Accuracy",
        "requirement": "mandatory",
        "state": "passed",
        "decided": "checks",
        "by": "",
        "reason": "",
        "confirmed": [],
        "checks": [signable(result(MEASURED))],
        "evidence": [],
    } | more


BASE = {
    "schema_version": 1,
    "project": {"slug": "p", "name": "P"},
    "release": {"version": "1", "planned_for": None},
    "environment": "production",
    "checklist": {"slug": "c", "version": "1.0.0", "sha256": "0" * 64},
    "artifact": "sha256:aaaaaaaaaaaaaaaa",
    "parameters": {"number": 1, "values": {"target": 80.0}, "bar_moved_after_result": False},
    "items": [item()],
    "roles": [{"role": "compliance", "conditional": True, "dropped": ""}],
    "approval_evidence": [],
}
EVIDENCE = {"kind": "link", "name": "ticket", "sha256": "", "url": "https://x", "by": "A"}
LESS = signable(result(MEASURED | {"value": 80.5}))
OTHER_FILE = signable(result(MEASURED)) | {"files": [{"path": "metrics.json", "sha256": "b" * 64}]}

TABLE = [
    ("state", {"items": [item(state="failed")]}, ("accuracy", "state", "passed", "failed")),
    ("reason", {"items": [item(reason="x")]}, ("accuracy", "reason", "", "x")),
    ("confirmed", {"items": [item(confirmed=[1])]}, ("accuracy", "confirmed criteria", "0", "1")),
    ("by", {"items": [item(by="A")]}, ("accuracy", "decided by", "", "A")),
    (
        "value",
        {"items": [item(checks=[LESS])]},
        ("accuracy", "Test accuracy", "87.6 % (≥ 80 %)", "80.5 % (≥ 80 %)"),
    ),
    ("file", {"items": [item(checks=[OTHER_FILE])]}, ("accuracy", "files", "", "metrics.json")),
    (
        "not measured",
        {"items": [item(checks=[])]},
        ("accuracy", "Test accuracy", "87.6 % (≥ 80 %)", "not measured"),
    ),
    ("evidence", {"items": [item(evidence=[EVIDENCE])]}, ("accuracy", "evidence added", "", "ticket")),
    (
        "artifact",
        {"artifact": "sha256:bbbbbbbbbbbbbbbb"},
        ("", "changed", "sha256:aaaaaaaa…", "sha256:bbbbbbbb…"),
    ),
    (
        "parameter",
        {"parameters": {"number": 2, "values": {"target": 70.0}, "bar_moved_after_result": False}},
        ("", "parameter", "80", "70"),
    ),
    (
        "role",
        {"roles": [{"role": "compliance", "conditional": True, "dropped": "internal"}]},
        ("", "role", "signs", "internal"),
    ),
    (
        "date",
        {"release": {"version": "1", "planned_for": "2026-11-24"}},
        ("", "changed", "version 1", "version 1, planned_for 2026-11-24"),
    ),
    (
        "approval evidence",
        {"approval_evidence": [{"key": "approve-lead", "evidence": [EVIDENCE]}]},
        ("approve-lead", "evidence added", "", "ticket"),
    ),
]


@pytest.mark.parametrize(("new", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_changes(new, expected):
    """Each difference reads as item, what, from, to."""
    found = changes(BASE, copy.deepcopy(BASE) | new)
    assert [(c.item, c.what, c.old, c.new) for c in found] == [expected]


def test_no_changes():
    """Equal snapshots have no difference."""
    assert changes(BASE, copy.deepcopy(BASE)) == []


def test_every_top_level_part_is_told():
    """A difference anywhere is told: no part of the snapshot changes silently."""
    for key in BASE:
        if key in {"schema_version", "project"}:  # neither can change for a gate
            continue
        other = copy.deepcopy(BASE)
        other[key] = (
            next(row[1][key] for row in TABLE if key in row[1])
            if key in {k for r in TABLE for k in r[1]}
            else "staging"
        )
        if key == "checklist":
            other[key] = BASE["checklist"] | {"version": "2.0.0"}
        assert changes(BASE, other), key
