"""What a document claims: boxes, words and weights as sections of a score; the example of the docs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from readiness.engine import claims, library, markdown
from readiness.engine.policy import State
from readiness.engine.score import percent, score
from tests.engine.scored import recomputed

ROOT = Path(__file__).parents[2]


def test_the_worked_example_of_the_docs() -> None:
    """docs/score.md: its example scores as it says, section by section, and its formula gives the result."""
    text = (ROOT / "docs" / "score.md").read_text(encoding="utf-8")
    example = re.search(r"^````markdown\n(.*?)^````$", text, re.DOTALL | re.MULTILINE)
    assert example
    found = score(claims.sections(claims.read(example[1])))
    assert f"`{found.formula}`" in text
    assert f"`{found.headline}`" in text
    assert recomputed(found.formula) == pytest.approx(found.value)
    for row in found.sections:
        given = "–" if row.weight is None else f"{row.weight:g} %"
        counts = f"{row.done} | {row.partial} | {row.pending}"
        assert f"| {row.title} | {given} | {counts} | {row.score:.1f} % | {row.contribution:.1f} |" in text
    for step in found.roadmap:
        assert f"{step.title}: {percent(step.score_after)}" in text


def test_sections_below_a_weight_belong_to_it() -> None:
    """A heading without a weight below one that has a weight shares it; one beside it does not."""
    text = (
        "# P\n## A (Weight 60%)\n- [x] a\n### A1\n- [ ] b\n### A2 (Weight 20%)\n- [ ] c\n## B\n- [ ] d\n"
        "### Empty\n"
    )
    found = list(claims.grouped(markdown.parse(text)))
    assert [(title, weight, [i.text for i in items]) for title, weight, items in found] == [
        ("A", 60, ["a", "b"]),
        ("A2", 20, ["c"]),
        ("B", None, ["d"]),
    ]


@pytest.mark.parametrize(
    ("line", "state", "partial"),
    [
        ("- [ ] x", State.OPEN, False),
        ("- [x] x", State.PASSED, False),
        ("- [ ] x (done)", State.PASSED, False),
        ("- [x] x (done)", State.PASSED, False),
        ("- [x] x (partial)", State.OPEN, True),
        ("- [x] x (pending)", State.OPEN, False),
        ("- [ ] x (partial)", State.OPEN, True),
    ],
)
def test_claims_of_boxes(line: str, state: State, partial: bool) -> None:  # a table
    """A word is stronger than a box: a ticked box beside (pending) claims nothing."""
    (only,) = claims.sections(claims.read(line))[0].items
    assert (only.state, only.partial) == (state, partial)


def test_approvals_are_no_work() -> None:
    """What is ticked by signing is left out; the gate asks for it anyway."""
    known = library.load()
    counted = [item.key for part in claims.sections(known) for item in part.items]
    assert len(counted) == len(known.items) - 3
    assert "technical-approval" not in counted
