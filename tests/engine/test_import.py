"""Tests of `readiness import`: its JSON form, documents as teams write them, front matter of other tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.cli import main
from readiness.engine import markdown
from readiness.engine.errors import ChecklistError
from readiness.engine.render import json as as_json

SAMPLES = Path(__file__).parents[1] / "fixtures" / "checklists"
ITEM_KEYS = {
    "id", "text", "markdown", "depth", "checked", "state", "requirement", "criteria", "verification",
    "remediation", "line",
}  # fmt: skip


def imported(capsys: pytest.CaptureFixture[str], path: Path) -> dict[str, Any]:
    """What the command prints for a file."""
    assert main(["import", str(path), "--json"]) == 0
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    return data


def items_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for section in data["sections"] for item in section["items"]]


def test_gate_style(capsys: pytest.CaptureFixture[str]) -> None:
    """A gate with paragraphs behind each box: criteria, code, remediation, claimed states, levels."""
    data = imported(capsys, SAMPLES / "gate-style.md")
    assert data["title"] == "Launch Gate"
    assert data["counts"] == {"items": 5, "checked": 1, "headings": 8, "max_depth": 0}
    assert [s["title"] for s in data["sections"] if s["items"]] == [
        "Last training run",
        "Weights are kept",
        "Signatures (if applicable)",
    ]
    first, second, third, owner, protection = items_of(data)
    assert first["id"] == "last-training-run-ended-by-itself"
    assert [c["text"] for c in first["criteria"]] == [
        "Ran with the frozen settings",
        "Stopped early, or reached the last epoch",
        "Left no traceback behind",
    ]
    assert first["verification"] == [
        {"language": "bash", "text": "# the log says so\ntail -n 20 out/train.log", "line": 24}
    ]
    assert first["remediation"] == "The run did not finish. Look into the log, then start it again."
    assert "this is code" in second["verification"][0]["text"]
    assert (third["line"], third["remediation"]) == (50, "")
    assert (owner["checked"], owner["state"], owner["requirement"]) == (True, "done", "conditional")
    assert (protection["checked"], protection["state"]) == (False, "partial")
    assert protection["remediation"] == "Record the reason, and plan another trial."


def test_section_style(capsys: pytest.CaptureFixture[str]) -> None:
    """A long list in weighted sections: numbered steps and plain advice are no items."""
    data = imported(capsys, SAMPLES / "section-style.md")
    assert data["counts"] == {"items": 9, "checked": 1, "headings": 9, "max_depth": 0}
    weighted = {s["title"]: s["weight"] for s in data["sections"] if s["weight"] is not None}
    assert weighted == {"✅ Source Quality": 40.0, "✅ Model": 60.0}
    assert [i["text"] for i in items_of(data)][:3] == [
        "Unit tests pass (pytest)",
        "Imports are sorted",
        "No password stands in the source",
    ]
    conditional = [i["text"] for i in items_of(data) if i["requirement"] == "conditional"]
    assert conditional == ["Rate limit is set (if applicable)", "Sign-in works (if required)"]


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.md")), ids=lambda path: path.stem)
def test_shape(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    """Every document has the promised keys; each item's line is where its box stands."""
    data = imported(capsys, path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert {"title", "sections", "counts"} <= set(data)
    assert all({"title", "level", "weight", "line", "items"} <= set(s) for s in data["sections"])
    for item in items_of(data):
        assert set(item) >= ITEM_KEYS
        assert "[x] " in lines[item["line"] - 1].lower() or "[ ] " in lines[item["line"] - 1]


def test_order_and_depth_are_kept(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Nested items stand behind their parents, in document order, with any marker at any depth."""
    source = "- [ ] a\n  * [x] b\n    + [ ] c\n      1. [ ] d\n         1) [ ] e\n- [ ] f\n"
    (tmp_path / "deep.md").write_text(source, encoding="utf-8")
    data = imported(capsys, tmp_path / "deep.md")
    assert [(i["text"], i["depth"], i["line"]) for i in items_of(data)] == [
        ("a", 0, 1), ("b", 1, 2), ("c", 2, 3), ("d", 3, 4), ("e", 4, 5), ("f", 0, 6),
    ]  # fmt: skip
    assert data["counts"] == {"items": 6, "checked": 1, "headings": 0, "max_depth": 4}


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("# Überprüfung vor dem Start", "Überprüfung vor dem Start"),
        ("Перед запуском\n===", "Перед запуском"),
        ("## 本番前チェック ##", "本番前チェック"),
        ("قائمة التحقق\n---", "قائمة التحقق"),
        ("#\tTab", "Tab"),
        ("Two lines\nof title\n===", "Two lines of title"),
    ],
)
def test_headings_in_any_language(heading: str, title: str) -> None:
    """Titles of any script and either style, and an id for an item in that script."""
    checklist = markdown.parse(f"{heading}\n\n- [ ] {title}\n")
    assert checklist.sections[0].title == title
    assert checklist.items[0].id
    assert checklist.items[0].id != "item"


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("<details>\n<summary>More</summary>\n\n- [ ] a\n\n</details>\n", ["a"]),
        ("<!--\n- [ ] hidden\n-->\n- [ ] a", ["a"]),
        ("<pre>\n- [ ] code\n</pre>\n\n- [ ] a", ["a"]),
        ("````md\n```\n- [ ] code\n```\n- [ ] code\n````\n- [ ] a", ["a"]),
        ("- [ ] a\n  ```\n  - [ ] code\n  ```\n  - [ ] b", ["a", "b"]),
        ("```\n- [ ] never closed", []),
        ("`- [ ] a`", []),
        ("- [ ] a\n\n\n- [ ] b", ["a", "b"]),
        ("1. [ ] a\n1. [x] b", ["a", "b"]),
        ("- [ ] a\u00a0b", ["a b"]),
        ("- \u2611 a\n- \u2610 b", []),
    ],
)
def test_boxes_in_odd_places(source: str, texts: list[str]) -> None:
    """Boxes in code, comments and HTML are none; folded parts hold real ones."""
    assert [item.text for item in markdown.parse(source).items] == texts


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("| Item | Done |\n| --- | --- |\n| Review | [ ] |\n", "1 tables"),
        ("- Review\n- Test\n", "2 plain bullet points"),
        ("1. Review\n2. Test\n", "2 plain bullet points"),
        ("# Only a title\n", "No task items found."),
    ],
)
def test_nothing_to_import_is_said_with_a_hint(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, source: str, words: str
) -> None:
    """Tables and plain bullets import no item; the note says what was seen and what to write."""
    (tmp_path / "plain.md").write_text(source, encoding="utf-8")
    data = imported(capsys, tmp_path / "plain.md")
    (note,) = data["notes"]
    assert data["counts"]["items"] == 0
    assert note.startswith("No task items found.")
    assert words in note
    assert note.endswith("Write each item as `- [ ] text`.")


@pytest.mark.parametrize(
    ("block", "title", "note"),
    [
        ("title: Deploy\nlayout: post\ntags: [a, b]", "Deploy", "`layout`, `tags`"),
        ("title: Deploy\nslug: My Post/2024", "Deploy", "`slug` must be"),
        ("title: [a, b]", "Head", "`title` must be text"),
        ("anchors: &a 1\nother: *a", "Head", "not used. Line 3: the front matter is not valid YAML"),
        ("title: {{ page.title }}", "Head", "not used. Line 2"),
        ("a: 1\na: 2", "Head", "not used. Line 3"),
        ("license: mit\nmodel-index:\n- name: x\n  results: [{value: .nan}]", "Head", "not used. Line 5"),
    ],
)
def test_front_matter_of_other_tools(block: str, title: str, note: str) -> None:
    """It never stands in the way of an ordinary document; what is left out is noted."""
    source = f"---\n{block}\n---\n# Head\n- [ ] a\n"
    checklist = markdown.parse(source)
    assert (checklist.title, [i.text for i in checklist.items]) == (title, ["a"])
    assert checklist.items[0].line == source.count("\n")
    (said,) = markdown.notes(source)
    assert note in said


@pytest.mark.parametrize("own", ["sign_off: [compliance]", "parameters: {}", "waivers: true", "gate: x"])
def test_our_own_front_matter_is_never_left_out(own: str) -> None:
    """With one of our keys, or above a check block, a mistake is refused: no signature is lost silently."""
    for source in (f"---\n{own}\nslug: Not A Slug\n---\n", f"---\n{own}\na: [\n---\n- [ ] a\n"):
        with pytest.raises(ChecklistError):
            markdown.parse(source)
    with pytest.raises(ChecklistError):
        markdown.parse("---\nslug: Not A Slug\n---\n- [ ] a\n\n  ~~~yml check\n  file: a\n  ~~~\n")


def test_misspelt_key_is_noted() -> None:
    """A key that nobody knows beside ours is named: `sign-off` would otherwise go unnoticed."""
    (note,) = markdown.notes("---\ngate: a\nsign-off: [compliance]\n---\n- [ ] a\n")
    assert "`sign-off`" in note


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.md")), ids=lambda path: path.stem)
def test_line_ends_and_byte_order_mark_change_nothing(path: Path, mark: str, ends: str) -> None:
    """The same document with other line ends, with or without a byte order mark, is the same checklist."""
    source = path.read_text(encoding="utf-8")
    other = (mark + source.replace("\n", ends)).encode("utf-8")
    assert markdown.parse(other) == markdown.parse(source)


LINES = st.one_of(
    st.builds(
        "{}{} [{}] {}".format,
        st.sampled_from(["", "  ", "    ", "> "]),
        st.sampled_from(["-", "*", "+", "1.", "2)"]),
        st.sampled_from(" xX"),
        st.text(max_size=12),
    ),
    st.builds("{} {}".format, st.sampled_from(["#", "###", "---\n"]), st.text(max_size=8)),
    st.sampled_from(["", "```", "~~~", "<!--", "-->", "---", "title: a", "slug: B c", "|a|b|", "- plain"]),
    st.text(max_size=20),
)


@settings(max_examples=200, deadline=None)
@given(lines=st.lists(LINES, max_size=15))
def test_counts_agree_and_ids_are_unique(lines: list[str]) -> None:
    """Any document either is refused or gives a form whose counts are those of its items."""
    source = "\n".join(lines)
    try:
        checklist, notes = markdown.parse(source), markdown.notes(source)
    except ChecklistError:
        return
    data = json.loads(as_json.dump(as_json.checklist(checklist, notes)))
    items = items_of(data)
    assert data["counts"] == {
        "items": len(items),
        "checked": sum(item["checked"] for item in items),
        "headings": sum(1 for section in data["sections"] if section["level"]),
        "max_depth": max((item["depth"] for item in items), default=0),
    }
    assert len({item["id"] for item in items}) == len(items)
    assert [item["line"] for item in items] == sorted(item["line"] for item in items)
    assert bool(items) or notes


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("- [] a", "Line 3 looks like a task item"),
        ("- [ ]a", "Line 3 looks like a task item"),
        ("-[ ] a", "Line 3 looks like a task item"),
        ("- [-] a", "Line 3 looks like a task item"),
        ("- ☐ a\n- ☑ b", "Lines 3, 4 look like task items"),
        ("```yaml checks\nmetric: {}\n```", "Line 3 looks like a check block"),
        ("```check\nmetric: {}\n```", "Line 3 looks like a check block"),
        ("- [a link](b)\n- [1] a note\n- [x](b)", ""),
        ("```yaml\nmetric: {}\n```", ""),
        ("```yaml check\nfile: a\n```", ""),
    ],
)
def test_near_misses_are_named(line: str, words: str) -> None:
    """What looks like a box or a check block, and would be passed over, is said with its line."""
    notes = markdown.notes(f"- [ ] first\n\n{line}\n")
    assert [note[: len(words)] for note in notes] == ([words] if words else [])
