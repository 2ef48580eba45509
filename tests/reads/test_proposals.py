"""reads/proposals.py: the difference of two texts, line by line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checklists.reads.proposals import LONGEST, counted, difference

TEXTS = st.lists(st.sampled_from(["a", "b", "", "--- x", "+++ y", "@@ -1 +1 @@", "é\x0b"]), max_size=30).map(
    "\n".join
)


@given(TEXTS, TEXTS)
def test_what_is_shown_leads_from_one_text_to_the_other(old, new):
    """Lines that go are lines of the old text, those that come of the new one, in their order."""
    lines = difference(old, new)
    assert (lines == []) == (old == new)
    kept = [line.text for line in lines if line.what in ("same", "drop")]
    come = [line.text for line in lines if line.what in ("same", "add")]
    assert _within(kept, old.split("\n"))
    assert _within(come, new.split("\n"))
    added, dropped = counted(lines)
    assert len(old.split("\n")) + added - dropped == len(new.split("\n"))


def _within(part, whole):
    rest = iter(whole)
    return all(line in rest for line in part)


@pytest.mark.parametrize(("old", "new"), [("a\n", "b\n"), ("", "a"), ("a", ""), ("a\nb", "a\nc")])
def test_signs(old, new):
    """Each line that changes has its sign."""
    assert {line.sign for line in difference(old, new) if line.what != "same"} <= {"+", "−", ""}
    assert any(line.sign for line in difference(old, new))


def test_long_texts_are_shown_as_replaced():
    """Comparing very long texts would take too long: every line goes and comes."""
    old = "\n".join(str(n % 150) for n in range(LONGEST))
    lines = difference(old, old + "\nmore")
    assert counted(lines) == (LONGEST + 1, LONGEST)
    assert difference(old, old) == []
