"""Tests of the `readiness` command: exit codes, JSON, messages; never a traceback for bad input."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from readiness.cli import main
from readiness.commands._shared import Exit
from readiness.engine import library, registry
from readiness.engine.outcome import Finding
from readiness.engine.registry import Params
from readiness.engine.target import RunDirectory
from readiness.inspection import inspect

ROOT = Path(__file__).parents[1]
GOOD = ROOT / "examples" / "digits-classifier"
REGRESSED = ROOT / "examples" / "digits-classifier-regressed"
KINDS = {"file", "log", "metric", "metric-gap", "per-class", "image", "checkpoint", "model-export"} | {
    "export-accuracy", "inference", "document", "pins", "reproducibility", "junit", "load", "http",
}  # fmt: skip
SAMPLE = ROOT / "tests" / "fixtures" / "checklists" / "paragraph-style.md"


class Nothing(Params, frozen=True):
    """No parameters."""


def run_json(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, dict[str, Any]]:
    code = main([*args, "--json"])
    return code, json.loads(capsys.readouterr().out, parse_constant=pytest.fail)


def test_good_run_is_ready_and_lists_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    """The example passes every check; people are left with confirmations, two items, three signatures."""
    code, data = run_json(capsys, "check", str(GOOD))
    assert [c for c in data["checks"] if c["status"] not in ("PASS", "WARN")] == []
    assert code == Exit.READY
    assert data["run_id"] == "digits-classifier"
    assert data["overall_status"] in ("PASS", "WARN")
    assert data["summary"]["total_checks"] == len(data["checks"]) >= 19
    assert len({c["name"] for c in data["checks"]}) == len(data["checks"])
    assert {i["id"] for i in data["open_items"]} == {
        "evaluation-complete",
        "confusion-matrix",
        "monitoring",
        "no-critical-issue",
        "code-review",
        "technical-approval",
        "product-approval",
        "compliance-approval",
    }
    assert data["artifact"].startswith("sha256:")


def test_regressed_run_names_its_failures(capsys: pytest.CaptureFixture[str]) -> None:
    """The regressed example fails six items, each with an advice, and exits 1."""
    code, data = run_json(capsys, "check", str(REGRESSED))
    assert code == Exit.NOT_READY
    assert [c["item"] for c in data["checks"] if c["status"] not in ("PASS", "WARN")] == [
        "last-checkpoint",
        "test-accuracy",
        "validation-test-gap",
        "exported-accuracy",
        "deployment-guide",
        "environment",
    ]
    assert all(c["advice"] for c in data["checks"] if c["status"] == "FAIL")


def test_complete_counts_open_items(capsys: pytest.CaptureFixture[str]) -> None:
    """With --complete, what is left to people is not ready."""
    assert run_json(capsys, "check", str(GOOD), "--complete")[0] == Exit.NOT_READY


def test_set_moves_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    """A higher target fails the item, and the report says which target it was."""
    code, data = run_json(capsys, "check", str(GOOD), "--set", "target_accuracy=99.5")
    assert code == Exit.NOT_READY
    assert data["parameters"]["target_accuracy"] == 99.5
    assert [c["item"] for c in data["checks"] if c["status"] == "FAIL"] == ["test-accuracy"]


def test_probe_needs_an_allowed_host(capsys: pytest.CaptureFixture[str]) -> None:
    """The live probe runs only when its parameter is set, and is skipped where the host is not allowed."""
    code, data = run_json(
        capsys, "check", str(GOOD), "--set", "staging_url=http://staging.example.org/health"
    )
    probe = next(c for c in data["checks"] if c["kind"] == "http")
    assert (code, probe["status"]) == (Exit.NOT_READY, "SKIP")


def test_text_report(capsys: pytest.CaptureFixture[str]) -> None:
    """For people: sections, states in words, what is left, and the verdict last."""
    assert main(["check", str(GOOD)]) == Exit.READY
    out = capsys.readouterr().out
    assert "✓ Passed    Test accuracy meets the target" in out
    assert "Left to people (8)" in out
    assert "Every scripted check passes; 8 items are left to people." in out.splitlines()[-1]


def test_empty_run_fails_every_mandatory_item(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty directory passes nothing; a recommended item's missing file leaves it open."""
    code, data = run_json(capsys, "check", str(tmp_path))
    assert code == Exit.NOT_READY
    assert {c["status"] for c in data["checks"]} == {"FAIL", "SKIP"}
    assert {c["item"] for c in data["checks"] if c["status"] == "SKIP"} == {"model-card"}


