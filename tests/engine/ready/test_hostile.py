"""Hostile and odd run directories: each is seen by the check it concerns; none crashes, none passes."""
# ruff: noqa: E501  # a table is read by its rows

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from readiness.engine.ready.validate import validate_readiness
from tests.engine.ready import runs

DEEP = "[" * 10_000 + "]" * 10_000
LONE = '{"run_id": "\\ud800"}'


def manifest(**changes: Any) -> dict[str, Any]:
    return {**runs.MANIFEST, **changes}


def decision(**changes: Any) -> dict[str, Any]:
    return {**runs.DECISION, **changes}


def audit(**changes: Any) -> dict[str, Any]:
    return {**runs.AUDIT, **changes}


def listed(path: Any, digest: Any = runs.HASH) -> dict[str, Any]:
    return manifest(datasets=[{"path": path, "hash": digest}])


def contract(**thresholds: Any) -> dict[str, Any]:
    return manifest(contracts=[{"name": "completeness", **thresholds}])


def out(path: Path) -> None:
    target = path.parent.parent / "outside.csv"
    target.write_text(runs.ROWS)
    path.symlink_to(target)


def hard(path: Path) -> None:
    target = path.parent.parent / "hard.csv"
    target.write_text(runs.ROWS)
    os.link(target, path)


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def folder(path: Path) -> None:
    path.mkdir()


def pipe(path: Path) -> None:
    os.mkfifo(path)


