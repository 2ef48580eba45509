"""No act: what the deployment gate says of a release now. Nothing is written; deployments.py stores it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from checklists import blobs
from checklists.actions import assembling
from checklists.actions.assembling import Inside, Sources
from checklists.loaded import LoadedGate, load
from checklists.models import DeploymentPolicy, Environment, Gate, Release, ReleaseManifest
from checklists.models.gate import Stage
from checklists.reads import stages
from readiness.engine import trace
from readiness.engine.deploy import config as policies
from readiness.engine.deploy import reading
from readiness.engine.deploy.config import GateConfig, MetricLimits
from readiness.engine.deploy.decision import Decision, Evaluated, RuleOutcome, Verdict, decide, traced
from readiness.engine.deploy.judging import SPAN, judge
from readiness.engine.deploy.manifest import Manifest
from readiness.engine.deploy.places import DeployError
from readiness.engine.deploy.rules.case import Reason
from readiness.engine.deploy.rules.identity import GATES
from readiness.engine.deploy.rules.identity import RULE as IDENTITY
from readiness.engine.policy import VerdictState

APPROVED, BLOCKED, DECLINED, UNDECIDED = "approved", "blocked", "declined", "undecided"
NO_POLICY = "no deployment policy is set for this environment: the gates alone decide"
NO_MANIFEST = "manifest"
OF_ROWS = ("project", "release", "environment")  # an environment may well be called "test"
# What to do about a reason, here on the server: nobody writes files.
FIXES = {
    "identity": "Correct the release plan.",
    "artifacts": "Take a new snapshot of the run, or push its files.",
    "files": "Register or push what the manifest names.",
    "approvals": "Have the role sign the gate, on its present state.",
    "separation-of-duties": "Have another person sign in one of the roles.",
    "scorecard": "Run the suites for this release and environment, and register the scorecard.",
    "metrics": "Measure it by a suite, or write it into the release plan; above a limit, mend the cause.",
    "rehearsal": "Rehearse the rollback and record it; for a failed one, record what was mended.",
    "migrations": "Try the migration out, and write outcome, date and log into the release plan.",
    "secrets": "Write the version that is deployed into the release plan, never the value.",
    "rollout-window": "Agree on a window in the release plan, or wait for it.",
    "gates": "Settle that gate and have it signed.",
    "waivers": "Settle what it waives, or have another one approved.",
}
TITLES = {"gates": "Its gates and those of earlier stages are approved"}
ONLY_GATES = GateConfig(
    enforce_approvals=False,
    require_rehearsal=False,
    require_scorecard=False,
    separation_of_duties=False,
    metrics=MetricLimits(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A stage that asks for a gate of this environment, for which none is open."""

    stage: str
    title: str
    checklist: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The answer and everything that it rests on. `decision` is None while the gates are undecided.

    `preview` is what the rules say now, whether or not a decision can be given.
    """

    state: str
    gates: tuple[Inside, ...]
    missing: tuple[Missing, ...]
    policy: DeploymentPolicy | None
    known: Sources
    manifest: Manifest | None
    preview: Decision
    pushed: ReleaseManifest | None = None

    @property
    def decision(self) -> Decision | None:
        """The decision, once there is something to decide."""
        return None if self.state == UNDECIDED else self.preview

    @property
    def gate(self) -> Gate | None:
        """The gate that a deployment names: the last of the environment's own."""
        own = [g.loaded.gate for g in self.gates if g.loaded.gate.environment_id == self.known.environment.pk]
        return own[-1] if own else None


def locked(release: Release) -> Release:
    """The release with its gates locked, in the order in which acts lock them; inside a transaction.

    Without the rows' keys, here as in every act: whoever changes a gate looks up its release when it commits,
    and would wait for whoever holds the release and waits for the gate.
    """
    found = Release.objects.select_for_update(of=("self",), no_key=True).select_related(
        "project", "snapshot", "parameters", "created_by"
    )
    row = found.get(pk=release.pk)
    for gate in stages.in_order(release):
        Gate.objects.select_for_update(of=("self",), no_key=True).get(pk=gate.pk)
    return row


