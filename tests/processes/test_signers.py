"""Thirty-two sign at once, on either database: each is answered, nothing is lost, nothing counts twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SERVER = os.environ.get("TEST_DATABASE_URL", "")
SIGNERS = 32
pytestmark = [pytest.mark.xdist_group("signers")]


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """A database of its own: a file, or one on the test run's PostgreSQL."""
    if not SERVER:
        yield f"sqlite:///{tmp_path_factory.mktemp('base') / 'signers.sqlite3'}"
        return
    import psycopg

    name = f"signers_{os.getpid()}"
    with psycopg.connect(SERVER, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        yield urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}"))
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
def figures(tmp_path_factory, database) -> dict[str, Any]:
    """What happened, in a process of its own with a connection for each signer."""
    home = tmp_path_factory.mktemp("signers")
    env = {
        **os.environ,
        "DATABASE_URL": database,
        "READINESS_DATA_DIR": str(home),
        "READINESS_RUN_ROOTS": str(home / "runs"),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "tests.processes.signers", str(home)]
    done = subprocess.run(
        command, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["vendor"] == ("postgresql" if SERVER else "sqlite")
    return found


def test_everyone_signs_one_state(figures):
    """Each signature stands, is logged and verifies; the gate is approved; one key was made for all."""
    found = figures["everyone"]
    assert found["ends"] == {"signed": SIGNERS}
    assert (found["live"], found["people"], found["digests"]) == (SIGNERS, SIGNERS, 1)
    assert (found["logged"], found["raised"], found["in_order"]) == (SIGNERS, SIGNERS, True)
    assert (found["verdict"], found["unproven"]) == ("approved", [])
    assert figures["keys"] == 1


def test_one_request_repeated(figures):
    """The same request thirty-two times: one signature, the others are told that it was made."""
    found = figures["twice"]
    assert found["ends"] == {"signed": 1, "Refused": SIGNERS - 1}
    assert (found["live"], found["logged"]) == (1, 1)


def test_one_person_in_two_roles(figures):
    """Requests in both roles of one person: one role wins, nobody signs twice."""
    found = figures["roles"]
    assert found["ends"]["signed"] == 1
    assert sum(found["ends"].values()) == SIGNERS
    assert (found["live"], found["people"]) == (1, 1)


def test_state_that_moves(figures):
    """Somebody reopens an item meanwhile: who comes later signs nothing, and the gate is not approved."""
    found = figures["moving"]
    assert sum(found["ends"].values()) == SIGNERS
    assert found["live"] == found["logged"] == found["ends"]["signed"] - 1
    assert found["signed_after"] == 0
    assert found["verdict"] != "approved"


def test_log_holds(figures):
    """Every chain of the audit log verifies, and every approving row has its entry."""
    assert figures["broken"] == []
