"""Wrong parameters are told in the words of a checklist."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.engine import markdown, registry
from readiness.engine.errors import ChecklistError, ParameterError


@pytest.mark.parametrize(
    ("kind", "params", "said", "advice"),
    [
        (
            "metric",
            {"file": "a", "atleast": 1},
            "it has no parameter `atleast`",
            "Did you mean `at_least`? It",
        ),
        ("metric", {"file": "a", "zzz": 1}, "it has no parameter `zzz`", "It takes: file, [key]"),
        ("metric", {"file": "a", "at_least": "80%"}, "`at_least` is text, needs number", "It takes: file"),
        ("metric", {"key": "a"}, "`file` is missing", "It takes: file"),
        ("metric", {"file": None}, "`file` is nothing, needs text", "It takes: file"),
        ("metric", {"file": "a", 3: 4}, "it has a name that it cannot have", "It takes: file"),
        (
            "metric",
            {"file": "a", "pick": "best"},
            "`pick` is 'best', needs one of `last`, `first`, `max`, `min`",
            "It takes: file",
        ),
        ("pins", {"files": "a"}, "`files` is text, needs list of text", "It takes: [files]"),
        (
            "junit",
            {"file": "a", "min_tests": 1.5},
            "`min_tests` is a number with a fraction",
            "It takes: file",
        ),
        (
            "config",
            {"file": "a", "limits": {"lr": {"at_max": 1}}},
            "in `limits.*` it has no parameter `at_max`",
            "`limits.*` takes: [at_least]",
        ),
        (
            "vulnerabilities",
            {"file": "a", "accepted": [{"id": "x"}]},
            "in `accepted[0]` `reason` is missing",
            "`accepted[0]` takes: id, reason",
        ),
        (
            "manifest",
            {"file": "a", "keys": {"x": "y"}},
            "`keys` has a name that it cannot have: 'x'",
            "It takes",
        ),
        ("file", {"path": "a", "min_bytes": "5 XB"}, "`min_bytes`: '5 XB' is no size", "It takes: path"),
        ("metrc", {}, "Unknown check kind 'metrc'", "Did you mean `metric`? Known kinds: checkpoint"),
    ],
)
def test_wrong_parameters(kind: str, params: dict[Any, Any], said: str, advice: str) -> None:
    """The sentence names the parameter and what it needs, the advice what its place takes."""
    with pytest.raises(ParameterError) as caught:
        registry.get(kind).parse(params)
    assert said in caught.value.message
    assert "`null`" not in caught.value.message
    assert caught.value.advice.startswith(advice)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sign_off: [tech-lead]", "`sign_off.0`: it is 'tech-lead', needs one of `technical-lead`"),
        ("waivers: maybe", "`waivers`: it is text, needs true or false"),
        ("parameters: {a: {type: float}}", "`parameters.a`: `type` is 'float', needs one of `number`"),
        ("parameters: {a: {typ: text}}", "`parameters.a`: it has no parameter `typ`"),
    ],
)
def test_wrong_front_matter(line: str, said: str) -> None:
    """Front matter is told in the same words."""
    with pytest.raises(ChecklistError) as caught:
        markdown.parse(f"---\ngate: a\n{line}\n---\n- [ ] a\n")
    assert said in caught.value.message
