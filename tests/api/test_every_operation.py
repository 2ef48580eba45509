"""Questions put to every operation there is: an operation that is added is asked too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from django.test import Client
from django.urls import URLResolver

from checklists.actions import gates, projects, tokens
from checklists.api.root import urls
from checklists.models import ApiToken, Environment
from checklists.models.access import Scope
from tests.api.conftest import Api, as_person, make_token
from tests.api.world import OPERATIONS, ask, populate, problem_of

# Without a project in its address: everybody's own rows.
OWN = {"project_list", "gate_list"}
# What a reader may write: a report of what everybody reads.
READERS = {"report_request"}
WRITES = [name for name, (method, _, _) in OPERATIONS.items() if method != "GET"]
READS = [name for name in OPERATIONS if name not in WRITES]


@pytest.fixture
def known(gate, people, project, settings):
    """What stands behind each noun of an address."""
    settings.API_FAILURES = 100_000
    return populate(gate, people, project)


def asked(api, known, names=OPERATIONS, *, but=()):
    """What each operation answered, by its name."""
    return {name: ask(api, name, known) for name in names if name not in but}


def other_than(answers, *statuses):
    """Answers with another status, and those that are a problem without looking like one."""
    for answer in answers.values():
        if answer.status_code >= 400:
            problem_of(answer)
    wrong = {name: a for name, a in answers.items() if a.status_code not in statuses}
    return {name: b"" if a.streaming else a.content[:300] for name, a in wrong.items()}


def test_every_address_is_known():
    """Each route of the API is an operation of the document, or is listed here."""
    patterns, _, _ = urls
    assert not any(isinstance(pattern, URLResolver) for pattern in patterns)
    assert {pattern.name for pattern in patterns} - set(OPERATIONS) == {"openapi", "nothing"}


def headers(people):
    """Everything that is no token that works."""
    row, expired = make_token(people.contributor)
    ApiToken.objects.filter(pk=row.pk).update(
        created_at=row.created_at - timedelta(days=40), expires_at=row.created_at - timedelta(days=1)
    )
    gone, revoked = make_token(people.contributor)
    tokens.revoke(by=people.contributor, token=gone)
    _, left = make_token(people.second)
    people.second.is_active = False
    people.second.save()
    _, good = make_token(people.contributor)
    yield from ("", "Bearer", "Bearer ", f"Basic {good}", f"Token {good}", good)
    yield from (f"Bearer {token}" for token in (f"{good}x", good[:-1], good.lower(), expired, revoked, left))
    yield "Bearer rdy_aaaaaaaa_" + "b" * 43


def test_needs_a_token(known, people):
    """No token, a wrong one, an expired one, a revoked one, one of a deactivated account, another scheme."""
    api = Api(None)
    assert other_than(asked(api, known), 401) == {}
    for header in headers(people):
        api.headers = {"Authorization": header}
        answers = asked(api, known)
        assert other_than(answers, 401) == {}, header
        assert all(answer.headers["WWW-Authenticate"].startswith("Bearer") for answer in answers.values())


def test_a_session_is_no_token(known, people):
    """Cookies open nothing here, so that no other site can make a browser ask."""
    api = Api(None)
    api.client = Client(enforce_csrf_checks=True)
    api.client.force_login(people.contributor)
    assert other_than(asked(api, known), 401) == {}


@pytest.mark.parametrize("scope", Scope.values)
def test_scope(scope, known, people):
    """A token with every scope but the one that is needed is refused by name, an owner's too."""
    api = as_person(people.owner, *[other for other in Scope.values if other != scope])
    names = [name for name, (_, _, operation) in OPERATIONS.items() if operation["x-scope"] == scope]
    answers = asked(api, known, names)
    assert other_than(answers, 403) == {}
    assert all(scope in answer.json()["detail"] for answer in answers.values())
    assert all(answer.json()["type"].endswith(":scope") for answer in answers.values())


def test_reader(known, people):
    """Scopes give nobody what their role does not: a reader writes nothing."""
    # 404: the row of the example is not there, for nobody
    assert other_than(asked(as_person(people.reader), known, WRITES, but=READERS), 403, 404) == {}


def test_outsider(known, people):
    """Who belongs to no project finds nothing behind any address."""
    api = as_person(people.outsider)
    answers = asked(api, known, but=OWN)
    assert other_than(answers, 404) == {}
    assert not [name for name, a in answers.items() if "classifier" in a.json()["detail"].lower()]
    assert [answer.json()["items"] for answer in asked(api, known, OWN).values()] == [[], []]


def test_token_of_another_project(known, people):
    """A token that is limited to one project sees and may nothing elsewhere, even an owner's."""
    other = projects.create(by=people.owner, name="Other")
    api = as_person(people.owner, project=other)
    assert other_than(asked(api, known, but=OWN), 404) == {}
    assert [one["slug"] for one in ask(api, "project_list").json()["items"]] == ["other"]
    assert ask(api, "gate_list").json()["items"] == []


# A release that is not there is what these make.
MAKES = {("declare", "version")}
NOWHERE = {"slug": "nowhere", "version": "9.9.9", "key": "nothing", "sha256": "0" * 64}


def test_missing(known, api):
    """Each part of the address in turn names something that is not there."""
    answers = {}
    for name, (_, _, operation) in OPERATIONS.items():
        for part in (p["name"] for p in operation["parameters"] if p["in"] == "path"):
            if (name, part) in MAKES:
                continue
            changed = {part: NOWHERE.get(part, 987654)}
            answers[name, part] = ask(api, name, known, **changed)
    assert other_than(answers, 404) == {}


def test_a_row_of_another_gate(known, people, gate, project):
    """What hangs on one gate is not there under another one, though the token may see both."""
    staging = Environment.objects.get(project=project, name="staging")
    other = gates.open_gate(
        release=gate.release, checklist=gate.checklist, environment=staging, by=people.contributor
    )
    api, names = as_person(people.owner), []
    for name, (_, _, operation) in OPERATIONS.items():
        parts = [p["name"] for p in operation["parameters"] if p["in"] == "path"]
        if parts[:1] == ["pk"] and set(parts) - {"pk", "key"}:
            names.append(name)
    answers = {name: ask(api, name, known, pk=other.pk) for name in names}
    assert len(answers) >= 8
    assert other_than(answers, 404) == {}


def test_reads(known, people):
    """Every read works for a reader with that scope alone, and changes no row."""
    api = as_person(people.reader, Scope.READ)
    names = [name for name in READS if OPERATIONS[name][2]["x-scope"] == "read"]
    asked(api, known, names)  # the first use of the token is noted

    def rows():
        models = apps.get_app_config("checklists").get_models()
        return {model: list(model.objects.order_by("pk").values()) for model in models}

    before = rows()
    assert other_than(asked(api, known, names), 200) == {}
    assert rows() == before


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "TRACE", "OPTIONS"])
def test_other_methods(method, known, api):
    """Another method is a problem that names those there are."""
    for name, (_, path, operation) in OPERATIONS.items():
        values = {p["name"]: p["example"] for p in operation["parameters"] if p["in"] == "path"}
        answer = api(method, path.format(**values))
        assert answer.status_code == 405, name
        assert problem_of(answer)["detail"].startswith(method)
        assert answer.headers["Allow"]


@pytest.mark.parametrize("path", ["", "nothing", "projects/", "gates/x", "projects/a b", "gates/1/", "%00"])
def test_no_such_address(path, api):
    """Whatever else is asked for is a problem too, also without a token."""
    assert problem_of(api.get(path))["status"] == 404
    assert problem_of(Api(None).get(path))["status"] == 404
