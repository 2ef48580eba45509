"""What operations answer: pages, writes, revisions, downloads, the trail they leave."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError

from checklists import audit, clock
from checklists.actions import library, projects, tokens
from checklists.api import gates
from checklists.models import ApiToken, AuditEntry, ChecklistVersion, Evidence, Gate, Release
from tests.api.conftest import Api, as_person, make_token
from tests.api.world import ask, populate, problem_of
from tests.conftest import SOURCE, run_checks

RELEASES = "projects/image-classifier/releases"
LOCAL = "http://localhost:8000"


def test_pages(api, project, people, checklist, run_dir):
    """Every row comes once, newest first, however small the pages."""
    for version in range(5):
        told = {"version": f"1.{version}", "root": "run-1", "checklist": "small"}
        assert api.post(RELEASES, told).status_code == 201
    seen, path = [], f"{RELEASES}?limit=2"
    while path:
        page = api.get(path).json()
        seen += [one["version"] for one in page["items"]]
        path = page["next"] and page["next"].removeprefix(LOCAL)
    assert seen == ["1.4", "1.3", "1.2", "1.1", "1.0"]


def test_a_page_is_stable(api, project, people, checklist, run_dir):
    """What is added meanwhile neither repeats nor hides a row of the next page."""
    for version in ("1", "2", "3"):
        api.post(RELEASES, {"version": version, "root": "run-1", "checklist": "small"})
    first = api.get(f"{RELEASES}?limit=2").json()
    api.post(RELEASES, {"version": "4", "root": "run-1", "checklist": "small"})
    rest = api.get(first["next"].removeprefix(LOCAL)).json()
    assert [one["version"] for one in rest["items"]] == ["1"]


def test_artifacts(api, release):
    """Files by path, in pages by place."""
    one = api.get(f"{RELEASES}/1.4.0/artifacts?limit=2").json()
    two = api.get(one["next"].removeprefix(LOCAL)).json()
    paths = [file["path"] for file in one["items"] + two["items"]]
    assert paths == ["card.md", "metrics.json", "model.bin"]
    assert two["next"] is None
    assert one["items"][0]["size"] == 29


def test_create_release_and_gate(api, project, people, checklist, run_dir):
    """A pipeline's whole way: release, gate, checks, what they found."""
    made = api.post(
        RELEASES,
        {"version": "2.0", "root": "run-1", "checklist": "small", "parameters": {"target_accuracy": 90}},
    )
    assert made.status_code == 201, made.content
    assert made.json()["parameters"] == {"target_accuracy": 90.0}
    assert Release.objects.get().created_by == people.contributor
    gate = api.post(f"{RELEASES}/2.0/gates", {"checklist": "small", "environment": "production"}).json()
    queued = api.post(f"gates/{gate['id']}/check-runs", {"item": "weights", "revision": gate["revision"]})
    assert queued.status_code == 202, queued.content
    assert len(queued.json()["runs"]) == 1
    changes = api.get(f"gates/{gate['id']}/changes?since={gate['revision']}").json()
    assert [(one["key"], one["running"]) for one in changes["items"]] == [("weights", True)]
    assert api.get(f"{RELEASES}/2.0").json()["gates"][0]["id"] == gate["id"]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"version": "1.4.0"}, 409, "already exists"),
        ({"root": "/etc"}, 422, "outside the directories"),
        ({"root": "nowhere"}, 422, "no directory"),
        ({"checklist": "nothing"}, 422, "no checklist nothing"),
        ({"checklist_version": "9"}, 422, "no checklist small 9"),
        ({"parameters": {"unknown": 1}}, 422, "unknown"),
        ({"parameters": {"target_accuracy": "high"}}, 422, "target_accuracy"),
    ],
)
def test_release_refused(body, status, words, api, release):
    """Taken versions conflict; what cannot be used is 422; each says what to do."""
    told = problem_of(api.post(RELEASES, {"version": "2.0", "root": "run-1", "checklist": "small"} | body))
    assert (told["status"], words in told["detail"]) == (status, True), told
    assert Release.objects.count() == 1


def test_checklists_of_other_projects(api, release, people, lifted_triggers):
    """A checklist that is another project's own is not there."""
    other = projects.create(by=people.owner, name="Other")
    own = library.publish(source=SOURCE.replace("slug: small", "slug: other-own"), by=None)
    body = {"checklist": "other-own", "environment": "staging"}
    ChecklistVersion.objects.filter(pk=own.pk).update(project=other)
    assert problem_of(api.post(f"{RELEASES}/1.4.0/gates", body))["status"] == 422
    ChecklistVersion.objects.filter(pk=own.pk).update(project=None)
    assert api.post(f"{RELEASES}/1.4.0/gates", body).status_code == 201


@pytest.mark.parametrize("path", ["check-runs", "items/issues/links"])
def test_stale_revision(path, api, gate):
    """A write that names an older revision is refused and does nothing; the present one is taken."""
    body = {} if path == "check-runs" else {"url": "https://x.example"}
    present = Gate.objects.get().revision
    told = problem_of(api.post(f"gates/{gate.pk}/{path}", body | {"revision": present - 1}))
    assert (told["status"], told["type"]) == (409, "urn:readiness:problem:stale")
    assert f"it is at {present}" in told["detail"]
    assert Gate.objects.get().revision == present
    assert api.post(f"gates/{gate.pk}/{path}", body | {"revision": present}).status_code in {201, 202}


