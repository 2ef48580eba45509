"""Tests of the Markdown summary: verdict first, and text of a run stays text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from markdown_it import MarkdownIt
from markdown_it.token import Token

from readiness.engine.outcome import Limit, Measurement, Outcome
from readiness.engine.render import summary
from readiness.engine.render.sheet import Sheet
from tests.engine.render.sheets import ACCURACY, SHEETS, line, sheet

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = {"<br>", "<!-- -->"}
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=1>",
    "[click](https://evil.example)",
    "![x](https://evil.example/p.png)",
    "https://evil.example/?a=1 www.evil.example mail@evil.example",
    "| a | b |\n| --- | --- |",
    "`code` **bold** ~~gone~~ _it_",
    "# heading",
    "- [x] done",
    "1. one",
    "</details>",
    "&lt;b&gt; &#60;",
    "@team please merge #1",
    "@<script>alert(1)</script>",
    "\\",
    "\\|",
    "```",
    "$`x`$ :smile:",
    "<!-- ",
]


def tables(markdown: str) -> list[list[list[str]]]:
    """All tables as rows of cells, each cell's text as a reader sees it."""
    found: list[list[list[str]]] = []
    tokens = PARSER.parse(markdown)
    for number, token in enumerate(tokens):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type == "inline" and tokens[number - 1].type in ("td_open", "th_open"):
            found[-1][-1].append(seen(token.children))
    return found


def seen(tokens: list[Token] | None) -> str:
    return "".join(
        "\n" if t.content == "<br>" else "" if t.type == "html_inline" else t.content for t in tokens
    )


def test_verdict_comes_first_then_observed_against_expected() -> None:
    """The first line is the verdict; the row shows value, limit, finding and advice."""
    text = summary.render(sheet(line(measurements=(ACCURACY,))))
    assert text.startswith("## ❌ Not ready: Release 1.0\n")
    assert tables(text)[0][1] == [
        "❌ failed",
        "Accuracy meets the target\naccuracy.metric",
        "77.3 %",
        "≥ 80 %",
        "Test accuracy 77.3 %, needs ≥ 80 %\nImprove it.",
    ]


@pytest.mark.parametrize(
    ("overall", "code", "verdict"),
    [
        (Outcome.PASS, None, "✅ Ready"),
        (Outcome.WARN, None, "✅ Ready"),
        (Outcome.WARN, 1, "❌ Not ready"),
        (Outcome.SKIP, None, "❌ Not ready"),
        (Outcome.ERROR, None, "💥 A check broke"),
        (Outcome.PASS, 2, "❌ Not ready"),
    ],
)
def test_verdicts(overall: Outcome, code: int | None, verdict: str) -> None:
    """The verdict is the exit code's: a strict warning is not ready, nothing checked neither."""
    assert summary.render(sheet(overall=overall, exit_code=code)).startswith(f"## {verdict}: ")


def test_nothing_checked_is_said() -> None:
    """An empty run says that there was nothing to check."""
    assert "there was nothing to check" in summary.render(sheet(overall=Outcome.SKIP))


def test_attention_first_and_the_rest_folded() -> None:
    """Failed before warnings; passed checks and what is left to people are folded away."""
    text = summary.render(
        sheet(line(Outcome.PASS), line(Outcome.WARN), line(Outcome.FAIL), left=("Review: a person decides",))
    )
    attention, passed = tables(text)
    assert [row[0] for row in attention[1:]] == ["❌ failed", "⚠️ warning"]
    assert len(passed) == 2
    assert "<summary>1 passed</summary>" in text
    assert "<summary>1 left to people</summary>\n\n- Review: a person decides\n" in text


def test_large_reports_stay_small() -> None:
    """A summary has a size that a host accepts: many rows and many values are cut, and counted."""
    classes = [
        Measurement(name=f"F1 {n}", value=0.5 + 0.4 * (n != 7), limit=Limit(">=", 0.7)) for n in range(1000)
    ]
    text = summary.render(sheet(*(line(measurements=tuple(classes)) for _ in range(3000))))
    assert len(text) < 1 << 20
    assert "2900 more are in the reports." in text
    observed = tables(text)[0][1][2].split("\n")
    assert (len(observed), observed[0], observed[-1]) == (11, "F1 7: 0.5", "990 more")


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_a_run_stays_text(text: str) -> None:
    """Markup in a message shows as it was written, in its own cell."""
    row = tables(summary.render(sheet(line(message=text, advice="", title=text))))[0][1]
    shown = " ".join(text.split())
    assert row[4] == shown
    assert row[1] == f"{shown}\naccuracy.metric"
    assert len(row) == 5


@pytest.mark.parametrize("text", [*HOSTILE, "- x", "+ x", "=", "2) x", "---", "."])
def test_items_left_to_people_stay_one_list(text: str) -> None:
    """What opens a line cannot start another list, heading or rule."""
    tokens = PARSER.parse(summary.render(sheet(overall=Outcome.PASS, left=(text, "b"))))
    types = [t.type for t in tokens]
    assert (types.count("bullet_list_open"), types.count("list_item_open")) == (1, 2)
    assert not {"ordered_list_open", "hr", "fence", "code_block", "blockquote_open"} & set(types)
    assert types.count("heading_open") == 1
    start = types.index("list_item_open")
    assert seen(next(t for t in tokens[start:] if t.type == "inline").children) == " ".join(text.split())


@pytest.mark.parametrize("text", HOSTILE)
def test_hosts_find_nothing_to_link(text: str) -> None:
    """No run of plain text that a host would link or notify: an address, a mention, an issue."""
    for token in PARSER.parseInline(summary.escaped(text))[0].children:
        if token.type in ("text", "text_special"):
            assert not re.search(r"www\.|://|\w@\w|@\w|#\d", token.content)


@given(value=SHEETS)
def test_any_sheet_keeps_its_form(value: Sheet) -> None:
    """Any text leaves the tables whole and makes no element but our own."""
    tokens = PARSER.parse(summary.render(value))
    inline = [child for token in tokens for child in token.children or ()]
    assert {t.type for t in inline} <= {"text", "text_special", "html_inline", "code_inline"}
    assert {t.content for t in inline if t.type == "html_inline"} <= OURS
    assert [t.tag for t in tokens if t.type == "heading_open"] == ["h2"]
    rows = [row for table in tables(summary.render(value)) for row in table]
    assert {len(row) for row in rows} <= {5}
    assert len(rows) == len(value.lines) + len(tables(summary.render(value)))
