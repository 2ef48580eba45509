"""VERIFY.md: what it says is so, and every command in it does what it says."""

from __future__ import annotations

import re
import subprocess

import pytest

from checklists import keys
from readiness.engine.sealed import keys as sealed_keys
from tests import signing
from tests.reports import bundled


@pytest.fixture
def made(lenient, people) -> bundled.Made:
    """The bundle of a gate with everything on it."""
    bundled.fill(lenient, people)
    return bundled.report(lenient, people)


def test_verify_md_says_what_was_decided(made):
    """The text for auditors names verdict and signers as the report does, and the key to compare."""
    text = made.files["VERIFY.md"].decode()
    assert f"Verdict: {made.row.snapshot['verdict']['name']}" in text
    assert "Lead Person as technical lead: approved" in text
    assert "Compliance Person as compliance: declined an earlier state; this signature is stale" in text
    assert keys.signer().id in text
    assert max(map(len, text.splitlines())) < 400
    assert "{{" not in text
    assert "{%" not in text


def test_names_of_people_are_only_text(ready_gate, people):
    """A name that is Markdown, or turns the text around, is neither in VERIFY.md."""
    people.lead.first_name, people.lead.last_name = "[x](https://evil.example)\n# Verified", "\u202eevil"
    people.lead.save()
    signing.approve(gate=ready_gate.pk, role="technical-lead", by=people.lead)
    text = bundled.report(ready_gate, people).files["VERIFY.md"].decode()
    assert "\u202e" not in text
    assert [line for line in text.splitlines() if "evil" in line and not line.startswith("    ")] == []


def test_commands_of_verify_md(made, tmp_path):
    """Every command that the text gives for verifying by hand says what the text says it does."""
    place = made.unpack(tmp_path / "bundle")
    (place / "trusted-key.pem").write_bytes(sealed_keys.pem(keys.signer().public))
    said = [_run(block, place) for block in _blocks(place)]
    assert [(done.returncode, done.stdout.strip()) for done in said] == [(0, good) for good in GOOD]


def test_commands_see_a_change(made, tmp_path):
    """The same commands fail where a byte of what they look at was changed."""
    place = made.unpack(tmp_path / "bundle")
    (place / "trusted-key.pem").write_bytes(sealed_keys.pem(keys.signer().public))
    seen = {path: _differs(place, path, step, before) for path, step, before in CHANGES}
    assert seen == {path: True for path, _, _ in CHANGES}


# Which file, the step that sees it, and after which bytes it is changed.
CHANGES = [
    ("report.pdf", 0, b"%PDF-"),
    ("evidence/index.json", 0, b'"item":"'),
    ("manifest.json", 1, b'"sha256":"'),
    ("manifest.dsse.json", 2, b'"sig":"'),
    ("audit/log.jsonl", 4, b'"hash":"'),
]
GOOD = ["", "manifest: OK", "Signature Verified Successfully", "", "audit log: OK"]


def _differs(place, path: str, step: int, before: bytes) -> bool:
    file = place / path
    data = file.read_bytes()
    at = data.rindex(before) + len(before)
    file.write_bytes(data[:at] + (b"1" if data[at : at + 1] == b"0" else b"0") + data[at + 1 :])
    done = _run(_blocks(place)[step], place)
    file.write_bytes(data)
    return bool(done.returncode or done.stdout.strip() != GOOD[step])


def _blocks(place) -> list[str]:
    return re.findall(r"```sh\n(.*?)```", (place / "VERIFY.md").read_text(), re.DOTALL)


def _run(block: str, place) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", block], cwd=place, capture_output=True, text=True, check=False)