def test_broken_check_has_its_own_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A check that crashes is 3 when nothing failed, and 1 beside a failure; never a pass."""
    registry.kinds()

    @registry.check("crash", title="Crashes")
    def crash(want: Nothing, run: RunDirectory) -> Finding:
        raise RuntimeError("broken on purpose")

    try:
        (tmp_path / "gate.md").write_text("- [ ] a\n\n  ```yaml check\n  crash: {}\n  ```\n")
        gate = ["check", str(tmp_path), "--checklist", str(tmp_path / "gate.md")]
        code, data = run_json(capsys, *gate)
        assert (code, data["overall_status"]) == (Exit.CHECK_BROKE, "ERROR")
        with (tmp_path / "gate.md").open("a") as file:
            file.write("- [ ] b\n\n  ```yaml check\n  file: missing.txt\n  ```\n")
        code, data = run_json(capsys, *gate)
        assert (code, data["overall_status"]) == (Exit.NOT_READY, "FAIL")
    finally:
        del registry._KINDS["crash"]


def test_check_is_quick() -> None:
    """The whole command on the example takes under 2 s (3 s here: the machine may be busy)."""
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "readiness", "check", str(GOOD)], check=True, capture_output=True)
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["check", "no/such/run"], "does not exist"),
        (["check", str(SAMPLE)], "not a directory"),
        (["check", ".", "--checklist", "unknown"], "no built-in checklist 'unknown'"),
        (["check", ".", "--checklist", "missing.md"], "missing.md cannot be read"),
        (["check", ".", "--set", "target_accuracy"], "NAME=VALUE"),
        (["check", ".", "--set", "tarket=1"], "no parameter 'tarket'"),
        (["check", ".", "--set", "target_accuracy=high"], "must be a number"),
        (["check"], "Missing argument"),
        (["check", ".", "--nonsense"], "No such option"),
        (["nonsense"], "No such command"),
        (["import", "missing.md"], "cannot be read"),
        (["import", "."], "cannot be read"),
        (["import", sys.executable], "is not utf-8 text"),
        (["checks", "nonsense"], "Unknown check kind 'nonsense'"),
    ],
)
def test_wrong_usage(args: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong usage exits 2 with a message on stderr, and prints nothing else."""
    assert main(args) == Exit.USAGE
    shown = capsys.readouterr()
    assert words in shown.err
    assert shown.out == ""


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("- [ ] a\n\n  ```yaml check\n  nonsense: {}\n  ```\n", "Line 4: Unknown check kind 'nonsense'"),
        ("- [ ] a {#x}\n- [ ] b {#x}\n", "Line 2: the id 'x' is already used on line 1"),
        ("# Table\n\n| a |\n|---|\n| b |\n", "No task items found"),
        ("[" * 20_000, "No task items found"),
    ],
)
def test_bad_checklists(
    document: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A checklist that cannot be used is named with its line before anything runs."""
    file = tmp_path / "gate.md"
    file.write_text(document)
    assert main(["check", str(tmp_path), "--checklist", str(file)]) == Exit.USAGE
    assert words in capsys.readouterr().err


def test_link_that_leaves_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run with a link to the outside is refused by name."""
    (tmp_path / "metrics.json").symlink_to("/etc/hostname")
    assert main(["check", str(tmp_path)]) == Exit.USAGE
    assert "metrics.json is a link that leaves" in capsys.readouterr().err


def test_import_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON of a parsed document has the promised keys and counts."""
    code, data = run_json(capsys, "import", str(SAMPLE))
    assert code == Exit.READY
    assert data["title"] == "Service gate"
    assert data["counts"] == {"items": 10, "checked": 2, "headings": 5, "max_depth": 2}
    keys = {"id", "text", "markdown", "depth", "checked", "state", "requirement", "criteria"}
    keys |= {"verification", "remediation", "line"}
    for section in data["sections"]:
        assert {"title", "level", "weight", "line", "items"} <= section.keys()
        assert all(keys <= item.keys() for item in section["items"])


def test_import_outline_and_note(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The outline names items with their ids; a document without boxes is told how to write them."""
    assert main(["import", str(SAMPLE)]) == Exit.READY
    assert (
        "[x] Model card written {#model-card-written} · recommended; claimed partial"
        in capsys.readouterr().out
    )
    plain = tmp_path / "plain.md"
    plain.write_text("# Plan\n\n- Policy (done)\n")
    assert main(["import", str(plain)]) == Exit.READY
    assert "1 plain bullet points, which are not imported" in capsys.readouterr().err


def test_checks_lists_and_explains(capsys: pytest.CaptureFixture[str]) -> None:
    """Every kind of the issue is listed; one is explained with its parameters."""
    assert main(["checks"]) == Exit.READY
    listed = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert listed >= KINDS
    assert main(["checks", "metric"]) == Exit.READY
    assert "## Parameters" in capsys.readouterr().out


def test_checks_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Every kind with a JSON Schema of its parameters: names, types, defaults, what is required."""
    code, data = run_json(capsys, "checks")
    assert (code, data["schema_version"]) == (Exit.READY, 1)
    known = {kind["name"]: kind for kind in data["kinds"]}
    assert known.keys() >= KINDS
    for name, kind in known.items():
        schema = kind["parameters"]["$defs"][kind["parameters"]["$ref"].removeprefix("#/$defs/")]
        fields = {field.encode_name for field in msgspec.structs.fields(registry.get(name).params)}
        assert schema["properties"].keys() == fields
        assert not schema["additionalProperties"]
        assert kind["short"] is None or kind["short"] in fields
    (file,) = run_json(capsys, "checks", "file")[1]["kinds"]
    schema = file["parameters"]["$defs"]["FileParams"]
    assert schema["required"] == ["path"]
    assert schema["properties"]["min_bytes"]["default"] == 1


def test_measurements_are_named_alike(capsys: pytest.CaptureFixture[str]) -> None:
    """Names of measurements begin with a capital; only percentiles and packages keep their own spelling."""
    _, data = run_json(capsys, "check", str(GOOD))
    names = {m["name"] for check in data["checks"] for m in check["measurements"]}
    assert {n for n in names if not n[0].isupper()} == {"p50", "p95", "p99", "onnxruntime", "scikit-learn"}
    assert len(names) > 40


def test_progress_goes_to_the_terminal_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On a terminal progress is drawn on stderr, so that the report on stdout stays clean."""
    (tmp_path / "a.txt").write_text("a")
    inspect(tmp_path, library.load(), {}, terminal=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    inspect(tmp_path, library.load(), {})
    assert capsys.readouterr().err == ""


def test_reader_that_goes_away() -> None:
    """`readiness checks | head -1` ends without a complaint."""
    command = f"{sys.executable} -m readiness import {SAMPLE} --json | head -c 1"
    shown = subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True)
    assert (shown.stdout, shown.stderr) == ("{", "")


def test_version_loads_nothing_heavy() -> None:
    """`--version` and `--help` import neither the web framework nor any heavy library."""
    code = (
        "import sys\nfrom readiness.cli import main\nmain(['--version'])\n"
        "heavy = {'django', 'celery', 'rich', 'numpy', 'yaml', 'httpx', 'msgspec', 'markdown_it'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert shown.stdout.splitlines() == ["readiness, version 0.1.0", "[]"]


def test_library_is_found_from_an_installed_copy(tmp_path: Path) -> None:
    """The built-in checklist is package data: it is found where the packages are copied, without Django."""
    for package in ("readiness", "checklists"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    code = (
        "import sys\nfrom readiness.engine import library\n"
        "print(len(library.load().items), 'django' in sys.modules)\n"
        f"assert library.__file__.startswith({str(tmp_path)!r})"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    assert shown.stdout.split() == ["24", "False"]


def test_compared_with_the_approved_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--approved` names the run whose configuration was approved."""
    for name, rate in (("before", 0.1), ("now", 0.2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "c.yaml").write_text(f"lr: {rate}\n")
    checklist = tmp_path / "list.md"
    checklist.write_text("# C\n\n- [ ] Unchanged\n  ```yaml check\n  config-drift: {file: c.yaml}\n  ```\n")
    command = ["check", str(tmp_path / "now"), "--checklist", str(checklist)]
    assert main([*command, "--approved", str(tmp_path / "before")]) == 1
    assert "c.yaml differs from the approved before: lr changed 0.1 → 0.2" in capsys.readouterr().out
    assert main(command) == 1
    assert "No release was approved before" in capsys.readouterr().out
    assert main([*command, "--approved", str(tmp_path / "gone")]) == 2


def test_what_was_overlooked_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A block that is not quite a check does not stay unnoticed; the report itself is as before."""
    gate = tmp_path / "gate.md"
    gate.write_text("- [ ] a\n\n  ```yaml checks\n  file: a.txt\n  ```\n")
    main(["check", str(tmp_path), "--checklist", str(gate), "--json"])
    shown = capsys.readouterr()
    assert json.loads(shown.out)
    assert "gate.md: Line 3 looks like a check block and is none" in shown.err
