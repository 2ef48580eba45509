"""Filters of the templates."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.safestring import mark_safe

from checklists import clock
from checklists.templatetags.readiness import STATES, filesize, quantities, since, state


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Gap 6.3 points, needs < 5", "Gap <b>6.3 points</b>, needs &lt; 5"),
        ("p95 17.9 ms", "p95 <b>17.9 ms</b>"),
        ("87.6 % of 216 images", "<b>87.6 %</b> of <b>216 images</b>"),
        ("<b>9 %</b>", "&lt;b&gt;<b>9 %</b>&lt;/b&gt;"),
        ("v1.2 minutes", "v1.2 minutes"),
        ("a2 min", "a2 min"),
    ],
)
def test_quantities_are_emphasised_after_escaping(text, shown):
    """Numbers with units stand out; what a file said never becomes markup."""
    assert quantities(text) == shown


def test_quantities_keep_what_is_safe():
    """A message that is escaped already is not escaped twice."""
    assert quantities(mark_safe("needs &lt; 5 %")) == "needs &lt; <b>5 %</b>"


@pytest.mark.parametrize("name", STATES)
def test_state_is_icon_and_word(name):
    """No state is told by colour alone."""
    badge = state(name)
    assert STATES[name][1] in badge
    assert f"icons.svg#{STATES[name][0]}" in badge


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (None, "0 B"),
        (999, "999 B"),
        (34_000, "34 kB"),
        (999_600, "1.0 MB"),
        (3_400_000_000, "3.4 GB"),
    ],
)
def test_filesize(size, words):
    """Decimal units, one step at a time."""
    assert filesize(size) == words


def test_since_is_words_and_the_exact_moment():
    """Relative words for people, the moment for machines and on hovering."""
    at = clock.now() - timedelta(minutes=3)
    shown = since(at)
    assert ">3 min ago</time>" in shown
    assert f'datetime="{at.isoformat()}"' in shown
    assert since(None) == ""
