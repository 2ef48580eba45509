"""Tests of the GitHub action and the GitLab template: their own steps run, with a faked CI environment."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from defusedxml.ElementTree import parse
from markdown_it import MarkdownIt

from readiness.commands._formats import FORMATS

ROOT = Path(__file__).parents[1]
ACTION = ROOT / "action.yml"
GITLAB = ROOT / "ci" / "gitlab.yml"
CHECKLIST = "# Gate\n- [ ] Model is there\n  ```yaml check\n  file: model.bin\n  ```\n- [ ] Review\n"
GOOD = {"run": "run", "checklist": "gate.md"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A checked-out repository with a checklist, a run that is ready and one that is not."""
    (tmp_path / "gate.md").write_text(CHECKLIST, encoding="utf-8")
    for name in ("run", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "run" / "model.bin").write_bytes(b"weights")
    return tmp_path


def environment(**more: str) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8", **more}


def bash(script: str, where: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a step's script as the runner does."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=where,
        env=env,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


class Job:
    """One run of the action's gate step: what it printed, its exit code, outputs and summary."""

    def __init__(self, where: Path, inputs: Mapping[str, str], **more: str) -> None:
        action = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
        step = next(s for s in action["runs"]["steps"] if s.get("id") == "gate")
        files = {name: where / f"{name.lower()}.txt" for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("", encoding="utf-8")
        given = {name: inputs.get(name, entry.get("default", "")) for name, entry in action["inputs"].items()}
        env = {name: filled(value, given) for name, value in step["env"].items()}
        paths = {name: str(file) for name, file in files.items()}
        self.done = bash(step["run"], where, environment(**env, **paths, **more))
        self.code, self.log = self.done.returncode, self.done.stdout
        lines = files["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines()
        self.outputs = dict(line.split("=", 1) for line in lines)
        self.summary = files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")


def filled(value: str, inputs: Mapping[str, str]) -> str:
    """An `env` value with its expression replaced, as the runner does."""
    expression = re.fullmatch(r"\$\{\{ (\S+) \}\}", value)
    assert expression, value
    name = expression[1]
    return str(ROOT) if name == "github.action_path" else inputs[name.removeprefix("inputs.")]


def test_ready_run_passes_the_job(repository: Path) -> None:
    """A ready run: exit 0, verdict and report paths as outputs, the summary, no annotation."""
    job = Job(repository, GOOD)
    assert (job.code, job.outputs["verdict"], job.outputs["exit-code"]) == (0, "ready", "0")
    assert job.summary.startswith("## ✅ Ready: Gate 1.0.0")
    assert "::error" not in job.log
    report = json.loads((repository / job.outputs["json"]).read_text(encoding="utf-8"))
    assert report["overall_status"] == "PASS"
    assert parse(repository / job.outputs["junit"]).getroot().get("tests") == "2"
    assert json.loads((repository / job.outputs["sarif"]).read_text(encoding="utf-8"))["version"] == "2.1.0"


def test_failed_run_fails_the_job(repository: Path) -> None:
    """A run that is not ready: exit 1, an annotation on its place, the summary names the item."""
    job = Job(repository, GOOD | {"run": "empty"})
    assert (job.code, job.outputs["verdict"], job.outputs["exit-code"]) == (1, "not-ready", "1")
    assert "::error file=empty,title=Model is there (file)::" in job.log
    assert job.summary.startswith("## ❌ Not ready: Gate 1.0.0")
    assert "Model is there" in job.summary


@pytest.mark.parametrize(
    ("inputs", "code", "words"),
    [
        ({"run": ""}, 2, "name the run directory"),
        ({"run": "nowhere"}, 2, "does not exist"),
        ({"checklist": "absent.md"}, 2, "cannot be read"),
        ({"set": "nonsense"}, 2, "is not NAME=VALUE"),
        ({"strict": "yes"}, 2, "`strict` must be true or false"),
        ({"command": "deploy"}, 2, "write check, ready, push or gate"),
        ({"command": "push"}, 2, "write PROJECT/VERSION"),
        ({"command": "gate", "release": "a"}, 2, "is not PROJECT/VERSION"),
        ({"command": "push", "release": "a/1", "run": ""}, 2, "name the run directory"),
        ({"command": "push", "release": "a/1", "results-only": "yes"}, 2, "must be true or false"),
        ({"command": "gate", "release": "a/1"}, 2, "No server is named"),
        ({"reports": "a\nverdict=ready"}, 2, "must be one line"),
        ({"reports": "gate.md"}, 2, "cannot be written"),
        ({"complete": "true"}, 1, ""),
        ({"isolation": "much"}, 2, "--isolation"),
        ({"run": "--help"}, 2, "does not exist"),
        ({"checklist": "--help"}, 2, "--help"),
    ],
)
def test_there_is_always_a_conclusion(
    repository: Path, inputs: dict[str, str], code: int, words: str
) -> None:
    """Wrong inputs are a verdict, an exit code and a summary too; never a silent success."""
    job = Job(repository, GOOD | inputs)
    assert job.code == code
    assert job.outputs["verdict"] == {1: "not-ready", 2: "wrong-usage"}[code]
    assert job.outputs["exit-code"] == str(code)
    assert job.summary.startswith("## ❌ Not ready: ")
    assert words in job.summary


def test_missing_installation_is_a_conclusion(repository: Path, tmp_path: Path) -> None:
    """Where readiness cannot be imported, the gate broke; it is not "not ready" and never ready."""
    nothing = tmp_path / "site"
    nothing.mkdir()
    (nothing / "readiness.py").write_text("raise ImportError('readiness is not here')", encoding="utf-8")
    job = Job(repository, GOOD, PYTHONPATH=str(nothing))
    assert (job.code, job.outputs["verdict"]) == (3, "check-broke")
    assert "readiness is not here" in job.summary


def test_stale_reports_are_not_believed(repository: Path) -> None:
    """Reports of an earlier run are gone before the gate runs."""
    assert Job(repository, GOOD).code == 0
    job = Job(repository, GOOD | {"checklist": "absent.md"})
    assert "json" not in job.outputs
    assert not list((repository / "readiness-reports").iterdir())


def test_inputs_are_no_shell(repository: Path) -> None:
    """Quotes, substitutions and line ends in inputs stay text: nothing runs."""
    for name in ("run", "checklist", "set", "reports", "strict", "command"):
        Job(repository, GOOD | {name: '"; touch pwned; echo $(touch pwned) `touch pwned` && touch pwned'})
    assert not list(repository.rglob("pwned"))


def test_text_of_a_run_is_no_command(repository: Path) -> None:
    """What the run makes readiness print stands between stop-commands and its token."""
    (repository / "gate.md").write_text("# Gate\n- [ ] ::error::injected\n", encoding="utf-8")
    job = Job(repository, GOOD)
    token = re.search(r"^::stop-commands::([0-9a-f]{32})$", job.log, re.MULTILINE)[1]
    before, _, after = job.log.partition(f"\n::{token}::\n")
    assert "::error::injected" in before
    assert "injected" not in after


def test_modules_of_the_repository_are_not_imported(repository: Path) -> None:
    """A file named like a library, in the repository that is checked, is not run."""
    for name in ("click", "readiness", "json"):
        (repository / f"{name}.py").write_text("raise SystemExit(0)", encoding="utf-8")
    assert Job(repository, GOOD | {"run": "empty"}).code == 1


def test_seven_checks(repository: Path) -> None:
    """`command: ready` runs the seven checks instead of a checklist."""
    job = Job(repository, {"run": "empty", "command": "ready"})
    assert job.code == 1
    assert job.outputs["verdict"] == "not-ready"


def test_no_expression_stands_in_a_script() -> None:
    """Every input reaches a script through `env`; and the gate runs after a failed installation."""
    steps = yaml.safe_load(ACTION.read_text(encoding="utf-8"))["runs"]["steps"]
    scripts = [step["run"] for step in steps if "run" in step]
    assert len(scripts) == 2
    assert not any("${{" in script for script in scripts)
    assert next(s for s in steps if s.get("id") == "gate")["if"] == "${{ !cancelled() }}"


@pytest.mark.parametrize(
    ("extras", "version", "wanted"),
    [
        ("models,data", "", "SOURCE[models,data]"),
        ("", "", "SOURCE"),
        ("models", "1.2.0", "readiness[models]==1.2.0"),
        ("", "1.2.0", "readiness==1.2.0"),
        ("models]; touch x", "", None),
        ("", "--index-url=http://evil.example", None),
        ("", "1.0 @ http://evil.example/x.whl", None),
    ],
)
def test_installation(tmp_path: Path, extras: str, version: str, wanted: str | None) -> None:
    """The installer asks pip for one requirement; words that could be more than a name are refused."""
    shim = tmp_path / "python"
    shim.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    shim.chmod(0o755)
    env = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "READINESS_EXTRAS": extras,
        "READINESS_VERSION": version,
    }
    done = bash(f'bash "{ROOT}/ci/install.sh" SOURCE', tmp_path, env)
    if wanted is None:
        assert (done.returncode, done.stdout) == (2, "")
    else:
        assert done.stdout.splitlines()[-1] == wanted


@pytest.mark.parametrize("shell", ["bash", "sh"])
@pytest.mark.parametrize(
    ("variables", "code", "verdict"),
    [
        ({}, 0, "ready"),
        ({"READINESS_RUN": "empty"}, 1, "not-ready"),
        ({"READINESS_RUN": "nowhere"}, 2, "wrong-usage"),
        ({"READINESS_COMPLETE": "true"}, 1, "not-ready"),
        ({"READINESS_SET": "\nnonsense\n"}, 2, "wrong-usage"),
        ({"READINESS_ISOLATION": "much"}, 2, "wrong-usage"),
        ({"READINESS_STRICT": "yes"}, 2, "wrong-usage"),
        ({"READINESS_ALLOW_HOST": "a.example\nb.example", "READINESS_ISOLATION": "rlimit"}, 0, "ready"),
        ({"READINESS_RUN": '"; touch pwned; $(touch pwned)'}, 2, "wrong-usage"),
        ({"READINESS_RELEASE": "a/1"}, 2, "wrong-usage"),
        ({"READINESS_RELEASE": "a/1", "READINESS_RESULTS_ONLY": "yes"}, 2, "wrong-usage"),
        ({"READINESS_RELEASE": "--help", "READINESS_SERVER": "--help"}, 2, "wrong-usage"),
        ({"READINESS_SET": "a=$(touch pwned)\nEND\ntouch pwned"}, 2, "wrong-usage"),
    ],
)
def test_gitlab_script(
    repository: Path, shell: str, variables: dict[str, str], code: int, verdict: str
) -> None:
    """The template's script ends as readiness does and leaves the verdict for later jobs."""
    job = gitlab_job()
    env = environment(**{**job["variables"], "READINESS_CHECKLIST": "gate.md", **variables})
    done = subprocess.run(
        [shell, "-e", "-c", "\n".join(job["script"])], cwd=repository, env=env, check=False, timeout=60
    )
    assert done.returncode == code
    assert (repository / "readiness.env").read_text(encoding="utf-8").splitlines() == [
        f"READINESS_VERDICT={verdict}",
        f"READINESS_EXIT_CODE={code}",
    ]
    assert not list(repository.rglob("pwned"))
    written = [job["artifacts"]["reports"][name] for name in ("junit", "codequality")]
    assert all((repository / path).is_file() for path in written) is (code != 2)


def test_gitlab_flag_must_be_known(repository: Path) -> None:
    """A word that is neither true nor false ends the job, instead of a weaker gate."""
    job = gitlab_job()
    env = environment(**{**job["variables"], "READINESS_CHECKLIST": "gate.md", "READINESS_STRICT": "yes"})
    done = subprocess.run(["sh", "-e", "-c", "\n".join(job["script"])], cwd=repository, env=env, check=False)
    assert done.returncode == 2


def gitlab_job() -> dict[str, Any]:
    job: dict[str, Any] = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))["readiness"]
    return job