def before_deployment(release: Release, environment: Environment) -> tuple[list[Gate], list[Missing]]:
    """Gates that a deployment to the environment rests on, and the stages that still need one.

    All of the environment's own, and those of the stages before them; what comes after a deployment is out.
    """
    order = Stage.values
    rows = [row for row in stages.of(release.project_id) if row.stage != Stage.POST_DEPLOYMENT]
    mine = [gate for gate in stages.in_order(release) if gate.stage != Stage.POST_DEPLOYMENT]
    own = [gate for gate in mine if gate.environment_id == environment.pk]
    staged = {gate.stage for gate in own} | {r.stage for r in rows if r.environment_id == environment.pk}
    last = max((order.index(stage) for stage in staged if stage), default=-1)
    wanted = [row for row in rows if order.index(row.stage) <= last]
    have = {gate.stage for gate in mine}
    missing = [
        Missing(stage=row.stage, title=str(Stage(row.stage).label), checklist=row.checklist_slug)
        for row in wanted
        if row.stage not in have
    ]
    earlier = [gate for gate in mine if gate.stage and order.index(gate.stage) <= last and gate not in own]
    keep = {gate.pk for gate in (*own, *earlier)}
    unstaged_last = [gate for gate in mine if gate.pk in keep]
    return sorted(unstaged_last, key=lambda gate: bool(gate.stage)), missing


def inside(gates: Sequence[Gate], at: datetime) -> tuple[Inside, ...]:
    """These gates, loaded and judged at a moment; each is loaded once, also where later stages rest on it."""
    staged = [gate for gate in gates if gate.stage]
    known = _chain(load(staged[-1].pk), at) if staged else {}
    found = []
    for gate in gates:
        if gate.pk not in known:
            one = load(gate.pk)
            known[gate.pk] = Inside(loaded=one, judged=one.judge(at))
        found.append(known[gate.pk])
    return tuple(found)


def _chain(last: LoadedGate, at: datetime) -> dict[int, Inside]:
    """The gate of a stage and those of the stages before it, by id."""
    passed = last.chain(at)
    found = {
        one.gate.gate.pk: Inside(loaded=one.gate, judged=one.judged)
        for one in passed
        if one.gate and one.judged
    }
    return found | {last.gate.pk: Inside(loaded=last, judged=last.judge_after(at, passed))}


def sources(
    release: Release, environment: Environment, at: datetime, pushed: ReleaseManifest | None = None
) -> Sources:
    """What a manifest of the release for the environment is made of now."""
    gates, _ = before_deployment(release, environment)
    return assembling.sources(release, environment, inside(gates, at), at, _read(pushed))


def _read(row: ReleaseManifest | None) -> Manifest | None:
    return reading.read(blobs.get(row.sha256), "release-manifest.json").manifest if row else None


def newest_policy(environment: Environment) -> DeploymentPolicy | None:
    """The policy that counts: one query."""
    return DeploymentPolicy.objects.filter(environment=environment).order_by("-number").first()


def look(
    release: Release,
    environment: Environment,
    at: datetime,
    pushed: ReleaseManifest | None = None,
    *,
    asked: bool = False,
) -> Look:
    """What the deployment gate says now. `asked`: somebody asks for a decision, which is a span of its own.

    Raises BlobError for lost bytes.
    """
    rows, missing = before_deployment(release, environment)
    known = assembling.sources(release, environment, inside(rows, at), at, _read(pushed))
    policy = newest_policy(environment)
    manifest, preview = _decided(known, policy, pushed, asked=asked)
    preview = _with_missing(preview, missing)
    return Look(
        state=_state(known.gates, missing, preview),
        gates=known.gates,
        missing=tuple(missing),
        policy=policy,
        known=known,
        manifest=manifest,
        preview=preview,
        pushed=pushed,
    )


def _state(gates: Sequence[Inside], missing: Sequence[Missing], preview: Decision) -> str:
    verdicts = {gate.judged.verdict.state for gate in gates}
    if VerdictState.DECLINED in verdicts:
        return DECLINED
    if VerdictState.BLOCKED in verdicts:
        return BLOCKED
    if missing or not gates or verdicts - {VerdictState.APPROVED}:
        return UNDECIDED
    return APPROVED if preview.verdict is Verdict.APPROVE else BLOCKED


def _decided(
    known: Sources, policy: DeploymentPolicy | None, pushed: ReleaseManifest | None, *, asked: bool
) -> tuple[Manifest | None, Decision]:
    inputs = _inputs(known, policy, pushed)
    try:
        config = policies.read(policy.source.encode(), "gate.yml").config if policy else ONLY_GATES
        manifest = assembling.assemble(known)
    except DeployError as problem:
        return None, _unusable(known, problem, inputs, asked=asked)
    facts = assembling.facts(known, manifest, inputs, files=config.require_files)
    if asked:  # a span of its own
        decision = judge(manifest, config, known.at, facts, decided_at=known.at)
    else:
        decision = decide(manifest, config, known.at, facts)
    return manifest, _here(decision if policy else _gates_alone(decision))


