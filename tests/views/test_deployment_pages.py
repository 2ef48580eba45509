"""Scorecards, plans, manifests, policies, decisions and deployments on the pages."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from checklists import clock
from checklists.actions import deployments, gates, manifests, plans
from checklists.models import Deployment, DeploymentDecision, DeploymentPolicy, ReleasePlan, Scorecard
from tests.governed import (
    PLAN,
    POLICY,
    approve,
    by_hand,
    card,
    environment,
    policy,
    registered,
    rehearsed,
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
    """A release that the deployment gate approves."""
    policy(quick.release.project, people)
    approve(quick, people)
    registered(quick.release, people)
    rehearsed(quick.release, people)
    return quick.release


@pytest.fixture
def page(release):
    """The address of the deployment page."""
    return f"/releases/{release.pk}/deployment/{environment(release.project).pk}/"


def text(answer):
    """A page as text."""
    return answer.content.decode()


def test_what_stands_in_the_way(client, people, quick, page):
    """Each rule in words, with what to do and where; a reader sees it and cannot ask."""
    policy(quick.release.project, people)
    client.force_login(people.reader)
    shown = text(client.get(page))
    assert "Not decided yet" in shown
    assert "No rehearsal of the rollback is recorded." in shown
    assert f'href="/releases/{quick.release.pk}/scorecards/">Scorecards</a>' in shown
    assert "rules not asked" in shown
    assert f'href="/gates/{quick.pk}/">Open the gate</a>' in shown
    assert "Ask for a decision" not in shown
    assert "It was deployed" not in shown


def test_ask_and_deploy_and_take_back(client, people, fit, page):
    """From the button to the decision's page, the deployment, and the rollback."""
    client.force_login(people.contributor)
    assert "Yes" in text(client.get(page))
    asked = client.post(f"{page}decide")
    row = DeploymentDecision.objects.get()
    assert asked.headers["Location"] == f"/decisions/{row.pk}/"
    shown = text(client.get(asked.headers["Location"]))
    assert row.trace_id in shown
    assert POLICY.splitlines()[0] in shown
    assert fit.snapshot.digest in shown
    assert "Nothing changed since" in text(client.post(f"{page}decide", follow=True))
    answer = client.post(f"{page}deploy", {"deploy-hours": "24"}, follow=True)
    assert "monitored until" in text(answer)
    made = Deployment.objects.get()
    assert "It is monitored until" in text(client.post(f"/deployments/{made.pk}/roll-out", follow=True))
    empty = text(client.post(f"/deployments/{made.pk}/roll-back", {"back-reason": ""}))
    assert "This field is required" in empty
    sent = {"back-to_version": "1.3.0", "back-reason": "Errors."}
    answer = client.post(f"/deployments/{made.pk}/roll-back", sent, follow=True)
    assert "Taken back to 1.3.0: Errors." in text(answer)


def test_the_project_says_what_is_out(client, people, fit, page):
    """In which environment, since when, and whether it is monitored."""
    client.force_login(people.contributor)
    client.post(f"{page}decide")
    client.post(f"{page}deploy", {"deploy-hours": "24"})
    shown = text(client.get(f"/projects/{fit.project.slug}/"))
    assert "What is out" in shown
    assert "Monitored until" in shown


def test_roll_out(client, people, fit, page, monkeypatch):
    """Once the window is over there is a button."""
    client.force_login(people.contributor)
    client.post(f"{page}decide")
    client.post(f"{page}deploy", {"deploy-hours": "24"})
    made = Deployment.objects.get()
    assert "Record the full rollout" not in text(client.get(page))
    monkeypatch.setattr(clock, "now", lambda: made.monitoring_until)
    assert "Record the full rollout" in text(client.get(page))
    assert "is rolled out in full" in text(client.post(f"/deployments/{made.pk}/roll-out", follow=True))


def test_undecided_is_said(client, people, quick, page):
    """Asked too early: said on the page, nothing stored; deploying is refused."""
    client.force_login(people.contributor)
    assert "Not decided yet" in text(client.post(f"{page}decide", follow=True))
    assert "does not approve" in text(client.post(f"{page}deploy", {"deploy-hours": "24"}))
    assert not DeploymentDecision.objects.exists()


