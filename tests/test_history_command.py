"""`readiness history`: order, regressions, broken runs, many runs."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from readiness.cli import main
from readiness.commands._shared import Exit
from tests.engine.ready import runs


def at(day: int, **changes: Any) -> dict[str, Any]:
    """A validation run of a day in January."""
    manifest = {**runs.MANIFEST, "timestamp": f"2025-01-{day:02}T12:00:00Z"}
    return {**runs.validation(), "manifest.json": manifest, **changes}


def trained(day: int, **metrics: float) -> dict[str, Any]:
    """A training run of a day in January with these metrics, sealed."""
    files = {
        "run_meta.json": {**runs.META, "started_at": f"2025-01-{day:02}T12:00:00+00:00"},
        "environment.json": runs.ENVIRONMENT,
        "config.yaml": runs.CONFIG,
        "eval/eval_results.json": {"overall": metrics},
    }
    return {**files, **runs.sealed_with(files)}


def shown(capsys, *folders: Path) -> dict[str, Any]:
    assert main(["history", *map(str, folders), "--json"]) == Exit.READY
    return json.loads(capsys.readouterr().out, parse_constant=pytest.fail)


def test_by_time_not_by_name(tmp_path: Path, capsys) -> None:
    """Runs stand in the order of their own timestamps."""
    for name, day in (("a", 20), ("b", 3), ("c", 11)):
        runs.write(tmp_path / name, at(day))
    data = shown(capsys, tmp_path)
    assert [run["run_id"] for run in data["runs"]] == ["b", "c", "a"]
    assert data["summary"] == {
        "runs": 3, "passed": 3, "warnings": 0, "failed": 0, "errors": 0, "regressions": 0,
    }  # fmt: skip


def test_a_worse_status_is_marked(tmp_path: Path, capsys) -> None:
    """PASS, FAIL, PASS: only the second is a regression, and it names the checks."""
    runs.write(tmp_path / "one", at(1))
    runs.write(tmp_path / "two", at(2, **{"train.csv": "id\n"}))
    runs.write(tmp_path / "three", at(3))
    data = shown(capsys, tmp_path)
    assert [run["regressions"] for run in data["runs"]] == [[], ["status PASS → FAIL (hash_chain)"], []]
    assert main(["history", str(tmp_path)]) == Exit.READY
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if "2025-01-" in line] == ["2025-01-01", "↓", "2025-01-03"]


@pytest.mark.parametrize(
    ("before", "after", "marked"),
    [
        ({"accuracy": 0.9}, {"accuracy": 0.85}, "accuracy dropped 5% (0.9 → 0.85)"),
        ({"accuracy": 0.9}, {"accuracy": 0.95}, None),
        ({"accuracy": 0.9}, {"accuracy": 0.8999}, None),
        ({"accuracy": 90.0}, {"accuracy": 81.0}, "accuracy dropped 10% (90 → 81)"),
        ({"loss": 0.2}, {"loss": 0.3}, "loss rose 10% (0.2 → 0.3)"),
        ({"loss": 0.3}, {"loss": 0.2}, None),
        ({"latency_ms": 10.0}, {"latency_ms": 10.5}, None),
        ({"latency_ms": 10.0}, {"latency_ms": 15.0}, "latency_ms rose 50% (10 → 15)"),
        ({"throughput": 100.0}, {"throughput": 50.0}, "throughput dropped 50% (100 → 50)"),
        ({"f1": 0.9}, {"recall": 0.1}, None),
    ],
)
def test_a_worse_metric_is_marked(tmp_path: Path, capsys, before, after, marked: str | None) -> None:
    """Scores fall, losses and times rise; noise and other metrics are no regression."""
    runs.write(tmp_path / "one", trained(1, **before))
    runs.write(tmp_path / "two", trained(2, **after))
    assert shown(capsys, tmp_path)["runs"][1]["regressions"] == ([marked] if marked else [])


def test_broken_runs_stand_alone(tmp_path: Path, capsys) -> None:
    """Every run is there, whatever one of them holds; folders that are no runs are named."""
    root = tmp_path / "all"
    runs.write(root / "good", at(1))
    runs.write(root / "broken", at(2, **{"manifest.json": "{", "decision.json": b"\xff\xfe\x00"}))
    runs.write(root / "deep", at(3, **{"decision.json": "[" * 10_000}))
    (root / "logs").mkdir()
    (root / "latest").symlink_to("good")
    data = shown(capsys, root)
    by_name = {run["run_id"]: run["overall_status"] for run in data["runs"]}
    assert by_name == {"good": "PASS", "broken": "FAIL", "deep": "FAIL"}
    assert data["others"] == [str(root / "logs")]


def test_runs_and_folders_of_runs(tmp_path: Path, capsys) -> None:
    """Both may be named; a run named twice stands once."""
    first = runs.write(tmp_path / "first", at(1))
    runs.write(tmp_path / "more" / "second", at(2))
    data = shown(capsys, first, tmp_path / "more", first)
    assert [run["run_id"] for run in data["runs"]] == ["first", "second"]


@pytest.mark.parametrize("name", ["nothing", "empty", "file"])
def test_nothing_to_show_is_wrong_usage(tmp_path: Path, name: str, capsys) -> None:
    """No such directory, no run in it, or a file: exit 2."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    assert main(["history", str(tmp_path / name)]) == Exit.USAGE
    assert capsys.readouterr().err


@pytest.mark.processes
def test_many_runs_are_quick(tmp_path: Path, capsys) -> None:
    """200 runs, a broken one among them, over processes: in a fifth of the time that 1,000 may take."""
    for number in range(200):
        runs.write(tmp_path / f"run_{number:03}", at(number % 28 + 1))
    (tmp_path / "run_100" / "manifest.json").write_text("{")
    started = time.monotonic()
    data = shown(capsys, tmp_path)
    assert time.monotonic() - started < 10
    assert data["summary"]["runs"] == 200
    assert data["summary"]["failed"] == 1
