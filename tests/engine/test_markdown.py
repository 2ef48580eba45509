"""Tests of the Markdown parser: what becomes an item, what belongs to it, and what is refused."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.engine import markdown
from readiness.engine.checklist import Checklist, Item, Requirement, Role
from readiness.engine.errors import ChecklistError

SAMPLE = Path(__file__).parents[1] / "fixtures" / "checklists" / "paragraph-style.md"


@pytest.fixture(scope="module")
def sample() -> Checklist:
    return markdown.parse(SAMPLE.read_bytes())


def one(source: str) -> Item:
    items = markdown.parse(source).items
    assert len(items) == 1
    return items[0]


def test_paragraph_style_finds_every_item_and_no_other(sample: Checklist) -> None:
    """Code, comments and plain steps are no items; lists of any marker and depth are."""
    assert [(i.line, i.depth, i.text) for i in sample.items] == [
        (11, 0, "Accuracy reaches the goal"),
        (36, 0, "Model card written"),
        (45, 0, "Second item below the same heading"),
        (55, 0, "Rollback rehearsed"),
        (56, 0, "Limits set (if applicable)"),
        (57, 0, "Runbook read"),
        (58, 1, "by the first on call"),
        (59, 2, "and by the second"),
        (61, 0, "Numbered item"),
        (62, 0, "Another one"),
    ]


def test_paragraphs_behind_an_item_belong_to_it(sample: Checklist) -> None:
    """Verification, expectation and remediation written below an item are the item's own."""
    item = sample.items[0]
    assert [(c.text, c.confirm) for c in item.criteria] == [
        ("Measured on unseen data", False),
        ("metrics.json is kept", True),
    ]
    assert [(b.language, b.line) for b in item.verification] == [("bash", 16)]
    assert item.evidence == "a figure of at least 80 %"
    assert item.remediation == (
        "look for leaked data\n\n- train again\n- or lower the goal:\n\n```bash\nmake train\n```"
    )
    assert item.markdown.startswith("- [ ] **Accuracy")
    assert item.markdown.endswith("make train\n```")


def test_prose_behind_several_items_is_nobodys(sample: Checklist) -> None:
    """Unlabelled prose after a list of many guides none of them; a labelled paragraph is the last one's."""
    last = sample.items[-1]
    assert (last.guidance, last.remediation) == ("", "read the runbook.")
    assert sample.items[2].verification[0].text == "a review is linked"


def test_states_weights_and_levels(sample: Checklist) -> None:
    """Ticks and words are claims; headings give weight and level."""
    assert [(i.checked, i.state) for i in sample.items[:5]] == [
        (False, None),
        (True, "partial"),
        (False, None),
        (True, "done"),
        (False, None),
    ]
    assert sample.items[1].requirement is Requirement.RECOMMENDED
    assert sample.items[4].requirement is Requirement.CONDITIONAL
    titles = [(s.title, s.level, s.weight) for s in sample.sections]
    assert titles == [
        ("Service gate", 1, None),
        ("✅ Results", 2, None),
        ("Accuracy good enough", 3, None),
        ("Card written (Optional but recommended)", 3, None),
        ("Operations", 2, 12.0),
    ]


FULL = """\
---
title: Full
parameters:
  goal: {default: 80, unit: "%", help: Lowest accuracy}
  address: {type: url}
sign_off: [technical-lead, {role: compliance, conditional: true}]
---
## One
- [ ] **Accuracy reaches the goal** {#accuracy}
  - On the test set

  Why it matters.

  ```yaml check
  metric: {file: m.json, at_least: $goal}
  file: m.json
  when: $address
  ```
  **Good evidence**: the figure

  **If unchecked**: train again
- [ ] Lead {#lead role=technical-lead}
- [ ] Law {#law role=compliance}
"""


def test_own_format_in_full() -> None:
    """Front matter, ids, checks, guidance, evidence, remediation and roles of the product's own format."""
    checklist = markdown.parse(FULL)
    item, lead, law = checklist.items
    assert (item.id, item.guidance, item.evidence, item.remediation) == (
        "accuracy",
        "Why it matters.",
        "the figure",
        "train again",
    )
    assert [(c.kind, c.params, c.when, c.line) for c in item.checks] == [
        ("metric", {"file": "m.json", "at_least": "$goal"}, "address", 15),
        ("file", "m.json", "address", 16),
    ]
    assert [(p.name, p.type, p.default) for p in checklist.parameters] == [
        ("goal", "number", 80.0),
        ("address", "url", None),
    ]
    assert (lead.role, lead.requirement) == (Role.TECHNICAL_LEAD, Requirement.MANDATORY)
    assert (law.role, law.requirement) == (Role.COMPLIANCE, Requirement.CONDITIONAL)


