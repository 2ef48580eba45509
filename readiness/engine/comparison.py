"""What differs between two versions of a checklist: for who decides on an upgrade, and for the upgrade."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from readiness.engine.checklist import Checklist, CheckSpec, Item, Parameter
from readiness.engine.outcome import quantity
from readiness.engine.parameters import references


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChange:
    """An item that both versions have and that is not the same: `what` names the parts that differ."""

    key: str
    title: str
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """From an old version to a new one. `same` holds the keys of items whose results still hold.

    `rules` are differences of the whole checklist in words: who signs, waivers, isolation, parameters.
    """

    added: tuple[Item, ...]
    removed: tuple[Item, ...]
    changed: tuple[ItemChange, ...]
    same: tuple[str, ...]
    rules: tuple[str, ...]
    new_parameters: tuple[Parameter, ...]

    @property
    def nothing(self) -> bool:
        """Whether both ask the same."""
        return not (self.added or self.removed or self.changed or self.rules)


def compare(old: Checklist, new: Checklist) -> Comparison:
    """What changes from one version to the other. An item counts as the same only when its whole source is,
    its checks and its requirement, and everything that its checks rest on.
    """
    before = {item.id: item for item in old.items}
    after = {item.id: item for item in new.items}
    moved = _moved_parameters(old, new)
    isolated = old.isolation != new.isolation
    changes = {
        key: tuple(_parts(before[key], item, moved, isolated=isolated))
        for key, item in after.items()
        if key in before
    }
    was = {p.name for p in old.parameters}
    return Comparison(
        added=tuple(item for key, item in after.items() if key not in before),
        removed=tuple(item for key, item in before.items() if key not in after),
        changed=tuple(
            ItemChange(key=key, title=after[key].text, what=what) for key, what in changes.items() if what
        ),
        same=tuple(key for key, what in changes.items() if not what),
        rules=tuple(_rules(old, new)),
        new_parameters=tuple(p for p in new.parameters if p.name not in was),
    )


def _parts(old: Item, new: Item, moved: set[str], *, isolated: bool) -> Iterator[str]:
    if old.text != new.text:
        yield "text"
    if old.criteria != new.criteria:
        yield "criteria"
    if _checks(old) != _checks(new):
        yield "checks"
    if old.requirement != new.requirement:
        yield "requirement"
    if old.role != new.role:
        yield "who signs"
    if moved & _used(new):
        yield "parameters of its checks"
    if isolated and new.checks:
        yield "isolation of its checks"
    if old.markdown != new.markdown and (old.text, old.criteria, _checks(old)) == (
        new.text,
        new.criteria,
        _checks(new),
    ):
        yield "explanation"


def _checks(item: Item) -> list[tuple[str, object, str | None]]:
    return [(spec.kind, spec.params, spec.when) for spec in item.checks]


def _used(item: Item) -> set[str]:
    return set().union(*(_names(spec) for spec in item.checks)) if item.checks else set()


def _names(spec: CheckSpec) -> set[str]:
    return references(spec.params) | ({spec.when} if spec.when else set())


def _moved_parameters(old: Checklist, new: Checklist) -> set[str]:
    """Parameters of both versions that mean another thing now: another type or unit."""
    before = {p.name: (p.type, p.unit) for p in old.parameters}
    return {p.name for p in new.parameters if before.get(p.name, (p.type, p.unit)) != (p.type, p.unit)}


def _rules(old: Checklist, new: Checklist) -> Iterator[str]:
    was = {role.role.value: role.conditional for role in old.sign_off}
    now = {role.role.value: role.conditional for role in new.sign_off}
    for role in [*now, *(r for r in was if r not in now)]:
        yield from _role(role.replace("-", " "), was.get(role), now.get(role))
    if old.waivers != new.waivers:
        yield "Waivers are allowed" if new.waivers else "Waivers are no longer allowed"
    if old.isolation != new.isolation:
        yield f"Checks must be isolated by: {new.isolation or 'whatever the machine grants'}"
    yield from _parameters(old, new)


def _role(name: str, was: bool | None, now: bool | None) -> Iterator[str]:  # noqa: FBT001  # conditional or not
    if was is None:
        yield f"The {name} signs"
    elif now is None:
        yield f"The {name} no longer signs"
    elif was != now:
        yield f"The {name} {'may be dropped with a reason' if now else 'must sign'}"


def _parameters(old: Checklist, new: Checklist) -> Iterator[str]:
    before, after = ({p.name: p for p in side.parameters} for side in (old, new))
    for name, parameter in after.items():
        if name not in before:
            yield f"New parameter {name}, {_default(parameter)}"
        elif (before[name].type, before[name].unit) != (parameter.type, parameter.unit):
            yield f"The parameter {name} is now {parameter.type} {parameter.unit}".rstrip()
        elif before[name].default != parameter.default:
            yield f"The parameter {name} now has {_default(parameter)}; this release keeps its value"
    yield from (f"The parameter {name} is no longer used" for name in before if name not in after)


def _default(parameter: Parameter) -> str:
    if parameter.default is None:
        return "no default"
    return f"default {quantity(parameter.default, parameter.unit or None)}"