def test_who_may(client, people, fit, page):
    """Readers look, outsiders find nothing, and neither asks nor deploys."""
    asked = deployments.decide_deployment(
        release=fit, environment=environment(fit.project), by=people.contributor
    ).row
    made = deployments.deploy(release=fit, environment=environment(fit.project), by=people.contributor)
    posts = [f"{page}decide", f"{page}deploy", *(f"/deployments/{made.pk}/roll-{w}" for w in ("out", "back"))]
    client.force_login(people.reader)
    assert client.get(f"/decisions/{asked.pk}/").status_code == 200
    assert [client.post(address).status_code for address in posts] == [403] * 4
    assert [client.get(address).status_code for address in posts] == [405] * 4
    client.force_login(people.outsider)
    assert [client.post(address).status_code for address in posts] == [404] * 4
    for address in (page, f"/decisions/{asked.pk}/", "/decisions/999999/"):
        assert client.get(address).status_code == 404
    client.force_login(people.lead)
    for address in (f"/releases/{fit.pk}/deployment/999999/", "/decisions/999999/"):
        assert client.get(address).status_code == 404


def test_scorecards(client, people, release):
    """Uploaded, shown with figures and trend, downloaded byte for byte."""
    home = f"/releases/{release.pk}/scorecards/"
    client.force_login(people.contributor)
    assert "No scorecard yet" in text(client.get(home))
    data = card(release)
    sent = {"file": SimpleUploadedFile("readiness-scorecard.json", data)}
    shown = text(client.post(f"{home}new", sent, follow=True))
    assert "Run run-1" in shown
    assert "174 ms" in shown
    row = Scorecard.objects.get()
    got = client.get(f"{home}{row.pk}/")
    assert got.content == data
    assert got.headers["Content-Disposition"].startswith("attachment")
    registered(release, people, run_id="run-2")
    shown = text(client.get(home))
    assert "from 0 % to 0 %" in shown
    assert "steady: 0 % in the latest of 2 runs" in shown
    wrong = {"file": SimpleUploadedFile("a.json", b"{}")}
    assert "Write it with" in text(client.post(f"{home}new", wrong))
    assert client.get(f"{home}999999/").status_code == 404


def test_scorecards_of_a_stranger_are_only_text(client, people, release):
    """Names and reasons of a scorecard never become markup."""
    evil = "<img src=x onerror=alert(1)>"
    suites = [{"name": evil, "status": "failed", "duration": 1, "flake_rate": 0.1, "reasons": [evil]}]
    for run in ("a", "b"):
        registered(release, people, suites=suites, overall_passed=False, owner=evil, run_id=run)
    client.force_login(people.reader)
    assert "<img" not in text(client.get(f"/releases/{release.pk}/scorecards/"))


@pytest.fixture
def plan_form():
    """The plan's form as a browser sends it."""
    return {
        "owner": "Olive Owens",
        "strategy": "canary",
        "start": "2026-12-01T08:00",
        "end": "2026-12-01T18:00",
        "steps": "5 % for an hour\n100 %",
        "trigger": "errors above 2 %",
        "rollback": "switch the alias back",
        "flags": "new-ui = true\nlimit = 7",
        "secrets": "db-password | 7 | 2026-01-01",
        "migrations": "0042 | passed | 2026-11-01 | logs/dry.txt | " + "0" * 64,
        "error_rate": "0.01",
        "incidents": "0",
        "seen": "0",
    }