def test_dict_form_comes_back() -> None:
    """A checklist survives its stored form unchanged."""
    checklist = markdown.parse(FULL)
    assert Checklist.from_dict(checklist.to_dict()) == checklist


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("- [ ] a\n- [x] b\n- [X] c", ["a", "b", "c"]),
        ("* [ ] a\n\n+ [ ] b\n\n3. [ ] c\n\n4) [ ] d", ["a", "b", "c", "d"]),
        ("> - [ ] quoted", ["quoted"]),
        ("- plain\n  - [ ] nested", ["nested"]),
        ("- [ ] a\n\n      - [ ] indented code\n", ["a"]),
        ("    - [ ] indented code", []),
        ("```\n- [ ] code\n```\n~~~~\n- [ ] code\n~~~~", []),
        ("<!-- \n\n- [ ] comment\n\n-->\n\n- [ ] a", ["a"]),
        ("- [ ] a <!-- hidden --> b", ["a b"]),
        ("- [ ]", []),
        ("- [ ]a\n- [] b\n- [y] c\n- \\[ ] d", []),
        ("[ ] paragraph", []),
        ("| a | b |\n|---|---|\n| [ ] x | - [ ] y |", []),
        ("- [ ] **Bold** `code` [link](http://x) ~~gone~~ &amp; \\*", ["Bold code link gone & *"]),
        ("- [ ] two\n  lines", ["two lines"]),
        ("- [ ] two\nlazy", ["two lazy"]),
        ("- [ ]\ttab", ["tab"]),
        ("\ufeff- [ ] bom", ["bom"]),
        ("- [ ] a\r\n- [ ] b\r\n", ["a", "b"]),
        ("- [ ] a\r- [ ] b\r", ["a", "b"]),
        ("- [ ] prüfen ✅ 確認", ["prüfen ✅ 確認"]),
    ],
)
def test_odd_markdown(source: str, texts: list[str]) -> None:
    """Only GFM task items are items, whatever surrounds them."""
    assert [item.text for item in markdown.parse(source).items] == texts


def test_rule_ends_an_item() -> None:
    """Behind a rule nothing belongs to the item above it any more."""
    item = one("- [ ] a\n\n**If unchecked**: mine\n\n---\n\n**If unchecked**: not mine\n\n```sh\nls\n```")
    assert (item.remediation, item.verification) == ("mine", ())
    assert item.markdown.endswith("mine")


def test_depth_counts_plain_bullets_too() -> None:
    """An item's depth is the number of list levels around it."""
    items = markdown.parse("- [ ] a\n- plain\n  - deeper\n    - [ ] b").items
    assert [(i.text, i.depth) for i in items] == [("a", 0), ("b", 2)]


def test_label_right_below_a_criterion_belongs_to_the_item() -> None:
    """Markdown reads such a line as part of the bullet point; its author did not mean that."""
    item = one("- [ ] a\n  - must hold\n  **If unchecked**: repair\n")
    assert ([c.text for c in item.criteria], item.remediation) == (["must hold"], "repair")


@pytest.mark.parametrize(
    "text", ["Title  \n  more", "Title\\\n  more", "Title {#t}\n  more", "**Title**\n\n  more"]
)
def test_lines_behind_the_title_are_guidance(text: str) -> None:
    """A hard line break, an id or a blank line ends the item's own words."""
    item = one(f"- [ ] {text}")
    assert (item.text, item.guidance) == ("Title", "more")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(encoding: str) -> None:
    """UTF-8 and UTF-16 with or without a byte order mark read the same."""
    assert markdown.parse("# Tür\r\n- [ ] prüfen".encode(encoding)).items[0].text == "prüfen"


