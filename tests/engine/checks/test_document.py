"""`document`: sections that say something; a heading alone proves nothing."""

from __future__ import annotations

import time

import pytest

WORDS = "Each of these sentences says something true about the model and its use in production today.\n"
INPUT = {"file": "d.md", "sections": ["Input Specification"]}


def check(finding, text, **params):
    """Run on one document."""
    return finding("document", INPUT | params, {"d.md": text})


@pytest.mark.parametrize(
    "text",
    [
        "# Input Specification\n" + WORDS,
        "### input specification\n" + WORDS,
        "## 2.1 Input Specification:\n" + WORDS,
        "Input Specification\n---\n" + WORDS,
        "# Input Specification {#input .wide}\n" + WORDS,
        "[" * 20_000 + "\n\n# Input Specification\n" + WORDS,
        "# ✅ **Input Specification**\n" + WORDS,
        "# Input Specification\n## Deeper\n" + WORDS,
        "# Input Specification\n\n# Other\n\n# Input Specification\n" + WORDS,
        "# Input Specification\n| Field | Meaning |\n|---|---|\n| image | " + WORDS.strip() + " |\n",
        "# Input Specification\n" + WORDS + "\n[your guide](guide.md), [date][ref], `<name>`\n",
        "# Input Specification\n" + WORDS + "\n```\ncurl <your-host>/{{ path }} # TODO\n```\n",
        "# Input Specification\n<!-- TODO -->\n" + WORDS,
        "---\ntodo: TODO\n---\n# Input Specification\n" + WORDS,
    ],
)
def test_complete(finding, text):
    """Any level, case, number or emphasis; deeper headings count; code may hold placeholders."""
    found = check(finding, text)
    assert found.outcome == "PASS"
    assert found.message.startswith("“Input Specification” complete in d.md (")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is missing"),
        ("# Input\n" + WORDS, "is missing"),
        ("Input Specification\n" + WORDS, "is missing"),
        ("```\n# Input Specification\n" + WORDS + "```\n", "is missing"),
        ("<!--\n# Input Specification\n" + WORDS + "-->\n", "is missing"),
        ("# Input Specification\n", "(line 1) is empty"),
        ("\n\n# Input Specification\n\n# Next\n" + WORDS, "(line 3) is empty"),
        ("# Input Specification\n## " + WORDS, "is empty"),
        ("# Input Specification\n<!--\n" + WORDS + "-->\n", "is empty"),
        ("# Input Specification\n<!--\n" + WORDS, "is empty"),
        ("# Input Specification\nA few short words.\n", "has 3 words, needs 10"),
        ("# Input Specification\n" + WORDS + "\nTBD\n", "still holds TODO (line 4)"),
        ("Input Specification\n---\n" + WORDS + "\nTODO\n", "(line 1) still holds TODO (line 5)"),
        ("# Input Specification\r\n" + WORDS + "\r\nTODO\r\n", "still holds TODO (line 4)"),
        ("# Input Specification\nüber “alles” 画像\n" + WORDS + "XXX\n", "still holds TODO (line 4)"),
        ("# Input Specification\n<!-- a\nb -->\n" + WORDS + "\nTBD\n", "still holds TODO (line 6)"),
        ("# Input Specification\n" + WORDS + "**Name**: [e.g., Classifier v1]\n", "placeholder (line 3)"),
        ("# Input Specification\n" + WORDS + "[date]\n", "a placeholder (line 3)"),
        ("# Input Specification\n" + WORDS + "[insert shape here]\n", "a placeholder (line 3)"),
        ("# Input Specification\n" + WORDS + "Shape: <fill in>\n", "a placeholder (line 3)"),
        ("# Input Specification\n" + WORDS + "Shape: {{ shape }}\n", "a placeholder (line 3)"),
        ("# Input Specification\nLorem ipsum dolor. " + WORDS, "filler text (line 2)"),
        (
            "# Input Specification\n## Shape\n" + WORDS + "## Type\nTo be written.\n",
            "a “coming soon” (line 5)",
        ),
    ],
)
def test_incomplete(finding, text, words):
    """Missing, empty, hidden, short or left from a template: FAIL with the section and its line."""
    found = check(finding, text)
    assert found.outcome == "FAIL"
    assert "“Input Specification”" in found.message
    assert words in found.message


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Alerts have thresholds, shown on the dashboard. " + WORDS, ""),
        (WORDS, "threshold, dashboard"),
        (WORDS + "<!-- threshold dashboard -->\n", "threshold, dashboard"),
        (WORDS + "## Dashboard\nThresholds.\n", "dashboard"),
        (WORDS + "Superthreshold on the dashboard.\n", "threshold"),
    ],
)
def test_mentions(finding, text, missing):
    """Words count where a reader meets them: not in comments, not in a bare heading."""
    params = {"file": "d.md", "mentions": {"Monitoring": ["threshold", "dashboard"]}}
    found = finding("document", params, {"d.md": "# Monitoring\n" + text})
    assert found.outcome == ("FAIL" if missing else "PASS")
    assert not missing or found.message.endswith(f"does not mention {missing}")


@pytest.mark.parametrize(
    ("text", "outcome"),
    [(WORDS, "PASS"), ("# Only\n## headings\n", "FAIL"), (WORDS + "\nTODO\n", "FAIL"), ("", "FAIL")],
)
def test_whole_document(finding, text, outcome):
    """Without `sections` the document as a whole is judged, headings or not."""
    assert finding("document", {"file": "d.md"}, {"d.md": text}).outcome == outcome


def test_every_problem_is_named(finding):
    """All sections are judged; the measurements say which are complete."""
    found = check(finding, "# A\n" + WORDS + "# B\n", sections=["A", "B", "C"])
    assert [m.ok for m in found.measurements] == [True, False, False]
    assert [m.observed for m in found.measurements] == ["complete", "is empty", "missing"]
    assert "“B” (line 3) is empty; the section “C” is missing" in found.message


@pytest.mark.parametrize(
    "unit", ["<!--", "[e.g", "<your ", "{{", "` ", "[x](", "TOD", "# Input Specification\n", "["]
)
def test_hostile_documents_are_quick(finding, unit):
    """100 kB of half a placeholder take linear time."""
    started = time.monotonic()
    check(finding, "# Input Specification\n" + unit * (100_000 // len(unit)))
    assert time.monotonic() - started < 40


PROSE = "twelve words that say what the model does and how it fails"


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (f"---\ntitle: {PROSE}\n---\n", "FAIL"),
        (f"---\ntitle: {PROSE}\n---", "FAIL"),
        (f"---\r\ntitle: {PROSE}\r\n---\r\n", "FAIL"),
        (f"---\ntitle: {PROSE}\n...\n", "FAIL"),
        (f"---\ntitle: a: {PROSE}\n---\n", "FAIL"),
        (f"---\n# {PROSE}\n---\n", "FAIL"),
        (f"---\ntitle: x\n---\n{PROSE}\n", "PASS"),
        (f"---\n\n{PROSE}\n\n---\n", "PASS"),
    ],
    ids=["front", "no newline", "CRLF", "dots", "broken YAML", "only a comment", "front and text", "rules"],
)
def test_front_matter_is_no_prose(finding, text, outcome):
    """What no reader sees does not count as words of the document; prose between two rules does."""
    assert finding("document", {"file": "d.md"}, {"d.md": text}).outcome == outcome


def test_lines_stay_true_below_front_matter(finding):
    """The line of a leftover is that of the file."""
    text = f"---\na: b\n---\n{PROSE}\nTODO\n"
    assert "(line 5)" in finding("document", {"file": "d.md"}, {"d.md": text}).message
