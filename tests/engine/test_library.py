"""Tests of the built-in checklists and of the default one: its shape is a promise of the README."""

from __future__ import annotations

import pytest

from readiness.engine import library, markdown
from readiness.engine.checklist import Checklist, Requirement, Role
from readiness.engine.errors import ChecklistError
from readiness.engine.parameters import references
from readiness.engine.validation import validate


@pytest.fixture(scope="module")
def checklist() -> Checklist:
    return library.load()


def test_every_built_in_checklist_is_valid() -> None:
    """What is shipped passes the same validation as what is uploaded, and is named after its slug."""
    assert library.DEFAULT in library.slugs()
    for slug in library.slugs():
        checklist = library.load(slug)
        assert checklist.slug == slug
        validate(checklist)
        assert markdown.notes(library.source(slug)) == (), slug


def test_twenty_four_items_in_eight_sections(checklist: Checklist) -> None:
    """24 items; the sections have the sizes that DESIGN names, staging before the approvals."""
    sizes = {section.title: len(section.items) for section in checklist.sections if section.items}
    assert list(sizes.items()) == [
        ("Training completion", 3),
        ("Test set evaluation", 4),
        ("Model export", 3),
        ("Documentation", 4),
        ("Reproducibility", 2),
        ("Quality assurance", 2),
        ("Staging verification", 3),
        ("Stakeholder approval", 3),
    ]
    assert len(checklist.items) == 24


def test_what_is_scripted_and_what_people_decide(checklist: Checklist) -> None:
    """19 items have checks; three of them also wait for a person, and two are for people alone."""
    assert sum(bool(item.checks) for item in checklist.items) == 19
    confirm = [i.id for i in checklist.items if any(c.confirm for c in i.criteria)]
    assert confirm == ["evaluation-complete", "confusion-matrix", "monitoring"]
    by_hand = [i.id for i in checklist.items if not i.checks and not i.role]
    assert by_hand == ["no-critical-issue", "code-review"]


def test_either_list_of_packages_will_do(checklist: Checklist) -> None:
    """Both reproducibility items look for the same alternatives."""
    params = [
        c.params for i in checklist.items if i.id in ("reproducibility", "environment") for c in i.checks
    ]
    wanted = [p.get("requirements") or p.get("files") for p in params]
    assert wanted == [["requirements.txt", "environment.yml"]] * 2


def test_requirement_levels_and_roles(checklist: Checklist) -> None:
    """The model card is recommended, code review and two approvals conditional, the rest mandatory."""
    levels = {i.id: i.requirement for i in checklist.items if i.requirement is not Requirement.MANDATORY}
    assert levels == {
        "model-card": Requirement.RECOMMENDED,
        "code-review": Requirement.CONDITIONAL,
        "product-approval": Requirement.CONDITIONAL,
        "compliance-approval": Requirement.CONDITIONAL,
    }
    assert [i.role for i in checklist.items if i.role] == list(Role)
    assert checklist.waivers is False


def test_every_item_explains_itself(checklist: Checklist) -> None:
    """Each item has an id, 2 to 4 criteria, guidance, remediation and (approvals apart) good evidence."""
    for item in checklist.items:
        assert 2 <= len(item.criteria) <= 4, item.id
        assert item.guidance, item.id
        assert item.remediation, item.id
        assert f"{{#{item.id}" in item.markdown, item.id
        assert item.evidence or item.role, item.id


def test_every_parameter_is_used_and_explained(checklist: Checklist) -> None:
    """A release promises nothing that no check looks at; only the opt-in address has no default."""
    used = {n for i in checklist.items for s in i.checks for n in references(s.params)}
    assert used == {parameter.name for parameter in checklist.parameters}
    assert all(parameter.help for parameter in checklist.parameters)
    assert [p.name for p in checklist.parameters if p.default is None] == ["staging_url"]


def test_unknown_slug() -> None:
    """An unknown slug names the known ones."""
    with pytest.raises(ChecklistError, match=r"Built in: .*ml-production-readiness"):
        library.load("../secrets")
