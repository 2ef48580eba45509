"""The report's HTML: from the stored snapshot alone, legible whatever people wrote."""

from __future__ import annotations

import copy
import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checklists.actions import gate_roles
from checklists.reports import html
from checklists.reports.legible import legible
from checklists.reports.printed_items import foremost
from readiness.engine.errors import ResultError
from tests.reports.made import attach, items, sign, snapshot


def words(document: str) -> str:
    """The text a reader sees, blanks joined."""
    body = document[document.index("<body>") :]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def page_one(document: str) -> str:
    """The text before the first page break."""
    return words(document.split('<h2 class="fresh">', maxsplit=1)[0])


def test_pure(ready_gate, people):
    """No query, the same document twice, and nothing outside is named: no address, no script."""
    made = snapshot(ready_gate, people.owner)
    with CaptureQueriesContext(connection) as queries:
        first = html.render(made)
    assert not queries
    assert html.render(copy.deepcopy(made)) == first
    assert not re.search(r"<(script|img|link|iframe|object)|url\(|src=|@import", first)


def test_approved_page_one(ready_gate, people):
    """Page one says that it may go live, who says so, and the final sign-off block."""
    sign(ready_gate, people)
    said = page_one(html.render(snapshot(ready_gate, people.owner)))
    assert "Approved for production" in said
    assert "3 valid signatures on this exact state" in said
    assert "Test accuracy Target Target met" in said
    assert "87.6 % ≥ 80 % yes +7.6 points" in said
    assert all(name in said for name in ("Lead Person", "Product Person", "Compliance Person"))
    assert "In the way" not in said
    assert "Not approved" not in said


def test_open_page_one(gate, people):
    """A gate that is not approved says so in the head, in every footer and with what is in the way."""
    document = html.render(snapshot(gate, people.owner))
    said = page_one(document)
    assert "Not approved: items are open" in said
    assert "In the way" in said
    assert "not measured" in said
    running = words("<body>" + document.split('class="running">')[1].split("</p>")[0])
    assert running.endswith("Not approved: items are open")


def test_stale(ready_gate, people):
    """Stale signatures are listed with what changed since; dropped roles with their reason."""
    gate_roles.drop_role(gate=ready_gate.pk, role="compliance", by=people.owner, reason="No personal data.")
    sign(ready_gate, people, "lead", "product")
    attach(ready_gate, people.owner)
    said = words(html.render(snapshot(ready_gate, people.owner)))
    assert "stale: signed an earlier state" in said
    assert "Changed since this signature" in said
    assert "No critical issue evidence added – issues.csv" in said
    assert "“No personal data.”" in said
    assert "2 stale signatures" in said


def test_complete(ready_gate, people):
    """Criteria, reasons, hashes, the trail and the way to verify are all in print."""
    attach(ready_gate, people.owner)
    made = snapshot(ready_gate, people.owner)
    said = words(html.render(made))
    assert "None of" not in said
    for text in (
        "Reviewed with release 1.3.",
        "Two P2 left, both documented.",
        made["signed"]["digest"],
        made["audit"]["head"],
        made["checklist"]["sha256"],
        made["artifact"]["digest"],
        "confirmed by Lead Person",
        "Lowest acceptable test accuracy",
        "How to verify this document",
    ):
        assert text in said
    for item in (i for section in made["sections"] for i in section["items"]):
        assert item["title"] in said
        for piece in item["evidence"]:
            assert piece["sha256"] in said


HOSTILE = [
    ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ("</style><img src=http://127.0.0.1/x>", "</style><img src=http://127.0.0.1/x>"),
    ("abc\u202egnp.exe", "abc[U+202E]gnp.exe"),
    ("nul\x00 bell\x07", "nul[U+0000] bell[U+0007]"),
    ("soft\u00adhyphen", "softhyphen"),
    ("lone \ud800 half", "lone [U+D800] half"),
    ("{{ r.project.name }} {% now %}", "{{ r.project.name }} {% now %}"),
    ("e" + "\u0301" * 40, "é" + "\u0301" * 3),
    ("w" * 10_000, "w" * 1200 + "… (8800 more characters in report.json)"),
]


@pytest.mark.parametrize(("text", "shown"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text(ready_gate, people, text, shown):
    """What people type is text: never markup, never turned around, never endless, never lost silently."""
    made = snapshot(ready_gate, people.owner)
    made["sections"][1]["items"][0]["reason"] = text
    document = html.render(made)
    assert shown in unescape(document)
    assert document.count("<script") == document.count("<img") == 0


def test_moments_are_spaced():
    """Moments lose their T; a comment that only looks like one does not."""
    at = "2026-11-21T12:40:05+01:00"
    assert legible({"at": at, "text": at}) == {"at": "2026-11-21 12:40:05 +01:00", "text": at}


@pytest.mark.parametrize(("key", "value"), [("schema_version", 2), ("kind", "something else")])
def test_unknown_snapshots(ready_gate, people, key, value):
    """A newer or foreign snapshot is refused by name, not half printed."""
    made = snapshot(ready_gate, people.owner) | {key: value}
    with pytest.raises(ResultError, match="version"):
        html.render(made)


def test_isolation(ready_gate, people):
    """The demanded level stands with the checklist, the one reached with its item; old reports lack both."""
    made = snapshot(ready_gate, people.owner)
    assert "isolat" not in words(html.render(made))
    made["checklist"]["isolation"] = "seccomp"
    for check in items(made)["weights"]["checks"]:
        check["isolation"] = "rlimit, seccomp"
    said = words(html.render(made))
    assert "checks demand isolation of level seccomp" in said
    assert "file: in a process of its own, isolated by rlimit, seccomp" in said
    del made["checklist"]["isolation"]
    for check in items(made)["weights"]["checks"]:
        del check["isolation"]
    assert "isolat" not in words(html.render(made))


@pytest.mark.parametrize(("failed", "kept"), [([], [0, 1, 2]), ([4], [0, 1, 4]), ([1, 2, 3, 4], [1, 2, 3])])
def test_failed_measurements_are_printed(failed, kept):
    """Where not all measurements fit, those that failed stay, in their order."""
    many = [{"name": n, "ok": False if n in failed else None} for n in range(5)]
    assert [one["name"] for one in foremost(many, 3)] == kept


def test_kept_lists_are_printed(ready_gate, people):
    """The first lines of what a check kept, and how many more there are, stand with its item, as text."""
    made = snapshot(ready_gate, people.owner)
    kept = {"label": "Open", "lines": ["GHSA-1 · <b>demo</b>"], "more": 470}
    items(made)["weights"]["checks"][0]["kept"] = [kept]
    said = html.render(made)
    assert "GHSA-1 · &lt;b&gt;demo&lt;/b&gt;" in said
    assert "and 470 more in results.jsonl" in words(said)
    del items(made)["weights"]["checks"][0]["kept"]
    assert "GHSA-1" not in html.render(made)
