"""For monitors: /healthz and /readyz."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection

from checklists import clock, heartbeat
from checklists.models import Heartbeat
from checklists.views import health

CLOSED = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    """A broker address where nobody listens."""
    monkeypatch.setattr(health.app.conf, "broker_url", CLOSED)
    monkeypatch.setattr(health.app.conf, "broker_read_url", CLOSED, raising=False)
    monkeypatch.setattr(health.app.conf, "broker_write_url", CLOSED, raising=False)


def test_healthz_asks_nothing(client, django_assert_num_queries, db):
    """The process answers without a single query."""
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert client.post("/healthz").status_code == 405


def test_readyz_names_each_part(client, db):
    """The parts that are away are named; one away makes it 503."""
    answer = client.get("/readyz")
    parts = answer.json()["parts"]
    assert answer.status_code == 503
    assert parts["database"] == "ok"
    assert parts["broker"].startswith("away")
    assert parts["worker"] == "away: no worker has been seen yet"
    assert client.post("/readyz").status_code == 405


def test_worker_heartbeat_grows_old(client, db):
    """A fresh heartbeat is ok, an old one is away with its age."""
    heartbeat.beat("worker")
    assert client.get("/readyz").json()["parts"]["worker"] == "ok"
    Heartbeat.objects.update(at=clock.now() - 2 * health.OLDEST)
    assert client.get("/readyz").json()["parts"]["worker"] == "away: last seen 60 s ago"


def test_database_away(client, db):
    """Without a database readyz is 503 and says so, and healthz still answers."""

    def gone(*args):
        raise OperationalError("gone")

    with connection.execute_wrapper(gone):
        answer = client.get("/readyz")
        assert client.get("/healthz").status_code == 200
    assert answer.status_code == 503
    assert answer.json()["parts"]["database"].startswith("away")
    assert answer.json()["parts"]["worker"].startswith("unknown")
