"""The score: the rules one by one, never better by rounding, with its formula, gaps and roadmap."""

from __future__ import annotations

import pytest

from readiness.engine.gaps import CLEAR, FINISH, REST, SETTLE
from readiness.engine.score import percent
from tests.engine.scored import of, section


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
