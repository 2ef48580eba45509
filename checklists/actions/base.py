"""What every act on a gate shares: permission, lock, revision, verdict, audit entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from checklists import audit, clock, permissions
from checklists.actions import news
from checklists.errors import Forbidden, Refused, StaleForm
from checklists.loaded import Judged, LoadedGate, LoadedItem, load, summary
from checklists.models import Gate, Person, ScorePoint
from checklists.models.gate import Stage
from checklists.scoring import score_of

_NO_SCORE_YET = object()
SUPERSEDED = "This gate was replaced by a newer version of its checklist; it only stays to be read."
SUPERSEDED_ADVICE = "Go on with the gate that replaced it."
GONE = "This item is not part of the gate."
STALE = "Somebody changed this item since you opened the page; nothing of yours was saved."
STALE_ADVICE = "Look at the present state and try again."
ONLY_PEOPLE = "Only a person may do this."
SIGNED_BY_SIGNING = "An approval is given by signing, not by a tick."


class GateAct:
    """One act in progress: the locked gate with everything on it, and its new revision."""

    def __init__(self, loaded: LoadedGate, by: Person | None, at: datetime, roles: frozenset[str]) -> None:
        self.loaded = loaded
        self.by = by
        self.at = at
        self.roles = roles
        self.judged: Judged | None = None

    @property
    def gate(self) -> Gate:
        """The gate row."""
        return self.loaded.gate

    @property
    def person(self) -> Person:
        """Who acts. Raises Forbidden for acts of the system."""
        if self.by is None:
            raise Forbidden(ONLY_PEOPLE)
        return self.by

    def item(self, key: str, *, seen: int | None = None) -> LoadedItem:
        """The item of that key. `seen` is the form's `changed_in`; raises StaleForm when it is older."""
        item = self.loaded.item(key)
        if item is None:
            raise Refused(GONE)
        if seen is not None and seen != item.row.changed_in:
            raise StaleForm(STALE, STALE_ADVICE)
        return item

    def save(self, item: LoadedItem, *fields: str) -> None:
        """Store an item's changed fields with the new revision."""
        item.row.changed_in = self.gate.revision
        item.row.save(update_fields=[*fields, "changed_in"])

    def judge(self) -> Judged:
        """What the gate says now, decided anew."""
        self.judged = self.loaded.judge(self.at)
        return self.judged

    def log(self, verb: str, *, subject: str = "", **data: Any) -> None:
        """Append to the gate's audit stream."""
        audit.append(
            self.gate.stream,
            by=self.by,
            verb=verb,
            at=self.at,
            subject=subject,
            revision=self.gate.revision,
            data=data,
        )


@contextmanager
def gate_act(
    gate: int, *, by: Person | None, act: permissions.Act | None, already: frozenset[str] | None = None
) -> Iterator[GateAct]:
    """Run one act on a gate in a transaction; `by` None is the system, `act` None asks for any membership.

    The first write raises the revision: a conditional UPDATE that is the lock on both databases. At the end
    the verdict is decided anew and kept for lists. Raises Forbidden, Gate.DoesNotExist.
    """
    with transaction.atomic():
        if not Gate.objects.filter(pk=gate).update(revision=F("revision") + 1):
            raise Gate.DoesNotExist
        loaded = load(gate)
        if loaded.gate.superseded_by_id:
            raise Refused(SUPERSEDED, SUPERSEDED_ADVICE)
        roles = already if already is not None else _roles(loaded, by, act)
        running = GateAct(loaded, by, clock.now(), roles)
        yield running
        _keep(loaded, running.judge(), running.at, by)
        refresh_later(loaded.gate, running.at)


def _keep(loaded: LoadedGate, judged: Judged, at: datetime, by: Person | None) -> None:
    news.tell(loaded, judged, by=by)
    gate, score = loaded.gate, score_of(loaded)
    Gate.objects.filter(pk=gate.pk).update(
        digest=judged.digest,
        verdict=judged.verdict.state.value,
        verdict_until=loaded.verdict_until(at),
        summary=summary(loaded, judged) | {"score": score.value, "score_words": score.percent},
    )
    if gate.summary.get("score", _NO_SCORE_YET) != score.value:
        ScorePoint.objects.create(
            gate=gate, revision=gate.revision, at=at, score=score.value, blockers=score.blockers
        )


def refresh_later(gate: Gate, at: datetime) -> None:
    """Decide the gates of later stages anew, for lists and for pages that wait for changes."""
    if not gate.stage:
        return
    order = list(Stage)
    later = order[order.index(Stage(gate.stage)) + 1 :]
    mine = Gate.objects.filter(release=gate.release_id, superseded_by=None, stage__in=later)
    rows = sorted(mine.values_list("stage", "pk"), key=lambda row: order.index(Stage(row[0])))
    if rows:
        _refresh_all([pk for _, pk in rows], at)


def _refresh_all(gates: list[int], at: datetime) -> None:
    """The same for stages' gates of one release, in their order: each is loaded once.

    They are locked in that order, as every act locks them: two acts never wait for each other in a circle.
    """
    with transaction.atomic():
        for pk in gates:
            Gate.objects.filter(pk=pk).update(revision=F("revision") + 1)
        last = load(gates[-1])
        passed = last.chain(at)
        known = {one.gate.gate.pk: (one.gate, one.judged) for one in passed if one.gate and one.judged}
        known[last.gate.pk] = (last, last.judge_after(at, passed))
        for pk in gates:
            loaded, judged = known[pk]
            _keep(loaded, judged, at, None)


def refresh(gate: int, at: datetime) -> None:
    """Decide a gate anew because something beside it changed, or time has; raises its revision."""
    with transaction.atomic():
        Gate.objects.filter(pk=gate).update(revision=F("revision") + 1)
        loaded = load(gate)
        _keep(loaded, loaded.judge(at), at, None)


def _roles(loaded: LoadedGate, by: Person | None, act: permissions.Act | None) -> frozenset[str]:
    if by is None:
        return frozenset()
    loaded.members = permissions.members_of(loaded.gate.release.project_id)
    roles = permissions.roles_among(loaded.members, by)
    if act is None:
        if not roles:
            raise Forbidden("You do not belong to this project.")
        return roles
    return permissions.require_role(by, roles, act)


def before_after(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Audit data of a change: only the fields that differ, as `{before: {…}, after: {…}}`."""
    changed = [key for key in after if before.get(key) != after[key]]
    return {"before": {k: before.get(k) for k in changed}, "after": {k: after[k] for k in changed}}
