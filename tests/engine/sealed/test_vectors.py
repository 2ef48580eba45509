"""The stored vectors: what must be found of honest and of forged bundles, reports, envelopes and keys."""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from readiness.engine.errors import BadContent
from readiness.engine.sealed import checkpoint, dsse, keys
from readiness.engine.sealed.verify import Result, Verification, verify_bundle, verify_pdf
from tests.engine.sealed import make_vectors
from tests.engine.sealed.attacks import ATTACKS
from tests.engine.sealed.world import World

HERE = Path(__file__).parent / "vectors"
RESULTS = {"verified": Result.VERIFIED, "failed": Result.FAILED, "consistent": Result.CONSISTENT}
READERS: dict[str, Callable[[bytes, str], object]] = {
    "envelopes": dsse.read,
    "checkpoints": checkpoint.read,
    "keys": keys.read,
}


def vectors(name: str) -> list[Any]:
    """One file's vectors, each under its own name."""
    return [
        pytest.param(one, id=one["name"]) for one in json.loads((HERE / f"{name}.json").read_text("utf-8"))
    ]


@cache
def built(recipe: str, build: Callable[[World], bytes]) -> tuple[World, bytes]:
    """A world and its bytes; each recipe is carried out once."""
    world = World(json.loads(recipe))
    return world, build(world)


def made(vector: dict[str, Any], build: Callable[[World], bytes]) -> tuple[World, bytes, dict[str, bytes]]:
    """The world, the bytes, and the checkpoints that the verifier kept."""
    recipe = vector["recipe"]
    world, data = built(json.dumps(recipe), build)
    if "bytes" in recipe:
        data = ATTACKS[recipe["bytes"]](data)
    kept = {f"kept {n}": world.own_note(fields) for n, fields in enumerate(recipe.get("outside", []))}
    return world, data, kept


@cache
def verified(recipe: str) -> tuple[World, bytes, dict[str, bytes], Verification]:
    """The same with what `readiness verify` says of the bundle."""
    world, data, kept = made({"recipe": json.loads(recipe)}, World.bundle)
    return world, data, kept, verify_bundle(data, world.trusted(), kept)


def found(verification: Verification, expected: dict[str, str]) -> dict[str, str]:
    """The same claims as they were found."""
    claims = {claim.id: claim.state.value for claim in verification.claims}
    result = next(name for name, result in RESULTS.items() if result is verification.result)
    return {name: result if name == "result" else claims[name] for name in expected}


@pytest.mark.parametrize("vector", vectors("bundles"))
def test_bundles(vector: dict[str, Any]) -> None:
    """A bundle made by the recipe is found to be what the vector says, claim by claim."""
    _, _, _, verification = verified(json.dumps(vector["recipe"]))
    assert found(verification, vector["expect"]) == vector["expect"], verification.claims


@pytest.mark.parametrize("vector", vectors("reports"))
def test_reports(vector: dict[str, Any]) -> None:
    """A PDF made by the recipe is found to be what the vector says, claim by claim."""
    world, data, kept = made(vector, World.pdf)
    verification = verify_pdf(data, world.trusted(), kept)
    assert found(verification, vector["expect"]) == vector["expect"], verification.claims


@pytest.mark.parametrize(
    ("kind", "vector"), [pytest.param(kind, *p.values, id=p.id) for kind in READERS for p in vectors(kind)]
)
def test_bytes(kind: str, vector: dict[str, str]) -> None:
    """Envelopes, checkpoints and key files in any other form than the one are refused."""
    data = base64.b64decode(vector["data"])
    try:
        READERS[kind](data, "it")
        outcome = "read"
    except BadContent:
        outcome = "refused"
    assert outcome == vector["expect"]


def test_there_are_enough_that_must_fail() -> None:
    """At least sixty vectors must not come out as verified; the name of each says what is attacked."""
    listed = [p.values[0] for name in ("bundles", "reports") for p in vectors(name)]
    listed += [p.values[0] for name in READERS for p in vectors(name)]
    names = [vector["name"] for vector in listed]
    assert len(set(names)) == len(names)
    bad = [one for one in listed if one["expect"] == "refused" or _bad(one["expect"])]
    assert len(bad) >= 150


def _bad(expected: str | dict[str, str]) -> bool:
    return isinstance(expected, dict) and expected.get("result", "verified") != "verified"


def single() -> Any:
    """The verifier in one file, loaded as the program that it is."""
    place = Path(dsse.__file__).parent / "single" / "verify.py"
    spec = importlib.util.spec_from_file_location("single_verifier", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SINGLE = single()
# Claims that the single file looks at; what it does not look at its help says.
COVERED = {
    "file-whole",
    "origin",
    "signatures",
    "state",
    "evidence",
    "checklist",
    "log",
    "checkpoint",
    "outside",
}


@pytest.mark.parametrize("vector", [p for p in vectors("bundles") if not p.values[0].get("blind")])
def test_the_single_file_agrees(vector: dict[str, Any]) -> None:
    """The single-file verifier comes to the same result, but for vectors that are marked as beyond it."""
    world, data, kept, theirs = verified(json.dumps(vector["recipe"]))
    try:
        claims = SINGLE.Bundle(SINGLE.unpack(data), keys_of(world), list(kept.values())).claims()
    except ValueError:
        claims = [("whole", "failed", "")]
    states = {state for _, state, _ in claims}
    doubted = {claim.id for claim in theirs.claims if claim.state != "verified"} - {"outside"}
    refuted = {claim.id for claim in theirs.claims if claim.state == "failed"} & COVERED
    if theirs.result is Result.VERIFIED:
        assert states == {"verified"}, claims
    elif refuted or doubted & COVERED:
        assert states != {"verified"}, claims


def keys_of(world: World) -> Any:
    """The named keys as the single file reads them."""
    ring = world.trusted()
    return SINGLE.read_keys(json.dumps(ring.to_dict("")).encode()) if ring.keys else {}


def test_the_single_file_is_short_and_stands_alone() -> None:
    """It has less than 300 lines and imports nothing of ours: it is read by people before it is run."""
    text = Path(SINGLE.__file__).read_text("utf-8")
    assert len(text.splitlines()) < 300
    imported = re.findall(r"^(?:from|import) ([a-z_0-9]+)", text, re.MULTILINE)
    assert set(imported) - set(sys.stdlib_module_names) == {"cryptography"}


def test_the_vectors_are_what_makes_them() -> None:
    """Nobody edits the stored vectors without the table that they come from, or the other way round."""
    for name, made_now in make_vectors.everything().items():
        assert made_now == json.loads((HERE / f"{name}.json").read_text("utf-8")), name