@pytest.mark.parametrize(
    ("source", "title", "level"),
    [
        ("Title\n=====", "Title", 1),
        ("Sub\n---", "Sub", 2),
        ("### 🚀 Go ###", "🚀 Go", 3),
        ("# `a` *b*", "a b", 1),
    ],
)
def test_heading_styles(source: str, title: str, level: int) -> None:
    """ATX and setext headings, with emoji and markup."""
    section = markdown.parse(source + "\n\n- [ ] x").sections[0]
    assert (section.title, section.level, section.items[0].line) == (title, level, source.count("\n") + 3)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Card", Requirement.MANDATORY),
        ("Card (optional)", Requirement.RECOMMENDED),
        ("Card (Optional, but nice)", Requirement.RECOMMENDED),
        ("Card (recommended)", Requirement.RECOMMENDED),
        ("Optional: card", Requirement.RECOMMENDED),
        ("Review (if applicable)", Requirement.CONDITIONAL),
        ("Review (if required)", Requirement.CONDITIONAL),
        ("Ask (ONNX recommended)", Requirement.MANDATORY),
        ("Optional features work", Requirement.MANDATORY),
        ("Card {requirement=recommended}", Requirement.RECOMMENDED),
        ("Card (optional) {#card requirement=mandatory}", Requirement.MANDATORY),
    ],
)
def test_requirement_words(text: str, level: Requirement) -> None:
    """The level follows the author's words; an attribute is stronger."""
    assert one(f"- [ ] {text}").requirement is level


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("- [ ] a {#x}\n- [ ] b\n- [ ] c {#x}", 3, "already used on line 1"),
        ("---\ntitle: a\ntitle: b\ngate: x\n---\n", 3, "written twice"),
        ("---\nversion: [1]\ngate: x\n---\n", 2, "must be text"),
        ("---\nslug: Not A Slug\ngate: x\n---\n", 2, "lower-case"),
        ("---\n- a\n---\n- [ ] a\n\n  ```yaml check\n  file: a\n  ```\n", 2, "pairs"),
        ("---\ngate: x\na: [1\n---\n", 3, "not valid YAML"),
        ("---\na: &x 1\nb: *x\ngate: x\n---\n", 3, "aliases"),
        ("---\na: .nan\ngate: x\n---\n", 2, "not a number"),
        ("---\na: !!python/object:os.system {}\ngate: x\n---\n", 2, "constructor"),
        ("---\nwaivers: perhaps\n---\n", 2, "true or false"),
        ("---\nparameters:\n  ok: {}\n  bad: {type: colour}\n---\n", 4, "colour"),
        ("---\nparameters:\n  bad: {default: lots}\n---\n", 3, "must be a number"),
        ("---\nparameters:\n  bad: {defualt: 1}\n---\n", 3, "defualt"),
        ("---\nparameters:\n  a-b: {}\n---\n", 3, "cannot be a parameter's name"),
        ("---\nsign_off:\n  - {role: technical-lead}\n  - {role: king}\n---\n", 4, "king"),
        ("---\nsign_off: [compliance, compliance]\n---\n", 2, "listed twice"),
        ("- [ ] a {#a role=king}", 1, "king"),
        ("# t\n\n```yaml check\nfile: a\n```\n", 3, "belongs to no item"),
        ("- [ ] a\n\n  ```yaml check\n  file: [\n  ```\n", 5, "not valid YAML"),
        ("- [ ] a\n\n  ```yaml check\n  file: a\n  file: b\n  ```\n", 5, "written twice"),
        ("- [ ] a\n\n  ```yaml check\n  - file\n  ```\n", 4, "not a check"),
        ("- [ ] a\n\n  ```yaml check\n  when: $x\n  ```\n", 3, "names no check"),
        ("- [ ] a\n\n  ```yaml check\n  file: a\n  when: x\n  ```\n", 5, "`when`"),
        ("- [ ] " + "[" * 20_000, 1, "20000 characters"),
        ("- [ ] a\n  - " + "[" * 20_000, 2, "20000 characters"),
        ("- [ ] a\n\n  " + "[" * 20_000, 3, "20000 characters"),
        (">" * 200 + " a", 1, "nested too deeply"),
    ],
)
def test_refused_with_the_line(source: str, line: int, words: str) -> None:
    """Each mistake is named with its line and an advice."""
    with pytest.raises(ChecklistError, match=words.replace("(", r"\(")) as caught:
        markdown.parse(source)
    assert caught.value.line == line
    assert caught.value.advice


def test_too_large_is_refused() -> None:
    """Over a megabyte, or over the number of lines, is refused at once."""
    for source in ("x" * 1_000_001, b"x" * 1_000_001, "\n" * 30_000):
        with pytest.raises(ChecklistError, match="at most"):
            markdown.parse(source)


