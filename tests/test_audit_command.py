"""`readiness audit`: what it looks at, what it writes, how it ends."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import pytest

from readiness.cli import main
from readiness.engine.scan import audit
from readiness.engine.target import RunDirectory

CLEAN = "id,x\n1,0.25\n2,0.75\n"
MAIL = "jane.doe@corp.io"


@pytest.fixture
def run_dir(tmp_path):
    """`run_dir({"data.csv": "text"})` makes a run and gives its path."""

    def make(files):
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return root

    root = tmp_path / "run"
    root.mkdir()
    return make


def written(folder):
    """What stands in redaction_audit.json."""
    return json.loads((folder / audit.AUDIT).read_text())


def test_clean(run_dir, capsys):
    """Clean data: PASS, exit 0, every file with its size and SHA-256."""
    folder = run_dir({"data.csv": CLEAN, "notes.bin": MAIL})
    assert main(["audit", "--run", str(folder)]) == 0
    assert "PASS: 0 findings in 1 file" in capsys.readouterr().out
    made = written(folder)
    assert (made["status"], made["findings_count"], made["summary"]["findings_by_type"]) == ("PASS", 0, {})
    digest = hashlib.sha256(CLEAN.encode()).hexdigest()
    assert made["files"] == [{"path": "data.csv", "size": len(CLEAN), "sha256": digest}]
    assert {"schema_version", "tool", "version", "run_id", "generated_at", "files_scanned"} <= made.keys()


def test_findings(run_dir, capsys):
    """Findings: FAIL, exit 1, counts by type, places without the values."""
    folder = run_dir({"a.jsonl": f'{{"mail": "{MAIL}"}}\n' * 3, "b.csv": "key\nAKIAZ7Q2M4K6X8C0V1B3\n"})
    assert main(["audit", "--run", str(folder)]) == 1
    said = capsys.readouterr().out
    assert "FAIL: 4 findings in 2 files" in said
    assert "b.csv:2: api_key AKIA…" in said
    made = written(folder)
    assert (made["status"], made["findings_count"]) == ("FAIL", 4)
    assert made["summary"]["findings_by_type"] == {"email": 3, "api_key": 1}
    assert made["locations"][0]["line"] == 1
    assert MAIL not in said + json.dumps(made)


def test_manifest_datasets(run_dir):
    """The datasets that manifest.json lists are looked at whatever their names; so is what looks like it."""
    manifest = json.dumps({"run_id": "r", "datasets": [{"path": "./in/set.dat"}, {"path": "gone.csv"}]})
    folder = run_dir({"manifest.json": manifest, "in/set.dat": MAIL, "more.csv": CLEAN})
    assert main(["audit", "--run", str(folder)]) == 1
    made = written(folder)
    assert [file["path"] for file in made["files"]] == ["in/set.dat", "more.csv"]
    assert made["findings_count"] == 1
    assert "not in the run" in made["skipped"]["gone.csv"]


@pytest.mark.parametrize(
    ("files", "options"),
    [
        ({}, []),
        ({"model.bin": b"\0"}, []),
        ({"data.csv": b""}, []),
        ({"data.parquet": b"PAR1" + bytes(9)}, []),
        ({"data.csv": CLEAN, "more.parquet": b"PAR1" + bytes(9)}, []),
        ({"data.csv": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"}, []),
        ({"data.csv.gz": b"\x1f\x8b\x08", "data.csv": CLEAN}, ["--path", "*"]),
        ({"data.csv": CLEAN}, ["--path", "*.jsonl"]),
        ({"manifest.json": '{"datasets": [{"path": "gone.csv"}]}', "data.csv": CLEAN}, []),
    ],
)
def test_what_was_not_looked_at_is_no_pass(run_dir, files, options):
    """Nothing to look at, or something that could not be: INCOMPLETE and exit 1."""
    folder = run_dir(files)
    assert main(["audit", "--run", str(folder), *options]) == 1
    made = written(folder)
    assert (made["status"], made["findings_count"]) == ("INCOMPLETE", 0)
    assert made["skipped"] or not made["bytes_scanned"]


def test_path(run_dir):
    """--path names other files; the audit itself is never looked at."""
    folder = run_dir({"data.csv": MAIL, "notes.md": CLEAN, audit.AUDIT: MAIL})
    assert main(["audit", "--run", str(folder), "--path", "*.md", "--path", "redaction*"]) == 0
    assert [file["path"] for file in written(folder)["files"]] == ["notes.md"]


def test_json(run_dir, capsys):
    """--json prints what is written."""
    folder = run_dir({"data.csv": MAIL})
    assert main(["audit", "--run", str(folder), "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == written(folder)


def test_public_addresses_of_machines_are_only_told(run_dir):
    """A public IP address alone is no finding."""
    folder = run_dir({"data.csv": "8.8.4.44,ok\n"})
    assert main(["audit", "--run", str(folder)]) == 0
    assert written(folder)["summary"] == {
        "findings_by_type": {},
        "not_counted_by_type": {"ip_address": 1},
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--run"),
        (["--run", "absent"], "does not exist"),
        (["--run", ".", "--path", "../*"], "not a path inside"),
        (["--run", ".", "--path", "a**"], "Invalid pattern"),
        (["--run", ".", "--nonsense"], "No such option"),
    ],
)
def test_usage(run_dir, monkeypatch, capsys, arguments, words):
    """Wrong usage is exit 2, says what is wrong, and writes nothing."""
    folder = run_dir({"data.csv": CLEAN})
    monkeypatch.chdir(folder)
    assert main(["audit", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not (folder / audit.AUDIT).exists()


def test_a_manifest_that_cannot_be_read(run_dir, capsys):
    """What a broken manifest lists would not be looked at: nothing is audited."""
    folder = run_dir({"manifest.json": "{", "data.csv": CLEAN})
    assert main(["audit", "--run", str(folder)]) == 2
    assert "manifest.json" in capsys.readouterr().err


def test_written_whole_or_not_at_all(run_dir, monkeypatch):
    """A write that fails leaves the former audit and no temporary file."""
    folder = run_dir({"data.csv": CLEAN, audit.AUDIT: "before"})

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert main(["audit", "--run", str(folder)]) == 2
    assert (folder / audit.AUDIT).read_text() == "before"
    assert {p.name for p in folder.iterdir()} == {"data.csv", audit.AUDIT}


def test_a_link_is_not_followed(run_dir, tmp_path_factory):
    """An audit that is a link out of the run: nothing is written, neither there nor here."""
    outside = tmp_path_factory.mktemp("out") / "victim"
    outside.write_text("safe")
    folder = run_dir({"data.csv": CLEAN})
    (folder / audit.AUDIT).symlink_to(outside)
    assert main(["audit", "--run", str(folder)]) == 2
    assert outside.read_text() == "safe"
    assert (folder / audit.AUDIT).is_symlink()


def test_ready_understands_it(run_dir):
    """What the audit writes, `ready` reads: PASS passes, INCOMPLETE and findings do not."""
    from readiness.engine.ready.privacy_safety import check_privacy_safety

    folder = run_dir({"data.csv": CLEAN})
    main(["audit", "--run", str(folder)])
    assert check_privacy_safety(folder).status == "PASS"
    (folder / "data.csv").write_text(MAIL)
    main(["audit", "--run", str(folder)])
    assert check_privacy_safety(folder).status == "FAIL"
    (folder / "data.csv").unlink()
    main(["audit", "--run", str(folder)])
    assert check_privacy_safety(folder).status == "WARN"


def test_quick_to_import():
    """The scan loads RE2 and what the engine's target needs, nothing heavy."""
    code = (
        "import sys, readiness.engine.scan; heavy = {'yaml', 'msgspec', 'numpy', 'requests', 'httpx',"
        " 'detect_secrets', 'django', 'bz2', 'gzip'} & set(sys.modules); sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_data_paths_are_those_of_ready(run_dir):
    """Each path once, the manifest's first."""
    manifest = json.dumps({"datasets": [{"path": "b.csv"}]})
    run = RunDirectory(run_dir({"manifest.json": manifest, "a.csv": CLEAN, "b.csv": CLEAN}))
    assert audit.data_paths(run) == ["b.csv", "a.csv"]


@pytest.mark.parametrize("name", ["manifest.json", "run_meta.json"])
def test_the_audit_names_the_run(run_dir, name):
    """As the run names itself, so that its files belong together; else by its directory."""
    folder = run_dir({"data.csv": CLEAN})
    main(["audit", "--run", str(folder)])
    assert written(folder)["run_id"] == folder.name
    (folder / name).write_text('{"run_id": "run_7"}')
    main(["audit", "--run", str(folder)])
    assert written(folder)["run_id"] == "run_7"
