"""`readiness decide`: exit codes, what is printed, what is written."""

from __future__ import annotations

import json

import pytest

from readiness import cli

TRAIN = "id,age\n1,20\n2,30\n"


@pytest.fixture
def decide(tmp_path, capsys):
    """`decide("contracts: …", "--json")`: exit code, standard output, standard error."""
    (tmp_path / "run" / "data").mkdir(parents=True)
    (tmp_path / "run" / "data" / "train.csv").write_text(TRAIN)

    def call(contracts, *options):
        (tmp_path / "c.yml").write_text(contracts)
        code = cli.main(
            ["decide", "--run", str(tmp_path / "run"), "--config", str(tmp_path / "c.yml"), *options]
        )
        return code, *capsys.readouterr()

    return call


def one(**rules):
    """One completeness contract."""
    contract = {"name": "rows", "type": "completeness", "dataset": "data/train.csv", **rules}
    return json.dumps({"contracts": [contract]})


@pytest.mark.parametrize(
    ("rules", "code", "words"),
    [
        ({}, 0, "PASS, SHIP"),
        ({"min_row_count": 3}, 1, "FAIL  rows (completeness): data/train.csv · Rows 2, needs ≥ 3"),
        ({"min_row_count": 3, "severity": "warn"}, 0, "WARN, SHIP"),
        ({"dataset": "../secret.csv"}, 3, "ERROR, DONT_SHIP"),
        ({"dataset": "gone.csv"}, 1, "gone.csv is not in the run"),
    ],
)
def test_exit_codes(decide, tmp_path, rules, code, words):
    """0 the contracts hold, 1 one does not, 3 a check broke; the file says the same as the text."""
    ended, out, err = decide(one(**rules))
    assert (ended, words in out) == (code, True), out
    written = json.loads((tmp_path / "run" / "decision.json").read_text())
    assert f"{written['status']}, {written['recommendation']}" in out
    assert "manifest.json is missing" in err
    assert not (tmp_path / "run" / "manifest.json").exists()


def test_wrong_configuration(decide, tmp_path):
    """A wrong key ends with 2, names it with its line, and nothing is written."""
    code, out, err = decide("contracts:\n  - {name: a, type: completeness}\n  - {nam: b}\n")
    assert (code, out) == (2, "")
    assert "c.yml line 3" in err
    assert not (tmp_path / "run" / "decision.json").exists()


def test_missing_configuration(tmp_path, capsys):
    """A configuration or a run that is not there ends with 2."""
    (tmp_path / "c.yml").write_text(one())
    (tmp_path / "run").mkdir()
    assert cli.main(["decide", "--run", str(tmp_path / "run"), "--config", str(tmp_path / "no.yml")]) == 2
    assert cli.main(["decide", "--run", str(tmp_path / "no"), "--config", str(tmp_path / "c.yml")]) == 2
    assert "no.yml cannot be read" in capsys.readouterr().err


def test_json(decide, tmp_path):
    """`--json` prints what is written, and nothing else, on standard output."""
    code, out, _ = decide(one(min_row_count=3), "--json")
    assert code == 1
    assert json.loads(out) == json.loads((tmp_path / "run" / "decision.json").read_text())


def test_ready_check(decide, tmp_path):
    """`--ready-check` stops a run whose contracts hold but which is not ready."""
    code, out, _ = decide(one(), "--ready-check", "--json")
    said = json.loads(out)
    assert (code, said["status"], said["readiness"]["overall_status"]) == (1, "PASS", "FAIL")
    (tmp_path / "run" / "manifest.json").write_text(
        json.dumps(
            {"run_id": "r", "timestamp": "2026-01-01", "version": "1", "contracts": [], "datasets": []}
        )
    )
    code, out, _ = decide(one(), "--ready-check")
    assert (code, "Readiness Report" in out) == (0, True), out


def test_hostile_names(decide):
    """Control characters of a name or a table are shown as escapes."""
    _, out, _ = decide(json.dumps({"contracts": [{"name": "a\x1b[31m", "type": "completeness"}]}))
    assert "\x1b" not in out


def test_a_training_run_keeps_its_name(decide, tmp_path):
    """The decision carries the name of run_meta.json, so that `ready` finds one run; none is missed."""
    (tmp_path / "run" / "run_meta.json").write_text('{"run_id": "train_7", "status": "completed"}')
    code, out, err = decide(one(), "--json")
    assert (code, json.loads(out)["run_id"]) == (0, "train_7")
    assert "manifest" not in err
