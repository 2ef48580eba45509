"""Tests of `--format`, `--json` and `--output`: one run, every form that CI reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from readiness.cli import main
from readiness.commands._formats import FORMATS, run_path
from readiness.commands._shared import Exit

CHECKLIST = """# Gate
- [ ] Model is there
  ```yaml check
  file: model.bin
  ```
- [ ] Notes are there (recommended)
  ```yaml check
  file: notes.md
  ```
- [ ] Review
"""
OPENINGS = {
    "text": "Gate 1.0.0 · ",
    "json": "{",
    "junit": "<?xml",
    "sarif": "{",
    "markdown": "## ❌ Not ready: Gate 1.0.0",
    "github": "::error file=",
    "gitlab": "[",
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a checklist and an empty run."""
    (tmp_path / "gate.md").write_text(CHECKLIST, encoding="utf-8")
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(*args: str) -> int:
    return main(["check", "run", "--checklist", "gate.md", *args])


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_printed(place: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Every format goes to standard output, and the exit code is the same."""
    assert check("--format", name) == Exit.NOT_READY
    assert capsys.readouterr().out.startswith(OPENINGS[name])


def test_json_is_a_short_form(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--json` is `--format json`."""
    assert check("--json") == Exit.NOT_READY
    assert json.loads(capsys.readouterr().out)["overall_status"] == "FAIL"


def test_several_files_from_one_run(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One run writes each format to its file, whole, and leaves nothing else behind."""
    before = {p.name for p in place.iterdir()}
    names = [f"--output={name}=out.{name}" for name in FORMATS]
    assert check(*names) == Exit.NOT_READY
    assert {p.name for p in place.iterdir()} - before == {f"out.{name}" for name in FORMATS}
    for name in FORMATS:
        assert (place / f"out.{name}").read_text(encoding="utf-8").startswith(OPENINGS[name])
    fromstring((place / "out.junit").read_text(encoding="utf-8"))
    assert capsys.readouterr().out.startswith(OPENINGS["text"])


def test_paths_are_named_from_the_working_directory(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run beneath the repository is named from its root, however it was written."""
    (place / "run" / "model.bin").write_bytes(b"")
    main(["check", str(place / "run" / ".." / "run"), "--checklist", "gate.md", "--format", "github"])
    assert "::error file=run/model.bin," in capsys.readouterr().out
    assert run_path(Path("/elsewhere/run")) == "/elsewhere/run"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--format", "xml"], "'xml' is not one of 'text'"),
        (["--json", "--format", "junit"], "--json and --format junit contradict each other"),
        (["--output", "junit"], "is not FORMAT=FILE"),
        (["--output", "xml=a"], "is not FORMAT=FILE"),
        (["--output", "junit="], "is not FORMAT=FILE"),
        (["--output", "junit=no/such/a.xml"], "does not exist"),
        (["--output", "junit=a", "--output", "sarif=./a"], "two formats go to the same file"),
        (["--output", "junit=run"], "run is no plain file"),
    ],
)
def test_wrong_usage(place: Path, capsys: pytest.CaptureFixture[str], args: list[str], words: str) -> None:
    """A choice that cannot be is exit code 2 with a sentence, never a traceback."""
    assert check(*args) == Exit.USAGE
    assert words in " ".join(capsys.readouterr().err.split())
    assert not [path for path in place.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(("args", "code"), [([], Exit.READY), (["--strict"], Exit.NOT_READY)])
def test_strict_counts_warnings(
    place: Path, capsys: pytest.CaptureFixture[str], args: list[str], code: Exit
) -> None:
    """A warning is ready, and not ready with --strict; the SARIF says the same."""
    (place / "warn.md").write_text(
        "# Gate\n- [ ] Accuracy\n  ```yaml check\n"
        '  metric: {file: m.json, key: a, unit: "%", at_least: 0.8}\n  ```\n',
        encoding="utf-8",
    )
    (place / "run" / "m.json").write_text('{"a": 90.0}', encoding="utf-8")
    assert main(["check", "run", "--checklist", "warn.md", "--format", "sarif", *args]) == code
    run = json.loads(capsys.readouterr().out)["runs"][0]
    assert [r["level"] for r in run["results"]] == ["warning"]
    assert run["invocations"][0]["exitCode"] == code
