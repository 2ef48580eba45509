"""Nine texts that cost slow parsers minutes: each is dealt with in less than two seconds, report included."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from checklists import guidance
from checklists.actions import library
from checklists.reports import html, pdf
from readiness.engine.errors import ChecklistError
from tests.conftest import SOURCE
from tests.reports.made import snapshot

SECONDS = 2.0
PATTERNS = {
    "brackets": "[" * 20_000,
    "images": "![" * 10_000,
    "stars": "*a " * 7_000,
    "quotes": "> " * 10_000,
    "backticks": "".join("`" * n + " " for n in range(1, 200)),
    "lists": "\n".join("  " * n + "- x" for n in range(140)),
    "links": "[a](" * 5_000,
    "entities": "&" * 20_000,
    "references": "".join(f"[a{n}]: x\n" for n in range(1_500)) + "[a" * 2_000,
}


def cpu(call: Callable[[], object]) -> float:
    """Processor time of this process and its children: a busy machine does not speak into it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime + time.process_time()
    call()
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime + time.process_time() - before


@pytest.mark.parametrize("name", PATTERNS)
def test_as_markdown(name):
    """As guidance of an item."""
    assert cpu(lambda: guidance.html(PATTERNS[name])) < SECONDS


@pytest.mark.parametrize("name", PATTERNS)
def test_as_a_checklist(name, db):
    """In a checklist that is imported: published or refused, but soon."""
    source = SOURCE.replace("# Small checklist", f"# Small checklist\n\n{PATTERNS[name]}\n")

    def publish() -> None:
        with suppress(ChecklistError):
            library.publish(source=source, by=None)

    assert cpu(publish) < SECONDS


@pytest.mark.parametrize("name", PATTERNS)
def test_as_words_in_a_report(name, ready_gate, people):
    """As note, reason and title: the words are prepared in no time."""
    report = with_pattern(snapshot(ready_gate, people.owner), PATTERNS[name])
    assert cpu(lambda: html.render(report)) < SECONDS


def test_the_report_is_produced(ready_gate, people):
    """All nine in one report: it is there, cut where they are long, and says so."""
    report = snapshot(ready_gate, people.owner)
    for pattern in PATTERNS.values():
        report = with_pattern(report, pattern)
    assert "more characters in report.json" in html.render(report)
    assert pdf.render(report, seconds=120).startswith(b"%PDF-1.7")


def with_pattern(report, pattern):
    """The pattern wherever a person may write."""
    item = report["sections"][1]["items"][0]
    item["notes"] = [*item["notes"], {"text": pattern, "by": pattern, "at": ""}]
    item["reason"] = item["title"] = pattern
    return report
