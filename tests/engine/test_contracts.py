"""Data contracts: their configuration, the decision, and that `readiness ready` understands it."""

from __future__ import annotations

import hashlib
import json
import stat
from datetime import UTC, datetime

import pytest

from readiness.engine.contracts import decision
from readiness.engine.contracts.config import parse
from readiness.engine.contracts.evaluate import decide
from readiness.engine.contracts.places import ContractError
from readiness.engine.errors import RunDirectoryError
from readiness.engine.options import Options
from readiness.engine.ready.contamination_risk import check_contamination_risk
from readiness.engine.ready.contract_integrity import check_contract_integrity

TRAIN, TEST = "id,age,label\n1,20,cat\n2,30,dog\n3,,cat\n", "id,age,label\n4,20,cat\n"
FILES = {"data/train.csv": TRAIN, "data/test.csv": TEST}
CONTRACTS = """\
contracts:
  - name: completeness
    type: completeness
    dataset: data/*.csv
    min_row_count: 1
    max_null_ratio: 0.5
  - name: schema
    type: schema
    dataset: data/train.csv
    columns:
      age: {type: integer, min: 0}
      label: {one_of: [cat, dog]}
  - {name: contamination, type: contamination, train: data/train.csv, test: data/test.csv, key: [id]}
"""


def contracts(text):
    """A configuration from YAML."""
    return parse(text.encode(), "contracts.yml")


@pytest.mark.parametrize(
    ("old", "new", "statuses"),
    [
        ("", "", ["PASS", "PASS", "PASS"]),
        ("min_row_count: 1", "min_row_count: 2", ["FAIL", "PASS", "PASS"]),
        ("max_null_ratio: 0.5", "max_null_ratio: 0.1", ["FAIL", "PASS", "PASS"]),
        ("min: 0", "min: 21", ["PASS", "FAIL", "PASS"]),
        ("min: 0", "unique: true, min: 0", ["PASS", "PASS", "PASS"]),
        ("[cat, dog]}", "[cat, dog]}\n    severity: warn\n    min_row_count: 9", ["PASS", "WARN", "PASS"]),
        ("key: [id]", "key: [label]", ["PASS", "PASS", "FAIL"]),
        ("key: [id]", "key: [nope]", ["PASS", "PASS", "FAIL"]),
        ("data/*.csv", "[data/train.csv, data/none.csv]", ["FAIL", "PASS", "PASS"]),
        ("data/*.csv", "none/*.csv", ["FAIL", "PASS", "PASS"]),
        ("data/*.csv", "../*.csv", ["ERROR", "PASS", "PASS"]),
        ("    dataset: data/*.csv\n", "", ["FAIL", "PASS", "PASS"]),
    ],
)
def test_statuses(run, old, new, statuses):
    """Each contract by itself; the worst decides, and nothing is shipped that did not pass."""
    decided = decide(run(FILES), contracts(CONTRACTS.replace(old, new) if old else CONTRACTS)).to_dict()
    assert [c["status"] for c in decided["checks"].values()] == statuses
    order = ["PASS", "WARN", "ERROR", "FAIL"]
    assert decided["status"] == max(statuses, key=order.index)
    assert decided["passed"] is (decided["status"] in ("PASS", "WARN"))
    assert decided["recommendation"] == ("SHIP" if decided["passed"] else "DONT_SHIP")
    assert decided["summary"]["failed"] == statuses.count("FAIL")
    assert len(decided["summary"]["warnings"]) == statuses.count("WARN")


def test_shape(run):
    """The decision's fields: id, time, digests of configuration and data."""
    made = run(FILES | {"manifest.json": {"run_id": "r-1"}})
    made.options = Options(now=datetime(2026, 6, 30, 12, tzinfo=UTC))
    decided = decide(made, contracts(CONTRACTS)).to_dict()
    assert (decided["schema_version"], decided["run_id"]) == (1, "r-1")
    assert decided["timestamp"] == "2026-06-30T12:00:00+00:00"
    assert decided["config"]["sha256"] == hashlib.sha256(CONTRACTS.encode()).hexdigest()
    read = decided["checks"]["schema"]["datasets"]
    assert read == [
        {"path": "data/train.csv", "hash": f"sha256:{hashlib.sha256(TRAIN.encode()).hexdigest()}"}
    ]


def manifest(**more):
    """A manifest as `ready` wants it."""
    data = {"path": "data/train.csv", "hash": hashlib.sha256(TRAIN.encode()).hexdigest()}
    return {
        "run_id": "r",
        "timestamp": "2026-01-01",
        "version": "1",
        "contracts": [],
        "datasets": [data],
        **more,
    }