def test_items(api, gate, people):
    """Items with what was observed; one with its findings."""
    run_checks(gate, people.lead)
    items = {one["key"]: one for one in api.get(f"gates/{gate.pk}/items").json()["items"]}
    assert len(items) == 8
    assert (items["weights"]["state"], items["weights"]["decided"]) == ("passed", "checks")
    assert items["approve-lead"]["role"] == "technical-lead"
    one = api.get(f"gates/{gate.pk}/items/accuracy").json()
    assert one["criteria"][1] == {
        "text": "The test set was never used in training",
        "confirm": True,
        "confirmed": False,
    }
    assert one["results"][0]["finding"]["outcome"] == "PASS"
    assert one["section"] == "Measured"
    runs = api.get(f"gates/{gate.pk}/check-runs").json()["items"]
    assert {run["outcome"] for run in runs} == {"PASS"}
    full = api.get(f"gates/{gate.pk}/check-runs/{runs[0]['id']}").json()
    assert full["results"][0]["finding"]["outcome"] == "PASS"


def test_evidence(api, gate, people):
    """A file and a link are attached by the token's person; the bytes come back as they were."""
    url = f"/api/v1/gates/{gate.pk}/items/issues"
    file = SimpleUploadedFile("issues.txt", b"none open")
    made = api.client.post(f"{url}/evidence", {"file": file}, headers=api.headers)
    assert made.status_code == 201, made.content
    assert made.json()["size"] == 9
    link = api.post(f"{url}/links", {"url": "https://ci.example/7", "name": "Run 7"})
    assert link.json()["link"] == "https://ci.example/7"
    assert set(Evidence.objects.values_list("added_by", flat=True)) == {people.contributor.pk}
    content = api.get(made.json()["content"].removeprefix(LOCAL))
    assert b"".join(content.streaming_content) == b"none open"
    assert problem_of(api.get(f"gates/{gate.pk}/evidence/{link.json()['id']}/content"))["status"] == 404
    refused = problem_of(api.post(f"{url}/links", {"url": "javascript:alert(1)"}))
    assert (refused["status"], "https://" in refused["detail"]) == (409, True)


def test_reports(api, gate):
    """A report is asked for and rendered later; until then there is nothing to download."""
    made = api.post(f"gates/{gate.pk}/reports")
    assert made.status_code == 202
    assert (made.json()["state"], made.json()["content"]) == ("queued", None)
    url = f"gates/{gate.pk}/reports/{made.json()['id']}"
    assert "not rendered yet" in problem_of(api.get(f"{url}/content"))["detail"]
    assert "was not asked for" in problem_of(api.get(f"{url}/bundle"))["detail"]


def test_rest(gate, people, project, api):
    """Sign-offs, waivers, rehearsals, scorecards, manifests: as they stand."""
    known = populate(gate, people, project)
    sign = ask(api, "signoff_list", known).json()["items"][0]
    assert (sign["person"], sign["decision"], sign["valid"]) == ("Lead Person", "decline", True)
    waiver = ask(api, "waiver_list", known).json()["items"][0]
    assert (waiver["state"], waiver["item"], waiver["owner"]) == ("draft", "review", "Owner Person")
    assert ask(api, "rehearsal_list", known).json()["items"][0]["outcome"] == "passed"
    assert ask(api, "scorecard_one", known).json()["document"] == {"release": "1.4.0"}
    assert ask(api, "manifest_one", known).json()["number"] == 1


def test_trail(gate, people, project):
    """Every entry that a token's request writes names the token; a page's act does not."""
    row, token = make_token(people.contributor)
    Api(token).post(f"gates/{gate.pk}/items/issues/links", {"url": "https://x.example"})
    entry = AuditEntry.objects.filter(stream=gate.stream, verb="evidence.attached").get()
    assert entry.actor_id == people.contributor.pk
    assert entry.data["via"] == f"pipeline {row.prefix}"
    assert audit.acting_token.get() == ""
    assert audit.verify(gate.stream) is None


def test_service_account(gate, people, project):
    """A pipeline's account does what its role may, and no more."""
    robot = tokens.create_service_account(project=project, by=people.owner, name="CI", role="reader")
    api = as_person(robot, by=people.owner, project=project)
    assert api.get(f"gates/{gate.pk}").status_code == 200
    assert problem_of(api.post(f"gates/{gate.pk}/check-runs", {}))["status"] == 403


def test_use_is_noted(api, gate):
    """The token's last use is written when it is used."""
    assert ApiToken.objects.get().last_used_at is None
    api.get("projects")
    assert (clock.now() - ApiToken.objects.get().last_used_at).total_seconds() < 60


def test_headers_of_answers(api, gate):
    """Nothing is kept by caches between, nothing asks for a session."""
    answer = api.get("projects")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Authorization" in answer.headers["Vary"]
    assert "Set-Cookie" not in answer.headers
    assert answer.json()["items"][0]["created_at"].endswith("Z")
    assert api.get(f"gates/{gate.pk}").headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [(OperationalError("gone"), 503, "10"), (RuntimeError("bug: secret"), 500, None)],
)
def test_broken(error, status, retry, api, gate, monkeypatch):
    """A database that is away, or a bug: a problem without its details, before and inside a view."""

    def broken(*arguments, **more):
        raise error

    for module, name in ((tokens, "find"), (gates, "load")):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, broken)
            answer = api.get(f"gates/{gate.pk}")
        told = problem_of(answer)
        assert (told["status"], answer.headers.get("Retry-After")) == (status, retry)
        assert "secret" not in answer.content.decode()


def test_trail_is_shown(gate, people, project, client):
    """The history of an item says by which token something was done."""
    row, token = make_token(people.contributor)
    Api(token).post(f"gates/{gate.pk}/items/issues/links", {"url": "https://x.example"})
    client.force_login(people.reader)
    page = client.get(f"/gates/{gate.pk}/items/issues/history").content.decode()
    assert f"by the token pipeline {row.prefix}" in page
