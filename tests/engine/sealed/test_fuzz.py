"""Whatever a file holds, verifying it ends with a result or with BadContent; nothing else is ever raised."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readiness.engine import seal
from readiness.engine.errors import BadContent
from readiness.engine.sealed import pdf_cms, pdf_frame
from readiness.engine.sealed.keys import Keyring
from readiness.engine.sealed.verify import Result, verify_any, verify_bundle
from readiness.engine.sealed.verify.words import text
from tests.engine.sealed.world import World

_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
_words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_json = st.recursive(
    _scalars
    | _words
    | st.sampled_from(["approve", "passed", "2026-01-01T00:00:00+00:00", "0001-01-01T00:00:00+23:59"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
_slow = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def base() -> World:
    """An honest gate."""
    return World()


@cache
def base_pdf() -> bytes:
    """Its report."""
    return base().pdf()


class Quick(World):
    """A world that does not make its PDF anew: the report's claim fails, all others are asked."""

    def pdf(self) -> bytes:
        return base_pdf()


def outcome(data: bytes, trusted: Keyring) -> Result | None:
    """The result; None for BadContent. It can be shown to people, whatever the file says."""
    try:
        found = verify_any(data, trusted)
    except BadContent:
        return None
    assert text(found).isprintable() or "\n" in text(found)
    seal.canonical(found.to_dict())
    return found.result


@given(st.binary(max_size=2000), st.sampled_from([b"", b"PK\x03\x04", b"%PDF-1.7\n", b"PK\x05\x06"]))
@settings(max_examples=200, deadline=None)
def test_any_bytes(data: bytes, start: bytes) -> None:
    """Bytes of anybody never crash it and never verify."""
    assert outcome(start + data, base().trusted()) is not Result.VERIFIED


def paths(data: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a piece of JSON."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [(*before, name) for name, _ in inner] + [
        path for name, one in inner for path in paths(one, (*before, name))
    ]


def replaced(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value in one place."""
    made = copy.deepcopy(data)
    here = made
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = value
    return made


@given(st.data())
@_slow
def test_any_report(data: st.DataObject) -> None:
    """A report with anything at any place, truly signed, gives a result."""
    world = Quick()
    path = data.draw(st.sampled_from(paths(world.report)))
    world.report = replaced(world.report, path, data.draw(_json))
    world.signed_report = world._statement() if _states(world.report) else world.signed_report
    found = verify_bundle(world.bundle() if _states(world.report) else base().bundle(), world.trusted())
    assert found.result in Result


def _states(report: Any) -> bool:
    """Whether a statement can be made of it at all."""
    asked = {"generated": ["at"], "signed": ["digest", "snapshot"], "verdict": ["state"]}
    return all(
        isinstance(report.get(name), dict) and all(field in report[name] for field in fields)
        for name, fields in asked.items()
    )


@given(st.data())
@_slow
def test_any_sign_off(data: st.DataObject) -> None:
    """A sign-off with anything at any place, truly signed and logged, gives a result and is not verified."""
    said = base().said[0]
    path = data.draw(st.sampled_from([p for p in paths(said) if p[0] != "digest"]))
    value = data.draw(_json.filter(lambda drawn: drawn is not None))
    world = Quick({"sign_offs": [{"by": "lead", "quietly": {".".join(map(str, path)): value}}]})
    if replaced(said, path, value) != said:
        assert verify_bundle(world.bundle(), world.trusted()).result is not Result.VERIFIED


@given(st.data())
@_slow
def test_any_file(data: st.DataObject) -> None:
    """Any bytes or any JSON for any file of a truly signed bundle give a result."""
    files = sorted(base().files())
    path = data.draw(st.sampled_from([f for f in files if not f.startswith("manifest")]))
    content = data.draw(st.none() | _words | _json.map(lambda value: seal.canonical(value).decode()))
    world = Quick({"files": {path: content}})
    assert verify_bundle(world.bundle(), world.trusted()).result in Result


@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=6))
@settings(max_examples=200, deadline=None)
def test_any_signature(place: int, junk: bytes) -> None:
    """Any bytes written into the PDF's signature give BadContent: it never fits again."""
    good = base_pdf()
    frame = pdf_frame.frame(good)
    at = frame.before + 1 + place % (frame.resumes - frame.before - 2 * len(junk) - 2)
    data = good[:at] + junk.hex().encode() + good[at + 2 * len(junk) :]
    try:
        assert pdf_cms.read(data) == pdf_cms.read(good)
        assert data == good
    except BadContent:
        assert data != good
