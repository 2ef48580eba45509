"""A server in this process, a token, and the command as a pipeline calls it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from checklists import clock, tasks, triggers
from checklists.actions import library, projects, tokens
from checklists.api import limits
from checklists.models.access import Scope
from readiness.cli import main
from readiness.client import push as pushing
from tests.conftest import SOURCE, make_person


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    """Queued checks stay queued; each test has its own minute of requests."""
    monkeypatch.setattr(tasks, "send_runs", lambda ids: None)
    # Server threads of this process share one connection to the database.
    monkeypatch.setattr(pushing, "CONNECTIONS", 1)
    limits.requests.forget()


@pytest.fixture
def owner(transactional_db):
    """Who owns the project. Triggers would refuse the emptying of tables afterwards, which restores them."""
    yield make_person("owner")
    triggers.remove(connection)


@pytest.fixture
def project(owner):
    """A project on the server, with a published checklist."""
    library.publish(source=SOURCE, by=None)
    return projects.create(by=owner, name="Image classifier", environments=("staging", "production"))


def token_of(person, *scopes) -> str:
    """A token as it is shown once."""
    rows = {"by": person, "person": person, "name": "pipeline", "scopes": scopes or tuple(Scope.values)}
    return tokens.create(expires_at=clock.now() + timedelta(days=1), **rows)[1]


@pytest.fixture
def server(live_server, project, owner, monkeypatch, settings):
    """The server's address; READINESS_URL and READINESS_TOKEN are set."""
    settings.PUBLIC_URL = live_server.url
    monkeypatch.setenv("READINESS_URL", live_server.url)
    monkeypatch.setenv("READINESS_TOKEN", token_of(owner))
    return live_server.url


@pytest.fixture
def run(tmp_path):
    """A run directory at the pipeline."""
    root = tmp_path / "candidate"
    (root / "deep").mkdir(parents=True)
    (root / "model.bin").write_bytes(b"weights" * 300_000)  # more than travels in a batch
    (root / "card.md").write_text("# Model card\nWhat it is for.\n")
    (root / "metrics.json").write_text('{"test": {"accuracy": 0.876}}')
    (root / "deep" / "empty").write_bytes(b"")
    return root


@pytest.fixture
def readiness(capfd):
    """The command: exit code, standard output, standard error."""

    def call(*words):
        capfd.readouterr()
        code = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return int(code), out, err

    return call
