"""Scorecards, plans, manifests, decisions and deployments, as a pipeline meets them."""

from __future__ import annotations

import json

import pytest

from checklists import blobs
from checklists.actions import gates
from checklists.models import DeploymentDecision, Scorecard
from tests.api.conftest import Api, make_token
from tests.governed import PLAN, approve, by_hand, card, environment, policy, rehearsed, set_stages

RELEASE = "projects/image-classifier/releases/1.4.0"


@pytest.fixture
def api(people, project):
    """A pipeline's client."""
    return Api(make_token(people.contributor)[1])


@pytest.fixture
def quick(release, people):
    """An open production gate that a tick and two signatures approve."""
    return gates.open_gate(
        release=release,
        checklist=by_hand("quick"),
        environment=environment(release.project),
        by=people.lead,
    )


def send(api, path, data):
    """POST a file."""
    return api.client.generic(
        "POST", f"/api/v1/{path}", data, content_type="application/json", headers=api.headers
    )


def test_the_whole_way(api, quick, people):
    """Register, plan, ask, deploy, roll back: each answer leads to the next."""
    release = quick.release
    policy(release.project, people)
    rehearsed(release, people)
    approve(quick, people)
    before = api.post(f"{RELEASE}/decisions", {"environment": "production"}).json()
    assert (before["state"], before["verdict"]) == ("blocked", "reject")
    reason = next(r for r in before["reasons"] if r["rule"] == "scorecard")
    assert reason["url"].endswith(f"/releases/{release.pk}/scorecards/")
    assert reason["fix"].startswith("Run the suites")
    data = card(release)
    registered = send(api, f"{RELEASE}/scorecards", data)
    assert registered.status_code == 201
    assert blobs.get(registered.json()["sha256"]) == data
    assert api.post(f"{RELEASE}/plans", {"environment": "production", "content": PLAN}).status_code == 201
    assembled = api.post(f"{RELEASE}/manifests/assemble", {"environment": "production"}).json()
    after = api.post(f"{RELEASE}/decisions", {"environment": "production"}).json()
    assert (after["state"], after["verdict"], after["reasons"], after["blockers"]) == (
        "approved",
        "approve",
        [],
        [],
    )
    assert after["manifest"] == assembled["number"]
    listed = api.get(f"{RELEASE}/decisions").json()["items"]
    assert [one["verdict"] for one in listed] == ["approve", "reject"]
    record = api.get(f"{RELEASE}/decisions/{after['decision']}").json()["record"]
    assert record["inputs"]["artifacts"] == release.snapshot.digest
    made = api.post(f"{RELEASE}/deployments", {"environment": "production", "monitoring_hours": 48})
    assert made.status_code == 201
    assert (made.json()["state"], made.json()["decision"]) == ("monitoring", after["decision"])
    one = f"{RELEASE}/deployments/{made.json()['id']}"
    assert api.post(f"{one}/roll-out").status_code == 409
    back = api.post(f"{one}/roll-back", {"to_version": "1.3.0", "reason": "Errors."}).json()
    assert (back["state"], back["rolled_back_to"]) == ("rolled-back", "1.3.0")


def test_undecided(api, quick, people):
    """Open gates: nothing is stored, and what is in the way has its address."""
    answer = api.post(f"{RELEASE}/decisions", {"environment": "production"})
    told = answer.json()
    assert (answer.status_code, told["state"], told["verdict"], told["decision"]) == (
        200,
        "undecided",
        None,
        None,
    )
    assert {blocker["item"] for blocker in told["blockers"]} >= {"looked"}
    assert all(blocker["url"].startswith("http") for blocker in told["blockers"])
    assert not DeploymentDecision.objects.exists()


def test_a_stage_without_a_gate_is_in_the_way(api, quick, people):
    """Missing stages are named."""
    by_hand("built")
    set_stages(quick.release.project, people, build=("built", "staging"), production=("quick", "production"))
    told = api.post(f"{RELEASE}/decisions", {"environment": "production"}).json()
    assert "Stage build" in {blocker["title"] for blocker in told["blockers"]}


SECRET = {"secrets": [{"name": "a", "value": "b"}]}
WRONG = [
    ("decisions", {"environment": "moon"}, 422, "no environment 'moon'"),
    ("decisions", {"environment": "production", "manifest": 7}, 409, "no manifest 7"),
    ("decisions", {}, 422, ""),
    ("deployments", {"environment": "production"}, 409, "does not approve"),
    ("deployments", {"environment": "production", "monitoring_hours": 12}, 422, ""),
    ("deployments", {"environment": "production", "deployed_at": "2026-01-01T00:00:00"}, 422, "no zone"),
    ("plans", {"environment": "production", "content": SECRET}, 422, "secret"),
    ("manifests", {"schema_version": 1}, 422, ""),
    ("scorecards", {"release": "1.4.0"}, 422, ""),
]  # fmt: skip


@pytest.mark.parametrize(("noun", "body", "status", "words"), WRONG)
def test_what_is_refused(api, quick, noun, body, status, words):
    """Each as a problem that says why; nothing is stored."""
    answer = api.post(f"{RELEASE}/{noun}", body)
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert words in answer.json()["detail"]
    assert not Scorecard.objects.exists()


def test_scopes(quick, people):
    """A token that reads neither registers nor asks."""
    api = Api(make_token(people.contributor, "read")[1])
    for noun in ("decisions", "deployments", "plans", "scorecards", "manifests"):
        assert api.post(f"{RELEASE}/{noun}", {"environment": "production"}).status_code == 403
    assert api.get(f"{RELEASE}/decisions").status_code == 200


def test_a_file_that_is_too_large(api, quick):
    """A scorecard of five megabytes is refused before it is read."""
    data = json.dumps({"release": "1.4.0", "owner": "x" * (5 << 20)}).encode()
    assert send(api, f"{RELEASE}/scorecards", data).status_code == 413


def test_asked_with_a_key(api, quick, people):
    """The same Idempotency-Key gets the same answer, and one decision is stored."""
    approve(quick, people)
    first, again = (
        api.post(f"{RELEASE}/decisions", {"environment": "production"}, Idempotency_Key="one")
        for _ in range(2)
    )
    assert first.json() == again.json()
    assert DeploymentDecision.objects.count() == 1
