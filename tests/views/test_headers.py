"""Headers of every answer there is: pages, errors, redirects, the API, static files, downloads."""

from __future__ import annotations

import pytest
from django.test import Client

from checklists.headers import ALWAYS, CLOSED, DOWNLOAD_POLICY, OWN
from tests.api.conftest import as_person
from tests.api.world import OPERATIONS, ask, populate
from tests.views.test_every_route import addresses  # noqa: F401  # a fixture

STRICT = (
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "object-src 'none'", "frame-src 'none'",
    "worker-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'",
)  # fmt: skip
LOOSE = ("unsafe-inline", "unsafe-eval", "unsafe-hashes", "*", "http:", "https:", "blob:")


def wrong(answer, policy=STRICT):
    """What is missing from an answer's headers, or too loose in them."""
    found = [name for name, value in ALWAYS.items() if answer.headers.get(name) != value]
    said = answer.headers.get("Content-Security-Policy", "")
    rules = [rule.strip() for rule in said.split(";")]
    found += [rule for rule in policy if rule not in rules]
    found += [word for word in LOOSE if word in said]
    return found


def test_every_page(addresses, client, people):  # noqa: F811
    """Each of our addresses, asked by a member, by a stranger, by nobody, and by the wrong method."""
    for person in (people.owner, people.outsider, None):
        asking = Client()
        if person:
            asking.force_login(person)
        for name, url in addresses.items():
            for answer in (asking.get(url), asking.put(url)):
                policy = STRICT
                if answer.headers.get("Content-Disposition", "").startswith("attachment"):
                    policy = DOWNLOAD_POLICY.split("; ")
                assert wrong(answer, policy) == [], (name, person, answer.status_code)


def test_every_operation(gate, people, project, settings):
    """Each operation of the API, when it works and when it refuses."""
    settings.API_FAILURES = 100_000
    known = populate(gate, people, project)
    for api in (as_person(people.owner), as_person(people.outsider)):
        for name in OPERATIONS:
            answer = ask(api, name, known)
            assert wrong(answer, ("default-src 'none'",)) == [], (name, answer.status_code)
            assert "script-src" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere", "/accounts/login/", "/accounts/signup/", "/admin/", "/admin/login/", "/static/app.css",
        "/static/nothing.css", "/api/v1/nothing", "/api/v1/openapi.json", "/invitations/nothing", "/projects",
        "/projects/%00/", "/..%2f..%2fetc/passwd",
    ],
)  # fmt: skip
def test_elsewhere(path, client, db):
    """Pages of others, and what is not there."""
    policy = ("default-src 'none'",) if path.startswith("/api/v1/") else STRICT
    assert wrong(client.get(path), policy) == []


def test_a_host_that_is_not_ours(client, settings):
    """Even the refusal of a request for another host."""
    settings.ALLOWED_HOSTS = ["ours.example"]
    answer = client.get("/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert wrong(answer) == []


def test_what_breaks(client, people, monkeypatch):
    """A page that breaks."""
    monkeypatch.setattr("checklists.views.home.render", lambda *a, **k: 1 / 0)
    client.raise_request_exception = False
    client.force_login(people.owner)
    answer = client.get("/")
    assert answer.status_code == 500
    assert wrong(answer) == []


def test_features():
    """Every feature is closed to everybody, but for passkeys, which our own pages ask for."""
    told = dict(rule.split("=") for rule in ALWAYS["Permissions-Policy"].split(", "))
    assert {name: told[name] for name in OWN} == {
        "publickey-credentials-create": "(self)",
        "publickey-credentials-get": "(self)",
    }
    assert {value for name, value in told.items() if name not in OWN} == {"()"}
    assert {"camera", "microphone", "geolocation", "usb", "payment"} <= set(CLOSED)


def test_https(client, settings, db):
    """Over https the browser is told to stay there; over http it is not."""
    assert "Strict-Transport-Security" not in client.get("/accounts/login/").headers
    settings.SECURE_HSTS_SECONDS = 31_536_000
    answer = Client().get("/accounts/login/", secure=True)
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_every_download(addresses, client, people, gate, project):  # noqa: F811
    """Whatever a page or the API answers that is neither a page nor JSON comes as a file that never runs."""
    known = populate(gate, people, project)
    client.force_login(people.owner)
    api = as_person(people.owner)
    answers = {name: client.get(url) for name, url in addresses.items()}
    answers |= {f"api:{name}": ask(api, name, known) for name, (m, _, _) in OPERATIONS.items() if m == "GET"}
    files = []
    for name, answer in answers.items():
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        shown = kind in {"text/html", "application/json"} and "Content-Disposition" not in answer.headers
        if answer.status_code != 200 or shown:
            continue
        files.append(name)
        if name in {"healthz", "readyz"}:
            assert kind == "text/plain"
            continue
        assert answer.headers["Content-Disposition"].startswith("attachment"), (name, kind)
        assert answer.headers["Content-Security-Policy"] == DOWNLOAD_POLICY, name
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert kind not in {"text/html", "image/svg+xml", "text/xml", "application/xhtml+xml"}
    assert {"api:evidence_content", "api:report_content", "api:rehearsal_log"} <= set(files)
