"""The report on a bare run directory: results, the gate's verdict, and what is left to people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from readiness.engine.checklist import Checklist, Item, Requirement
from readiness.engine.outcome import Outcome, worst
from readiness.engine.policy import GateState, ItemState, RoleState, State, Verdict, decide
from readiness.engine.runner import CheckResult, ItemResult

NEEDS_SIGNATURE = "Needs a signature: {role}."
BY_PERSON = "A person decides this."
NOT_APPLICABLE = "Its check does not apply: the parameter {name} is not set."
_STATES = {
    Outcome.PASS: State.PASSED,
    Outcome.WARN: State.PASSED,
    Outcome.SKIP: State.OPEN,
    Outcome.FAIL: State.FAILED,
    Outcome.ERROR: State.FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """An item that no check decides, and why."""

    id: str
    text: str
    requirement: Requirement
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is known about one run. `results` are in document order, items without checks included;
    `artifact` is the digest of the run's files, `values` the resolved parameters.
    """

    run_id: str
    checklist: Checklist
    values: Mapping[str, Any]
    artifact: str
    results: tuple[ItemResult, ...]
    verdict: Verdict
    open_items: tuple[OpenItem, ...]

    @property
    def overall(self) -> Outcome:
        """The worst outcome of all checks. A recommended or conditional item's check that found nothing
        to look at leaves that item open and is not counted; no outcome at all is SKIP.
        """
        return worst(_counted(self.results))

    @property
    def checks(self) -> tuple[tuple[Item, CheckResult], ...]:
        """Every executed check with its item."""
        return tuple((entry.item, result) for entry in self.results for result in entry.results)

    @property
    def counts(self) -> Counter[Outcome]:
        """How many checks ended how."""
        return Counter(result.finding.outcome for _, result in self.checks)


def build(
    checklist: Checklist,
    results: Sequence[ItemResult],
    *,
    run_id: str,
    values: Mapping[str, Any],
    artifact: str,
    at: datetime,
) -> Report:
    """Judge the results as a gate without people: nothing ticked, nothing signed. `at` carries a zone."""
    gate = GateState(
        digest=artifact,
        items=tuple(settle(entry) for entry in results if entry.item.role is None),
        roles=tuple(_roles(checklist)),
        waivers=checklist.waivers,
    )
    return Report(
        run_id=run_id,
        checklist=checklist,
        values=dict(values),
        artifact=artifact,
        results=tuple(results),
        verdict=decide(gate, at),
        open_items=tuple(_open(results)),
    )


def settle(entry: ItemResult) -> ItemState:
    """The state that checks alone give an item: decided, or open with the reason in `observed`."""
    item, outcome = entry.item, entry.outcome
    state = State.OPEN if outcome is None else _STATES[outcome]
    if state is State.PASSED and item.by_person:
        state = State.OPEN
    observed = waiting(entry) if state is State.OPEN else _decisive(entry)
    return ItemState(
        key=item.id, title=item.text, requirement=item.requirement, state=state, observed=observed
    )


def waiting(entry: ItemResult) -> str:
    """Why an open item is open, in one line."""
    item, outcome = entry.item, entry.outcome
    if item.role:
        return NEEDS_SIGNATURE.format(role=role_title(item.role))
    if outcome is not None and not outcome.passes:
        return _decisive(entry)
    if outcome is None and item.checks:
        return NOT_APPLICABLE.format(name=item.checks[0].when)
    confirm = "; ".join(c.text.rstrip(".") for c in item.criteria if c.confirm)
    return f"To confirm: {confirm}." if confirm else BY_PERSON


def role_title(role: str) -> str:
    """A role's name for people: "technical lead"."""
    return role.replace("-", " ")


def _decisive(entry: ItemResult) -> str:
    """The message of the check that decided, the first one of the worst outcome."""
    return next(r.finding.message for r in entry.results if r.finding.outcome is entry.outcome)


def _counted(results: Sequence[ItemResult]) -> Iterator[Outcome]:
    for entry in results:
        for result in entry.results:
            outcome = result.finding.outcome
            if outcome is not Outcome.SKIP or entry.item.requirement is Requirement.MANDATORY:
                yield outcome


def _roles(checklist: Checklist) -> Iterator[RoleState]:
    items = {item.role: item for item in checklist.items if item.role}
    for signer in checklist.sign_off:
        item = items.get(signer.role)
        yield RoleState(
            role=signer.role.value,
            title=item.text if item else role_title(signer.role),
            conditional=signer.conditional,
            item=item.id if item else "",
        )


def _open(results: Sequence[ItemResult]) -> Iterator[OpenItem]:
    for entry in results:
        item = entry.item
        if item.role or settle(entry).state is State.OPEN:
            yield OpenItem(id=item.id, text=item.text, requirement=item.requirement, why=waiting(entry))
