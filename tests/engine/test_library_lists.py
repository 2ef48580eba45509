"""Tests of the other built-in checklists: what each must hold, and the page that promises it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from readiness.engine import library
from readiness.engine.checklist import Checklist, Requirement
from readiness.engine.parameters import references

DOCS = Path(__file__).parents[2] / "docs"
OTHERS = [slug for slug in library.slugs() if slug != library.DEFAULT]
SECTIONS: dict[str, dict[str, int]] = {
    # the eight minimum items; ten sections with the items and weights that the product is scored by
    "release-gate": {
        "Minimum for production": 8,
        "Release engineering": 4,
        "Security": 9,
        "Observability": 6,
        "Reliability and resilience": 6,
        "Scalability and performance": 4,
        "Data integrity and contracts": 5,
        "Configuration and environment": 7,
        "Operations": 7,
        "Testing": 5,
        "Documentation": 7,
        "Enhancements (recommended)": 5,
        "Approval": 3,
    },
    # before the deployment in seven sections, forty items; behind it six; and the way back
    "ml-deployment": {
        "Code quality": 6,
        "Model validation": 6,
        "Data pipeline": 5,
        "API and infrastructure": 7,
        "Monitoring and observability": 6,
        "Security": 5,
        "Documentation": 5,
        "Post-deployment validation": 6,
        "Rollback": 2,
        "Approval": 2,
    },
    "post-deployment": {"The service": 6, "Monitoring window": 2, "Approval": 1},
    # the deployment checklist has four items, the suites are five
    "readiness-programme": {
        "Deployment checklist": 4,
        "Readiness suites": 5,
        "Evidence": 5,
        "Observability and response": 4,
        "Change control": 2,
        "Approval": 2,
    },
    "data-run": {"Integrity": 2, "Data safety": 2, "Quality": 2, "Reproducibility": 1, "Approval": 1},
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "release-gate": {"line_coverage": 80, "compare_config": False, "signing_key": None},
    "ml-deployment": {"min_roc_auc": 0.95, "max_error_rate": 5, "max_p95": 1000},
    "post-deployment": {"window_hours": 24, "max_error_rate": 5, "max_p95": 1000},
    "readiness-programme": {
        "max_rehearsal_age": 30,
        "min_success_rate": 98,
        "max_flake_rate": 10,
        "max_p95": 200,
        "min_traced": 95,
    },
    "data-run": {"warnings": "review"},
}


@pytest.mark.parametrize("slug", OTHERS)
def test_sections_and_thresholds(slug: str) -> None:
    """Sections with their numbers of items, and the limits that a release starts from."""
    known = library.load(slug)
    assert {part.title: len(part.items) for part in known.sections if part.items} == SECTIONS[slug]
    defaults = {parameter.name: parameter.default for parameter in known.parameters}
    assert DEFAULTS[slug].items() <= defaults.items()


@pytest.mark.parametrize("slug", OTHERS)
def test_every_item_of_every_list_is_complete(slug: str) -> None:
    """An id of its own, criteria, what to do, good evidence (approvals apart); nothing claimed."""
    known = library.load(slug)
    assert (known.version, known.waivers) == ("1.0.0", True)
    assert known.summary
    assert known.gate
    for item in known.items:
        assert f"{{#{item.id}" in item.markdown, item.id
        assert 1 <= len(item.criteria) <= 5, item.id
        assert item.remediation, item.id
        assert item.evidence or item.role, item.id
        assert not item.checked, item.id
        assert item.state is None, item.id


@pytest.mark.parametrize("slug", OTHERS)
def test_every_promise_is_used(slug: str) -> None:
    """Each parameter is looked at by a check or switches one on, and says what it is for."""
    known = library.load(slug)
    specs = [spec for item in known.items for spec in item.checks]
    used = {name for spec in specs for name in references(spec.params)} | {spec.when for spec in specs}
    assert {parameter.name for parameter in known.parameters} == used - {None}
    assert all(parameter.help for parameter in known.parameters)


def test_weights_of_the_release_gate() -> None:
    """Ten weighted sections that sum to 100; the minimum, the enhancements and the approvals have none."""
    weights = {part.title: part.weight for part in library.load("release-gate").sections if part.items}
    given = {title: weight for title, weight in weights.items() if weight is not None}
    assert list(given.values()) == [12, 15, 12, 12, 10, 10, 8, 6, 10, 5]
    assert weights.keys() - given.keys() == {
        "Minimum for production",
        "Enhancements (recommended)",
        "Approval",
    }


def test_what_may_be_left_out() -> None:
    """What the seeds call applicable, required or recommended only sometimes; all else is mandatory."""
    levels = {
        slug: [
            i.id
            for i in library.load(slug).items
            if i.requirement is not Requirement.MANDATORY and not i.role
        ]
        for slug in OTHERS
    }
    live = ["live-health", "live-model", "live-prediction", "live-metrics", "live-logs", "live-dashboards"]
    assert levels == {
        "data-run": [],
        "ml-deployment": ["rate-limiting", "auth", *live, "previous-model", "rolled-back"],
        "post-deployment": ["rollback"],
        "readiness-programme": ["runbooks-updated", "threshold-changes", "new-suites"],
        "release-gate": [
            "extra-profiles",
            "extra-least-privilege",
            "extra-access-logs",
            "extra-alert-routes",
            "extra-rollback",
        ],
    }


def test_the_seven_checks_of_the_run_validator() -> None:
    """`data-run` asks each of the seven, in their order."""
    specs = [spec for item in library.load("data-run").items for spec in item.checks]
    assert [spec.params["check"] for spec in specs] == [
        "contract_integrity",
        "hash_chain",
        "privacy_safety",
        "contamination_risk",
        "regression_risk",
        "config_sanity",
        "reproducibility",
    ]


def test_the_page_about_the_lists() -> None:
    """docs/checklists.md has one row for each list with its true numbers, and a word on each."""
    page = (DOCS / "checklists.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[`.*", page, re.MULTILINE)
    assert rows == [_row(library.load(slug)) for slug in library.slugs()]
    for slug in library.slugs():
        assert f"- **`{slug}`**" in page
    assert all((DOCS / link).exists() for link in re.findall(r"\]\(([^)#:]+)\)", page))


def _row(known: Checklist) -> str:
    alone = sum(bool(item.checks) and not item.by_person for item in known.items)
    confirmed = sum(bool(item.checks) and item.by_person for item in known.items)
    by_hand = sum(not item.checks and item.role is None for item in known.items)
    signed = sum(item.role is not None for item in known.items)
    numbers = " | ".join(map(str, (len(known.items), alone, confirmed, by_hand, signed)))
    name = f"[`{known.slug}`](../checklists/library/{known.slug}.md)"
    return f"| {name} | {known.gate} | {numbers} |"
