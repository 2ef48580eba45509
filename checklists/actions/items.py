"""Acts on items: tick, reopen, not applicable, note."""

from __future__ import annotations

from collections.abc import Collection

from checklists.actions.base import SIGNED_BY_SIGNING, GateAct, before_after, gate_act
from checklists.errors import Refused
from checklists.loaded import LoadedGate, LoadedItem
from checklists.models import Note, Person
from checklists.models.gate import DecidedBy, ItemState
from checklists.permissions import Act
from readiness.engine.outcome import Outcome

CONFIRM_ALL = "Confirm each criterion that only a person can decide."
CHECKS_DECIDE = "The checks decide this item; it cannot be ticked by hand."
NOT_YET_CHECKED = "The checks of this item have not passed, so it cannot be ticked."
RUN_FIRST = "Run them first; a failed item clears by a new run, never by a tick."
ONLY_OPEN = "Only an open item can be ticked."
ONLY_OPEN_HALF = "Only an open item can be half done."
NEEDS_EVIDENCE = "An item without checks needs evidence or a note of what you saw."
NEEDS_REASON = "Say why it does not apply; the reason is printed in the report."
MANDATORY = "A mandatory item cannot be marked not applicable."
NOT_BY_PERSON = "Only what a person decided can be reopened by a person."
FAILED_STAYS = "A failed item clears by a new run, not by marking it not applicable."
BUSY = "The checks of this item are running; wait for their result."


def tick(
    *, gate: int, key: str, by: Person, seen: int, confirmed: Collection[int] = (), comment: str = ""
) -> LoadedGate:
    """A person confirms what only a person can decide; the item passes.

    `confirmed` holds the indexes of confirmed criteria: all that are marked `(confirm)`, or, for an item
    without checks, all of them. Raises Forbidden, StaleForm, Refused.
    """
    with gate_act(gate, by=by, act=Act.TICK) as act:
        item = act.item(key, seen=seen)
        _require_tickable(item)
        wanted = item.to_confirm if item.row.has_checks else list(range(len(item.spec.criteria)))
        if not set(wanted) <= set(confirmed):
            missing = next(c for i, c in enumerate(item.spec.criteria) if i in set(wanted) - set(confirmed))
            raise Refused(CONFIRM_ALL, f"Not confirmed: {missing.text}")
        if not item.row.has_checks and not item.evidence and not comment.strip():
            raise Refused(NEEDS_EVIDENCE, "Attach a file or link, or write what you looked at.")
        _decide(act, item, ItemState.PASSED, reason=comment.strip(), confirmed=wanted, verb="item.ticked")
    return act.loaded


def not_applicable(*, gate: int, key: str, by: Person, seen: int, reason: str) -> LoadedGate:
    """Mark a conditional or recommended item not applicable, with a reason.

    Raises Forbidden, StaleForm, Refused.
    """
    with gate_act(gate, by=by, act=Act.NOT_APPLICABLE) as act:
        item = act.item(key, seen=seen)
        if item.row.role:
            raise Refused(SIGNED_BY_SIGNING)
        if item.row.requirement == "mandatory":
            raise Refused(MANDATORY, "Change the checklist by a new version if it never applies.")
        if item.run_state:
            raise Refused(BUSY)
        if item.row.state == ItemState.FAILED:
            raise Refused(FAILED_STAYS)
        if not reason.strip():
            raise Refused(NEEDS_REASON)
        _decide(
            act,
            item,
            ItemState.NOT_APPLICABLE,
            reason=reason.strip(),
            confirmed=[],
            verb="item.not_applicable",
        )
    return act.loaded


def reopen(*, gate: int, key: str, by: Person, seen: int, reason: str = "") -> LoadedGate:
    """Take back what a person decided; the item is open again. Raises Forbidden, StaleForm, Refused."""
    with gate_act(gate, by=by, act=Act.TICK) as act:
        item = act.item(key, seen=seen)
        if item.row.decided != DecidedBy.PERSON:
            raise Refused(NOT_BY_PERSON)
        before = _facts(item)
        clear(item)
        settle(act, item)
        _save(act, item)
        act.log("item.reopened", subject=key, reason=reason, **before_after(before, _facts(item)))
    return act.loaded


