"""The kind `safetensors`: whole files pass with their figures; holes, overlaps and lies are refused."""

import json
import os
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.engine.checklist import CheckSpec
from readiness.engine.errors import CheckProblem
from readiness.engine.outcome import Outcome
from readiness.engine.runner import run_check
from readiness.engine.safetensors_file import read_header
from readiness.engine.target import RunDirectory

FIXTURES = Path(__file__).parents[2] / "fixtures" / "models" / "safetensors"
PLAIN = (FIXTURES / "plain.safetensors").read_bytes()


def on(folder, file, **params):
    spec = CheckSpec(kind="safetensors", params={"file": file} | params)
    return run_check(spec, RunDirectory(folder), {}, required=True).finding


def judge(folder, data, **params):
    (folder / "m.safetensors").write_bytes(data)
    return on(folder, "m.safetensors", **params)


def made(header, data=b"", length=None):
    """A file of a header (text or something for JSON) and the tensors' bytes."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def one(dtype="F32", shape=(2,), offsets=(0, 8), **more):
    return {"a": {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)} | more}


def test_passes_with_its_figures():
    """A file that the library wrote passes with tensors, parameters, types and metadata."""
    found = on(
        FIXTURES,
        "plain.safetensors",
        tensors={"layer.weight": [4, 6], "layer.bias": None, "steps": []},
        dtypes=["F32", "I64"],
        parameters=29,
        metadata={"format": "pt"},
        finite=True,
    )
    assert found.outcome is Outcome.PASS, found.message
    assert "3 tensors, 29 parameters, F32, I64, 120 bytes" in found.message
    assert found.details["metadata"] == {"format": "pt"}


WRONG = [
    ({"tensors": {"layer.weight": [6, 4]}}, "layer.weight is 4 × 6, needs 6 × 4"),
    ({"tensors": {"head": None}}, "Tensor head is missing"),
    ({"dtypes": ["F32"]}, "type is I64, needs one of F32"),
    ({"parameters": 30}, "parameters is 29, needs 30"),
    ({"parameters_at_least": 30}, "needs ≥ 30"),
    ({"parameters_at_most": 28}, "needs ≤ 28"),
    ({"metadata": {"format": "tf"}}, "metadata format is pt, needs tf"),
    ({"metadata": {"licence": None}}, "metadata licence is missing"),
]


@pytest.mark.parametrize(("params", "words"), WRONG)
def test_other_weights_fail(params, words):
    """Another tensor, shape, type, count or metadata is FAIL with what was found."""
    found = on(FIXTURES, "plain.safetensors", **params)
    assert (found.outcome, words in found.message) == (Outcome.FAIL, True), found.message


@pytest.mark.parametrize("kind", ["float32", "float16", "bfloat16", "float8_e5m2"])
def test_infinity_is_found_when_asked(kind):
    """NaN and infinity are found in each float type when `finite` is set, and the tensor is named."""
    file = f"infinite_{kind}.safetensors"
    assert on(FIXTURES, file).outcome is Outcome.PASS
    found = on(FIXTURES, file, finite=True)
    assert (found.outcome, "not finite: bad" in found.message) == (Outcome.FAIL, True), found.message


def test_every_type_is_known():
    """All element types that the library wrote are understood and finite."""
    assert on(FIXTURES, "types.safetensors", finite=True).outcome is Outcome.PASS


def test_file_without_tensors_fails():
    """A sound file that holds no tensor is no model."""
    found = on(FIXTURES, "no_tensors.safetensors")
    assert (found.outcome, "0, needs ≥ 1" in found.message) == (Outcome.FAIL, True)


HUGE = 1 << 60
BAD = {
    "empty": (b"", "is cut off"),
    "short": (b"\x01\x00\x00", "is cut off"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\nsize 9\n", "Git LFS pointer"),
    "zip": (b"PK\x03\x04" + bytes(60), "is not safetensors"),
    "header 2^60": (made(b"{}", length=HUGE), "claims a header of"),
    "header too long": (made(b"{}", length=50), "is cut off"),
    "broken JSON": (made(b"{nonsense}"), "is not usable JSON"),
    "doubled key": (made(b'{"a":1,"a":2}'), "stands twice"),
    "deep": (made(b'{"a":' * 200 + b"1" + b"}" * 200), "nested deeper"),
    "not UTF-8": (made(b'{"\xff":1}'), "not UTF-8"),
    "unknown type": (made(one("F128"), bytes(8)), "unknown type 'F128'"),
    "wrong length": (made(one(offsets=(0, 4)), bytes(4)), "need 8"),
    "negative": (made(one(shape=(-2,)), bytes(8)), "in a way that safetensors does not"),
    "yes as length": (made(one(shape=(True,)), bytes(8)), "in a way that safetensors does not"),
    "backwards": (made(one(offsets=(8, 0)), bytes(8)), "in a way that safetensors does not"),
    "more fields": (made(one(extra=1), bytes(8)), "in a way that safetensors does not"),
    "no fields": (made({"a": {}}), "in a way that safetensors does not"),
    "list": (made({"a": [1]}), "in a way that safetensors does not"),
    "hole": (made(one(offsets=(8, 16)), bytes(16)), "leaves a hole before it"),
    "overlap": (made(one() | {"b": one(offsets=(4, 12))["a"]}, bytes(12)), "overlaps what stands before"),
    "behind": (made(one(), bytes(9)), "1 bytes stand behind"),
    "missing": (made(one(), bytes(7)), "1 bytes are missing"),
    "huge shape": (made(one(shape=(HUGE, HUGE)), bytes(8)), "need"),
    "metadata": (made({"__metadata__": {"a": 1}} | one(), bytes(8)), "metadata that is not text"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_file_never_passes(tmp_path, case):
    """Each lie of a header is refused with words that name it, and advice."""
    data, words = BAD[case]
    found = judge(tmp_path, data)
    assert not found.outcome.passes
    assert words in found.message, found.message
    assert found.advice


def test_every_sixteenth_is_missed(tmp_path):
    """A file cut after any sixteenth fails."""
    for part in range(16):
        found = judge(tmp_path, PLAIN[: len(PLAIN) * part // 16])
        assert found.outcome is Outcome.FAIL, part


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, len(PLAIN) - 1), value=st.integers(0, 255))
def test_damage_never_breaks_the_reader(place, value):
    """Any byte changed gives a header that fits the bytes, or a problem in words."""
    data = bytearray(PLAIN)
    data[place] = value
    fd = os.memfd_create("damage")
    try:
        os.write(fd, data)
        with suppress(CheckProblem):
            tensors, _ = read_header(fd, "m")
            assert sum(t.end - t.start for t in tensors.values()) < len(data)
    finally:
        os.close(fd)


def shards(folder, change):
    """The sharded model with its index changed by `change(index)`."""
    for path in (FIXTURES / "sharded").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    index = folder / "model.safetensors.index.json"
    told = json.loads(index.read_text())
    change(told)
    index.write_text(json.dumps(told))
    return on(folder, index.name)


def test_sharded_model(tmp_path):
    """All files of an index are read as one model."""
    found = shards(tmp_path, lambda index: None)
    assert (found.outcome, "3 tensors in 2 files" in found.message) == (Outcome.PASS, True), found.message


FIRST = "model-00001-of-00002.safetensors"
SHARDS = {
    "wrong file": (lambda i: i["weight_map"].update(b=FIRST), "does not hold tensor 'b'"),
    "missing tensor": (lambda i: i["weight_map"].pop("c"), "holds, unlike the index says, tensor 'c'"),
    "missing file": (lambda i: i["weight_map"].update(d="x.safetensors"), "x.safetensors is not in the run"),
    "leaves": (lambda i: i["weight_map"].update(d="../x.safetensors"), "not a path inside"),
    "total": (lambda i: i["metadata"].update(total_size=41), "says 41 bytes in total"),
    "no map": (lambda i: i.pop("weight_map"), "has no weight_map"),
    "numbers": (lambda i: i["weight_map"].update(a=1), "has no weight_map"),
    "many": (lambda i: i["weight_map"].update({str(n): f"{n}.s" for n in range(300)}), "more than 200 files"),
}


@pytest.mark.parametrize("case", SHARDS)
def test_index_and_files_must_agree(tmp_path, case):
    """An index that contradicts its files never passes."""
    change, words = SHARDS[case]
    found = shards(tmp_path, change)
    assert not found.outcome.passes
    assert words in found.message, found.message
