"""`readiness score`: what a document claims, never more, and said to be a claim."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readiness.cli import main
from readiness.commands._shared import Exit
from readiness.commands.score import CLAIMED
from readiness.engine import claims, library
from readiness.engine.errors import ChecklistError
from readiness.engine.score import score

# The form in which teams keep such lists: plain bullet points, claims behind them, weights in headings.
PLAIN = """# Production readiness

Current score: 99%

## Minimum

- Security review signed off
- Runbooks validated

## Gaps

### Release (Weight 40%)
- Versioning: written down in `docs/RELEASE.md`. (done)
* Signing: keyless. (DONE)
- Distribution: no promotion yet;
  to be settled. (partial)

### Security (Weight 60%)
- Threat model (done)
- Rotation: documented. (pending)
- Load: not looked at
- Provider
  - Vault (done)
  - AWS: not tested (partial)

## Roadmap
1) Implement CI.
2) Add metrics.

## Enhancements (Recommended)
- Profiles
"""


def shown(capsys: pytest.CaptureFixture[str], folder: Path, text: str | bytes) -> dict[str, Any]:
    """The JSON for a document."""
    file = folder / "list.md"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    assert main(["score", str(file), "--json"]) == Exit.READY
    made: dict[str, Any] = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    return made


def test_plain_bullets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Claims and weights of a list without boxes; its numbered list and its own score are not read."""
    found = shown(capsys, tmp_path, PLAIN)
    assert (found["basis"], found["checklist"]["title"]) == ("claimed", "Production readiness")
    counts = {s["title"]: (s["weight"], s["done"], s["partial"], s["pending"]) for s in found["sections"]}
    assert counts == {
        "Minimum": (None, 0, 0, 2),
        "Release": (40, 2, 1, 0),
        "Security": (60, 2, 1, 2),
        "Enhancements (Recommended)": (None, 0, 0, 1),
    }
    assert found["formula"] == "40 % × 2.5/3 + 60 % × 2.5/5 = 63.3 %"
    assert found["headline"] == "63 % · 7 items open"
    assert [gap["title"] for gap in found["gaps"]][:2] == ["Rotation: documented.", "Load: not looked at"]
    assert {g["requirement"] for g in found["gaps"] if g["section"].startswith("Enh")} == {"recommended"}


def test_boxes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a document with boxes only these are items, whatever the bullet points claim."""
    found = shown(
        capsys, tmp_path, "# A\n- [x] one\n- [ ] two (partial)\n- [ ] three\n\n## B\n- four (done)\n"
    )
    assert found["formula"] == "1.5 of 3 items = 50 %"


def test_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """People read first that nothing is verified, then the score, the table, the gaps and the way."""
    file = tmp_path / "list.md"
    file.write_text(PLAIN)
    assert main(["score", str(file)]) == Exit.READY
    out = capsys.readouterr().out
    places = [out.index(words) for words in (CLAIMED, "63 % · 7 items open", "Section", "Formula", "Roadmap")]
    assert places == sorted(places)
    assert "Minimum has no weight and counts nothing" in out
    assert max(map(len, out.splitlines())) <= 100
    assert not any(line.strip().startswith("%") for line in out.splitlines())
    assert "  1. Settle what is mandatory: 4 items → 87 %" in out


@pytest.mark.parametrize("slug", library.slugs())
def test_built_in_lists_claim_nothing(capsys: pytest.CaptureFixture[str], slug: str) -> None:
    """A list that nobody has worked on starts at nothing."""
    assert main(["score", slug, "--json"]) == Exit.READY
    found = json.loads(capsys.readouterr().out)
    assert (found["value"], found["percent"], found["blockers"]) == (0, "0 %", 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# Only a title\n",
        "# Prose\n\n- a point\n- another\n",
        "```\n- a (done)\n```\n",
        "<!--\n- a (done)\n-->\n",
        "## A (Weight 12%)\n\nNo list at all.\n",
    ],
)
def test_documents_without_claims(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Nothing claimed is wrong usage, not a score of nothing or of everything."""
    file = tmp_path / "list.md"
    file.write_text(text)
    assert main(["score", str(file)]) == Exit.USAGE
    assert "claims nothing that can be scored" in capsys.readouterr().err


def test_weights_alone_make_items(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Bullet points below a weight are items though none claims anything yet."""
    assert shown(capsys, tmp_path, "## A (Weight 12%)\n- one\n- two\n")["formula"] == "(12 × 0/2) / 12 = 0 %"


@pytest.mark.parametrize("first", [1, 1.5, 1.25, 1.125, 10, 10.5, 10.25])
def test_formula_keeps_numbers_with_their_units(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], first: float
) -> None:
    """Wherever a long formula is broken, no line begins with the sign of the number before it."""
    weights = [first, *[3] * 29, 13 - first]
    file = tmp_path / "list.md"
    file.write_text("".join(f"# {n} (Weight {w}%)\n- a (done)\n" for n, w in enumerate(weights)))
    assert main(["score", str(file)]) == Exit.READY
    out = capsys.readouterr().out
    assert not any(line.strip().startswith("%") for line in out.splitlines())
    assert "= 100 %" in " ".join(out.split())


def test_numbered_points_that_claim(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A numbered point is an item only when it claims something."""
    found = shown(capsys, tmp_path, "1. one (done)\n2. two\n3. three (pending)\n")
    assert found["formula"] == "1 of 2 items = 50 %"


def test_missing_file_and_unknown_slug(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both are named."""
    assert main(["score", str(tmp_path / "none.md")]) == Exit.USAGE
    assert main(["score", "no-such-list"]) == Exit.USAGE
    assert "Built in: data-run" in capsys.readouterr().err


def test_hostile_titles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What steers a terminal does not reach it, and a weight beyond reason still gives a score."""
    file = tmp_path / "list.md"
    file.write_text("# \x1b[31mA\u202e (Weight 999.9999%)\n- \x1b]0;x\x07 item (done)\n", encoding="utf-8")
    assert main(["score", str(file)]) == Exit.READY
    out = capsys.readouterr().out
    assert "100 % · every item settled" in out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


LINES = st.sampled_from(
    [
        "# H",
        "## W (Weight 12%)",
        "- a",
        "- b (done)",
        "  - c (partial)",
        "* d (pending)",
        "1. e",
        "> - f (done)",
        "- - g (done)",
        "-\th (done)",
        "-     code (done)",
        "```",
        "<!--",
        "",
        "    - i",
        "text (done)",
        "- [ ] box",
        "+ **j** (done)",
        "---",
        "- `k` (done) ",
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(LINES, max_size=12))
def test_any_document(lines: list[str]) -> None:
    """Any mixture is scored or refused in words; a claim is never counted twice or made up."""
    text = "\n".join(lines)
    try:
        parts = claims.sections(claims.read(text))
    except ChecklistError:
        return
    items = [item for part in parts for item in part.items]
    assert sum(item.done for item in items) <= text.count("(done)")
    assert sum(item.half for item in items) <= text.count("(partial)")
    assert len(items) <= len(lines) + text.count("- - ")
    value = score(parts).value
    assert value is None or 0 <= value <= 100