# what is changed in a good validation run; the check that must see it; its status
VALIDATION: dict[str, tuple[dict[str, Any], str, str]] = {
    "manifest missing": ({"manifest.json": None}, "contract_integrity", "FAIL"),
    "manifest empty": ({"manifest.json": ""}, "contract_integrity", "FAIL"),
    "manifest blank": ({"manifest.json": " \n"}, "contract_integrity", "FAIL"),
    "manifest not JSON": ({"manifest.json": "run_id: x"}, "contract_integrity", "FAIL"),
    "manifest truncated": ({"manifest.json": '{"run_id": "ru'}, "contract_integrity", "FAIL"),
    "manifest a list": ({"manifest.json": []}, "contract_integrity", "FAIL"),
    "manifest null": ({"manifest.json": "null"}, "contract_integrity", "FAIL"),
    "manifest a number": ({"manifest.json": "7"}, "contract_integrity", "FAIL"),
    "manifest true": ({"manifest.json": "true"}, "contract_integrity", "FAIL"),
    "manifest empty object": ({"manifest.json": {}}, "contract_integrity", "FAIL"),
    "manifest a folder": ({"manifest.json": folder}, "contract_integrity", "FAIL"),
    "manifest a pipe": ({"manifest.json": pipe}, "contract_integrity", "FAIL"),
    "manifest a link out": ({"manifest.json": out}, "contract_integrity", "FAIL"),
    "manifest links to itself": ({"manifest.json": loop}, "contract_integrity", "FAIL"),
    "manifest deep": ({"manifest.json": DEEP}, "contract_integrity", "FAIL"),
    "manifest deep in objects": ({"manifest.json": '{"a":' * 10_000}, "contract_integrity", "FAIL"),
    "manifest latin-1": ({"manifest.json": '{"run_id": "é"}'.encode("latin-1")}, "contract_integrity", "FAIL"),
    "manifest UTF-16 without mark": (
        {"manifest.json": json.dumps(runs.MANIFEST).encode("utf-16-le")}, "contract_integrity", "FAIL",
    ),
    "manifest UTF-16 with mark": (
        {"manifest.json": json.dumps(runs.MANIFEST).encode("utf-16")}, "contract_integrity", "FAIL",
    ),
    "manifest NUL bytes": ({"manifest.json": b"\0" * 100}, "contract_integrity", "FAIL"),
    "manifest half a character": ({"manifest.json": LONE}, "contract_integrity", "FAIL"),
    "manifest key twice": (
        {"manifest.json": json.dumps(runs.MANIFEST)[:-1] + ', "run_id": "other"}'}, "contract_integrity", "FAIL",
    ),
    "manifest NaN": (
        {"manifest.json": json.dumps(manifest(extra=float("nan")))}, "contract_integrity", "FAIL",
    ),
    "manifest number out of range": (
        {"manifest.json": '{"run_id": "run_001", "x": 1e999}'}, "contract_integrity", "FAIL",
    ),
    "run_id a number": ({"manifest.json": manifest(run_id=1)}, "contract_integrity", "FAIL"),
    "run_id empty": ({"manifest.json": manifest(run_id="")}, "contract_integrity", "FAIL"),
    "run_id null": ({"manifest.json": manifest(run_id=None)}, "contract_integrity", "FAIL"),
    "timestamp no date": ({"manifest.json": manifest(timestamp="yesterday")}, "contract_integrity", "FAIL"),
    "timestamp true": ({"manifest.json": manifest(timestamp=True)}, "contract_integrity", "FAIL"),
    "timestamp a list": ({"manifest.json": manifest(timestamp=[])}, "contract_integrity", "FAIL"),
    "version missing": ({"manifest.json": manifest(version=None)}, "contract_integrity", "WARN"),
    "version a list": ({"manifest.json": manifest(version=["1"])}, "contract_integrity", "FAIL"),
    "runs of two": ({"decision.json": decision(run_id="run_002")}, "contract_integrity", "FAIL"),
    "decision missing": ({"decision.json": None}, "contract_integrity", "FAIL"),
    "decision empty object": ({"decision.json": {}}, "contract_integrity", "FAIL"),
    "decision a list": ({"decision.json": ["PASS"]}, "contract_integrity", "FAIL"),
    "decision a word": ({"decision.json": '"PASS"'}, "contract_integrity", "FAIL"),
    "decision fails": (
        {"decision.json": decision(status="FAIL", passed=False, recommendation="DONT_SHIP")},
        "contract_integrity", "FAIL",
    ),
    "status unknown": ({"decision.json": decision(status="banana")}, "contract_integrity", "FAIL"),
    "status null alone": (
        {"decision.json": {"run_id": "run_001", "status": None}}, "contract_integrity", "FAIL",
    ),
    "status a number": ({"decision.json": decision(status=1)}, "contract_integrity", "FAIL"),
    "status an empty object": ({"decision.json": decision(status={})}, "contract_integrity", "FAIL"),
    "status an empty list": ({"decision.json": decision(status=[])}, "contract_integrity", "FAIL"),
    "status pending": ({"decision.json": {**decision(status="pending"), "passed": None, "recommendation": None}},
                       "contract_integrity", "WARN"),
    "passed a text of no": ({"decision.json": decision(passed="False")}, "hash_chain", "FAIL"),
    "passed false": ({"decision.json": decision(passed=False)}, "hash_chain", "FAIL"),
    "recommendation against": ({"decision.json": decision(recommendation="DONT_SHIP")}, "hash_chain", "FAIL"),
    "recommendation against, other spelling": (
        {"decision.json": decision(recommendation="don't ship")}, "hash_chain", "FAIL",
    ),
    "a check failed": ({"decision.json": decision(checks={"schema": "failed"})}, "hash_chain", "FAIL"),
    "a check failed as boolean": ({"decision.json": decision(checks={"schema": False})}, "hash_chain", "FAIL"),
    "a check failed as object": (
        {"decision.json": decision(checks={"schema": {"passed": False}})}, "hash_chain", "FAIL",
    ),
    "a check failed in a list": (
        {"decision.json": decision(checks=[{"name": "schema", "status": "FAIL"}])}, "hash_chain", "FAIL",
    ),
    "a check says two things": (
        {"decision.json": decision(checks={"schema": {"status": "PASS", "passed": False}})}, "hash_chain", "FAIL",
    ),
    "summary counts failures": ({"decision.json": decision(summary={"failed": 1})}, "hash_chain", "FAIL"),
    "exit code against": ({"decision.json": decision(exit_code=1)}, "hash_chain", "FAIL"),
    "exit code negative": ({"decision.json": decision(exit_code=-1)}, "hash_chain", "FAIL"),
    "a check of an unknown word": ({"decision.json": decision(checks={"schema": "purple"})}, "contract_integrity", "FAIL"),
    "a check null": ({"decision.json": decision(checks={"schema": None})}, "contract_integrity", "FAIL"),
    "checks a text": ({"decision.json": decision(checks="PASS")}, "contract_integrity", "FAIL"),
    "checks of numbers": ({"decision.json": decision(checks=[1, 2])}, "contract_integrity", "FAIL"),
    "checks without names": ({"decision.json": decision(checks=[{"status": "PASS"}])}, "contract_integrity", "FAIL"),
    "no checks": ({"decision.json": decision(checks={})}, "contract_integrity", "WARN"),
    "a check skipped": ({"decision.json": decision(checks={"schema": "SKIPPED"})}, "contract_integrity", "WARN"),
    "summary a list": ({"decision.json": decision(summary=[1])}, "contract_integrity", "FAIL"),
    "warnings a text": ({"decision.json": decision(summary={"warnings": "none"})}, "regression_risk", "FAIL"),
    "a warning a number": ({"decision.json": decision(summary={"warnings": [5]})}, "regression_risk", "FAIL"),
    "a warning not reviewed": ({"decision.json": decision(summary={"warnings": ["odd"]})}, "regression_risk", "WARN"),
    "a regression check failed": ({"decision.json": decision(checks={"regression": "FAIL"})}, "regression_risk", "FAIL"),
    "a regression flag": (
        {"decision.json": decision(checks={"metrics": {"status": "PASS", "regression_detected": True}})},
        "regression_risk", "WARN",
    ),
    "a metric dropped": (
        {"decision.json": decision(metrics={"accuracy": 0.85}, baseline_metrics={"accuracy": 0.9})},
        "regression_risk", "WARN",
    ),
    "a delta below": (
        {"decision.json": decision(metrics={"f1": 0.85}, deltas={"f1": -0.05})}, "regression_risk", "WARN",
    ),
    "a metric as text": ({"decision.json": decision(metrics={"accuracy": "0.9"})}, "regression_risk", "FAIL"),
    "warnings nowhere": ({"decision.json": decision(summary={})}, "regression_risk", "WARN"),
    "dataset missing": ({"train.csv": None}, "hash_chain", "FAIL"),
    "dataset changed": ({"train.csv": runs.ROWS + "x"}, "hash_chain", "FAIL"),
    "dataset empty": ({"train.csv": ""}, "hash_chain", "FAIL"),
    "dataset a folder": ({"train.csv": folder}, "hash_chain", "FAIL"),
    "dataset a link out": ({"train.csv": out}, "hash_chain", "FAIL"),
    "dataset a hard link": ({"train.csv": hard}, "hash_chain", "FAIL"),
    "dataset a pipe": ({"train.csv": pipe}, "hash_chain", "FAIL"),
    "dataset links to itself": ({"train.csv": loop}, "hash_chain", "FAIL"),
    "path above": ({"manifest.json": listed("../outside.csv")}, "hash_chain", "FAIL"),
    "path absolute": ({"manifest.json": listed("/etc/hostname")}, "hash_chain", "FAIL"),
    "path with NUL": ({"manifest.json": listed("a\0b")}, "hash_chain", "FAIL"),
    "path too long": ({"manifest.json": listed("a" * 5000)}, "hash_chain", "FAIL"),
    "path empty": ({"manifest.json": listed("")}, "hash_chain", "FAIL"),
    "path a number": ({"manifest.json": listed(3)}, "hash_chain", "FAIL"),
    "path the run itself": ({"manifest.json": listed(".")}, "hash_chain", "FAIL"),
    "hash too short": ({"manifest.json": listed("train.csv", runs.HASH[:-1])}, "hash_chain", "FAIL"),
    "hash of another kind": ({"manifest.json": listed("train.csv", "md5:" + "0" * 32)}, "hash_chain", "FAIL"),
    "hash not hex": ({"manifest.json": listed("train.csv", "z" * 64)}, "hash_chain", "FAIL"),
    "hash empty": ({"manifest.json": listed("train.csv", "")}, "hash_chain", "FAIL"),
    "hash a number": ({"manifest.json": listed("train.csv", 5)}, "hash_chain", "FAIL"),
    "hash a placeholder": ({"manifest.json": listed("train.csv", "sha256:placeholder")}, "hash_chain", "FAIL"),
    "hash null": ({"manifest.json": listed("train.csv", None)}, "hash_chain", "WARN"),
    "two hashes": (
        {"manifest.json": manifest(datasets=[{"path": "train.csv", "hash": runs.HASH, "sha256": "0" * 64}])},
        "hash_chain", "FAIL",
    ),
    "listed twice, one wrong": (
        {"manifest.json": manifest(datasets=[*runs.MANIFEST["datasets"], {"path": "./train.csv", "hash": "0" * 64}])},
        "hash_chain", "FAIL",
    ),
    "datasets a text": ({"manifest.json": manifest(datasets="train.csv")}, "hash_chain", "FAIL"),
    "datasets of numbers": ({"manifest.json": manifest(datasets=[1])}, "hash_chain", "FAIL"),
    "datasets without paths": ({"manifest.json": manifest(datasets=[{"hash": runs.HASH}])}, "hash_chain", "FAIL"),
    "datasets empty": ({"manifest.json": manifest(datasets=[])}, "hash_chain", "WARN"),
    "data other than the decision looked at": (
        {"decision.json": decision(checks={"contamination": {"status": "PASS", "datasets": [{"path": "train.csv", "hash": "0" * 64}]}})},
        "hash_chain", "FAIL",
    ),
    "data that the decision looked at is gone": (
        {"decision.json": decision(datasets=[{"path": "gone.csv", "hash": "0" * 64}])}, "hash_chain", "FAIL",
    ),
    "data behind a link": ({"more.csv": out}, "hash_chain", "WARN"),
    "data behind a link, not searched": ({"more.csv": out}, "privacy_safety", "WARN"),
    "a folder behind a link": ({"data": lambda path: path.symlink_to("/usr")}, "privacy_safety", "WARN"),
    "a pipe among the data": ({"more.csv": pipe}, "privacy_safety", "WARN"),
    "a check warns": ({"decision.json": decision(checks={"schema": "WARN"})}, "contract_integrity", "WARN"),
    "an audit of other bytes": (
        {"redaction_audit.json": audit(files=[{"path": "train.csv", "sha256": "0" * 64}])}, "privacy_safety", "WARN",
    ),
    "an audit of a path too long": (
        {"redaction_audit.json": audit(files=[{"path": "a" * 5000, "sha256": "0" * 64}])}, "privacy_safety", "WARN",
    ),
    "data listed nowhere": ({"test.csv": runs.ROWS}, "hash_chain", "WARN"),
    "audit empty": ({"redaction_audit.json": ""}, "privacy_safety", "FAIL"),
    "audit a list": ({"redaction_audit.json": []}, "privacy_safety", "FAIL"),
    "audit passes beside findings": ({"redaction_audit.json": audit(findings_count=5)}, "privacy_safety", "FAIL"),
    "audit passes beside types": (
        {"redaction_audit.json": audit(summary={"findings_by_type": {"email": 1}})}, "privacy_safety", "FAIL",
    ),
    "audit passes beside types on top": (
        {"redaction_audit.json": audit(findings_by_type={"email": 1})}, "privacy_safety", "FAIL",
    ),
    "audit passes beside a list": ({"redaction_audit.json": audit(findings=[{"type": "email"}])}, "privacy_safety", "FAIL"),
    "audit passes and fails": ({"redaction_audit.json": audit(passed=False)}, "privacy_safety", "FAIL"),
    "audit without status": ({"redaction_audit.json": {"findings_count": 0}}, "privacy_safety", "FAIL"),
    "audit of an unknown word": ({"redaction_audit.json": audit(status="fine-ish")}, "privacy_safety", "FAIL"),
    "audit count as text": ({"redaction_audit.json": audit(findings_count="0")}, "privacy_safety", "FAIL"),
    "audit count negative": ({"redaction_audit.json": audit(findings_count=-3)}, "privacy_safety", "FAIL"),
    "audit count true": ({"redaction_audit.json": audit(findings_count=True)}, "privacy_safety", "FAIL"),
    "audit count NaN": ({"redaction_audit.json": '{"status": "PASS", "findings_count": NaN}'}, "privacy_safety", "FAIL"),
    "audit types of text": (
        {"redaction_audit.json": audit(summary={"findings_by_type": {"email": "3"}})}, "privacy_safety", "FAIL",
    ),
    "audit summary a number": ({"redaction_audit.json": audit(summary=3)}, "privacy_safety", "FAIL"),
    "audit skipped": ({"redaction_audit.json": audit(status="SKIPPED")}, "privacy_safety", "WARN"),
    "audit of nothing": ({"redaction_audit.json": audit(files_scanned=0)}, "privacy_safety", "WARN"),
    "audit without counts": ({"redaction_audit.json": {"status": "PASS"}}, "privacy_safety", "WARN"),
    "audit type named like an argument": (
        {"redaction_audit.json": audit(summary={"findings_by_type": {"status": 1, "message": 2, "self": 1}})},
        "privacy_safety", "FAIL",
    ),
    "an address in the data": ({"train.csv": runs.ROWS + "99,ask jane.doe@acme-corp.org,1\n"}, "privacy_safety", "FAIL"),
    "a key in the data": (
        {"notes.csv": "id,text\n1,key AKIAQ7RZ5KX2MN4PLT6V here\n"}, "privacy_safety", "FAIL",
    ),
    "a telephone number in unlisted data": (
        {"data/extra.jsonl": '{"text": "call me: +49 30 901820123"}\n'}, "privacy_safety", "FAIL",
    ),
    "a key in the environment": (
        {"environment.json": {**runs.ENVIRONMENT, "env": {"TOKEN": "ghp_" + "a8Kd03Lq92Zx7Rt5Vb1Nm6Ty4Ue8Wp0Qs2Jh"}}}, "privacy_safety", "FAIL",
    ),
    "a connection in the settings": (
        {"config.yaml": "db: postgresql://admin:Zk93jfLq0x@db.internal:5432/prod\n"}, "privacy_safety", "FAIL",
    ),
    "contamination failed": ({"decision.json": decision(checks={"contamination": "FAIL"})}, "contamination_risk", "FAIL"),
    "contamination as boolean": ({"decision.json": decision(checks={"contamination": False})}, "contamination_risk", "FAIL"),
    "contamination found": (
        {"decision.json": decision(checks={"contamination": {"contaminated": True}})}, "contamination_risk", "FAIL",
    ),
    "contamination passes beside overlaps": (
        {"decision.json": decision(checks={"contamination": {"status": "PASS", "exact_overlaps": 3}})},
        "contamination_risk", "FAIL",
    ),
    "contamination of an unknown word": (
        {"decision.json": decision(checks={"contamination": "dunno"})}, "contamination_risk", "FAIL",
    ),
    "contamination unchecked": ({"decision.json": decision(checks={"schema": "PASS"})}, "contamination_risk", "WARN"),
    "contamination skipped": ({"decision.json": decision(checks={"contamination": "skipped"})}, "contamination_risk", "WARN"),
    "leakage of its own file": ({"contamination.json": {"status": "FAIL"}}, "contamination_risk", "FAIL"),
    "leakage of its own file, broken": ({"contamination.json": "{"}, "contamination_risk", "FAIL"),
    "a risk flag": ({"decision.json": decision(risk_flags=["contamination_fail"])}, "contamination_risk", "FAIL"),
    "contracts a text": ({"manifest.json": manifest(contracts="all")}, "config_sanity", "FAIL"),
    "contracts of numbers": ({"manifest.json": manifest(contracts=[5])}, "config_sanity", "FAIL"),
    "contracts none": ({"manifest.json": manifest(contracts=[])}, "config_sanity", "WARN"),
    "contract without a name": ({"manifest.json": manifest(contracts=[{"min_row_count": 50}])}, "config_sanity", "FAIL"),
    "rows as text": ({"manifest.json": contract(min_row_count="100")}, "config_sanity", "FAIL"),
    "rows negative": ({"manifest.json": contract(min_row_count=-5)}, "config_sanity", "FAIL"),
    "rows a fraction": ({"manifest.json": contract(min_row_count=10.5)}, "config_sanity", "FAIL"),
    "rows true": ({"manifest.json": contract(min_row_count=True)}, "config_sanity", "FAIL"),
    "rows without end": ({"manifest.json": contract(min_row_count=10**40)}, "config_sanity", "WARN"),
    "rows none": ({"manifest.json": contract(min_row_count=0)}, "config_sanity", "WARN"),
    "ratio above one": ({"manifest.json": contract(max_null_ratio=50)}, "config_sanity", "FAIL"),
    "ratio negative": ({"manifest.json": contract(max_null_ratio=-0.1)}, "config_sanity", "FAIL"),
    "ratio as text": ({"manifest.json": contract(max_null_ratio="10%")}, "config_sanity", "FAIL"),
    "ratio high": ({"manifest.json": contract(max_null_ratio=0.9)}, "config_sanity", "WARN"),
    "environment empty": ({"environment.json": ""}, "reproducibility", "FAIL"),
    "environment a list": ({"environment.json": []}, "reproducibility", "FAIL"),
    "environment empty object": ({"environment.json": {}}, "reproducibility", "WARN"),
    "seed as text": ({"environment.json": {**runs.ENVIRONMENT, "seed": "42"}}, "reproducibility", "FAIL"),
    "seed true": ({"environment.json": {**runs.ENVIRONMENT, "seed": True}}, "reproducibility", "FAIL"),
    "seed null": ({"environment.json": {**runs.ENVIRONMENT, "seed": None}}, "reproducibility", "WARN"),
    "versions a number": ({"environment.json": {"seed": 1, "versions": 3}}, "reproducibility", "FAIL"),
    "versions empty": ({"environment.json": {"seed": 1, "versions": {}}}, "reproducibility", "WARN"),
    "a version a list": ({"environment.json": {"seed": 1, "versions": {"numpy": [1]}}}, "reproducibility", "FAIL"),
    "neither layout": (dict.fromkeys(runs.validation()), "contract_integrity", "FAIL"),
}  # fmt: skip

