"""The criteria of an item, with what is known about each."""

from __future__ import annotations

from dataclasses import dataclass

from checklists.loaded import LoadedItem


@dataclass(slots=True, kw_only=True)
class Criterion:
    """One criterion. `state` is yes, no or open; `by` says who or what decides it."""

    index: int
    text: str
    state: str
    by: str


def criteria(item: LoadedItem) -> list[Criterion]:
    """The item's criteria with what is known about each.

    Checks decide an item as a whole: when they fail and it has several criteria of theirs, none is named.
    """
    theirs = [c for c in item.spec.criteria if not c.confirm] if item.row.has_checks else []
    found = []
    for index, criterion in enumerate(item.spec.criteria):
        if item.row.role:
            state, by = "open", "confirmed when signing"
        elif criterion.confirm or not item.row.has_checks:
            state, by = _confirmed(item, index)
        else:
            state, by = _checked(item, alone=len(theirs) == 1)
        found.append(Criterion(index=index, text=criterion.text, state=state, by=by))
    return found


def _confirmed(item: LoadedItem, index: int) -> tuple[str, str]:
    if index in item.row.confirmed and item.row.decided_by:
        return "yes", f"confirmed by {item.row.decided_by.name}"
    return "open", "a person confirms this"


def _checked(item: LoadedItem, *, alone: bool) -> tuple[str, str]:
    if item.outcome in ("PASS", "WARN"):
        return "yes", "checked"
    if item.outcome in ("FAIL", "ERROR"):
        return ("no", "the check failed") if alone else ("open", "see the measurements")
    return "open", "not checked yet" if not item.outcome else "nothing to look at"
