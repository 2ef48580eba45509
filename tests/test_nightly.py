"""The nightly workflows: valid for their systems, at 06:00 UTC and on demand, and their own script runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from readiness.engine.suites.scorecard import read_scorecard

ROOT = Path(__file__).parents[1]
GITHUB, GITLAB = ROOT / "ci" / "nightly.yml", ROOT / "ci" / "gitlab-nightly.yml"
SUITES = "owner: platform\nsuites:\n  - {name: a, kind: unit, command: %s}\n"


def github() -> dict[str, Any]:
    """The workflow's only job."""
    job: dict[str, Any] = yaml.safe_load(GITHUB.read_text(encoding="utf-8"))["jobs"]["suites"]
    return job


def gitlab() -> dict[str, Any]:
    """The GitLab job."""
    job: dict[str, Any] = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))["readiness-nightly"]
    return job


@pytest.mark.parametrize(
    "arguments",
    [
        ["--builtin-schema", "vendor.github-workflows", str(GITHUB)],
        ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", str(GITLAB)],
    ],
)
def test_schemas(arguments: list[str]) -> None:
    """Both files are what GitHub's and GitLab's schemas describe."""
    tool = [sys.executable, "-m", "check_jsonschema", *arguments]
    done = subprocess.run(tool, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_every_night_and_on_demand() -> None:
    """At 06:00 UTC, and by hand with an environment; GitLab keeps its schedules in its pages."""
    on = yaml.safe_load(GITHUB.read_text(encoding="utf-8"))[True]  # YAML 1.1 reads `on` as true
    assert on["schedule"] == [{"cron": "0 6 * * *"}]
    assert on["workflow_dispatch"]["inputs"]["environment"]["default"] == "staging"
    sources = [rule["if"] for rule in gitlab()["rules"]]
    assert sources == ['$CI_PIPELINE_SOURCE == "schedule"', '$CI_PIPELINE_SOURCE == "web"']
    assert "0 6 * * *" in GITLAB.read_text(encoding="utf-8")


def test_evidence_is_kept_whatever_happens() -> None:
    """A failed and an interrupted run upload their files too; none at all is an error."""
    keep = github()["steps"][-1]
    assert keep["if"] == "${{ always() }}"
    assert keep["with"]["if-no-files-found"] == "error"
    assert gitlab()["artifacts"]["when"] == "always"
    assert gitlab()["allow_failure"] is False


def test_no_expression_stands_in_a_script() -> None:
    """Inputs reach the scripts as variables: nobody's text becomes a command."""
    scripts = [step["run"] for step in github()["steps"] if "run" in step]
    assert len(scripts) == 3
    assert not any("${{" in script for script in scripts)


def scripts() -> list[tuple[str, dict[str, str]]]:
    """The line of each file that runs the suites, with its variables."""
    (step,) = [s for s in github()["steps"] if s.get("name") == "Suites"]
    env = {"READINESS_ENVIRONMENT": "staging", "READINESS_RELEASE": "abc"}
    (line,) = gitlab()["script"]
    return [(step["run"], env), (line, {**gitlab()["variables"], "READINESS_RELEASE": "abc"})]


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(("command", "code"), [("'true'", 0), ("'false'", 1), ("nowhere-at-all", 3)])
def test_the_script_runs(number: int, command: str, code: int, tmp_path: Path) -> None:
    """In somebody's checkout: the exit code is that of the suites, the files are where they are kept."""
    (tmp_path / "readiness.yml").write_text(SUITES % command, encoding="utf-8")
    script, variables = scripts()[number]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {"PATH": path, "HOME": str(tmp_path), "LANG": "C.UTF-8", **variables}
    # secrets that are not set reach a job as empty variables
    env |= {"OTEL_EXPORTER_OTLP_ENDPOINT": "", "OTEL_EXPORTER_OTLP_HEADERS": ""}
    done = subprocess.run(["sh", "-e", "-c", script], cwd=tmp_path, env=env, check=False, timeout=60)
    assert done.returncode == code
    card = read_scorecard((tmp_path / "readiness-results" / "readiness-scorecard.json").read_bytes())
    assert (card.environment, card.release, card.overall_passed) == ("staging", "abc", code == 0)
    assert (tmp_path / ("readiness-summary.md", "readiness-junit.xml")[number]).stat().st_size > 100
    names = {path.name for path in (tmp_path / "readiness-results").iterdir()}
    assert names >= {
        "readiness_logs",
        "readiness_scorecards",
        "readiness_metrics.json",
        "readiness_report.json",
    }
