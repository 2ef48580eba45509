"""The one function that decides. Plain data and a clock reading in, verdict and blockers out.

The page, the API, the command line, the report and the tests call `decide`; nothing else judges.

    blocked   an item failed, or its waiver expired, or one stands where the checklist allows none,
              or an earlier stage is blocked or declined
    open      nothing failed, but something is undecided, or an earlier stage is not approved yet
    ready     every item is settled; signatures are missing or stale
    approved  every required role approved this exact digest
    declined  somebody declined this exact digest
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import chain
from typing import Any

from readiness.engine.checklist import Requirement


class State(StrEnum):
    """The live state of a gate item."""

    OPEN = "open"
    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "na"
    WAIVED = "waived"


class Decision(StrEnum):
    """What a person signs."""

    APPROVE = "approve"
    DECLINE = "decline"


class VerdictState(StrEnum):
    """What the gate says now."""

    BLOCKED = "blocked"
    OPEN = "open"
    READY = "ready"
    APPROVED = "approved"
    DECLINED = "declined"


class SignatureState(StrEnum):
    """What one signature is worth now."""

    VALID = "valid"
    STALE = "stale"
    MISSING = "missing"
    DROPPED = "dropped"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemState:
    """One item that is not an approval. `observed` is the one-line message shown beside it.

    `waiver_until` is the expiry of the approved waiver that came last: a waived item passes before that
    moment, and an item that is open or failed has lost it at that moment.
    """

    key: str
    title: str
    requirement: Requirement
    state: State
    reason: str = ""
    observed: str = ""
    waiver_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleState:
    """A role that must sign. A conditional one may be dropped with a reason."""

    role: str
    title: str
    conditional: bool = False
    dropped_reason: str = ""
    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One live sign-off: a person's decision in a role on a digest."""

    role: str
    decision: Decision
    digest: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierStage:
    """A stage that comes before this gate's. `verdict` is what its gate says; None: no gate is open."""

    title: str
    verdict: VerdictState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateState:
    """All that the decision rests on: `digest` names the present state, `waivers` says if any are allowed."""

    digest: str
    items: tuple[ItemState, ...]
    roles: tuple[RoleState, ...]
    signatures: tuple[Signature, ...] = ()
    waivers: bool = False
    earlier: tuple[EarlierStage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """One thing in the way. `item` is the row to go to; `kind` is failed, waiver, reason, open, empty,
    stage, declined, stale or unsigned.
    """

    kind: str
    item: str
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate says, why, and what each role's signature is worth."""

    state: VerdictState
    blockers: tuple[Blocker, ...]
    signatures: dict[str, SignatureState]
    counts: dict[State, int]

    @property
    def approved(self) -> bool:
        """True only for an approved gate."""
        return self.state is VerdictState.APPROVED

    @property
    def may_approve(self) -> bool:
        """Whether an approval may be given now: everything but signatures is settled."""
        return self.state in (VerdictState.READY, VerdictState.APPROVED)


def decide(gate: GateState, at: datetime) -> Verdict:
    """Judge a gate at a moment. `at` must carry a zone, or ValueError is raised."""
    if at.tzinfo is None:
        raise ValueError("decide() needs a time with a zone")
    hard = (*_stages(gate, _SHUT), *chain.from_iterable(_hard(gate, item, at) for item in gate.items))
    soft = tuple(chain.from_iterable(_soft(item) for item in gate.items)) or tuple(_empty(gate))
    soft = (*_stages(gate, _NOT_YET), *soft)
    signatures = {role.role: _signature(gate, role) for role in gate.roles}
    declined = tuple(_declined(gate))
    unsigned = tuple(_unsigned(gate, signatures))
    return Verdict(
        state=_state(hard, soft, declined, unsigned),
        blockers=declined + hard + soft + unsigned,
        signatures=signatures,
        counts=_counts(gate, signatures),
    )


def _state(
    hard: tuple[Blocker, ...],
    soft: tuple[Blocker, ...],
    declined: tuple[Blocker, ...],
    unsigned: tuple[Blocker, ...],
) -> VerdictState:
    if declined:
        return VerdictState.DECLINED
    if hard:
        return VerdictState.BLOCKED
    if soft:
        return VerdictState.OPEN
    return VerdictState.READY if unsigned else VerdictState.APPROVED


def _hard(gate: GateState, item: ItemState, at: datetime) -> Iterator[Blocker]:
    if item.state in (State.FAILED, State.OPEN) and item.waiver_until is not None:
        # Before its expiry the item would be waived: whoever built this state says that it is lost.
        yield _blocker("waiver", item, _expired(item))
    elif item.state is State.FAILED:
        yield _blocker("failed", item, item.observed or "failed")
    elif item.state is State.WAIVED:
        if not gate.waivers:
            yield _blocker("waiver", item, "is waived, but this checklist allows no waivers")
        elif item.waiver_until is None or item.waiver_until <= at:
            yield _blocker("waiver", item, _expired(item))


def _soft(item: ItemState) -> Iterator[Blocker]:
    if item.state is State.OPEN and item.waiver_until is None:
        yield _blocker("open", item, item.observed or "is open")
    elif item.state is State.NOT_APPLICABLE:
        if item.requirement is Requirement.MANDATORY:
            yield _blocker("reason", item, "is mandatory and cannot be marked not applicable")
        elif not item.reason.strip():
            yield _blocker("reason", item, "is marked not applicable without a reason")


def _expired(item: ItemState) -> str:
    when = f" on {item.waiver_until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if item.waiver_until else ""
    return f"its waiver expired{when}" + (f"; {item.observed}" if item.observed else "")


_SHUT = {
    VerdictState.BLOCKED: "comes before this one, and is blocked",
    VerdictState.DECLINED: "comes before this one, and was declined",
}
_NOT_YET = {
    None: "comes before this one, and has no gate yet",
    VerdictState.OPEN: "comes before this one, and is not settled yet",
    VerdictState.READY: "comes before this one, and waits for signatures",
}


def _stages(gate: GateState, words: Mapping[Any, str]) -> Iterator[Blocker]:
    for stage in gate.earlier:
        if stage.verdict in words:
            yield Blocker(
                kind="stage", item="", title=f"Stage {stage.title.lower()}", text=words[stage.verdict]
            )


def _blocker(kind: str, item: ItemState, text: str) -> Blocker:
    return Blocker(kind=kind, item=item.key, title=item.title, text=text)


def _empty(gate: GateState) -> Iterator[Blocker]:
    if not gate.items:
        yield Blocker(kind="empty", item="", title="Checklist", text="has no items, so nothing is known")


def _signature(gate: GateState, role: RoleState) -> SignatureState:
    if role.conditional and role.dropped_reason.strip():
        return SignatureState.DROPPED
    mine = [s for s in gate.signatures if s.role == role.role]
    current = [s for s in mine if s.digest == gate.digest]
    if any(s.decision is Decision.DECLINE for s in current):
        return SignatureState.DECLINED
    if current:
        return SignatureState.VALID
    return SignatureState.STALE if mine else SignatureState.MISSING


def _declined(gate: GateState) -> Iterator[Blocker]:
    titles = {role.role: role for role in gate.roles}
    for signature in gate.signatures:
        if signature.decision is Decision.DECLINE and signature.digest == gate.digest:
            role = titles.get(signature.role)
            if role and not (role.conditional and role.dropped_reason.strip()):
                text = f"{signature.person} declined this state"
                yield Blocker(kind="declined", item=role.item, title=role.title, text=text)


def _unsigned(gate: GateState, signatures: dict[str, SignatureState]) -> Iterator[Blocker]:
    words = {
        SignatureState.MISSING: ("unsigned", "has not signed"),
        SignatureState.STALE: ("stale", "must sign again: the state changed since"),
    }
    for role in gate.roles:
        if signatures[role.role] in words:
            kind, text = words[signatures[role.role]]
            yield Blocker(kind=kind, item=role.item, title=role.title, text=text)
    if all(s is SignatureState.DROPPED for s in signatures.values()):
        yield Blocker(kind="unsigned", item="", title="Sign-off", text="no role is left to sign")


def _counts(gate: GateState, signatures: dict[str, SignatureState]) -> dict[State, int]:
    approvals = {
        SignatureState.VALID: State.PASSED,
        SignatureState.DROPPED: State.NOT_APPLICABLE,
        SignatureState.DECLINED: State.FAILED,
    }
    states = [item.state for item in gate.items]
    states += [approvals.get(signatures[role.role], State.OPEN) for role in gate.roles if role.item]
    counted = Counter(states)
    return {state: counted[state] for state in State}
