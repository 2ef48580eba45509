"""The deployment gate on the server: what is decided, stored and deployed, and what is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from checklists import clock
from checklists.actions import deployments, gates, plans, policies, releases
from checklists.actions.approved import last_release
from checklists.actions.deciding import look
from checklists.errors import Forbidden, Refused
from checklists.models import (
    AuditEntry,
    Deployment,
    DeploymentDecision,
    DeploymentPolicy,
    ReleaseManifest,
    Waiver,
)
from readiness.engine.deploy.places import DeployError
from tests import signing
from tests.governed import (
    PLAN,
    POLICY,
    approve,
    by_hand,
    environment,
    policy,
    registered,
    rehearsed,
    set_stages,
    settle,
    sign,
)


@pytest.fixture
def quick(release, people):
    """An open production gate that a tick and two signatures approve."""
    return gates.open_gate(
        release=release,
        checklist=by_hand("quick"),
        environment=environment(release.project),
        by=people.lead,
    )


@pytest.fixture
def fit(quick, people):
    """Everything that the policy asks: approved gate, plan, scorecard, rehearsal."""
    release = quick.release
    policy(release.project, people)
    approve(quick, people)
    registered(release, people)
    rehearsed(release, people)
    plans.set_plan(
        release=release, environment=environment(release.project), by=people.contributor, content=PLAN
    )
    return release


def ask(release, by, **more):
    """Ask the deployment gate for production."""
    return deployments.decide_deployment(
        release=release, environment=environment(release.project), by=by, **more
    )


def deploy(release, by, **more):
    """Report the deployment to production."""
    return deployments.deploy(release=release, environment=environment(release.project), by=by, **more)


def at(monkeypatch, moment):
    """Set the clock."""
    monkeypatch.setattr(clock, "now", lambda: moment)


def rules_of(answer):
    """The rules that stand against the release."""
    return {reason["rule"] for reason in answer.row.record["reasons"]}


def test_approve(fit, people):
    """With everything there the answer is approve, stored with digests, manifest, scorecard and trace."""
    answer = ask(fit, people.contributor)
    row = answer.row
    assert (answer.look.state, row.verdict, row.record["reasons"]) == ("approved", "approve", [])
    assert row.scorecard.run_id == "run-1"
    assert row.gate.checklist.slug == "quick"
    assert len(row.trace_id) == 32
    inputs = row.record["inputs"]
    assert inputs["artifacts"] == fit.snapshot.digest
    named = {name.split()[0] for name in inputs}
    assert named == {"artifacts", "policy", "gate", "scorecard", "manifest", "files"}
    told = row.record["approvals"]
    assert {(a["role"], a["standing"]) for a in told} == {
        ("technical-lead", "verified"), ("product-owner", "verified")
    }  # fmt: skip
    entry = AuditEntry.objects.get(verb="deployment.decided")
    assert entry.data["trace_id"] == row.trace_id


def test_the_manifest_holds_what_is_known(fit, people):
    """Artifacts, plan, approvals, rehearsal, scorecard, gates and runs stand in the kept document."""
    document = ask(fit, people.contributor).row.manifest.document
    assert {a["path"] for a in document["artifacts"]} == {"model.bin", "card.md", "metrics.json"}
    assert document["artifact_digest"] == fit.snapshot.digest
    assert document["owner"] == "Olive Owens"
    assert document["rollback"]["rehearsal"]["outcome"] == "passed"
    assert document["scorecard"]["run_id"] == "run-1"
    assert document["gates"][0]["verdict"] == "approved"
    assert document["metrics"]["p95_ms"] == 174
    assert [a["name"] for a in document["approvals"]] == ["Lead Person", "Product Person"]


def test_undecided_is_not_stored(quick, people):
    """While the gate is open or waits for signatures there is no decision."""
    policy(quick.release.project, people)
    for step in (lambda: None, lambda: settle(quick, people)):
        step()
        answer = ask(quick.release, people.contributor)
        assert (answer.row, answer.look.state) == (None, "undecided")
    assert not DeploymentDecision.objects.exists()
    assert not ReleaseManifest.objects.exists()


def test_without_a_gate_nothing_is_decided(release, people):
    """A release without a gate for the environment is not decided, with a policy or without."""
    assert ask(release, people.contributor).look.state == "undecided"


def test_declined(quick, people):
    """A gate that somebody declined is a decision, and says so."""
    from checklists.loaded import load

    digest = load(quick.pk).judge(clock.now()).digest
    signing.decline(gate=quick.pk, role="product-owner", by=people.product, digest=digest, reason="No.")
    answer = ask(quick.release, people.contributor)
    assert (answer.look.state, answer.row.verdict) == ("declined", "reject")
    assert rules_of(answer) == {"gates"}


def test_without_a_policy_the_gate_decides(quick, people):
    """No scorecard, no rehearsal: approved by the gate alone, and the record says that no policy is set."""
    approve(quick, people)
    answer = ask(quick.release, people.contributor)
    assert answer.row.verdict == "approve"
    assert "no deployment policy" in answer.row.record["without_policy"]
    assert {r["outcome"] for r in answer.row.record["rules"] if r["rule"] != "gates"} == {"not asked"}


MISSING = [
    ("scorecard", "no scorecard", {"scorecard", "metrics"}),
    ("rehearsal", "No rehearsal", {"rehearsal"}),
]


@pytest.mark.parametrize(("left_out", "words", "rules"), MISSING)
def test_what_is_missing_blocks(quick, people, left_out, words, rules):
    """A policy asks for scorecard and rehearsal; each one missing is named."""
    policy(quick.release.project, people)
    approve(quick, people)
    if left_out != "scorecard":
        registered(quick.release, people)
    if left_out != "rehearsal":
        rehearsed(quick.release, people)
    answer = ask(quick.release, people.contributor)
    assert answer.look.state == "blocked"
    assert rules_of(answer) == rules
    assert any(words in reason["text"] for reason in answer.row.record["reasons"])


def test_a_failed_scorecard_and_an_old_rehearsal_block(fit, people, monkeypatch):
    """A newer scorecard that failed, and 30 days without a rehearsal, turn approve into reject."""
    failed = [{"name": "integration", "status": "failed", "duration": 1}]
    registered(fit, people, suites=failed, overall_passed=False, run_id="run-2", at=clock.now())
    assert "scorecard" in rules_of(ask(fit, people.contributor))
    at(monkeypatch, clock.now() + timedelta(days=31))
    assert {"scorecard", "rehearsal"} <= rules_of(ask(fit, people.contributor))


def test_a_role_that_did_not_sign_blocks(fit, people):
    """The policy's roles are asked beside the gate's own."""
    policy(fit.project, people, POLICY.replace("product-owner", "compliance"))
    answer = ask(fit, people.contributor)
    assert rules_of(answer) == {"approvals"}
    assert "compliance" in answer.row.record["reasons"][0]["text"]


def test_asked_again(fit, people):
    """Nothing changed: the same person gets the same decision; somebody else, and a change, a new one."""
    first = ask(fit, people.contributor)
    again = ask(fit, people.contributor)
    assert (again.row, again.repeated) == (first.row, True)
    assert ask(fit, people.lead).row != first.row
    registered(fit, people, run_id="run-2", at=clock.now())
    assert ask(fit, people.contributor).row != first.row


def test_looking_stores_nothing(fit, people):
    """The preview is the same answer without a record."""
    seen = look(fit, environment(fit.project), clock.now())
    assert seen.state == "approved"
    assert not DeploymentDecision.objects.exists()
    assert not ReleaseManifest.objects.exists()


def test_who_may(fit, people):
    """Makers ask and deploy; readers and signers do not."""
    for person in (people.reader, people.product, people.outsider):
        with pytest.raises(Forbidden):
            ask(fit, person)
        with pytest.raises(Forbidden):
            deploy(fit, person)


def test_deploy_archives_and_monitors(fit, people):
    """After approve: the decision and its manifest are kept with the deployment, 24 hours of monitoring."""
    decided = ask(fit, people.contributor).row
    made = deploy(fit, people.contributor)
    assert (made.decision, made.manifest) == (decided, decided.manifest)
    assert made.monitoring_until - made.deployed_at == timedelta(hours=24)
    assert (made.state, made.validation) == ("monitoring", None)
    assert AuditEntry.objects.get(verb="release.deployed").data["manifest"] == decided.manifest.sha256


def test_deploy_needs_a_decision_that_holds(fit, people):
    """Never asked, or approved once and blocked since: refused, nothing stored."""
    with pytest.raises(Refused, match="does not approve"):
        deploy(fit, people.contributor)
    ask(fit, people.contributor)
    failed = [{"name": "integration", "status": "failed", "duration": 1}]
    registered(fit, people, suites=failed, overall_passed=False, run_id="run-2", at=clock.now())
    with pytest.raises(Refused, match="does not approve"):
        deploy(fit, people.contributor)
    assert not Deployment.objects.exists()
    assert DeploymentDecision.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"hours": 23}, "24 to 48 hours"),
        ({"hours": 49}, "24 to 48 hours"),
        ({"at": timedelta(hours=1)}, "in the future"),
        ({"at": timedelta(hours=-1)}, "before its approval"),
    ],
)
def test_wrong_deployments_are_refused(fit, people, more, words):
    """Window and time are held to what can be."""
    ask(fit, people.contributor)
    given = {key: clock.now() + value if key == "at" else value for key, value in more.items()}
    with pytest.raises(Refused, match=words):
        deploy(fit, people.contributor, **given)


def test_roll_out(fit, people, monkeypatch):
    """Only once, only after the window."""
    ask(fit, people.contributor)
    made = deploy(fit, people.contributor)
    with pytest.raises(Refused, match="It is monitored until"):
        deployments.roll_out(deployment=made.pk, by=people.lead)
    at(monkeypatch, made.monitoring_until)
    assert deployments.roll_out(deployment=made.pk, by=people.lead).state == "rolled-out"
    with pytest.raises(Refused, match="not being monitored"):
        deployments.roll_out(deployment=made.pk, by=people.lead)


def test_a_late_report_shortens_no_watch(fit, people, monkeypatch):
    """A deployment that is recorded after its window would have ended is monitored from then on."""
    decided = ask(fit, people.contributor).row
    at(monkeypatch, decided.decided_at + timedelta(hours=26))
    made = deploy(fit, people.contributor, at=decided.decided_at)
    assert made.deployed_at == decided.decided_at
    assert made.monitoring_until == clock.now() + timedelta(hours=24)
    with pytest.raises(Refused, match="It is monitored until"):
        deployments.roll_out(deployment=made.pk, by=people.lead)


def test_roll_out_needs_the_validation(quick, people, monkeypatch):
    """The post-deployment stage's gate is opened by the deployment and must be approved first."""
    project = quick.release.project
    by_hand("after")
    set_stages(project, people, production=("quick", "production"), post_deployment=("after", "production"))
    from checklists.actions import stages

    stages.open_stages(release=quick.release, by=people.lead)
    approve(quick, people)
    assert ask(quick.release, people.contributor).look.state == "approved"
    made = deploy(quick.release, people.contributor)
    assert (made.validation.stage, made.validation.checklist.slug) == ("post-deployment", "after")
    at(monkeypatch, made.monitoring_until)
    with pytest.raises(Refused, match="post-deployment gate says open"):
        deployments.roll_out(deployment=made.pk, by=people.lead)
    approve(made.validation, people)
    assert deployments.roll_out(deployment=made.pk, by=people.lead).state == "rolled-out"
    back = {"to_version": "1.3.0", "reason": "Errors."}
    deployments.roll_back(deployment=made.pk, by=people.lead, **back)
    at(monkeypatch, made.monitoring_until + timedelta(days=1))
    again = deploy(quick.release, people.contributor)
    at(monkeypatch, again.monitoring_until)
    assert again.validation == made.validation
    with pytest.raises(Refused, match="signed before this deployment"):
        deployments.roll_out(deployment=again.pk, by=people.lead)


