"""The score: between 0 and 100, never better by rounding, moved only by what counts, and never a verdict."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.engine import claims, library, markdown
from readiness.engine.checklist import Requirement
from readiness.engine.gaps import CLEAR, FINISH, REST, SETTLE
from readiness.engine.policy import State
from readiness.engine.score import Score, ScoreItem, ScoreSection, percent, score

ROOT = Path(__file__).parents[2]
LETTERS = {
    "p": {"state": State.PASSED},
    "w": {"state": State.WAIVED},
    "h": {"state": State.OPEN, "partial": True},
    "o": {"state": State.OPEN},
    "f": {"state": State.FAILED},
    "n": {"state": State.NOT_APPLICABLE, "requirement": Requirement.CONDITIONAL},
    "r": {"state": State.OPEN, "requirement": Requirement.RECOMMENDED},
    "m": {"state": State.NOT_APPLICABLE},  # mandatory: cannot be left out
    "e": {"state": State.OPEN, "blocked": True},  # a waiver has expired
}


def section(title: str, states: str, weight: float | None = None) -> ScoreSection:
    """A section with an item for each letter of LETTERS."""
    items = [
        ScoreItem(key=f"{title}{n}", title=f"{title} {n}", **LETTERS[letter])  # type: ignore[arg-type]
        for n, letter in enumerate(states)
    ]
    return ScoreSection(title=title, items=tuple(items), weight=weight)


def of(*parts: tuple[str, float | None]) -> Score:
    """The score of sections A, B, C … given by states and weight."""
    return score(section(chr(65 + n), states, weight) for n, (states, weight) in enumerate(parts))


@pytest.mark.parametrize(
    ("parts", "value", "headline"),
    [
        ([("pppp", None)], 100, "100 % · every item settled"),
        ([("ppww", None)], 100, "100 % · every item settled"),
        ([("ppph", None)], 87.5, "87 % · 1 item open"),
        ([("oooo", None)], 0, "0 % · 4 items open"),
        ([("pf", None)], 50, "50 % · blocked by 1 item"),
        ([("ppfo", None)], 50, "50 % · blocked by 1 item, 1 open"),
        ([("pe", None)], 50, "50 % · blocked by 1 item"),
        ([("pn", None)], 100, "100 % · every item settled"),
        ([("pm", None)], 50, "50 % · 1 item open"),
        ([("n", None)], None, "no score · nothing counts"),
        ([("", None)], None, "no score · nothing counts"),
        ([], None, "no score · nothing counts"),
        # without weights every item counts the same, wherever it stands
        ([("p", None), ("ooo", None)], 25, "25 % · 3 items open"),
        ([("p", 10), ("ooo", 90)], 10, "10 % · 3 items open"),
        ([("p", 10), ("ooo", 0)], 100, "100 % · 3 items open"),
        ([("ppp", 50), ("nn", 50)], 100, "100 % · every item settled"),
        ([("po", 30), ("n", 50), ("p", 20)], 70, "70 % · 1 item open"),
        # what has no weight beside weights does not move the score, and still blocks
        ([("p", 1), ("fo", None)], 100, "100 % · blocked by 1 item, 1 open"),
        ([("n", 1), ("po", None)], None, "no score · 1 item open"),
        ([("p", 0)], None, "no score · nothing counts"),
    ],
)
def test_value_and_headline(
    parts: list[tuple[str, float | None]], value: float | None, headline: str
) -> None:
    """The rules, one by one."""
    found = of(*parts)
    assert found.value == value
    assert found.headline == headline


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "no score"),
        (0.0, "0 %"),
        (0.001, "1 %"),
        (0.99, "1 %"),
        (1.0, "1 %"),
        (58.999, "58 %"),
        (99.97, "99 %"),
        (100.0, "100 %"),
    ],
)
def test_rounding_never_flatters(value: float | None, words: str) -> None:
    """100 % is all of it, 0 % is nothing."""
    assert percent(value) == words


def test_a_hair_below_everything_is_not_everything() -> None:
    """Also where a float could not tell the difference."""
    found = of(("p", 1e20), ("o", 1e-20))
    assert found.value is not None
    assert found.value < 100
    assert found.percent == "99 %"
    assert found.formula.endswith("= 99.9 %")


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_impossible_weights(weight: float) -> None:
    """A weight that is none is refused, not counted."""
    with pytest.raises(ValueError, match="the weight of 'A'"):
        section("A", "p", weight)


def test_section_figures() -> None:
    """Counts, share and contribution of each section; what is left out gives its weight to the others."""
    first, second, third = of(("ppwhofn", 30), ("n", 40), ("po", 10)).sections
    assert (first.done, first.partial, first.pending, first.failed) == (2, 1, 1, 1)
    assert (first.waived, first.not_applicable, first.items) == (1, 1, 7)
    assert first.score == pytest.approx(3.5 / 6 * 100)
    assert (first.weight, first.share) == (30, 75)
    assert first.contribution == pytest.approx(75 * 3.5 / 6)
    assert (second.score, second.share, second.contribution) == (None, 0, 0)
    assert (third.share, third.contribution) == (25, 12.5)


def test_formula_and_notes() -> None:
    """The formula has the real numbers; sections that count nothing are named."""
    whole = of(("ppph", 60), ("po", 40), ("o", None))
    assert whole.formula == "60 % × 3.5/4 + 40 % × 1/2 = 72.5 %"
    assert whole.notes == ("C has no weight and counts nothing; it still must be settled (1 item).",)
    other = of(("p", 12.5), ("ppo", 7), ("n", 3))
    assert other.formula == "(12.5 × 1/1 + 7 × 2/3) / 19.5 = 88 %"
    assert other.notes == ("Nothing counts in C: the other sections share its weight.",)
    assert of(("ph", None), ("o", None)).formula == "1.5 of 3 items = 50 %"
    assert of(("n", None)).formula == "Nothing counts, so there is no score."


def test_gaps_are_ordered_by_what_they_add() -> None:
    """The largest gain first; of equal ones what blocks, what is mandatory, the checklist's order."""
    found = of(("poofr", 50), ("ho", 50), ("o", None))
    assert [(gap.key, gap.gain) for gap in found.gaps] == [
        ("B1", 25.0),
        ("B0", 12.5),
        ("A3", 10.0),
        ("A1", 10.0),
        ("A2", 10.0),
        ("A4", 10.0),
        ("C0", 0.0),
    ]
    assert found.gaps[2].blocks
    assert found.gaps[1].partial