def _inputs(
    known: Sources, policy: DeploymentPolicy | None, pushed: ReleaseManifest | None
) -> dict[str, str]:
    """What was judged, by name, with its digest."""
    found = {"artifacts": known.release.snapshot.digest}
    if policy:
        found[f"policy {policy.number}"] = f"sha256:{policy.sha256}"
    for gate in known.gates:
        row = gate.loaded.gate
        found[f"gate {row.pk} ({row.stage or row.checklist.slug})"] = gate.judged.digest
    if known.scorecard:
        found["scorecard"] = f"sha256:{known.scorecard.sha256}"
    if pushed:
        found[f"pushed manifest {pushed.number}"] = f"sha256:{pushed.sha256}"
    return found


def _here(decision: Decision) -> Decision:
    """The same decision in this server's words; what the rows say already is no question here."""
    kept = tuple(
        replace(
            reason,
            title=TITLES.get(reason.rule, reason.title),
            fix=FIXES.get(reason.rule, reason.fix),
        )
        for reason in decision.reasons
        if not (reason.rule == IDENTITY.name and reason.item in OF_ROWS)
    )
    named = any(reason.rule == IDENTITY.name for reason in kept)
    told = {"no directory was given to compare with": "the policy does not ask for `require_files`"}
    rules = tuple(
        replace(each, outcome=RuleOutcome.PASSED, text="")
        if each.rule == IDENTITY.name and not named and each.outcome is RuleOutcome.BLOCKED
        else replace(each, title=TITLES.get(each.rule, each.title), text=told.get(each.text, each.text))
        for each in decision.rules
    )
    return replace(decision, verdict=_verdict(kept), reasons=kept, rules=rules)


def _verdict(reasons: Sequence[Reason]) -> Verdict:
    if not reasons:
        return Verdict.APPROVE
    return Verdict.WAIVER_REQUIRED if all(reason.waivable for reason in reasons) else Verdict.REJECT


def _gates_alone(decision: Decision) -> Decision:
    """The same decision with every rule but the gates' taken out."""
    kept = tuple(reason for reason in decision.reasons if reason.rule == GATES.name)
    rules = tuple(
        each
        if each.rule == GATES.name
        else Evaluated(rule=each.rule, title=each.title, outcome=RuleOutcome.NOT_ASKED, text=NO_POLICY)
        for each in decision.rules
    )
    return replace(decision, verdict=_verdict(kept), reasons=kept, warnings=(), waived=(), rules=rules)


def _with_missing(decision: Decision, missing: Sequence[Missing]) -> Decision:
    """The same decision with a reason for each stage that has no gate."""
    if not missing:
        return decision
    found = tuple(
        Reason(
            rule=GATES.name,
            title=TITLES[GATES.name],
            text=f"The stage {one.title.lower()} has no gate yet; {one.checklist} is expected.",
            fix="Open the gates of the stages on the release’s page.",
            item=one.stage,
        )
        for one in missing
    )
    rules = tuple(
        replace(each, outcome=RuleOutcome.BLOCKED, text=found[0].text) if each.rule == GATES.name else each
        for each in decision.rules
    )
    return replace(decision, verdict=Verdict.REJECT, reasons=(*decision.reasons, *found), rules=rules)


def _unusable(known: Sources, problem: DeployError, inputs: dict[str, str], *, asked: bool) -> Decision:
    """A policy that cannot be read, or a manifest that contradicts itself, blocks by name."""
    reason = Reason(
        rule=NO_MANIFEST,
        title="Policy and manifest can be used",
        text=problem.message,
        fix=problem.advice,
    )
    rule = Evaluated(rule=reason.rule, title=reason.title, outcome=RuleOutcome.BLOCKED, text=reason.text)
    decision = Decision(
        verdict=Verdict.REJECT,
        project=known.release.project.slug,
        release=known.release.version,
        environment=known.environment.name,
        reasons=(reason,),
        warnings=(),
        waived=(),
        rules=(rule,),
        approvals=(),
        inputs=inputs,
        files={},
        scorecard="",
        as_of=known.at,
        decided_at=known.at,
    )
    if not asked:
        return decision
    with trace.span(SPAN, release=known.release.version, environment=known.environment.name) as span:
        span.set(verdict=Verdict.REJECT.value, rules_blocked=NO_MANIFEST)
    return traced(decision, trace_id=span.trace_id, span_id=span.span_id, decided_at=known.at)