def test_a_missing_stage_blocks_the_deployment(quick, people):
    """An approved gate of the environment is not enough while a stage before it has none."""
    approve(quick, people)
    by_hand("built")
    set_stages(quick.release.project, people, build=("built", "staging"), production=("quick", "production"))
    answer = ask(quick.release, people.contributor)
    assert answer.look.state == "undecided"
    assert [m.stage for m in answer.look.missing] == ["build", "production"]


def test_roll_back(fit, people):
    """At any time, with a reason and the version that runs now; once, and the release may go out again."""
    ask(fit, people.contributor)
    made = deploy(fit, people.contributor)
    for more, words in (
        ({"to_version": "1.3.0", "reason": " "}, "Say why"),
        ({"to_version": "", "reason": "Errors."}, "Name the version"),
        ({"to_version": "1.4.0", "reason": "Errors."}, "another than this one"),
    ):
        with pytest.raises(Refused, match=words):
            deployments.roll_back(deployment=made.pk, by=people.lead, **more)
    back = deployments.roll_back(deployment=made.pk, by=people.lead, to_version="1.3.0", reason="Errors.")
    assert (back.state, back.rolled_back_to, back.rollback_reason) == ("rolled-back", "1.3.0", "Errors.")
    with pytest.raises(Refused, match="already"):
        deployments.roll_back(deployment=made.pk, by=people.lead, to_version="1.3.0", reason="Errors.")
    assert deploy(fit, people.contributor).pk != made.pk


