"""The values a Markdown checklist parses to (engine/markdown.py makes them)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

import msgspec

SCHEMA_VERSION = 1


class Requirement(StrEnum):
    """How an item may be settled."""

    MANDATORY = "mandatory"
    CONDITIONAL = "conditional"  # may be marked not applicable with a reason
    RECOMMENDED = "recommended"  # may be skipped with a recorded reason


class Role(StrEnum):
    """Roles that sign."""

    TECHNICAL_LEAD = "technical-lead"
    PRODUCT_OWNER = "product-owner"
    COMPLIANCE = "compliance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One thing that must be true. `confirm`: a person decides it, not a check."""

    text: str
    confirm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSpec:
    """One scripted check as written: `params` may hold `$name` references. `when` names a parameter
    that must be set for the check to apply (an opt-in probe).
    """

    kind: str
    params: Any
    when: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced code block of an item that is no check: how a person verifies it by hand."""

    language: str
    text: str
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of a checklist. `id` is unique; `role` is set for items ticked only by signing.

    `state` is the claim written in the document (done, partial, pending, or None); `markdown` the item's
    whole source; `guidance`, `evidence` (what good evidence looks like) and `remediation` are Markdown.
    """

    id: str
    text: str
    markdown: str = ""
    depth: int = 0
    checked: bool = False
    state: str | None = None
    requirement: Requirement = Requirement.MANDATORY
    criteria: tuple[Criterion, ...] = ()
    verification: tuple[Block, ...] = ()
    checks: tuple[CheckSpec, ...] = ()
    guidance: str = ""
    evidence: str = ""
    remediation: str = ""
    role: Role | None = None
    line: int = 0

    @property
    def by_person(self) -> bool:
        """True when a person must confirm something (no check at all, or a `(confirm)` criterion)."""
        return self.role is None and (not self.checks or any(c.confirm for c in self.criteria))


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading with its items. `weight` is in percent, or None."""

    title: str
    level: int
    weight: float | None = None
    line: int = 0
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A declared parameter: what a release promises. `type` is number, integer, text, url or boolean."""

    name: str
    type: str = "number"
    default: Any = None
    unit: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOffRole:
    """A role that must sign; a conditional one may be dropped from a gate with a reason."""

    role: Role
    conditional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """A whole checklist; `sections` keep document order, sections without items included.

    `isolation` is the least level (engine/isolation.py) at which a check may run in a child process.
    """

    title: str
    slug: str
    version: str = "1.0.0"
    gate: str = ""
    summary: str = ""
    waivers: bool = False
    isolation: str = ""
    parameters: tuple[Parameter, ...] = ()
    sign_off: tuple[SignOffRole, ...] = ()
    sections: tuple[Section, ...] = ()
    front_matter: Mapping[str, Any] = field(default_factory=dict)

    @property
    def items(self) -> tuple[Item, ...]:
        """All items in document order."""
        return tuple(item for section in self.sections for item in section.items)

    def to_dict(self) -> dict[str, Any]:
        """Plain data with `schema_version`; enums become their values, tuples lists."""
        return {"schema_version": SCHEMA_VERSION, **_plain(asdict(self))}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return msgspec.convert({k: v for k, v in data.items() if k != "schema_version"}, cls)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value.value if isinstance(value, StrEnum) else value
