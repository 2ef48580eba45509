"""`readiness seal`: writes what is missing, whole or not at all, and never replaces a hash."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from readiness.cli import main
from readiness.commands._shared import Exit
from readiness.engine.ready.validate import validate_readiness
from tests.engine.ready import runs


def unsealed() -> dict[str, Any]:
    """A training run without hashes.json."""
    return {**runs.training(), "hashes.json": None}


def status(root: Path, name: str) -> str:
    return next(c.status for c in validate_readiness(root).checks if c.name == name)


def listing(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def test_seals_a_training_run(tmp_path: Path, capsys) -> None:
    """hashes.json appears with each file's SHA-256 and the chain over them; the run is verified then."""
    root = runs.write(tmp_path / "run", unsealed())
    assert status(root, "hash_chain") == "WARN"
    assert main(["seal", "--run", str(root)]) == Exit.READY
    sealed = read(root / "hashes.json")
    for name, digest in sealed["files"].items():
        assert digest == hashlib.sha256((root / name).read_bytes()).hexdigest()
    assert {"run_meta.json", "config.yaml", "eval/eval_results.json", "data/train.csv"} <= set(
        sealed["files"]
    )
    joined = "|".join(sorted(f"{name}={digest}" for name, digest in sealed["files"].items()))
    assert sealed["chain_hash"] == hashlib.sha256(joined.encode()).hexdigest()
    assert status(root, "hash_chain") == "PASS"
    shown = capsys.readouterr().out
    assert "chain_hash" in shown
    assert "config.yaml" in shown


def test_seals_a_validation_run(tmp_path: Path) -> None:
    """Only the missing dataset hash is written; everything else of the manifest stays as it was."""
    manifest = {**runs.MANIFEST, "datasets": [{"path": "train.csv", "rows": 20}, "test.csv"], "owner": "Zoë"}
    files = {**runs.validation(), "manifest.json": manifest, "test.csv": "id\n1\n"}
    root = runs.write(tmp_path / "run", files)
    (root / "manifest.json").chmod(0o640)
    assert main(["seal", "--run", str(root)]) == Exit.READY
    assert read(root / "manifest.json") == {
        **manifest,
        "datasets": [
            {"path": "train.csv", "rows": 20, "hash": runs.HASH},
            {"path": "test.csv", "hash": hashlib.sha256(b"id\n1\n").hexdigest()},
        ],
    }
    assert (root / "manifest.json").stat().st_mode & 0o777 == 0o640
    assert status(root, "hash_chain") == "PASS"
    assert not list(root.glob(".*"))


def test_datasets_as_a_table(tmp_path: Path) -> None:
    """A table of datasets stays a table."""
    manifest = {**runs.MANIFEST, "datasets": {"train.csv": None}}
    root = runs.write(tmp_path, {**runs.validation(), "manifest.json": manifest})
    assert main(["seal", "--run", str(root)]) == Exit.READY
    assert read(root / "manifest.json")["datasets"] == {"train.csv": runs.HASH}


@pytest.mark.parametrize("make", [runs.validation, runs.training, unsealed])
def test_sealing_twice_writes_nothing(tmp_path: Path, make: Any, capsys) -> None:
    """The second time there is nothing to write, and no file is touched."""
    root = runs.write(tmp_path, make())
    main(["seal", "--run", str(root)])
    before = listing(root)
    capsys.readouterr()
    assert main(["seal", "--run", str(root)]) == Exit.READY
    assert "Nothing to write" in capsys.readouterr().out
    assert listing(root) == before


DISAGREEING: dict[str, dict[str, Any]] = {
    "a changed dataset": {**runs.validation(), "train.csv": "id\n", "new.csv": "id\n"},
    "a missing dataset": {**runs.validation(), "train.csv": None, "new.csv": "id\n"},
    "a changed file": {**runs.training(), "config.yaml": "seed: 42\nlr: 1.0\n", "new.csv": "id\n"},
    "a missing file": {**runs.training(), "environment.json": None},
    "a chain of other files": {
        **runs.training(),
        "hashes.json": {**runs.training()["hashes.json"], "chain_hash": "0" * 64},
        "new.csv": "id\n",
    },
    "a broken manifest": {**runs.validation(), "manifest.json": '{"datasets": 5}'},
    "broken hashes": {**runs.training(), "hashes.json": "{"},
    "a hash that is none": {
        **runs.validation(),
        "manifest.json": {**runs.MANIFEST, "datasets": [{"path": "train.csv", "hash": "abc"}, "new.csv"]},
        "new.csv": "id\n",
    },
}


