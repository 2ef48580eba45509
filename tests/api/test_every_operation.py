"""Questions put to every operation there is: an operation that is added is asked too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from django.test import Client
from django.urls import URLResolver

from checklists.actions import projects, tokens
from checklists.api.root import urls
from checklists.models import ApiToken
from checklists.models.access import Scope
from tests.api.conftest import Api, as_person, make_token
from tests.api.world import OPERATIONS, ask, populate, problem_of

# Without a project in its address: everybody's own rows.
OWN = {"project_list", "gate_list"}
# What a reader may write: a report of what everybody reads.
READERS = {"report_request"}
NAMES = sorted(OPERATIONS)
WRITES = [name for name in NAMES if OPERATIONS[name][0] != "GET"]
READS = [name for name in NAMES if OPERATIONS[name][0] == "GET"]


@pytest.fixture
def known(gate, people, project):
    """Path parameters of rows that are there."""
    populate(gate, people, project)
    return {"slug": project.slug, "version": "1.4.0", "pk": gate.pk}


def seen(name, known):
    """The right `pk`: of a gate, or of the first row of the noun."""
    path = OPERATIONS[name][1]
    return known if "/gates/{pk}" in path else {key: known[key] for key in ("slug", "version")}


def test_every_address_is_known():
    """Each route of the API is an operation of the document, or is listed here."""
    patterns, _, _ = urls
    assert not any(isinstance(pattern, URLResolver) for pattern in patterns)
    names = {pattern.name for pattern in patterns}
    assert {"openapi", "nothing"} <= names
    undocumented = names - {"openapi", "nothing"} - set(NAMES)
    assert undocumented == set()


@pytest.mark.parametrize("name", NAMES)
def test_needs_a_token(name, known, people):
    """No token, a wrong one, an expired one, a revoked one, one of a deactivated account, another scheme."""
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
    for header in (
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Basic {good}",
        f"Token {good}",
        good,
        "Bearer rdy_aaaaaaaa_" + "b" * 43,
        f"Bearer {good}x",
        f"Bearer {expired}",
        f"Bearer {revoked}",
        f"Bearer {left}",
    ):
        api = Api(None)
        api.headers = {} if header is None else {"Authorization": header}
        answer = ask(api, name, seen(name, known))
        assert answer.status_code == 401, (header, answer.content)
        problem_of(answer)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("name", NAMES)
def test_a_session_is_no_token(name, known, people):
    """Cookies open nothing here, so that no other site can make a browser ask."""
    api = Api(None)
    api.client = Client(enforce_csrf_checks=True)
    api.client.force_login(people.contributor)
    assert ask(api, name, seen(name, known)).status_code == 401


@pytest.mark.parametrize("name", NAMES)
def test_scope(name, known, people):
    """A token with every scope but the one that is needed is refused by name."""
    needed = OPERATIONS[name][2]["x-scope"]
    api = as_person(people.owner, *[scope for scope in Scope.values if scope != needed])
    answer = ask(api, name, seen(name, known))
    assert answer.status_code == 403
    assert needed in problem_of(answer)["detail"]
    assert answer.json()["type"].endswith(":scope")


@pytest.mark.parametrize("name", WRITES)
def test_reader(name, known, people):
    """Scopes give nobody what their role does not: a reader writes nothing."""
    answer = ask(as_person(people.reader), name, seen(name, known))
    if name in READERS:
        assert answer.status_code < 300
    else:
        assert answer.status_code in {403, 404}, answer.content  # 404: a row that is not there, as for all
        problem_of(answer)


def looks_empty(answer):
    """A list that is there and holds nothing."""
    return answer.status_code == 200 and answer.json()["items"] == []


@pytest.mark.parametrize("name", NAMES)
def test_outsider(name, known, people):
    """Who belongs to no project finds nothing behind any address."""
    answer = ask(as_person(people.outsider), name, seen(name, known))
    if name in OWN:
        assert looks_empty(answer)
    else:
        assert answer.status_code == 404, answer.content
        assert "classifier" not in problem_of(answer)["detail"].lower()


@pytest.mark.parametrize("name", NAMES)
def test_token_of_another_project(name, known, people):
    """A token that is limited to one project sees and may nothing elsewhere, even an owner's."""
    other = projects.create(by=people.owner, name="Other")
    answer = ask(as_person(people.owner, project=other), name, seen(name, known))
    if name in OWN:
        assert all(one.get("slug") == "other" for one in answer.json()["items"])
    else:
        assert answer.status_code == 404, answer.content


@pytest.mark.parametrize("name", NAMES)
def test_missing(name, known, api):
    """Each part of the address in turn names something that is not there: 404 with the same words."""
    _, _, operation = OPERATIONS[name]
    nowhere = {"slug": "nowhere", "version": "9.9.9", "key": "nothing"}
    for parameter in operation["parameters"]:
        if parameter["in"] == "path" and parameter["name"] != "sha256":
            answer = ask(
                api, name, seen(name, known), **{parameter["name"]: nowhere.get(parameter["name"], 987654)}
            )
            wanted = {409} if parameter["name"] == "key" and name in WRITES else {404}
            assert answer.status_code in wanted, (parameter["name"], answer.content)
            problem_of(answer)


@pytest.mark.parametrize("name", READS)
def test_reads(name, known, people):
    """Every read works for a reader with that scope alone, and changes no row."""
    if "/uploads/" in OPERATIONS[name][1]:
        pytest.skip("an upload is its pipeline's own")
    api = as_person(people.reader, Scope.READ)
    ask(api, name, seen(name, known))  # the first use of the token is noted

    def rows():
        return {
            m: list(m.objects.order_by("pk").values()) for m in apps.get_app_config("checklists").get_models()
        }

    before = rows()
    answer = ask(api, name, seen(name, known))
    assert answer.status_code == 200, answer.content
    assert rows() == before


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("method", ["DELETE", "PATCH", "TRACE"])
def test_other_methods(name, method, known, api):
    """Another method is a problem that names those there are."""
    _, path, _ = OPERATIONS[name]
    address = path.format(slug="a", version="1", key="k", sha256="5e" * 32, **dict.fromkeys(
        ("pk", "run", "piece", "number"), 1
    ))  # fmt: skip
    answer = api(method, address)
    assert answer.status_code == 405
    assert problem_of(answer)["detail"].startswith(method)
    assert answer.headers["Allow"]


def test_no_such_address(api):
    """Whatever else is asked for is a problem too, also without a token."""
    for path in ("", "nothing", "projects/", "gates/x", "projects/a b", "../admin/"):
        answer = api.get(path)
        assert answer.status_code == 404
        problem_of(answer)
