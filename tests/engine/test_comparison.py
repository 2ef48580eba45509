"""engine/comparison.py: what differs between two versions, and which results still hold."""

import pytest

from readiness.engine import markdown
from readiness.engine.comparison import compare

TEXT = """---
title: Small
slug: small
version: 1.0.0
parameters:
  least: {type: number, default: 80, unit: "%"}
sign_off:
  - {role: technical-lead}
  - {role: compliance, conditional: true}
---
## Items

- [ ] **Weights** {#weights}
  - The file exists

  ```yaml check
  file: {path: model.bin}
  ```
  **If unchecked**: export it.

- [ ] **Accuracy** {#accuracy}
  - At least the target

  ```yaml check
  metric: {file: metrics.json, key: accuracy, at_least: $least}
  ```

- [ ] **Reviewed** {#reviewed}
  - By a peer
"""


def differ(old: str, new: str):
    """From TEXT to TEXT with one thing replaced."""
    assert old in TEXT
    return compare(markdown.parse(TEXT, name="a"), markdown.parse(TEXT.replace(old, new), name="b"))


def test_the_same_text_changes_nothing():
    """Every item's results hold, nothing is told."""
    found = differ("version: 1.0.0", "version: 1.0.1")
    assert found.nothing
    assert found.same == ("weights", "accuracy", "reviewed")


@pytest.mark.parametrize(
    ("old", "new", "key", "what"),
    [
        ("**Weights**", "**Weights of the model**", "weights", "text"),
        ("By a peer", "By two peers", "reviewed", "criteria"),
        ("By a peer", "By a peer (confirm)", "reviewed", "criteria"),
        ("model.bin", "model.onnx", "weights", "checks"),
        ("file: {path: model.bin}", "file: {path: model.bin, min_bytes: 10}", "weights", "checks"),
        ("**Reviewed**", "**Reviewed (if applicable)**", "reviewed", "requirement"),
        ("export it.", "export it again.", "weights", "explanation"),
        ("type: number", "type: text", "accuracy", "parameters of its checks"),
        ('unit: "%"', "unit: points", "accuracy", "parameters of its checks"),
    ],
)
def test_an_item_that_differs_at_all_is_changed(old, new, key, what):
    """Whatever differs, the item is not the same, and the part is named."""
    found = differ(old, new)
    changed = {change.key: change.what for change in found.changed}
    assert what in changed[key]
    assert set(found.same) == {"weights", "accuracy", "reviewed"} - {key}


def test_added_and_removed():
    """Another id is another item."""
    found = differ("{#reviewed}", "{#looked-at}")
    assert [item.id for item in found.added] == ["looked-at"]
    assert [item.id for item in found.removed] == ["reviewed"]


def test_moving_an_item_changes_nothing_of_it():
    """Order and lines are no part of an item."""
    found = differ("## Items\n", "## Items\n\nA word before.\n\n## More\n")
    assert found.same == ("weights", "accuracy", "reviewed")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("  - {role: compliance, conditional: true}\n", "", "The compliance no longer signs"),
        ("{role: compliance, conditional: true}", "{role: compliance}", "The compliance must sign"),
        ("slug: small", "slug: small\nwaivers: true", "Waivers are allowed"),
        ("slug: small", "slug: small\nisolation: seccomp", "Checks must be isolated by: seccomp"),
        ("default: 80", "default: 90", "The parameter least now has default 90 %"),
        ("  least: {", "  most: {type: integer, default: 3}\n  least: {", "New parameter most, default 3"),
    ],
)
def test_rules_of_the_whole(old, new, words):
    """Who signs, waivers, isolation and parameters are told in words."""
    assert any(words in rule for rule in differ(old, new).rules)


def test_stricter_isolation_makes_checks_run_again():
    """Results of a less isolated process do not hold under a stricter demand."""
    found = differ("slug: small", "slug: small\nisolation: seccomp")
    assert found.same == ("reviewed",)


def test_new_parameters_are_listed():
    """A parameter of the new version only."""
    found = differ("  least: {", "  most: {type: integer, default: 3}\n  least: {")
    assert [p.name for p in found.new_parameters] == ["most"]