def test_roadmap_leads_to_everything() -> None:
    """What blocks first, what may be left out last; each step says the score after it."""
    found = of(("poofr", 50), ("ho", 50), ("o", None))
    assert [(s.title, [g.key for g in s.gaps], s.score_after) for s in found.roadmap] == [
        (CLEAR, ["A3"], 32.5),
        (SETTLE, ["A1", "A2", "B1", "C0"], 77.5),
        (FINISH, ["B0"], 90.0),
        (REST, ["A4"], 100.0),
    ]


def test_plain_form() -> None:
    """The dict is plain data, with the words for people."""
    made = of(("pf", 100)).to_dict()
    assert made["schema_version"] == 1
    assert (made["percent"], made["headline"]) == ("50 %", "50 % · blocked by 1 item")
    assert made["gaps"][0]["state"] == "failed"
    assert type(made["gaps"][0]["requirement"]) is str
    assert made["roadmap"][0]["gaps"][0]["key"] == "A1"


weights = st.one_of(st.none(), st.integers(0, 1000).map(lambda n: n / 8))
parts = st.lists(st.tuples(st.text("pwhofnrme", max_size=6), weights), max_size=6)


@given(parts)
def test_always_between_nothing_and_everything(made: list[tuple[str, float | None]]) -> None:
    """0 to 100 or unknown; contributions add up to it; all gaps closed is 100; shares are all or nothing."""
    found = of(*made)
    if found.value is None:
        assert not any(s.share for s in found.sections)
        return
    assert 0 <= found.value <= 100
    assert sum(s.contribution for s in found.sections) == pytest.approx(found.value)
    assert sum(s.share for s in found.sections) == pytest.approx(100)
    assert found.value + sum(gap.gain for gap in found.gaps) == pytest.approx(100)
    assert not found.roadmap or found.roadmap[-1].score_after == 100
    assert sum(len(step.gaps) for step in found.roadmap) == len(found.gaps)


@given(parts, st.data())
def test_settling_an_item_never_lowers(made: list[tuple[str, float | None]], data: st.DataObject) -> None:
    """An open, half-done or failed item that passes raises the score by its gain, or leaves it."""
    sections = [section(chr(65 + n), *part) for n, part in enumerate(made)]
    before = score(sections)
    if not before.gaps:
        return
    gap = data.draw(st.sampled_from(before.gaps))
    after = score(
        replace(
            s,
            items=tuple(
                replace(i, state=State.PASSED, blocked=False) if i.key == gap.key else i for i in s.items
            ),
        )
        for s in sections
    )
    assert (after.value is None) is (before.value is None)
    if before.value is not None and after.value is not None:
        assert after.value >= before.value
        assert after.value - before.value == pytest.approx(gap.gain)
    assert after.blockers + after.open == before.blockers + before.open - 1


@given(parts, st.sampled_from([0.5, 2, 10, 1000]))
def test_the_unit_of_weights_does_not_matter(made: list[tuple[str, float | None]], factor: float) -> None:
    """Weights of 12 and 15 say the same as 0.12 and 0.15."""
    scaled = [(states, None if weight is None else weight * factor) for states, weight in made]
    assert of(*scaled).value == of(*made).value


@given(parts, st.randoms())
def test_neither_order_nor_what_is_left_out_matters(made: list[tuple[str, float | None]], rng) -> None:
    """Sections in another order, and items that are not applicable added to any that counts."""
    shuffled = [(states + "n", weight) for states, weight in made]
    rng.shuffle(shuffled)
    assert of(*shuffled).value == of(*made).value


@given(parts)
def test_the_formula_can_be_computed_again(made: list[tuple[str, float | None]]) -> None:
    """Its numbers give the value, to the decimal that it shows."""
    found = of(*made)
    if found.value is not None and " × " in found.formula:
        assert recomputed(found.formula) == pytest.approx(found.value, abs=0.001)
        shown = float(found.formula.rpartition("= ")[2].removesuffix(" %"))
        assert 0 <= found.value - shown < 0.1 or found.value < 0.1


def recomputed(formula: str) -> float:
    """The value of a formula's left side, in points of 100."""
    terms = [tuple(map(Fraction, t)) for t in re.findall(r"([\d.]+)(?: %)? × ([\d.]+)/(\d+)", formula)]
    whole = re.search(r"\) / ([\d.]+) =", formula)
    total = Fraction(whole[1]) if whole else Fraction(100)
    return float(sum(weight * got / of_all for weight, got, of_all in terms) / total * 100)


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