@pytest.mark.parametrize(("key", "expected"), [("id", "PASS"), ("label", "FAIL")])
def test_ready_reads_it(run, key, expected):
    """`ready` finds what was decided, and the contamination contract under any name."""
    made = run(FILES | {"manifest.json": manifest()})
    text = CONTRACTS.replace("key: [id]", f"key: [{key}]").replace("name: contamination", "name: split")
    decision.write(made, decide(made, contracts(text)))
    assert check_contract_integrity(made).status == expected
    assert check_contamination_risk(made).status == expected


def test_datasets_of_the_manifest(run):
    """A contract without a dataset is about those that manifest.json lists."""
    text = "contracts: [{name: c, type: completeness, min_row_count: 3}]"
    decided = decide(run(FILES | {"manifest.json": manifest()}), contracts(text)).to_dict()
    assert [d["path"] for d in decided["checks"]["c"]["datasets"]] == ["data/train.csv"]
    assert decided["status"] == "PASS"


def test_manifest_that_claims_other_limits(run):
    """A manifest that says stricter limits than those used is told, as a warning."""
    claims = [{"name": "completeness", "min_row_count": 1000, "max_null_ratio": 0.5}]
    decided = decide(
        run(FILES | {"manifest.json": manifest(contracts=claims)}), contracts(CONTRACTS)
    ).to_dict()
    said = "completeness: manifest.json says min_row_count 1000, contracts.yml 1"
    assert (decided["status"], decided["summary"]["warnings"]) == ("WARN", [said])


@pytest.mark.parametrize(
    "content", ["{", "[]", "null", '{"run_id": 5, "contracts": 3, "datasets": 7}', "\xff"]
)
def test_hostile_manifest(run, content):
    """A manifest that cannot be used is told, never a traceback."""
    made = run(FILES | {"manifest.json": content.encode("latin-1")})
    decided = decide(made, contracts(CONTRACTS))
    assert decided.run_id == made.root.name
    assert "manifest.json" in decided.notes[0]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("min_row_count: 1", "min_row_count: ten", "line 5, contracts[0].min_row_count: Expected `int`"),
        ("min_row_count: 1", "min_rows: 1", "line 5, contracts[0]: Object contains unknown field `min_rows`"),
        ("min_row_count: 1", "min_row_count: -1", "line 2, contract completeness: min_row_count is negative"),
        ("max_null_ratio: 0.5", "max_null_ratio: 50", "contract completeness: max_null_ratio is 50"),
        ("type: integer", "type: int", "line 11, contracts[1].columns.age.type: Invalid enum value 'int'"),
        ("min: 0", "pattern: '('", "line 7, contract schema: columns.age: the pattern"),
        ("name: schema", "name: completeness", "line 7: the name 'completeness' is empty or stands twice"),
        ("name: schema", "name: ''", "line 7: the name ''"),
        ("type: schema", "type: scheme", "line 8, contracts[1].type: Invalid value 'scheme'"),
        ("  - name: schema\n", "  -\n", "contracts[1]: Object missing required field `name`"),
        ("contracts:", "contract:", "line 1, the file: Object contains unknown field `contract`"),
        ("min: 0", "min: 0, min: 1", "line 11"),
        ("data/*.csv", "*star", "alias"),
        (CONTRACTS, "contracts: []", "line 1: 0 contracts"),
        (CONTRACTS, "", "holds no `contracts:`"),
        (CONTRACTS, "- 1", "holds no `contracts:`"),
        (CONTRACTS, "a: [", "not usable YAML"),
        (CONTRACTS, "contracts: [{name: s, type: schema}]", "needs `columns`"),
        (CONTRACTS, "#" * (1 << 20) + "##", "larger than 1 MB"),
    ],
)
def test_wrong_configuration(old, new, words):
    """Whatever is wrong is named with its key and line."""
    with pytest.raises(ContractError) as raised:
        contracts(CONTRACTS.replace(old, new))
    assert words in str(raised.value)


def test_configuration_in_another_encoding():
    """Bytes that are no UTF-8 are refused."""
    with pytest.raises(ContractError, match="not utf-8"):
        parse(b"contracts: [\xe4]", "c.yml")


def test_written_whole_or_not(run):
    """A replaced decision keeps its permissions, nothing is left beside it; a link is not followed."""
    made = run(FILES)
    target = made.root / "decision.json"
    target.write_text("old")
    target.chmod(0o600)
    decided = decide(made, contracts(CONTRACTS))
    decision.write(made, decided)
    assert json.loads(target.read_text()) == decided.to_dict()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [p.name for p in made.root.iterdir() if "decision" in p.name] == ["decision.json"]
    target.unlink()
    target.symlink_to("elsewhere.json")
    with pytest.raises(RunDirectoryError, match="no plain file"):
        decision.write(made, decided)
    assert not (made.root / "elsewhere.json").exists()
