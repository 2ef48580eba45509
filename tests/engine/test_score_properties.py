"""Whatever the sections: 0 to 100, moved only by what counts, and computed again from its formula."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.engine.policy import State
from readiness.engine.score import score
from tests.engine.scored import of, recomputed, section

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
