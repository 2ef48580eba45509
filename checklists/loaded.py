"""A gate with everything that hangs on it, loaded in five queries whatever the number of items.

The page, the acts, the poller and the report all work on this value; `judge()` turns it into the signed
snapshot, its digest and the verdict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from typing import Any

from django.db.models import F, FilteredRelation, Q

from checklists import clock, signatures, snapshot
from checklists.models import (
    Evidence,
    Gate,
    GateItem,
    GateRole,
    MemberRole,
    Membership,
    ProjectStage,
    SignOff,
    Waiver,
)
from checklists.models.gate import Stage
from checklists.models.verification import OPEN_STATES
from checklists.models.waiver import WaiverState
from readiness.engine import policy, seal
from readiness.engine.checklist import Checklist, Item, Requirement
from readiness.engine.outcome import Outcome
from readiness.engine.policy import SignatureState, State, Verdict


class LoadedItem:
    """One row with its texts, evidence and open run. `run_state` is queued, running or None."""

    def __init__(self, row: GateItem, spec: Item, evidence: list[Evidence]) -> None:
        self.row = row
        self.spec = spec
        self.evidence = evidence
        self.run_state: str | None = getattr(row, "open_state", None)
        self.run_started: datetime | None = getattr(row, "open_started", None)
        self.waiver: Waiver | None = None  # the approved one that expires last; see look_at
        self.asked: Waiver | None = None  # one that waits for a decision
        self.state: str = row.state  # with a live waiver counted in

    def look_at(self, at: datetime) -> None:
        """Count a waiver in that is live at that moment; without one the item shows its own state."""
        unsettled = self.row.state in (State.OPEN, State.FAILED)
        waived = unsettled and self.waiver is not None and self.waiver.live(at)
        self.state = State.WAIVED.value if waived else self.row.state

    @property
    def lapsed(self) -> bool:
        """A waiver expired, and nothing settled the item since."""
        return self.waiver is not None and self.state in (State.OPEN, State.FAILED)

    @property
    def reported_by(self) -> str:
        """The pipeline that ran the latest checks where the files lie; empty when they ran here."""
        return self.row.run.reported_by if self.row.run_id and self.row.run else ""

    @property
    def key(self) -> str:
        """The item's id in the checklist."""
        return self.row.key

    @property
    def results(self) -> list[dict[str, Any]]:
        """The latest run's check results (CheckResult dicts); empty before the first run."""
        return self.row.run.results if self.row.run_id and self.row.run else []

    @property
    def findings(self) -> list[dict[str, Any]]:
        """The findings of the latest run."""
        return [result["finding"] for result in self.results]

    @property
    def outcome(self) -> str:
        """The latest run's outcome, or an empty string."""
        return self.row.run.outcome if self.row.run_id and self.row.run else ""

    @property
    def warned(self) -> bool:
        """Passed with a warning."""
        return self.row.state == State.PASSED and self.outcome == Outcome.WARN

    @property
    def shown(self) -> str:
        """The state for people: running and queued before the stored one, warned apart from passed."""
        return self.run_state or ("warned" if self.warned else self.state)

    @property
    def to_confirm(self) -> list[int]:
        """Indexes of criteria a person must confirm."""
        return [i for i, criterion in enumerate(self.spec.criteria) if criterion.confirm]

    @property
    def observed(self) -> str:
        """One line for the row: what was observed against what was expected."""
        if self.row.decided == "person":
            return self.row.reason or self._passing()
        problems = [f["message"] for f in self.findings if f["outcome"] not in (Outcome.PASS, Outcome.WARN)]
        return " · ".join(problems) or self._passing() or self._undecided()

    def _passing(self) -> str:
        return self.findings[0]["message"] if self.findings else ""

    def _undecided(self) -> str:
        if self.row.has_checks:
            return "not checked yet"
        return "waits for a person's tick" if not self.row.role else ""


@dataclass(slots=True, kw_only=True)
class Judged:
    """What follows from a loaded gate at a moment."""

    snapshot: dict[str, Any]
    digest: str
    verdict: Verdict


