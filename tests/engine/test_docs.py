"""Tests that the reference under docs/ says what the code says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest

from readiness.engine import library, markdown, parameters, registry, type_words
from readiness.engine.checklist import CheckSpec
from readiness.engine.render import docs
from readiness.engine.sizes import Bytes
from readiness.engine.validation import samples, validate

ROOT = Path(__file__).parents[2]


def test_reference_matches_the_code() -> None:
    """docs/checks/ holds one current page per kind; `python -m readiness.engine.render.docs` renews it."""
    written = {f.name: f.read_text(encoding="utf-8") for f in (ROOT / "docs" / "checks").glob("*.md")}
    assert written == docs.pages()


def test_every_kind_explains_itself() -> None:
    """Each built-in kind has a docstring with an example of itself that parses."""
    for kind in registry.kinds().values():
        blocks = re.findall(r"```yaml check\n(.*?)```", kind.doc, re.DOTALL)
        assert blocks, kind.name
        item = "".join(f"- [ ] x\n\n  ```yaml check\n{_indented(b)}  ```\n" for b in blocks)
        checks = [c for i in markdown.parse(item).items for c in i.checks]
        assert kind.name in {c.kind for c in checks}
        for check in checks:
            _parses(check)


def _indented(block: str) -> str:
    return "".join(f"  {line}\n" for line in block.splitlines())


def _parses(check: CheckSpec) -> None:
    values = samples(library.load().parameters)
    registry.get(check.kind).parse(parameters.substitute(check.params, values))


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (str, "text"),
        (list[str], "list of text"),
        (float | None, "number"),
        (int | str, "whole number or text"),
        (tuple[int, ...], "list of whole number"),
        (dict[str, float], "pairs of text and number"),
        (Literal["a", "b"] | None, "one of `a`, `b`"),
        (Annotated[float, msgspec.Meta(ge=0)], "number"),
        (Bytes | None, "bytes, or a size such as 5 MB"),
        (Any, "any"),
    ],
)
def test_types_in_words(hint: Any, words: str) -> None:
    """Types are told in the words of an author, not of Python."""
    assert type_words.words(hint) == words


def test_example_in_the_format_guide_is_valid() -> None:
    """The complete example of docs/checklist-format.md parses and validates."""
    text = (ROOT / "docs" / "checklist-format.md").read_text(encoding="utf-8")
    example = re.search(r"^````markdown\n(.*?)^````$", text, re.DOTALL | re.MULTILINE)
    assert example
    checklist = markdown.parse(example[1])
    validate(checklist)
    assert len(checklist.items) >= 4


@pytest.mark.parametrize("kind", registry.kinds())
def test_tables_keep_their_columns(kind: str) -> None:
    """Whatever a parameter may be, its row has the three cells of the head, and no cell holds a tab."""
    rows = [line for line in docs.page(registry.get(kind)).splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4}
    assert not any("\t" in row for row in rows)