TABLE = [
    ("monitoring", "deploy", "is in production already"),
    ("rolled-out", "deploy", "is in production already"),
    ("rolled-out", "roll_out", "not being monitored"),
    ("rolled-back", "roll_out", "not being monitored"),
    ("rolled-back", "roll_back", "rolled back already"),
]


@pytest.mark.parametrize(("state", "act", "words"), TABLE)
def test_states_that_an_act_refuses(fit, people, monkeypatch, state, act, words):
    """Each state of a deployment with each act that it does not allow; the row stays as it is."""
    ask(fit, people.contributor)
    made = deploy(fit, people.contributor)
    back = {"to_version": "1.3.0", "reason": "Errors."}
    if state == "rolled-out":
        at(monkeypatch, made.monitoring_until)
        deployments.roll_out(deployment=made.pk, by=people.lead)
    if state == "rolled-back":
        deployments.roll_back(deployment=made.pk, by=people.lead, **back)
    before = Deployment.objects.filter(pk=made.pk).values().get()
    with pytest.raises(Refused, match=words):
        if act == "deploy":
            deploy(fit, people.contributor)
        else:
            more = back if act == "roll_back" else {}
            getattr(deployments, act)(deployment=made.pk, by=people.lead, **more)
    assert Deployment.objects.filter(pk=made.pk).values().get() == before