class LoadedGate:
    """Gate, items in order, roles, live sign-offs; the project's members where somebody acts or looks.

    `invalid` are live rows that are no signatures, each with the reason: they count nowhere.
    """

    def __init__(
        self, gate: Gate, items: list[LoadedItem], roles: list[GateRole], signoffs: Sequence[SignOff]
    ) -> None:
        self.gate = gate
        self.items = items
        self.roles = roles
        wrong = signatures.problems(signoffs)
        self.signoffs = [row for row in signoffs if row.pk not in wrong]
        self.invalid = [(row, wrong[row.pk]) for row in signoffs if row.pk in wrong]
        self.waivers: list[Waiver] = []  # approved ones, where the checklist allows any
        self.before: list[tuple[Stage, LoadedGate | None]] = []  # earlier stages with their gates
        self.members: list[Membership] = []  # filled by acts and pages, not by load()

    @cached_property
    def checklist(self) -> Checklist:
        """The parsed checklist."""
        return self.gate.checklist.checklist

    def item(self, key: str) -> LoadedItem | None:
        """The item of that key."""
        return next((item for item in self.items if item.key == key), None)

    def own_work(self, person: int) -> dict[str, bool]:
        """What of this gate is a person's own work, as the rules of signing and of waivers ask it."""
        release, runs = self.gate.release, (item.row.run for item in self.items if item.reported_by)
        return {
            "made_release": release.created_by_id == person,
            "pushed_files": release.pushed_by_id == person,
            "attached_evidence": any(e.added_by_id == person for item in self.items for e in item.evidence),
            "reported_results": any(run.requested_by_id == person for run in runs if run),
        }

    def forget(self, signed: SignOff) -> None:
        """Leave out a sign-off that is replaced, whether it counted or not."""
        self.signoffs = [row for row in self.signoffs if row != signed]
        self.invalid = [(row, why) for row, why in self.invalid if row != signed]

    def sections(self) -> list[tuple[str, list[LoadedItem]]]:
        """Section titles with their items, in document order; sections without items are left out."""
        by_key = {item.key: item for item in self.items}
        return [
            (section.title, [by_key[i.id] for i in section.items if i.id in by_key])
            for section in self.checklist.sections
            if section.items
        ]

    def if_waived_by(self, waivers: Iterable[Waiver], at: datetime) -> LoadedGate:
        """A copy on which exactly these approved waivers stand, to ask what the gate would say."""
        other = copy(self)
        other.items = [copy(item) for item in self.items]
        other.set_waivers(waivers, at)
        return other

    def set_waivers(self, approved: Iterable[Waiver], at: datetime) -> None:
        """Let these approved waivers count; of one item the one that expires last."""
        self.waivers = sorted(approved, key=lambda waiver: waiver.expires_at)
        last = {waiver.item_id: waiver for waiver in self.waivers if waiver.item_id}
        for item in self.items:
            item.waiver = last.get(item.row.pk)
            item.look_at(at)

    def judge(self, at: datetime) -> Judged:
        """Snapshot, digest and verdict at a moment."""
        return self.judge_after(at, self.chain(at))

    def chain(self, at: datetime) -> tuple[Passed, ...]:
        """The earlier stages with their gates judged, in order; each gate knows those before it."""
        passed: list[Passed] = []
        for place, (stage, gate) in enumerate(self.before):
            judged = None
            if gate is not None:
                gate.before = self.before[:place]
                judged = gate.judge_after(at, tuple(passed))
            passed.append(Passed(stage, gate, judged))
        return tuple(passed)

    def judge_after(self, at: datetime, earlier: tuple[Passed, ...]) -> Judged:
        """The same with the earlier stages already judged."""
        for item in self.items:
            item.look_at(at)
        taken = snapshot.build(self, at, earlier)
        digest = seal.digest(taken)
        state = self._state(digest, earlier)
        return Judged(snapshot=taken, digest=digest, verdict=policy.decide(state, at))

    def verdict_until(self, at: datetime) -> datetime | None:
        """When time alone changes the verdict next: a waiver here or at an earlier stage expires."""
        gates = [self, *(gate for _, gate in self.before if gate)]
        ends = [waiver.expires_at for gate in gates for waiver in gate.waivers if waiver.expires_at > at]
        return min(ends, default=None)

    def _state(self, digest: str, earlier: tuple[Passed, ...]) -> policy.GateState:
        approvals = {item.row.role: item for item in self.items if item.row.role}
        return policy.GateState(
            digest=digest,
            items=tuple(_item_state(item) for item in self.items if not item.row.role),
            roles=tuple(
                policy.RoleState(
                    role=role.role,
                    title=MemberRole(role.role).label,
                    conditional=role.conditional,
                    dropped_reason=role.dropped_reason,
                    item=approvals[role.role].key if role.role in approvals else "",
                )
                for role in self.roles
            ),
            signatures=tuple(
                policy.Signature(
                    role=s.role, decision=policy.Decision(s.decision), digest=s.digest, person=s.person_name
                )
                for s in self.signoffs
            ),
            waivers=self.checklist.waivers,
            earlier=tuple(
                policy.EarlierStage(
                    title=stage.stage.label, verdict=stage.judged.verdict.state if stage.judged else None
                )
                for stage in earlier
            ),
        )


@dataclass(frozen=True, slots=True)
class Passed:
    """An earlier stage with its gate and what that says; both None when no gate is open for it."""

    stage: Stage
    gate: LoadedGate | None
    judged: Judged | None


def _item_state(item: LoadedItem) -> policy.ItemState:
    return policy.ItemState(
        key=item.key,
        title=item.spec.text,
        requirement=Requirement(item.row.requirement),
        state=State(item.state),
        reason=item.row.reason,
        observed=blocking_words(item),
        waiver_until=item.waiver.expires_at if item.waiver else None,
    )


