"""Waivers in a report: what is kept, and what is printed of it."""

from __future__ import annotations

import re
from html import unescape

import pytest

from checklists.actions import items, waivers
from checklists.loaded import load
from checklists.reports import html
from tests import waivers as made
from tests.conftest import run_checks
from tests.reports.made import items as items_of
from tests.reports.made import snapshot


def printed(report) -> str:
    """The document as text, without the report's style."""
    page = re.sub(r"<style>.*?</style>", "", html.render(report), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_a_live_one(lenient, people):
    """Reason, risk, plan, owner, scope, expiry with its zone, who asked, who approved, and the effect."""
    row = made.approved(lenient, people, owner=people.owner, expires_zone="Europe/Berlin")
    report = snapshot(lenient, people.reader)
    [kept] = report["waivers"]
    assert (kept["state"], kept["approved"]["by"], kept["approved"]["as"]) == (
        "approved",
        "Compliance Person",
        "compliance",
    )
    assert items_of(report)["issues"]["state"] == "waived"
    page = printed(report)
    for words in (*made.TEXTS.values(), "1 Dec 2026 13:00 (Europe/Berlin)", "Owner Person", "Lead Person"):
        assert words in page
    assert "1 waived" in page
    assert "Compliance Person as compliance" in page
    assert "without it open, 5 in the way, score 0 %; with it open, 4 in the way, score 20 %" in page
    assert row.expires_at.isoformat()[:10] in page


def test_what_passed_once(lenient, people, now):
    """Expired and revoked ones are kept; drafts, requests and what was rejected stand in the trail alone."""
    made.approved(lenient, people, days=1)
    revoked = made.approved(lenient, people, "review")
    waivers.revoke(gate=lenient.pk, waiver=revoked.pk, by=people.lead, reason="It was read after all.")
    made.draft(lenient, people.lead, "card")
    rejected = made.asked(lenient, people.lead, "accuracy")
    waivers.reject(
        gate=lenient.pk, waiver=rejected.pk, by=people.product, role="product-owner", reason="Measure it."
    )
    now.forward(days=2)
    report = snapshot(lenient, people.reader)
    assert [(w["item"], w["words"]) for w in report["waivers"]] == [
        ("issues", "Expired"),
        ("review", "Revoked"),
    ]
    page = printed(report)
    assert "Its waiver expired: 22 Nov 2026 12:00 (UTC)" in page
    assert "It was read after all." in page
    assert "Settle the item, or ask for another waiver" in page


def test_one_that_nothing_needs(lenient, people):
    """A waiver of an item that passes by itself is printed with that remark, and the item as passed."""
    made.approved(lenient, people, "weights")
    run_checks(lenient, people.lead)
    report = snapshot(lenient, people.reader)
    assert "No longer needed" in printed(report)
    assert items_of(report)["weights"]["word"] == "Passed"


@pytest.mark.parametrize("key", ["card", "review"])
def test_items_left_out(lenient, people, key):
    """A recommended item that was skipped, and one that does not apply, stand with their reason."""
    seen = load(lenient.pk).item(key).row.changed_in
    items.not_applicable(gate=lenient.pk, key=key, by=people.lead, seen=seen, reason="An internal model.")
    page = printed(snapshot(lenient, people.reader))
    place = page.index("Not applicable, and why")
    assert "An internal model." in page[place:]
    assert ("recommended , skipped" in page[place:] or "recommended, skipped" in page[place:]) == (
        key == "card"
    )


def test_without_waivers_nothing_changes(gate, people):
    """A checklist without exceptions has no such section, and asks nothing more of the database."""
    report = snapshot(gate, people.reader)
    assert report["waivers"] == []
    page = printed(report)
    assert "Mitigation plan" not in page
    assert "waived" not in page


def test_reports_of_before(lenient, people):
    """A snapshot that was kept before waivers were is still rendered."""
    report = snapshot(lenient, people.reader)
    del report["waivers"]
    for item in items_of(report).values():
        del item["waiver"]
    assert "Audit trail of this gate" in printed(report)
