"""Texts made to keep a pattern busy: what reads checklists and runs takes time in proportion to them."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from readiness.engine import inline, markdown
from readiness.engine.errors import ReadinessError
from readiness.engine.readers import config_file, facts, sklearn_report
from readiness.engine.ready import reproducibility

N = 200_000
BLANKS, LINES = " " * N, "\n" * N


def dotted(text: str) -> object:
    return reproducibility._VERSION.fullmatch(text)


READERS = [
    (inline.take_attributes, f"x{BLANKS}y"),
    (inline.take_attributes, "{" + "a" * 10 + "=aaaaaaaaaa" * 40 + "!"),
    (inline.take_attributes, "{" + BLANKS + "x"),
    (inline.take_attributes, "{#" * N),
    (inline.take_state, f"x{BLANKS}y"),
    (inline.take_state, f"(done){BLANKS}y"),
    (inline.take_confirm, f"(confirm){BLANKS}y"),
    (inline.take_weight, f"weight 12% {BLANKS}y"),
    (inline.take_weight, f"weight 12% (weight{BLANKS}y"),
    (sklearn_report._HEADER.search, LINES),
    (lambda text: list(facts.versions(text)), "a-" * (N // 2)),
    (lambda text: list(facts.versions(text)), "a" + BLANKS),
    (dotted, "1" + ".1" * N + " x"),
    (config_file.matcher(("password",)), "a" + ".1" * N + "x"),
]


@pytest.mark.parametrize(("reader", "text"), READERS)
def test_a_pattern_takes_linear_time(reader, text):
    """A few hundred thousand characters take moments; squared they would take minutes."""
    started = time.process_time()
    reader(text)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "item",
    [f"x{' ' * 300_000}y", "x {" + "a" * 10 + "=aaaaaaaaaa" * 40 + "!", "x (confirm)" + "\t" * 300_000 + "y"],
)
def test_a_checklist_imports_soon(item):
    """The same in an item, as it comes with an import in the web server."""
    started = time.process_time()
    with suppress(ReadinessError):
        markdown.parse(f"# T\n\n## S\n\n- [ ] {item}\n".encode(), name="t")
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Item {#a}", {}),
        ("Item {#a level=must}", {"level": "must"}),
        ("Item {level=must owner=x-y}  ", {"level": "must", "owner": "x-y"}),
        ("Item { #a level=must }", {"level": "must"}),
    ],
)
def test_attributes_are_still_read(text, values):
    """What an author writes at the end of a line."""
    rest, found = inline.take_attributes(text)
    assert (rest, found.values) == ("Item", values)