def test_a_release_taken_back_is_no_yardstick(fit, people, run_dir, checklist):
    """The next release is compared with the one approved before, not with what was rolled back."""
    later = releases.create(
        project=fit.project, by=people.lead, version="1.5.0", root=str(run_dir), checklist=checklist
    )
    where = environment(fit.project)
    assert last_release(where, without=later) == fit
    ask(fit, people.contributor)
    made = deploy(fit, people.contributor)
    assert last_release(where, without=later) == fit
    deployments.roll_back(deployment=made.pk, by=people.lead, to_version="1.3.0", reason="Errors.")
    assert last_release(where, without=later) is None


def test_policy(project, people):
    """Owners activate one; the same again, a wrong one, and one under change control are refused."""
    where = environment(project)
    with pytest.raises(Forbidden):
        policies.activate_policy(environment=where, source=POLICY, by=people.lead)
    policy(project, people)
    with pytest.raises(Refused, match="nothing changed"):
        policy(project, people)
    for wrong in ("", "required_role: [technical-lead]\n", "required_roles: []\n", "[1\n"):
        with pytest.raises(DeployError):
            policy(project, people, wrong)
    project.change_control = True
    project.save()
    where = environment(project)
    with pytest.raises(Refused, match="change control"):
        policies.activate_policy(environment=where, source=POLICY + "# more\n", by=people.owner)
    assert list(DeploymentPolicy.objects.values_list("number", flat=True)) == [1]


