"""`readiness ready`: exit codes, formats, messages; what it costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from readiness.cli import main
from readiness.commands._shared import Exit
from readiness.engine.ready import validate
from readiness.engine.ready.check import readiness_check
from tests.engine.ready import runs


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A run that passes all seven checks."""
    return runs.write(tmp_path / "run_001", runs.validation())


@pytest.fixture
def warned(tmp_path: Path) -> Path:
    """A run without an audit."""
    return runs.write(tmp_path / "run_002", {**runs.validation(), "redaction_audit.json": None})


@pytest.fixture
def failed(tmp_path: Path) -> Path:
    """A run whose data changed."""
    return runs.write(tmp_path / "run_003", {**runs.validation(), "train.csv": "id\n"})


@pytest.fixture
def _one_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last check crashes."""

    @readiness_check("reproducibility")
    def broken(files):
        raise RecursionError("too deep")

    monkeypatch.setattr(validate, "CHECKS", (*validate.CHECKS[:-1], broken))


def test_exit_codes(good: Path, warned: Path, failed: Path, capsys) -> None:
    """Ready and warned runs are 0, a failed one 1; strict makes the warned one 1."""
    assert main(["ready", "--run", str(good)]) == Exit.READY
    assert main(["ready", "--run", str(good), "--strict"]) == Exit.READY
    assert main(["ready", "--run", str(warned)]) == Exit.READY
    assert "✓ This run is READY" in capsys.readouterr().out
    assert main(["ready", "--run", str(warned), "--strict"]) == Exit.NOT_READY
    assert "✗ This run is NOT READY" in capsys.readouterr().out
    assert main(["ready", "--run", str(failed)]) == Exit.NOT_READY


@pytest.mark.usefixtures("_one_breaks")
def test_a_broken_check_is_three(good: Path, failed: Path, capsys) -> None:
    """A crash in one check: the six others still run, exit 3; with a certain failure beside it, 1."""
    assert main(["ready", "--run", str(good), "--json"]) == Exit.CHECK_BROKE
    data = json.loads(capsys.readouterr().out)
    assert data["overall_status"] == "ERROR"
    assert data["summary"]["passed"] == 6
    assert data["summary"]["errors"] == 1
    assert "RecursionError: too deep" in data["checks"][-1]["message"]
    assert main(["ready", "--run", str(failed)]) == Exit.NOT_READY


@pytest.mark.parametrize(
    "args",
    [
        ["ready"],
        ["ready", "--run"],
        ["ready", "--run", "/nowhere/at/all"],
        ["ready", "--run", __file__],
        ["ready", "--run", "", "--json"],
        ["ready", "--run", ".", "--format", "xml"],
        ["ready", "--run", ".", "--json", "--format", "junit"],
        ["ready", "--run", ".", "extra"],
        ["ready", "--runs", "."],
    ],
)
def test_wrong_usage_is_two(args: list[str], capsys, monkeypatch, tmp_path: Path) -> None:
    """No JSON, a message on standard error, exit 2."""
    monkeypatch.chdir(tmp_path)
    assert main(args) == Exit.USAGE
    shown = capsys.readouterr()
    assert shown.err
    assert "Traceback" not in shown.err
    assert not shown.out


@pytest.mark.parametrize("name", ["good", "warned", "failed"])
def test_json_is_printed_whatever_the_outcome(name: str, request, capsys) -> None:
    """`--json` and `--format json` are the same; the report names the run."""
    root = request.getfixturevalue(name)
    code = main(["ready", "--run", str(root), "--json"])
    first = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert main(["ready", "--run", str(root), "--format", "json"]) == code
    second = json.loads(capsys.readouterr().out)
    assert first["run_id"] == root.name
    for data in (first, second):
        for check in data["checks"]:
            check.pop("duration_s")
    assert first == second


def test_the_other_formats(failed: Path, capsys) -> None:
    """Each has all seven checks or the one that failed, in its own words."""

    def shown(name: str) -> str:
        assert main(["ready", "--run", str(failed), "--format", name]) == Exit.NOT_READY
        return capsys.readouterr().out

    junit = ET.fromstring(shown("junit"))
    assert len(list(junit.iter("testcase"))) == 7
    assert len(list(junit.iter("failure"))) == 1
    sarif = json.loads(shown("sarif"))
    assert any("hash_chain" in result["ruleId"] for result in sarif["runs"][0]["results"])
    assert "Tampering detected" in shown("markdown")
    assert shown("github").startswith("::error")


def test_a_link_to_the_latest_run(good: Path, capsys) -> None:
    """`--run runs/latest` reports the run that the link points at."""
    (good.parent / "latest").symlink_to(good)
    assert main(["ready", "--run", str(good.parent / "latest"), "--json"]) == Exit.READY
    assert json.loads(capsys.readouterr().out)["run_id"] == "run_001"


def test_control_characters_do_not_reach_the_terminal(tmp_path: Path, capsys) -> None:
    """A word from a file cannot clear the screen or turn the text around."""
    files = {**runs.validation(), "decision.json": {**runs.DECISION, "status": "\x1b[2J\u202eSSAP"}}
    assert main(["ready", "--run", str(runs.write(tmp_path, files))]) == Exit.NOT_READY
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_reads_only(good: Path) -> None:
    """The run is the same afterwards."""
    before = {p: p.stat().st_mtime_ns for p in good.rglob("*")}
    main(["ready", "--run", str(good)])
    assert {p: p.stat().st_mtime_ns for p in good.rglob("*")} == before


@pytest.mark.processes
def test_what_it_costs(good: Path) -> None:
    """One process: no heavy library is loaded for a small run, and it takes under 60 MB."""
    heavy = {
        "rich",
        "httpx",
        "yaml",
        "msgspec",
        "numpy",
        "onnx",
        "jsonschema",
        "markdown_it",
        "django",
        "celery",
    }
    code = (
        "import sys; from readiness.cli import main; main(sys.argv[1:]);"
        "print(sorted(m for m in sys.modules if '.' not in m), file=sys.stderr);"
        "print(next(line for line in open('/proc/self/status') if 'VmHWM' in line), file=sys.stderr)"
    )
    args = [sys.executable, "-c", code, "ready", "--run", str(good)]
    done = subprocess.run(args, capture_output=True, text=True, check=True)
    modules, used, *_ = done.stderr.splitlines()
    assert [m for m in heavy if f"'{m}'" in modules] == []
    assert int(used.split()[1]) < 60_000  # kilobytes
