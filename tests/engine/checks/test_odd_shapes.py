"""Reports of tools that could not be run here, with any one value replaced: judged, and never a crash."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FIXTURES = Path(__file__).parents[2] / "fixtures"
LOOSE = {f"max_{level}": 99 for level in ("critical", "high", "medium", "low", "unknown")}
KEY = (FIXTURES / "signature" / "k.pub").read_text()
VEX = {"vex": ["vex.json"], "file": "grype.json"}
SHAPES = {
    "vulnerabilities/trivy.json": ("vulnerabilities", LOOSE),
    "vulnerabilities/trivy-schema-1.json": ("vulnerabilities", LOOSE),
    "vulnerabilities/grype.json": ("vulnerabilities", LOOSE),
    "vulnerabilities/osv-scanner.json": ("vulnerabilities", LOOSE),
    "vulnerabilities/openvex.json": ("vulnerabilities", LOOSE | VEX),
    "vulnerabilities/cyclonedx-vex.json": ("vulnerabilities", LOOSE | VEX),
    "lint/eslint.json": ("lint", {"max_errors": 9}),
    "lint/codeql.sarif": ("lint", {"max_errors": 9}),
    "load/k6-summary-export.json": ("load", {"min_requests": 1}),
    "load/k6-handle-summary.json": ("load", {"min_requests": 1}),
    "load/k6-machine-readable.json": ("load", {"min_requests": 1}),
    "sbom/github-spdx.json": ("sbom", {}),
    "sbom/spdx-2.2.json": ("sbom", {"versions_at_least": 1}),
    "signature/cosign-bundle.json": ("signature", {"public_key": KEY}),
    "signature/cosign-v0.3.json": ("signature", {"public_key": KEY}),
}
ODD: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    7,
    1.5,
    10**30,
    "",
    "x",
    "\ud7ff",
    [],
    [None],
    [7],
    {},
    {"x": 1},
    [[]],
    "9" * 400,
]


def places(node, path=()):
    """All places of a value, as paths."""
    yield path
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        yield from places(value, (*path, key))


def replaced(node, path, value):
    """The value with one place replaced."""
    if not path:
        return value
    made = dict(node) if isinstance(node, dict) else list(node)
    made[path[0]] = replaced(node[path[0]], path[1:], value)
    return made


def judged(finding, name, document):
    """The check of the fixture's kind on a document in its place."""
    kind, params = SHAPES[name]
    said = {"s.json": document, "config.json": (FIXTURES / "signature/model/config.json").read_bytes()}
    if kind == "signature":
        return finding(kind, params | {"signature": "s.json", "file": "config.json"}, said)
    if "vex" in params:
        report = (FIXTURES / "vulnerabilities" / "grype.json").read_bytes()
        return finding(kind, params, {"vex.json": document, "grype.json": report})
    return finding(kind, {"file": "s.json"} | params, said)


@pytest.mark.parametrize("name", SHAPES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.integers(0, 10**6), odd=st.sampled_from(ODD))
def test_one_value_replaced(finding, name, where, odd):
    """Wrong types anywhere are an answer in words."""
    loaded = json.loads((FIXTURES / name).read_text())
    paths = list(places(loaded))
    document = json.dumps(replaced(loaded, paths[where % len(paths)], odd))
    found = judged(finding, name, document)
    assert found.outcome in ("PASS", "WARN", "FAIL"), found.message
    assert "broke:" not in found.message


@pytest.mark.parametrize("name", SHAPES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10**6))
def test_cut_anywhere(finding, name, at):
    """Half a file is never a pass."""
    text = (FIXTURES / name).read_text().strip()
    assert judged(finding, name, text[: at % len(text)]).outcome == "FAIL"