def test_bytes_that_are_no_text() -> None:
    """A binary file is refused with the byte that is wrong."""
    with pytest.raises(ChecklistError, match="byte 2 is invalid"):
        markdown.parse(b"ab\xff\x80")


def test_version_keeps_its_digits() -> None:
    """A version 1.10 is not the number 1.1, and a date stays text."""
    checklist = markdown.parse("---\nversion: 1.10\nreviewed: 2026-01-02\n---\n- [ ] a")
    assert checklist.version == "1.10"
    assert checklist.front_matter == {"version": 1.1, "reviewed": "2026-01-02"}


def test_rule_on_top_is_no_front_matter() -> None:
    """A document that opens with a rule is ordinary Markdown."""
    assert markdown.parse("---\n\n# Title\n\n---\n\n- [ ] a").title == "Title"


def test_derived_ids_get_numbers() -> None:
    """Equal texts get -2 and -3, and never an id that somebody wrote."""
    checklist = markdown.parse("- [ ] Same!\n- [ ] same\n- [ ] x {#same-2}\n- [ ] ???")
    assert [i.id for i in checklist.items] == ["same", "same-3", "same-2", "item"]


def test_items_before_the_first_heading() -> None:
    """They stand in a section that carries the document's title."""
    checklist = markdown.parse("- [ ] a\n\n## B\n- [ ] b", name="plan")
    assert [(s.title, s.level, len(s.items)) for s in checklist.sections] == [("B", 0, 1), ("B", 2, 1)]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("# T\n- Policy (done)\n- Scan (pending)", "2 plain bullet points"),
        ("|a|\n|-|\n|b|", "1 tables"),
        ("", "No task items found. Write"),
        ("[" * 20_000, "No task items found"),
    ],
)
def test_no_items_is_noted(source: str, words: str) -> None:
    """A document without boxes imports empty, and the note says how to write items."""
    assert markdown.parse(source).items == ()
    assert words in markdown.notes(source)[0]


def test_items_need_no_note() -> None:
    """A document with items has nothing to say."""
    assert markdown.notes("- [ ] a\n- plain") == ()


@pytest.mark.parametrize(
    "source",
    [
        "\n".join(f"- [ ] item {n}\n  - criterion\n\n  **If unchecked**: do it" for n in range(500)),
        "[" * 20_000,
        "- " * 20_000,
        "*a **b " * 3_000,
        "|" * 20_000,
        "`" * 19_999 + "\n" + "`" * 100,
        "<!--" * 5_000,
        "- [ ] a\n" + "  - " * 5_000,
        "---\n" + "a: [" * 5_000 + "\n---\n",
        "[a]: b\n" * 5_000,
    ],
)
def test_large_and_hostile_documents_are_quick(source: str) -> None:
    """Five hundred items, or pathological Markdown, end well under a second (doubled for slow machines)."""
    started = time.process_time()
    with suppress(ChecklistError):
        markdown.parse(source)
    assert time.process_time() - started < 2


_PIECES = st.sampled_from(
    [
        "- [ ] ",
        "* [x] ",
        "1. ",
        "- ",
        "  ",
        "    ",
        "\n",
        "\n\n",
        "# ",
        "---\n",
        "```yaml check\n",
        "```\n",
        "> ",
        "file: a\n",
        "**If unchecked**: ",
        "(done)",
        "(confirm)",
        "{#a}",
        "{#a role=compliance}",
        "(optional)",
        "<!-- ",
        "-->",
        "\t",
        "\r\n",
        "title: x\n",
        "$x",
        "a",
        "Weight 5%",
        "[",
        "]",
        "\\",
        "\u2028",
        "\x0b",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.lists(_PIECES, max_size=40).map("".join), st.text(max_size=200)))
def test_any_text_parses_or_is_refused(source: str) -> None:
    """No text crashes the parser; ids are unique, lines lie in the document, the stored form comes back."""
    try:
        checklist = markdown.parse(source)
    except ChecklistError:
        return
    ids = [item.id for item in checklist.items]
    lines = source.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    assert len(set(ids)) == len(ids)
    assert all(1 <= item.line <= lines for item in checklist.items)
    assert all(item.text and item.markdown for item in checklist.items)
    assert Checklist.from_dict(checklist.to_dict()) == checklist


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_parse_or_are_refused(source: bytes) -> None:
    """No file crashes the parser."""
    with suppress(ChecklistError):
        assert markdown.parse(source).title
