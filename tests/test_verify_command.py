"""`readiness verify`: what an auditor types, and what it answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from readiness.cli import main
from readiness.commands._shared import Exit
from readiness.engine import seal
from readiness.engine.sealed import keys
from readiness.engine.sealed.single import verify as single_module
from readiness.engine.sealed.verify.result import TITLES
from tests.engine.sealed.named_keys import signing_key
from tests.engine.sealed.world import World


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An honest bundle and report, a forged bundle, keys and checkpoints."""
    root, world = tmp_path_factory.mktemp("audit"), World()
    (root / "audit.zip").write_bytes(world.bundle())
    (root / "report.pdf").write_bytes(world.pdf())
    (root / "key.pem").write_bytes(keys.pem(signing_key("main").public))
    (root / "keys.json").write_bytes(seal.canonical(world.trusted().to_dict("ready.example")))
    (root / "kept.txt").write_bytes(world.own_note({"entries": 3, "at": 11}))
    other = world.own_note({"length": 3, "head": "11" * 32, "at": 11})
    (root / "other.txt").write_bytes(other)
    forged = World({"signer": "forger", "keys": [{"name": "forger"}]})
    (root / "forged.zip").write_bytes(forged.bundle())
    changed = bytearray(world.pdf())
    changed[200] ^= 1
    (root / "changed.pdf").write_bytes(bytes(changed))
    return root


def run(files: Path, *args: str) -> int:
    """The exit code; a name of a file stands for its path."""
    return main(["verify", *(str(files / a) if (files / a).exists() else a for a in args)])


@pytest.mark.parametrize("name", ["audit.zip", "report.pdf"])
@pytest.mark.parametrize("key", ["key.pem", "keys.json"])
def test_verified(files: Path, name: str, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Who signed what, in which role, with which meaning and when; exit 0."""
    assert run(files, name, "--key", key) == Exit.READY
    shown = capsys.readouterr().out
    assert "VERIFIED: the file is genuine" in shown
    assert "Verdict:     Approved for production" in shown
    assert "Project:     Fraud model" in shown
    assert "product owner approved, counts\n    on 2026-03-01 09:11:00+00:00, proved by password" in shown
    assert "“As product-owner, I approve the deployment of 1.4.0 to production.”" in shown
    assert all(title in shown for title in TITLES.values())


def test_no_key(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a key of the verifier's own nothing shows where it comes from: exit 1."""
    assert run(files, "audit.zip") == Exit.NOT_READY
    assert "ORIGIN NOT VERIFIED" in capsys.readouterr().out


def test_forged(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bundle that a forger signed anew, with a key of his own enclosed: exit 1."""
    assert run(files, "forged.zip", "--key", "key.pem") == Exit.NOT_READY
    assert "is not among the keys that you named" in capsys.readouterr().out


def test_changed(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One bit of the PDF: exit 1, and nothing that the file says is repeated."""
    assert run(files, "changed.pdf", "--key", "key.pem") == Exit.NOT_READY
    shown = capsys.readouterr().out
    assert "FAILED" in shown
    assert "Fraud model" not in shown


def test_checkpoints(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A checkpoint that was kept agrees, or shows that the log was written anew."""
    assert run(files, "audit.zip", "--key", "key.pem", "--checkpoint", "kept.txt") == Exit.READY
    assert "The log agrees with your checkpoints" in capsys.readouterr().out
    assert run(files, "audit.zip", "--key", "key.pem", "--checkpoint", "other.txt") == Exit.NOT_READY
    assert "the log was rewritten" in capsys.readouterr().out


def test_json(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same as data, of one schema version."""
    assert run(files, "audit.zip", "--key", "key.pem", "--json") == Exit.READY
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (told["schema_version"], told["kind"], told["result"]) == (1, "readiness-verification", "verified")
    assert [claim["id"] for claim in told["claims"]] == list(TITLES)
    assert {claim["state"] for claim in told["claims"]} <= {"verified", "not-verified", "failed"}
    assert told["decided"]["signatures"][0]["role"] == "technical-lead"


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["nowhere.zip"],
        ["key.pem"],
        ["audit.zip", "--key", "nowhere.pem"],
        ["audit.zip", "--key", "report.pdf"],
        ["audit.zip", "--checkpoint", "key.pem"],
        ["audit.zip", "--checkpoint", "nowhere.txt"],
        ["/dev/null"],
        ["/"],
    ],
)
def test_wrong_usage(files: Path, args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2 and a message: no file, none of ours, no key, no checkpoint."""
    assert run(files, *args) == Exit.USAGE
    assert capsys.readouterr().err


def test_two_exports_that_disagree(files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two key files that say different things of one key are not merged by chance."""
    other = World({"trusted": [{"name": "main", "revoked_at": 100}]}).trusted()
    (tmp_path / "newer.json").write_bytes(seal.canonical(other.to_dict("ready.example")))
    assert run(files, "audit.zip", "--key", "key.pem", "--key", str(tmp_path / "newer.json")) == Exit.USAGE
    assert "newest export" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["cryptography", "pyhanko", "asn1crypto"])
def test_a_missing_library(files: Path, missing: str) -> None:
    """A base install says which line installs what verifying needs."""
    code = (
        "import sys\n"
        f"class No:\n    def find_spec(self, name, *_):\n        if name.split('.')[0] == {missing!r}:\n"
        f"            raise ModuleNotFoundError('No module', name={missing!r})\n"
        "sys.meta_path.insert(0, No())\n"
        "from readiness.engine.sealed.verify import pdf\n"
        "from readiness.commands.verify import _extras\n"
        "from readiness.engine.errors import ReadinessError\n"
        "try:\n    with _extras():\n        from readiness.engine.sealed import keys\n"
        f"        pdf.read(open({str(files / 'report.pdf')!r}, 'rb').read())\n"
        "except ReadinessError as error:\n    print(error)\n"
    )
    if missing == "cryptography":
        code = code.replace("from readiness.engine.sealed.verify import pdf\n", "")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert missing in done.stdout
    assert "pip install 'readiness[security]'" in done.stdout


def test_the_single_file_as_a_program(files: Path, tmp_path: Path) -> None:
    """Run from a folder of its own, with nothing but Python and cryptography."""
    program = tmp_path / "verify.py"
    program.write_bytes(Path(str(single_module.__file__)).read_bytes())

    def code(*args: str) -> tuple[int, str]:
        command = [
            sys.executable,
            "-I",
            str(program),
            *(str(files / a) if (files / a).exists() else a for a in args),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": os.defpath})
        return done.returncode, done.stdout + done.stderr

    assert code("audit.zip", "--key", "key.pem")[0] == 0
    assert code("audit.zip", "--key", "keys.json", "--checkpoint", "kept.txt")[0] == 0
    assert code("audit.zip", "--key", "key.pem", "--checkpoint", "other.txt")[0] == 1
    assert code("audit.zip")[0] == 1
    assert code("forged.zip", "--key", "key.pem")[0] == 1
    assert code("nowhere.zip", "--key", "key.pem")[0] == 2
    assert "ANOTHER WAY" in code("--help")[1]


def test_the_single_file_in_its_folder(files: Path, tmp_path: Path) -> None:
    """A bundle that was unpacked is verified where the program lies."""
    source = Path(str(single_module.__file__)).read_bytes()
    world = World({"files": {"verify.py": source.decode()}})
    for name, data in world.files().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    command = [sys.executable, "-I", str(tmp_path / "verify.py"), "--key", str(files / "key.pem")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    (tmp_path / "checklist.md").write_text("# Another\n")
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
