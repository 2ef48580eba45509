"""What must hold before a checklist is used: known checks, right parameters, roles and items that agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from readiness.engine import parameters, registry
from readiness.engine.checklist import Checklist, CheckSpec, Item, Parameter, Role
from readiness.engine.errors import ChecklistError, ParameterError

# stand-ins for parameters without a default: right in type, so that only real mistakes are found
_SAMPLES: Mapping[str, Any] = {
    "number": 1.0,
    "integer": 1,
    "text": "text",
    "url": "https://example.org/",
    "boolean": True,
}


def validate(checklist: Checklist) -> None:
    """Refuse a checklist that cannot work. Loads the kinds' modules, runs no check.

    Raises ChecklistError naming the line: no item, an unknown kind or `$name`, parameters of a kind that do
    not fit, a signing item without its role or a role without its item.
    """
    if not checklist.items:
        raise ChecklistError(
            "No task items found.",
            "Write each item as `- [ ] text`; plain bullet points and tables are not imported.",
        )
    values = samples(checklist.parameters)
    for item in checklist.items:
        for spec in item.checks:
            _check(spec, values)
    _roles(checklist)


def samples(declared: Iterable[Parameter]) -> dict[str, Any]:
    """A value of the right type for each parameter: its default, or a stand-in."""
    return {p.name: _SAMPLES[p.type] if p.default is None else p.default for p in declared}


def _check(spec: CheckSpec, values: Mapping[str, Any]) -> None:
    wanted = parameters.references(spec.params) | ({spec.when} if spec.when else set())
    unknown = sorted(wanted - values.keys())
    if unknown:
        raise ChecklistError(
            f"the checklist declares no parameter {unknown[0]!r}.",
            f"Declare it in the front matter; declared: {', '.join(values) or 'none'}.",
            line=spec.line,
        )
    try:
        kind = registry.get(spec.kind)
        if kind.written:
            kind.written(spec.params, values)
        kind.parse(parameters.substitute(spec.params, values))
    except ParameterError as error:
        raise ChecklistError(error.message, error.advice, line=spec.line) from None


def _roles(checklist: Checklist) -> None:
    signers = {signer.role for signer in checklist.sign_off}
    items: dict[Role, Item] = {}
    for item in checklist.items:
        if item.role is None:
            continue
        _signing(item, signers)
        if item.role in items:
            raise ChecklistError(
                f"{item.role.value} already signs the item on line {items[item.role].line}.",
                "Keep one item per role.",
                line=item.line,
            )
        items[item.role] = item
    for role in sorted(signers - items.keys()):
        raise ChecklistError(
            f"`sign_off` lists {role.value}, but no item is ticked by that signature.",
            f"Add an item that ends with {{#{role.value} role={role.value}}}, or remove the role.",
        )


def _signing(item: Item, signers: set[Role]) -> None:
    if item.role not in signers:
        raise ChecklistError(
            f"{item.role} is not listed in `sign_off`.",
            f"Add `- {{role: {item.role}}}` there.",
            line=item.line,
        )
    if item.checks:
        raise ChecklistError(
            "an item that is ticked by signing cannot have checks.",
            "Move them to an item of their own.",
            line=item.checks[0].line,
        )
