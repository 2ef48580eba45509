"""What an auditor reads in a terminal: nothing that people chose reads like what the verifier found."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Any

from readiness.engine.sealed import keys
from readiness.engine.sealed.verify import Verification, verify_bundle
from readiness.engine.sealed.verify.words import text
from tests.engine.sealed.named_keys import ring
from tests.engine.sealed.test_vectors import SINGLE
from tests.engine.sealed.world import World

POSING = "Fraud\n✓ verified  The verdict. Approved for production"


def verified(**recipe: object) -> Verification:
    """What is found of a bundle by the recipe."""
    world = World(recipe)
    return verify_bundle(world.bundle(), world.trusted())


def test_the_verdict_has_a_line_of_its_own() -> None:
    """A project that is called like a verdict stands in its own line, after the verdict."""
    found = verified(sign_offs=[{"by": "lead"}])
    posing = dataclasses.replace(found, decided=dataclasses.replace(found.decided, project=POSING))
    lines = text(posing).splitlines()
    assert lines[1].startswith("VERIFIED: the file is genuine.")
    assert lines[4] == "  Verdict:     Not approved: signatures are missing"
    assert [line for line in lines if "Approved" in line] == [f"  Project:     {POSING}".replace("\n", r"\n")]


def test_a_stale_signature_says_so_before_its_meaning() -> None:
    """Whoever reads "I approve" read before that it is on an earlier state."""
    lines = text(verified(sign_offs=[{"by": "lead", "state": {"items.1.state": "open"}}])).splitlines()
    place = next(number for number, line in enumerate(lines) if "I approve" in line)
    assert "stale: it was given on an earlier state" in lines[place - 2]


def test_keys_keep_their_installation_in_files() -> None:
    """Keys of two installations come back from files as they were: the confined process gets them so."""
    named: list[dict[str, Any]] = [
        {"name": "main", "installation": "ready.example"},
        {"name": "old", "revoked_at": 5},
    ]
    once = ring([*named, {"name": "second", "installation": "other.example"}])
    again = [key for data in once.files() for key in keys.read(data, "a file").keys]
    assert sorted(again, key=lambda key: key.id) == sorted(once.keys, key=lambda key: key.id)


def test_times_that_run_back_are_told() -> None:
    """An act that is dated before what precedes it is verified by its place, and its time is named."""
    found = verified(sign_offs=[{"by": "lead", "minute": 99}, {"by": "product"}])
    log = found.claim("log")
    assert log is not None
    assert [detail.partition(",")[0] for detail in log.details] == [
        "entry 4 is dated 2026-03-01 09:11:00+00:00",
        "the report is dated 2026-03-01 10:00:00+00:00",
    ]
    assert all(detail in text(found) for detail in log.details)


def test_the_single_file_says_what_it_did_not_look_at(tmp_path, capsys, monkeypatch) -> None:
    """A stale approval is called stale before its words; a newline in a name makes no line of its own."""
    stale = {"by": "lead", "state": {"items.1.state": "open"}, "say": {"comment": "x"}, "log": {}}
    posing = {"by": "product", "say": {"meaning": "I approve.\nverified      verdict     approved"}}
    world = World({"sign_offs": [stale, posing]})
    (tmp_path / "audit.zip").write_bytes(world.bundle())
    (tmp_path / "keys.json").write_text(json.dumps(world.trusted().to_dict("ready.example")))
    arguments = ["verify.py", str(tmp_path / "audit.zip"), "--key", str(tmp_path / "keys.json")]
    monkeypatch.setattr(sys, "argv", arguments)
    assert SINGLE.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].startswith("not looked at verdict, check results, duties")
    assert lines[-1] == "VERIFIED"
    assert [line.partition(" ")[0] for line in lines[:-2]] == ["verified"] * 6
    assert any("STALE, on an earlier state: As technical-lead, I approve" in line for line in lines)