@pytest.mark.parametrize("case", DISAGREEING)
def test_what_disagrees_stops_it(tmp_path: Path, case: str, capsys) -> None:
    """Exit 1, it says which, and nothing at all was written."""
    root = runs.write(tmp_path / "run", DISAGREEING[case])
    before = listing(root)
    assert main(["seal", "--run", str(root)]) == Exit.NOT_READY
    shown = capsys.readouterr().out
    assert "Not sealed" in shown
    assert any(name in shown for name in [*DISAGREEING[case]])
    assert listing(root) == before
    assert main(["seal", "--run", str(root), "--json"]) == Exit.NOT_READY
    assert json.loads(capsys.readouterr().out)["disagreements"]


def test_a_link_out_is_not_sealed(tmp_path: Path) -> None:
    """A dataset that lies outside is neither read nor listed."""
    (tmp_path / "outside.csv").write_text("id\n")
    files = {
        **runs.validation(),
        "manifest.json": {**runs.MANIFEST, "datasets": ["link.csv"]},
        "train.csv": None,
    }
    root = runs.write(tmp_path / "run", files)
    (root / "link.csv").symlink_to(tmp_path / "outside.csv")
    assert main(["seal", "--run", str(root)]) == Exit.NOT_READY
    assert read(root / "manifest.json")["datasets"] == ["link.csv"]


def test_a_manifest_that_is_a_link_is_not_replaced(tmp_path: Path) -> None:
    """Replacing it would leave the real file as it was."""
    root = runs.write(tmp_path / "run", runs.validation())
    (root / "real.json").write_text(json.dumps({**runs.MANIFEST, "datasets": ["train.csv"]}))
    (root / "manifest.json").unlink()
    (root / "manifest.json").symlink_to("real.json")
    assert main(["seal", "--run", str(root)]) != Exit.READY
    assert (root / "manifest.json").is_symlink()
    assert read(root / "real.json")["datasets"] == ["train.csv"]
    assert not list(root.glob(".*"))


@pytest.mark.parametrize("make", [runs.validation, unsealed])
def test_a_name_that_is_no_text(tmp_path: Path, make: Any, capsys) -> None:
    """It cannot stand in JSON: nothing is written, and the name is told."""
    root = runs.write(tmp_path / "run", make())
    (root / "data").mkdir(exist_ok=True)
    (root / "data" / os.fsdecode(b"bad\xff.csv")).write_text("id\n")
    before = listing(root)
    assert main(["seal", "--run", str(root)]) == Exit.NOT_READY
    assert "bad" in capsys.readouterr().out
    assert listing(root) == before


def test_a_manifest_that_is_sealed_itself(tmp_path: Path, capsys) -> None:
    """Writing into it would break the hash that stands for it."""
    manifest = {**runs.MANIFEST, "datasets": ["train.csv"]}
    digest = hashlib.sha256(json.dumps(manifest).encode()).hexdigest()
    files = {**runs.validation(), "manifest.json": manifest, "hashes.json": {"manifest_hash": digest}}
    root = runs.write(tmp_path / "run", files)
    before = listing(root)
    assert main(["seal", "--run", str(root)]) == Exit.NOT_READY
    assert "manifest.json" in capsys.readouterr().out
    assert listing(root) == before


@pytest.mark.parametrize("args", [["seal"], ["seal", "--run", "/nowhere/at/all"], ["seal", "--run", ""]])
def test_wrong_usage(args: list[str], capsys) -> None:
    """Exit 2 and a message."""
    assert main(args) == Exit.USAGE
    assert capsys.readouterr().err


def test_no_run(tmp_path: Path) -> None:
    """A folder that is no run is left alone."""
    root = runs.write(tmp_path / "run", {"a.csv": "id\n"})
    assert main(["seal", "--run", str(root)]) == Exit.USAGE
    assert list(listing(root)) == ["a.csv"]