TRAINING: dict[str, tuple[dict[str, Any], str, str]] = {
    "metadata missing": ({"run_meta.json": None}, "contract_integrity", "FAIL"),
    "metadata empty": ({"run_meta.json": ""}, "contract_integrity", "FAIL"),
    "metadata a list": ({"run_meta.json": []}, "contract_integrity", "FAIL"),
    "run failed": ({"run_meta.json": {**runs.META, "status": "failed"}}, "contract_integrity", "FAIL"),
    "run still running": ({"run_meta.json": {**runs.META, "status": "running"}}, "contract_integrity", "FAIL"),
    "status a number": ({"run_meta.json": {**runs.META, "status": 0}}, "contract_integrity", "FAIL"),
    "metadata changed": ({"run_meta.json": {**runs.META, "run_name": "x"}}, "hash_chain", "FAIL"),
    "hashes missing": ({"hashes.json": None}, "hash_chain", "WARN"),
    "hashes empty": ({"hashes.json": ""}, "hash_chain", "FAIL"),
    "hashes a list": ({"hashes.json": []}, "hash_chain", "FAIL"),
    "hashes of nothing": ({"hashes.json": {"files": {}, "chain_hash": None}}, "hash_chain", "WARN"),
    "hashes a table of lists": ({"hashes.json": {"files": {"config.yaml": []}}}, "hash_chain", "FAIL"),
    "hashes a text": ({"hashes.json": {"files": "config.yaml"}}, "hash_chain", "FAIL"),
    "hashes by another algorithm": ({"hashes.json": {"hash_algorithm": "md5", "files": {}}}, "hash_chain", "FAIL"),
    "chain missing": ({"hashes.json": {"files": runs.training()["hashes.json"]["files"]}}, "hash_chain", "WARN"),
    "chain wrong": (
        {"hashes.json": {**runs.training()["hashes.json"], "chain_hash": "0" * 64}}, "hash_chain", "FAIL",
    ),
    "chain a number": ({"hashes.json": {**runs.training()["hashes.json"], "chain_hash": 1}}, "hash_chain", "FAIL"),
    "evaluation not listed": ({"hashes.json": runs.hashes_of({"config.yaml": runs.CONFIG})}, "hash_chain", "WARN"),
    "listed file missing": ({"environment.json": None}, "hash_chain", "FAIL"),
    "evaluation changed": ({"eval/eval_results.json": {"overall": {"accuracy": 0.99}}}, "hash_chain", "FAIL"),
    "evaluation missing": (
        {"eval/eval_results.json": None,
         "hashes.json": runs.hashes_of({"config.yaml": runs.CONFIG})}, "regression_risk", "WARN",
    ),
    "evaluation empty": ({"eval/eval_results.json": ""}, "regression_risk", "FAIL"),
    "evaluation a list": ({"eval/eval_results.json": [0.9]}, "regression_risk", "FAIL"),
    "accuracy NaN": ({"eval/eval_results.json": '{"overall": {"accuracy": NaN}}'}, "regression_risk", "FAIL"),
    "accuracy as text": ({"eval/eval_results.json": {"overall": {"accuracy": "0.9"}}}, "regression_risk", "FAIL"),
    "accuracy dropped": (
        {"eval/eval_results.json": {"overall": {"accuracy": 0.8}, "baseline": {"accuracy": 0.9}}},
        "regression_risk", "WARN",
    ),
    "loss rose": (
        {"eval/eval_results.json": {"overall": {"loss": 0.9}, "baseline": {"overall": {"loss": 0.5}}}},
        "regression_risk", "WARN",
    ),
    "no baseline": ({"eval/eval_results.json": {"overall": {"accuracy": 0.9}}}, "regression_risk", "WARN"),
    "configuration empty": ({"config.yaml": ""}, "config_sanity", "FAIL"),
    "configuration a list": ({"config.yaml": "- a\n"}, "config_sanity", "FAIL"),
    "configuration with an alias": ({"config.yaml": "a: &x 1\nb: *x\n"}, "config_sanity", "FAIL"),
    "configuration with a tag": ({"config.yaml": "a: !!python/object/apply:os.system [ls]\n"}, "config_sanity", "FAIL"),
    "configuration deep": ({"config.yaml": "[" * 10_000}, "config_sanity", "FAIL"),
    "configuration latin-1": ({"config.yaml": "name: é\n".encode("latin-1")}, "config_sanity", "FAIL"),
    "configuration missing": ({"config.yaml": None}, "config_sanity", "WARN"),
    "learning rate absurd": ({"config.yaml": "training: {learning_rate: 300}\n"}, "config_sanity", "WARN"),
    "learning rate NaN": ({"config.yaml": "training: {learning_rate: .nan}\n"}, "config_sanity", "FAIL"),
    "learning rate a word": ({"config.yaml": "training: {learning_rate: fast}\n"}, "config_sanity", "FAIL"),
    "dangerous setting": ({"config.yaml": "trust_remote_code: true\n"}, "config_sanity", "WARN"),
    "seeds differ": ({"config.yaml": "seed: 43\n"}, "reproducibility", "FAIL"),
    "no environment": ({"environment.json": None}, "reproducibility", "WARN"),
    "contamination unchecked": ({"contamination.json": None}, "contamination_risk", "WARN"),
    "evaluation of another run": (
        {"eval/eval_results.json": {**runs.EVALUATION, "run_id": "run_002"}}, "contract_integrity", "FAIL",
    ),
    "decision beside says no": (
        {"decision.json": {"run_id": "run_001", "status": "FAIL"}}, "contract_integrity", "FAIL",
    ),
    "decision of another run": (
        {"decision.json": {**runs.DECISION, "run_id": "run_002"}}, "contract_integrity", "FAIL",
    ),
}  # fmt: skip

CASES = [
    pytest.param(make, case, id=f"{make.__name__}: {name}")
    for make, table in ((runs.validation, VALIDATION), (runs.training, TRAINING))
    for name, case in table.items()
]


@pytest.mark.parametrize(("make", "case"), CASES)
def test_the_check_sees_it(tmp_path: Path, make: Any, case: tuple[dict[str, Any], str, str]) -> None:
    """The check it concerns has that status; no check breaks; the run does not pass."""
    changes, name, status = case
    report = validate_readiness(runs.write(tmp_path / "run_001", {**make(), **changes}))
    by_name = {check.name: check for check in report.checks}
    assert by_name[name].status == status, by_name[name].message
    assert report.summary["errors"] == 0, [c.message for c in report.checks if c.status == "ERROR"]
    assert report.overall_status in ("WARN", "FAIL")
    assert status != "FAIL" or report.overall_status == "FAIL"
    if by_name[name].details.get("problem") == "BadContent":
        known = {*make(), *changes}
        assert any(file in by_name[name].message for file in known), "the message names the file"


def test_there_are_enough() -> None:
    """The tables keep their size."""
    assert len(CASES) >= 150
