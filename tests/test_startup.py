"""An unsafe configuration speaks at start, by id, and nothing serves with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import Error
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from checklists import startup, triggers

ROOT = Path(__file__).resolve().parent.parent
GOOD_KEY = "0123456789abcdefghijklmnopqrstuvwxyz" * 2
WEB = ["gunicorn", "-c", "python:readiness.serving", "-b", "127.0.0.1:0", "readiness.wsgi"]
CELERY = ["celery", "-A", "readiness.celery:app"]
STARTS = {"web": WEB, "worker": [*CELERY, "worker", "-c", "1"], "beat": [*CELERY, "beat", "--pidfile="]}


def ids() -> set[str]:
    """Ids of everything that would refuse a start now."""
    return {str(problem.id) for problem in startup.problems()}


@pytest.fixture
def kept_connection(monkeypatch):
    """The test's own connection stays open, with its transaction."""
    monkeypatch.setattr("django.db.connections.close_all", lambda: None)


@pytest.mark.django_db
@pytest.mark.usefixtures("kept_connection")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"SECRET_KEY": ""}, {"readiness.E001"}),
        ({"SECRET_KEY": "short"}, {"readiness.E001"}),
        ({"SECRET_KEY": "a" * 60}, {"readiness.E001"}),
        ({"ALLOWED_HOSTS": ["*"]}, {"readiness.E002"}),
        ({"DEBUG": True, "PUBLIC_URL": "https://gates.example.org"}, {"readiness.E003"}),
        ({"DEBUG": True}, set()),
        ({"PUBLIC_URL": "http://gates.example.org"}, {"readiness.E004"}),
        ({"PUBLIC_URL": "https://gates.example.org"}, set()),
        ({"RUN_ROOTS": [Path("/")]}, {"readiness.E005"}),
    ],
)
def test_unsafe_settings(settings, changes, expected):
    """Each unsafe setting is refused by its id, and a safe one is not."""
    for name, value in changes.items():
        setattr(settings, name, value)
    assert ids() == expected


@pytest.mark.django_db
@pytest.mark.usefixtures("kept_connection")
def test_missing_triggers(lifted_triggers):
    """Without the triggers nothing starts, and the advice that the message gives puts them back."""
    (problem,) = startup.problems()
    assert problem.id == "readiness.E006"
    assert "migrate --skip-checks" in str(problem.hint)
    with pytest.raises(SystemCheckError):
        call_command("migrate", verbosity=0, skip_checks=False)
    call_command("migrate", verbosity=0, skip_checks=True)
    assert triggers.missing(connection) == []


def test_says_why(settings, capsys, monkeypatch):
    """The reason and what to do stand on standard error, and the exit code tells of the configuration."""
    problem = Error("Too open.", hint="Close it.", id="x.E1")
    monkeypatch.setattr(startup, "problems", lambda: [problem])
    with pytest.raises(SystemExit) as stopped:
        startup.refuse_unsafe()
    assert stopped.value.code == startup.EXIT_UNSAFE
    said = capsys.readouterr().err
    assert all(words in said for words in ("Too open.", "Close it.", "x.E1"))


@pytest.mark.processes
@pytest.mark.parametrize("process", STARTS)
@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"READINESS_SECRET_KEY": ""}, "readiness.E001"),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "readiness.E007"),
        ({}, "readiness.E008"),
    ],
    ids=["no key", "no database", "no tables"],
)
def test_real_processes_refuse(tmp_path, process, environment, reason):
    """Web server, worker and clock end at once, each with the reason."""
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "READINESS_DATA_DIR": str(tmp_path),
        "READINESS_SECRET_KEY": GOOD_KEY,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        **environment,
    }
    command = [sys.executable, "-m", *STARTS[process]]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert reason in done.stderr, done.stderr[-2000:]