def test_the_plan(client, people, release, plan_form):
    """Kept as the manifest says it, and shown in the form again."""
    where = environment(release.project)
    address = f"/releases/{release.pk}/plan/{where.pk}/"
    client.force_login(people.contributor)
    assert client.get(address).status_code == 200
    assert client.post(address, plan_form).status_code == 303
    content = ReleasePlan.objects.get().content
    assert content["feature_flags"] == {"new-ui": True, "limit": 7}
    assert content["rollout"]["window"] == {
        "start": "2026-12-01T08:00:00Z",
        "end": "2026-12-01T18:00:00Z",
    }
    assert content["migrations"][0]["dry_run"]["log"] == "logs/dry.txt"
    assert content["metrics"] == {"error_rate": 0.01, "open_critical_incidents": 0}
    shown = text(client.get(address))
    for words in ("new-ui = true", "db-password | 7 | 2026-01-01", 'value="2026-12-01T08:00"', "Version 1"):
        assert words in shown
    assert "Somebody changed the plan" in text(client.post(address, plan_form | {"owner": "Other"}))
    same = text(client.post(address, plan_form | {"seen": "1"}))
    assert "nothing changed" in same


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("flags", "no sign", "write name = value"),
        ("secrets", "a | 1 | 2 | 3 | 4", "at most 4 parts"),
        ("owner", "", "This field is required"),
        ("error_rate", "2", "less than or equal to 1"),
        ("start", "soon", "Enter a valid date"),
        ("flags", "api_token = ghp_" + "a1B2" * 9, "secret"),
    ],
)
def test_plan_mistakes(client, people, release, plan_form, field, typed, words):
    """Said at the field or above the form; what was typed stays; nothing is stored."""
    client.force_login(people.contributor)
    address = f"/releases/{release.pk}/plan/{environment(release.project).pk}/"
    shown = text(client.post(address, plan_form | {field: typed}))
    assert words in shown
    assert "5 % for an hour" in shown
    assert not ReleasePlan.objects.exists()


def test_manifests(client, people, release):
    """Assembled by a button, listed with their digest, downloaded exactly."""
    home = f"/releases/{release.pk}/manifests/"
    where = environment(release.project)
    client.force_login(people.contributor)
    assert "No manifest yet" in text(client.get(home))
    assert client.post(f"{home}for/{where.pk}").status_code == 303
    row = release.manifests.get()
    assert row.sha256 in text(client.get(home))
    assert json.loads(client.get(f"{home}1/").content) == row.document
    plans.set_plan(release=release, environment=where, by=people.lead, content=PLAN)
    manifests.assemble(release=release, environment=where, by=people.lead)
    assert "Manifest 2" in text(client.get(home))
    client.force_login(people.reader)
    assert "Assemble it now" not in text(client.get(home))
    assert client.post(f"{home}for/{where.pk}").status_code == 403
    assert client.post(f"/releases/{release.pk}/plan/{where.pk}/", {}).status_code == 403
    assert client.get(f"{home}99/").status_code == 404
    client.force_login(people.outsider)
    assert client.get(f"{home}1/").status_code == client.get(home).status_code == 404


def test_policy(client, people, project):
    """An owner sets one; mistakes name key and line; others look."""
    where = environment(project)
    address = f"/projects/{project.slug}/policies/{where.pk}/"
    client.force_login(people.owner)
    assert "No policy is set" in text(client.get(address))
    assert "required_role" in text(client.post(address, {"source": "required_role: [a]"}))
    assert client.post(address, {"source": POLICY}).status_code == 303
    assert DeploymentPolicy.objects.get().activated_by == people.owner
    client.force_login(people.reader)
    shown = text(client.get(address))
    assert "technical-lead, product-owner" in shown
    assert "Let it count" not in shown
    assert client.post(address, {"source": POLICY}).status_code == 403
    assert client.get(f"/projects/{project.slug}/policies/999999/").status_code == 404
    client.force_login(people.outsider)
    assert client.get(address).status_code == 404


def test_policy_under_change_control(client, people, project):
    """There the page has no form and says how it changes."""
    project.change_control = True
    project.save()
    address = f"/projects/{project.slug}/policies/{environment(project).pk}/"
    client.force_login(people.owner)
    assert "by a proposal that two others approve" in text(client.get(address))
    client.post(address, {"source": POLICY})
    assert not DeploymentPolicy.objects.exists()


def test_queries_do_not_grow(client, people, fit, page, django_assert_max_num_queries):
    """The deployment page asks the database the same however many decisions there are."""
    client.force_login(people.contributor)
    for number in range(3):
        registered(fit, people, run_id=f"run-{number + 2}")
        client.post(f"{page}decide")
    with django_assert_max_num_queries(60):
        client.get(page)
