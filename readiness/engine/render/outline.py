"""An imported checklist as an outline for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from readiness.engine.checklist import Checklist, Item, Requirement
from readiness.engine.render.text import safe


def outline(value: Checklist, notes: Iterable[str] = ()) -> str:
    """Title, counts, headings with their weights, and one line per item."""
    items = value.items
    scripted = sum(bool(item.checks) for item in items)
    sections = sum(bool(section.items) for section in value.sections)
    lines = [
        f"{safe(value.title)} {value.version} ({value.slug})",
        f"{_count(len(items), 'item')} in {_count(sections, 'section')}, {scripted} with scripted checks",
    ]
    for section in value.sections:
        weight = f" · weight {section.weight:g} %" if section.weight is not None else ""
        lines += ["", f"{'#' * max(section.level, 1)} {safe(section.title)}{weight}"]
        lines += [_item(item) for item in section.items]
    return "\n".join([*lines, *(f"\nNote: {note}" for note in notes)])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _item(item: Item) -> str:
    box = "[x]" if item.checked else "[ ]"
    marks = "; ".join(_marks(item))
    return f"{'  ' * (item.depth + 1)}{box} {safe(item.text)} {{#{item.id}}}{f' · {marks}' if marks else ''}"


def _marks(item: Item) -> Iterator[str]:
    if item.requirement is not Requirement.MANDATORY:
        yield item.requirement.value
    if item.state:
        yield f"claimed {item.state}"
    if item.criteria:
        yield f"{len(item.criteria)} criteria"
    if item.checks:
        yield f"checks: {', '.join(spec.kind for spec in item.checks)}"
    if item.role:
        yield f"ticked by the signature of {item.role}"
