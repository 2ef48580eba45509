"""Tests of what must hold before a checklist is used."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from readiness.engine import markdown, registry
from readiness.engine.errors import ChecklistError
from readiness.engine.outcome import Finding, Outcome
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory
from readiness.engine.validation import validate


class GaugeParams(Params, frozen=True):
    file: str
    at_least: float | None = None


@pytest.fixture(autouse=True)
def gauge() -> Iterator[None]:
    """A kind of check that only these tests know."""
    registry.kinds()

    @check("gauge", title="A gauge", short="file")
    def run(want: GaugeParams, run: RunDirectory) -> Finding:
        """Nothing."""
        return Finding(outcome=Outcome.PASS, message=f"{want.file} of {run.root}")

    yield
    del registry._KINDS["gauge"]


FRONT = """---
parameters:
  goal: {default: 80}
  label: {type: text, default: high}
  address: {type: url}
sign_off: [technical-lead]
---
- [ ] Lead {#lead role=technical-lead}
"""


def document(block: str) -> str:
    body = "".join(f"  {line}\n" for line in block.splitlines())
    return f"{FRONT}- [ ] Item\n\n  ```yaml check\n{body}  ```\n"


@pytest.mark.parametrize(
    "block",
    [
        "gauge: a.json",
        "gauge: {file: a.json, at_least: $goal}",
        "gauge: {file: 'runs/$label/a.json'}",
        "gauge: {file: $address}\nwhen: $address",
        "- gauge: a\n- gauge: {file: b}",
    ],
)
def test_good_checks(block: str) -> None:
    """Short forms, references inside text, and parameters without a default are fine."""
    validate(markdown.parse(document(block)))


@pytest.mark.parametrize(
    ("block", "line", "words"),
    [
        ("gauge: a\nguage: b", 13, "Unknown check kind 'guage'"),
        ("gauge:\n  file: a\n  at_leest: 1", 12, "at_leest"),
        ("gauge: {at_least: 1}", 12, "file"),
        ("gauge: {file: a, at_least: $label}", 12, "at_least"),
        ("gauge: [a]", 12, "gauge"),
        ("- gauge: a\n- gauge: {file: $gaol}", 13, "no parameter 'gaol'"),
        ("gauge: a\nwhen: $nowhere", 12, "no parameter 'nowhere'"),
    ],
)
def test_bad_checks_name_their_line(block: str, line: int, words: str) -> None:
    """An unknown kind, a bad or missing parameter and an unknown `$name` are found before anything runs."""
    with pytest.raises(ChecklistError, match=words) as caught:
        validate(markdown.parse(document(block)))
    assert caught.value.line == line
    assert caught.value.advice


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("# Only\n- plain", None, "No task items"),
        ("- [ ] Lead {#l role=compliance}", 1, "not listed in `sign_off`"),
        ("---\nsign_off: [compliance]\n---\n- [ ] a", None, "no item is ticked"),
        (FRONT + "- [ ] Again {#b role=technical-lead}", 9, "already signs the item on line 8"),
        (FRONT + "\n  ```yaml check\n  gauge: a\n  ```\n", 11, "cannot have checks"),
    ],
)
def test_items_and_roles_agree(source: str, line: int | None, words: str) -> None:
    """A checklist has items; each signing role has one item, without checks."""
    with pytest.raises(ChecklistError, match=words) as caught:
        validate(markdown.parse(source))
    assert caught.value.line == line
