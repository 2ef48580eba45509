"""Canonical JSON, digests and the chain."""

from __future__ import annotations

import math

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from readiness.engine import seal
from readiness.engine.target import Entry

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)


def test_known_digest():
    """The digest of a known value is fixed for ever: it is what stored signatures cover."""
    assert seal.canonical({"b": [1, 2.5, "é"], "a": None}) == '{"a":null,"b":[1,2.5,"é"]}'.encode()
    assert seal.digest({}) == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), plain))
def test_key_order_does_not_matter(value):
    """The same content in another order has the same digest."""
    assert seal.digest(value) == seal.digest(dict(reversed(value.items())))


@given(plain, plain)
def test_different_content_differs(left, right):
    """Two values share their canonical form only when they are equal (true is not 1)."""
    assert (seal.canonical(left) == seal.canonical(right)) == (repr_of(left) == repr_of(right))


def repr_of(value):
    """A comparison key that tells booleans from numbers and ignores key order."""
    if isinstance(value, dict):
        return "dict", sorted((k, repr_of(v)) for k, v in value.items())
    if isinstance(value, list):
        return "list", [repr_of(v) for v in value]
    return repr(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**60, "\ud800", {1: 2}], ids=str)
def test_what_cannot_be_sealed(value):
    """NaN, infinity, huge integers, lone surrogates and non-text keys are refused."""
    with pytest.raises(seal.NotCanonicalError):
        seal.canonical({"v": value})


def test_artifact_digest():
    """Any change of path, size or hash changes the digest; the order does not."""
    a, b = Entry("a", 1, "0" * 64), Entry("b", 2, "1" * 64)
    assert seal.artifact_digest([a, b]) == seal.artifact_digest([b, a])
    others = [Entry("c", 1, "0" * 64), Entry("a", 2, "0" * 64), Entry("a", 1, "2" * 64)]
    assert len({seal.artifact_digest([e, b]) for e in [a, *others]}) == 4


def test_chain_depends_on_everything():
    """Another previous hash or another entry gives another hash."""
    first = seal.chain("0" * 64, {"seq": 1})
    assert len({first, seal.chain("1" * 64, {"seq": 1}), seal.chain("0" * 64, {"seq": 2})}) == 3


@given(plain | st.floats(allow_nan=False, allow_infinity=False) | st.lists(st.floats(-1e25, 1e25)))
def test_same_bytes_as_the_reference(value):
    """Our quick writer and the reference implementation of RFC 8785 agree, byte for byte."""
    assert seal.canonical({"v": value}) == rfc8785.dumps({"v": value})