def blocks(info: str) -> list[str]:
    """The fenced blocks of docs/ci.md with that info string."""
    tokens = MarkdownIt().parse((ROOT / "docs" / "ci.md").read_text(encoding="utf-8"))
    return [token.content for token in tokens if token.type == "fence" and token.info == info]


def test_documented_workflows_are_valid(tmp_path: Path) -> None:
    """Each workflow of the docs is one for GitHub, and gives the action inputs that it has."""
    action = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    assert len(blocks("yaml workflow")) == 3
    for number, text in enumerate(blocks("yaml workflow")):
        (tmp_path / f"{number}.yml").write_text(text, encoding="utf-8")
        steps = [step for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"]]
        (gate,) = [step for step in steps if step.get("id") == "gate"]
        assert set(gate["with"]) <= set(action["inputs"])
        assert "run" in gate["with"]
    files = [str(path) for path in tmp_path.glob("*.yml")]
    tool = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*tool, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_documented_pipeline_sets_known_variables() -> None:
    """The GitLab example overrides variables that the template has."""
    (text,) = blocks("yaml pipeline")
    assert set(yaml.safe_load(text)["readiness"]["variables"]) <= set(gitlab_job()["variables"])


def test_docs_name_every_input_output_and_format() -> None:
    """What the action takes and gives, and every format, is in the docs."""
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    action = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    for name in (*action["inputs"], *action["outputs"], *FORMATS):
        assert f"`{name}`" in text, name


@pytest.mark.parametrize(
    "arguments",
    [
        ["--builtin-schema", "vendor.github-actions", str(ACTION)],
        ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", str(GITLAB)],
    ],
)
def test_schemas(arguments: list[str], tmp_path: Path) -> None:
    """Both files are what GitHub's and GitLab's schemas describe; a wrong one is refused."""
    tool = [sys.executable, "-m", "check_jsonschema", *arguments[:-1]]
    good = subprocess.run([*tool, arguments[-1]], capture_output=True, text=True, check=False)
    assert (good.returncode, good.stderr) == (0, "")
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("runs: 1\nreadiness: {script: {a: 1}}\n", encoding="utf-8")
    assert subprocess.run([*tool, str(wrong)], capture_output=True, check=False).returncode == 1


@pytest.mark.parametrize(("allowed", "code"), [("", 1), ("echo that\n\n echo it ", 0)])
def test_commands_run_only_where_the_job_allows_them(repository: Path, allowed: str, code: int) -> None:
    """`allow-command` reaches the checks, one command a line."""
    gate = "# Gate\n\n- [ ] It runs\n  ```yaml check\n  command: [echo, it, ran]\n  ```\n"
    (repository / "gate.md").write_text(gate, encoding="utf-8")
    assert Job(repository, GOOD | {"allow-command": allowed}).code == code
    env = environment(**gitlab_job()["variables"]) | {"READINESS_CHECKLIST": "gate.md"}
    env |= {"READINESS_ALLOW_COMMAND": allowed, "READINESS_RUN": GOOD["run"]}
    script = "\n".join(gitlab_job()["script"])
    assert subprocess.run(["sh", "-e", "-c", script], cwd=repository, env=env, check=False).returncode == code
