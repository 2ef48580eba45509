"""The GitHub action and the GitLab template with a server: pushed, asked, concluded."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from checklists.models import CheckRun, Release
from checklists.models.deployment import DeploymentDecision
from tests.actions.test_pushes import work
from tests.test_ci import Job, environment, gitlab_job


@pytest.fixture
def repository(tmp_path):
    """A checked-out repository with a small run."""
    root = tmp_path / "repository"
    (root / "run").mkdir(parents=True)
    (root / "run" / "model.bin").write_bytes(b"weights")
    (root / "run" / "metrics.json").write_text('{"test": {"accuracy": 0.5}}')
    return root


def inputs(server: str, **more: str) -> dict[str, str]:
    """The action's inputs."""
    return {"command": "push", "run": "run", "release": "image-classifier/1.5.0", "server": server, **more}


def test_action_pushes_and_asks(server, repository):
    """First nothing is decided (4), then, checked, it is blocked (1); the summary says what is in the way."""
    token = {"READINESS_TOKEN": os.environ["READINESS_TOKEN"]}
    job = Job(repository, inputs(server), **token)
    assert (job.code, job.outputs["verdict"]) == (4, "undecided"), job.log
    assert job.summary.startswith("## ⏳ Not decided yet")
    assert Release.objects.get().files == "stored"
    work(CheckRun.objects.values_list("pk", flat=True))
    job = Job(repository, inputs(server, command="gate"), **token)
    assert (job.code, job.outputs["verdict"]) == (1, "not-ready"), job.log
    assert "50 %" in job.summary
    assert "Settle that gate" not in job.summary
    assert "::error title=Readiness::" in job.log
    answer = json.loads((repository / job.outputs["json"]).read_text())
    assert answer["state"] == "blocked"
    assert answer["decision"]["decision"] == DeploymentDecision.objects.get().pk
    assert token["READINESS_TOKEN"] not in job.log + job.summary


def test_action_with_results_only(server, repository):
    """The checks run in the job; what they found blocks."""
    token = {"READINESS_TOKEN": os.environ["READINESS_TOKEN"]}
    job = Job(repository, inputs(server, **{"results-only": "true"}), **token)
    assert (job.code, job.outputs["verdict"]) == (1, "not-ready"), job.log
    assert Release.objects.get().files == "elsewhere"


@pytest.mark.parametrize(
    ("change", "code", "verdict"),
    [
        ({"release": "nothing/1"}, 2, "wrong-usage"),
        ({"server": "http://127.0.0.1:9", "command": "gate"}, 3, "check-broke"),
        ({"strict": "true"}, 1, "not-ready"),
    ],
)
def test_action_always_concludes(server, repository, change, code, verdict, monkeypatch):
    """Wrong names, a server that is away, and strictness: each is its own verdict, none is ready."""
    job = Job(repository, inputs(server) | change, READINESS_TOKEN=os.environ["READINESS_TOKEN"])
    assert (job.code, job.outputs["verdict"]) == (code, verdict), job.log
    assert "✅" not in job.summary


def test_gitlab_pushes_and_asks(server, repository):
    """The template's script with a release: the server's gate decides."""
    job = gitlab_job()
    variables = {
        "READINESS_RUN": "run",
        "READINESS_RELEASE": "image-classifier/1.5.0",
        "READINESS_SERVER": server,
        "READINESS_TOKEN": os.environ["READINESS_TOKEN"],
    }
    env = environment(**{**job["variables"], **variables})
    script = "\n".join(job["script"])
    done = subprocess.run(["sh", "-e", "-c", script], cwd=repository, env=env, check=False, timeout=60)
    assert done.returncode == 4
    assert "READINESS_VERDICT=undecided" in (repository / "readiness.env").read_text()