def test_a_policy_asks_roles_that_sign(project, people):
    """A role that nobody signs in would close the gate for good."""
    with pytest.raises(Refused, match="Nobody ever signs a gate as security-lead"):
        policy(project, people, "required_roles: [security-lead]\n")


def test_names_of_rows_are_no_question(fit, people):
    """An environment may be called "test": the row says which it is."""
    where = environment(fit.project)
    where.name = "test"
    where.save()
    seen = look(fit, where, clock.now()).preview
    assert "identity" not in {reason.rule for reason in seen.reasons}
    assert next(rule for rule in seen.rules if rule.rule == "identity").outcome == "passed"


def test_a_rule_may_be_waived_until_its_waiver_expires(release, people, monkeypatch):
    """Without a rehearsal a waiver is required, with one it is approved, past its end required again."""
    gate = gates.open_gate(
        release=release,
        checklist=by_hand("lenient", waivers=True),
        environment=environment(release.project),
        by=people.lead,
    )
    policy(release.project, people)
    registered(release, people)
    approve(gate, people)
    assert ask(release, people.contributor).row.verdict == "waiver required"
    now = clock.now()
    Waiver.objects.create(
        gate=gate, rule="rehearsal", reason="Staging is rebuilt.", risk="Untested.", mitigation="Two watch.",
        owner=people.lead, scope="This release.", expires_at=now + timedelta(hours=2), state="approved",
        requested_by=people.lead, requested_at=now, decided_by=people.compliance, decided_as="compliance",
        decided_at=now,
    )  # fmt: skip
    sign(gate, people)
    row = ask(release, people.contributor).row
    assert (row.verdict, len(row.record["waived"])) == ("approve", 1)
    at(monkeypatch, now + timedelta(hours=2))
    assert ask(release, people.contributor).look.state == "undecided"  # the state that was signed is gone
    sign(gate, people)
    assert ask(release, people.contributor).row.verdict == "waiver required"


def test_files_are_compared_with_the_index(fit, people):
    """With `require_files` the snapshot, the scorecard and the rehearsal log are compared."""
    policy(fit.project, people, POLICY + "require_files: true\n")
    row = ask(fit, people.contributor).row
    assert (row.verdict, row.record["reasons"]) == ("approve", [])
    assert next(r for r in row.record["rules"] if r["rule"] == "files")["outcome"] == "passed"
    assert set(row.record["inputs"]["files"]) >= {"model.bin", "readiness-scorecard.json"}


def test_time_alone_never_turns_red_to_green(fit, people):
    """Approved until the rehearsal is 30 days old to the second, and never again by waiting."""
    now = clock.now()
    edge = now - timedelta(hours=1) + timedelta(days=30)
    moments = [now, edge - timedelta(minutes=1), edge + timedelta(minutes=1), now + timedelta(days=400)]
    states = [look(fit, environment(fit.project), moment).state for moment in moments]
    assert states == ["approved", "approved", "blocked", "blocked"]


def test_a_policy_that_cannot_be_read_blocks(fit, people, lifted_triggers):
    """Stored once and unreadable now: reject by name, never approve."""
    DeploymentPolicy.objects.update(source="required_roles: nonsense\n")
    answer = ask(fit, people.contributor)
    assert (answer.look.state, rules_of(answer)) == ("blocked", {"manifest"})