def mark_partial(*, gate: int, key: str, by: Person, seen: int, partial: bool) -> LoadedGate:
    """Say that part of an open item is done, or take that back; it counts half in the score, nowhere else.

    Raises Forbidden, StaleForm, Refused.
    """
    with gate_act(gate, by=by, act=Act.TICK) as act:
        item = act.item(key, seen=seen)
        if item.row.role:
            raise Refused(SIGNED_BY_SIGNING)
        if item.row.state != ItemState.OPEN:
            raise Refused(ONLY_OPEN_HALF)
        if item.row.partial == partial:
            raise Refused("This is what the item says already.")
        item.row.partial = partial
        act.save(item, "partial")
        act.log("item.partial", subject=key, **before_after({"partial": not partial}, {"partial": partial}))
    return act.loaded


def note(*, gate: int, key: str, by: Person, text: str) -> LoadedGate:
    """Write a note beside an item. Raises Forbidden, Refused for an empty one."""
    with gate_act(gate, by=by, act=Act.NOTE) as act:
        item = act.item(key)
        if not text.strip():
            raise Refused("The note is empty.")
        Note.objects.create(item=item.row, text=text.strip(), by=by, at=act.at)
        act.save(item)
        act.log("item.noted", subject=key, text=text.strip())
    return act.loaded


def settle(act: GateAct, item: LoadedItem) -> None:
    """Give an item the state that follows from its latest run (see DESIGN: outcome to item state).

    The checks alone decide when nothing is left to confirm; else the item waits for a person. Does not save.
    """
    row = item.row
    if not item.outcome:
        return
    outcome = Outcome(item.outcome)
    if outcome in (Outcome.FAIL, Outcome.ERROR):
        _set(item, ItemState.FAILED, DecidedBy.CHECKS, None, act)
    elif outcome is Outcome.SKIP:
        if row.state != ItemState.NOT_APPLICABLE:
            clear(item)
    elif not item.to_confirm:
        _set(item, ItemState.PASSED, DecidedBy.CHECKS, None, act)
    elif row.decided != DecidedBy.PERSON:
        clear(item)


def clear(item: LoadedItem) -> None:
    """Make an item open and undecided. Does not save."""
    row = item.row
    row.state, row.decided = ItemState.OPEN, DecidedBy.NOBODY
    row.decided_by = row.decided_at = None
    row.reason, row.confirmed = "", []


def _require_tickable(item: LoadedItem) -> None:
    if item.row.role:
        raise Refused(SIGNED_BY_SIGNING)
    if item.row.state == ItemState.FAILED:
        raise Refused(NOT_YET_CHECKED, RUN_FIRST)
    if item.row.state != ItemState.OPEN:
        raise Refused(ONLY_OPEN)
    if item.run_state:
        raise Refused(BUSY)
    if not item.row.has_checks:
        return
    if not item.row.needs_person:
        raise Refused(CHECKS_DECIDE, RUN_FIRST)
    if not item.outcome or not Outcome(item.outcome).passes:
        raise Refused(NOT_YET_CHECKED, RUN_FIRST)


def _decide(
    act: GateAct, item: LoadedItem, state: ItemState, *, reason: str, confirmed: list[int], verb: str
) -> None:
    before = _facts(item)
    _set(item, state, DecidedBy.PERSON, act.by, act)
    item.row.reason, item.row.confirmed = reason, confirmed
    _save(act, item)
    act.log(verb, subject=item.key, **before_after(before, _facts(item)))


def _set(item: LoadedItem, state: ItemState, how: DecidedBy, by: Person | None, act: GateAct) -> None:
    row = item.row
    row.state, row.decided, row.decided_by, row.decided_at = state, how, by, act.at
    row.reason, row.confirmed = "", []


def _save(act: GateAct, item: LoadedItem) -> None:
    act.save(item, "state", "decided", "decided_by", "decided_at", "reason", "confirmed")


def _facts(item: LoadedItem) -> dict[str, object]:
    row = item.row
    return {
        "state": str(row.state),
        "decided": str(row.decided),
        "by": row.decided_by.name if row.decided_by else "",
        "reason": row.reason,
        "confirmed": list(row.confirmed),
    }