def blocking_words(item: LoadedItem) -> str:
    """What stands in the way of an undecided or failed item, for the list of blockers."""
    if item.state == State.FAILED:
        return item.observed
    return _open_words(item) if item.state == State.OPEN else ""


def _open_words(item: LoadedItem) -> str:
    if item.run_state:
        return "is being checked"
    if not item.row.has_checks:
        return "waits for a person's tick with evidence"
    if not item.results:
        return "is not checked yet"
    return "checks pass; a person must confirm the rest" if Outcome(item.outcome).passes else item.observed


# Columns that neither judging nor showing reads: dates are slow to parse on SQLite, texts are long.
_UNUSED = (
    *(f"run__{name}" for name in ("requested_at", "sent_at", "lease_until", "claim", "attempts")),
    *(f"decided_by__{name}" for name in ("password", "last_login", "date_joined", "email")),
)


class _Queries:
    """What `load` asks, but for the gate's id: building a query costs Django more than asking it."""

    def __init__(self) -> None:
        self.gate = Gate.objects.select_related(
            "release__project", "release__snapshot", "release__parameters", "checklist", "environment"
        ).defer("checklist__source")
        self.evidence = Evidence.objects.filter(removed_at=None).select_related("added_by").order_by("id")
        self.items = (
            GateItem.objects.annotate(
                open_run=FilteredRelation("runs", condition=Q(runs__state__in=OPEN_STATES))
            )
            .annotate(open_state=F("open_run__state"), open_started=F("open_run__started_at"))
            .select_related("run", "decided_by")
            .defer(*_UNUSED)
            .order_by("position")
        )
        self.roles = GateRole.objects.select_related("dropped_by").order_by("position")
        self.signoffs = signatures.asked(SignOff.objects.filter(live=True)).order_by("id")
        self.waivers = (
            Waiver.objects.filter(state__in=[WaiverState.APPROVED, WaiverState.REVIEW])
            .select_related("owner", "requested_by", "decided_by")
            .order_by("expires_at", "id")
        )


_queries = cache(_Queries)


def load(pk: int) -> LoadedGate:
    """Load a gate by id: five queries, one more where somebody signed, one where waivers are allowed, and
    those of the gates of earlier stages. Raises Gate.DoesNotExist.
    """
    loaded = _load(pk)
    if loaded.gate.stage:
        loaded.before = _before(loaded.gate)
    return loaded


def _load(pk: int) -> LoadedGate:
    ask = _queries()
    gate = ask.gate.get(pk=pk)
    specs: Mapping[str, Item] = {item.id: item for item in gate.checklist.checklist.items}
    evidence: dict[int, list[Evidence]] = defaultdict(list)
    for piece in ask.evidence.filter(item__gate=pk):
        evidence[piece.item_id].append(piece)
    items = [LoadedItem(row, specs[row.key], evidence[row.pk]) for row in ask.items.filter(gate=pk)]
    roles, signoffs = list(ask.roles.filter(gate=pk)), list(ask.signoffs.filter(gate=pk))
    loaded = LoadedGate(gate, items, roles, signoffs)
    if loaded.checklist.waivers:
        _add_waivers(loaded, list(ask.waivers.filter(gate=pk)))
    return loaded


def _add_waivers(loaded: LoadedGate, waivers: list[Waiver]) -> None:
    loaded.set_waivers([w for w in waivers if w.state == WaiverState.APPROVED], clock.now())
    asked = {waiver.item_id: waiver for waiver in waivers if waiver.state == WaiverState.REVIEW}
    for item in loaded.items:
        item.asked = asked.get(item.row.pk)


def _before(gate: Gate) -> list[tuple[Stage, LoadedGate | None]]:
    order = list(Stage)
    earlier = order[: order.index(Stage(gate.stage))]
    demanded = set(
        ProjectStage.objects.filter(project=gate.release.project_id).values_list("stage", flat=True)
    )
    opened = dict(
        Gate.objects.filter(release=gate.release_id, stage__in=earlier, superseded_by=None).values_list(
            "stage", "pk"
        )
    )
    return [(s, _load(opened[s]) if s in opened else None) for s in earlier if s in demanded or s in opened]


def summary(loaded: LoadedGate, judged: Judged) -> dict[str, Any]:
    """What lists show: counts by state, all blockers counted, the first five named, roles that wait."""
    verdict = judged.verdict
    return {
        "counts": {state.value: count for state, count in verdict.counts.items()},
        "total": len(loaded.items),
        "blockers": len(verdict.blockers),
        "first": [
            {"kind": b.kind, "item": b.item, "title": b.title, "text": b.text} for b in verdict.blockers[:5]
        ],
        "waiting": [
            role
            for role, state in verdict.signatures.items()
            if state in (SignatureState.MISSING, SignatureState.STALE)
        ],
    }
