"""From the acts to an auditor's machine: verified in a process that has a file and a key, nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from checklists import blobs, keys
from checklists.actions import signing_keys
from readiness.engine.sealed import keys as sealed_keys
from readiness.engine.sealed.keys import Keyring, SigningKey
from tests import signing
from tests.reports import bundled


@pytest.fixture
def auditor(tmp_path):
    """Somebody with a directory, and nothing else of this installation but what is put there."""
    return Auditor(tmp_path / "auditor")


class Auditor:
    """Runs commands in an environment without a database, settings or data directory."""

    def __init__(self, place: Path) -> None:
        place.mkdir()
        self.place = place

    def keep(self, name: str, data: bytes) -> None:
        """Put a file there."""
        (self.place / name).write_bytes(data)

    def keys(self) -> None:
        """What `manage.py keys export` prints, as keys.json."""
        with (self.place / "keys.json").open("w") as out:
            call_command("keys", "export", stdout=out)

    def verify(self, name: str, *arguments: str) -> tuple[int, dict]:
        """Exit code and result of `readiness verify`."""
        done = self.run("-m", "readiness", "verify", name, "--json", *arguments)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Python with these arguments; the source tree is found by its installation."""
        env = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=self.place, env=env, capture_output=True, text=True, check=False, timeout=120
        )


def states(result: dict) -> dict[str, str]:
    """The state of each claim."""
    return {claim["id"]: claim["state"] for claim in result["claims"]}


def test_verified(auditor, lenient, people):
    """A gate with waiver, evidence, stale, withdrawn and declined signatures: both files are verified."""
    bundled.fill(lenient, people)
    made = bundled.report(lenient, people)
    auditor.keys()
    auditor.keep("bundle.zip", made.data)
    auditor.keep("report.pdf", blobs.get(made.row.sha256))
    code, found = auditor.verify("bundle.zip", "--key", "keys.json")
    assert (code, found["result"]) == (0, "verified")
    # Nobody kept a checkpoint of their own.
    assert {name: state for name, state in states(found).items() if state != "verified"} == {
        "outside": "not-verified"
    }
    worth = [(signed["decision"], signed["worth"]) for signed in found["decided"]["signatures"]]
    assert ("approve", "valid") in worth
    assert ("decline", "stale") in worth
    assert {"withdrawn", "stale"} <= {each for _, each in worth}
    code, found = auditor.verify("report.pdf", "--key", "keys.json")
    assert (code, found["result"]) == (0, "verified")


def test_single_verifier(auditor, lenient, people):
    """The file that lies in the bundle says the same, and sees another key and a changed byte."""
    made = bundled.report(lenient, people)
    auditor.keys()
    auditor.keep("bundle.zip", made.data)
    auditor.keep("verify.py", made.files["verify.py"])
    auditor.keep("changed.zip", _changed(made.data))
    auditor.keep("other.pem", sealed_keys.pem(SigningKey.make().public))
    codes = [
        auditor.run("verify.py", *arguments).returncode
        for arguments in (
            ("bundle.zip", "--key", "keys.json"),
            ("bundle.zip", "--key", "other.pem"),
            ("bundle.zip",),
            ("changed.zip", "--key", "keys.json"),
        )
    ]
    assert codes == [0, 1, 1, 1]


def test_not_verified(auditor, ready_gate, people):
    """Without a key, with another one, and with one byte changed: never verified, and said which it is."""
    made = bundled.report(ready_gate, people)
    auditor.keys()
    other = SigningKey.make()
    auditor.keep("bundle.zip", made.data)
    auditor.keep("changed.zip", _changed(made.data))
    auditor.keep("other.pem", sealed_keys.pem(other.public))
    code, found = auditor.verify("bundle.zip")
    assert (code, found["result"]) == (1, "consistent, origin not verified")
    code, found = auditor.verify("bundle.zip", "--key", "other.pem")
    assert (code, found["result"]) == (1, "consistent, origin not verified")
    code, found = auditor.verify("changed.zip", "--key", "keys.json")
    assert (code, found["result"]) == (1, "failed")


def test_keys_change_in_between(auditor, ready_gate, people, now):
    """Signed under one key, reported under the next, verified when that is retired too: all verified."""
    signing.approve(gate=ready_gate.pk, role="technical-lead", by=people.lead)
    now.forward(days=30)
    signing_keys.rotate()
    now.forward(days=1)
    signing.approve(gate=ready_gate.pk, role="product-owner", by=people.product)
    made = bundled.report(ready_gate, people)
    now.forward(days=30)
    signing_keys.rotate()
    assert len(keys.ring().keys) == 3
    auditor.keys()
    auditor.keep("bundle.zip", made.data)
    code, found = auditor.verify("bundle.zip", "--key", "keys.json")
    assert (code, found["result"]) == (0, "verified"), found
    first = Keyring(keys.ring().keys[:1])
    auditor.keep("first.json", json.dumps(first.to_dict("localhost")).encode())
    code, found = auditor.verify("bundle.zip", "--key", "first.json")
    assert (code, found["result"]) == (1, "consistent, origin not verified")


def _changed(data: bytes) -> bytes:
    place = data.index(b"%PDF-") + 2000
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
