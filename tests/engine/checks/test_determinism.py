"""The kind `determinism`: equal results pass, a difference is found in bytes, values and models."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx_files import custom, linear, model, not_a_number, npz, outside

from readiness.engine.checklist import CheckSpec
from readiness.engine.outcome import Outcome
from readiness.engine.readers.differences import compare
from readiness.engine.runner import run_check
from readiness.engine.target import RunDirectory


def judge(folder, first, second, ending, **params):
    for name, content in (("a", first), ("b", second)):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        (folder / f"{name}{ending}").write_bytes(data)
    spec = CheckSpec(kind="determinism", params={"first": f"a{ending}", "second": f"b{ending}"} | params)
    return run_check(spec, RunDirectory(folder), {}, required=True).finding


def onnx(scale=1.0, **more):
    return linear(scale=scale, **more).SerializeToString()


def test_equal_bytes_pass(tmp_path):
    """Two files of equal bytes pass whatever they are; both are hashed."""
    found = judge(tmp_path, b"\x00anything", b"\x00anything", ".bin")
    assert (found.outcome, "equal, byte by byte" in found.message) == (Outcome.PASS, True)


ONE = {"a": 1.0, "b": [1, 2, {"c": 3}], "t": "12:00", "ok": True, "n": None}
VALUES = [
    ({"t": "12:01"}, {}, Outcome.FAIL, "t is '12:00' and '12:01'"),
    ({"t": "12:01"}, {"ignore": ["t"]}, Outcome.PASS, "values compared"),
    ({"a": 1.0000001}, {}, Outcome.PASS, "largest difference 1e-07"),
    ({"a": 1.0000001}, {"within": 0}, Outcome.FAIL, "at a, needs ≤ 0"),
    ({"a": 1.1}, {}, Outcome.FAIL, "largest difference 0.0909 at a"),
    ({"a": 1.1}, {"within": 0.1}, Outcome.PASS, "values compared"),
    ({"a": 1}, {}, Outcome.PASS, "values compared"),
    ({"a": True}, {}, Outcome.FAIL, "a is '1.0' and 'True'"),
    ({"b": [1, 2]}, {}, Outcome.FAIL, "b has 3 and 2 entries"),
    ({"b": [1, 2, {"c": 4}]}, {}, Outcome.FAIL, "at b.2.c"),
    ({"b": [1, 2, {"c": 4}]}, {"ignore": ["b.2.c"]}, Outcome.PASS, "values compared"),
    ({"b": [1, 2, {"c": 4}]}, {"ignore": ["c"]}, Outcome.PASS, "values compared"),
    ({"d": 1}, {}, Outcome.FAIL, "d stands in only one"),
    ({"a": float("nan")}, {}, Outcome.FAIL, "not finite"),
    ({"a": 10**400}, {}, Outcome.FAIL, "a is"),
    ({"n": 0}, {}, Outcome.FAIL, "n is 'None' and '0'"),
]


@pytest.mark.parametrize(("change", "params", "outcome", "words"), VALUES)
def test_values_of_json(tmp_path, change, params, outcome, words):
    """Numbers are compared within the limit, everything else exactly; places are named."""
    found = judge(tmp_path, ONE, ONE | change, ".json", **params)
    assert (found.outcome, words in found.message) == (outcome, True), found.message


def test_nan_in_both_is_no_agreement(tmp_path):
    """NaN beside NaN is never taken for equal, unless the bytes are."""
    found = judge(tmp_path, {"a": float("nan"), "x": 1}, {"x": 1, "a": float("nan")}, ".json")
    assert (found.outcome, "not finite" in found.message) == (Outcome.FAIL, True), found.message


TABLES = [
    (b"id,x\n1,0.5\n2,0.25\n", Outcome.PASS, "4 values compared"),
    (b"id,x\n1,0.5\n2,0.26\n", Outcome.FAIL, "at row 3"),
    (b"id,x\n1,0.5\n", Outcome.FAIL, "2 and 1 rows"),
    (b"id,x\n2,0.25\n1,0.5\n", Outcome.FAIL, "at row"),
    (b"x,id\n0.5,1\n0.25,2\n", Outcome.FAIL, "the columns are id, x and x, id"),
    (b"id,x\n1,0.5\n2,cat\n", Outcome.FAIL, "'0.25' and 'cat'"),
    (b"id,x\n1,0.5\n2,nan\n", Outcome.FAIL, "not finite"),
    (b"id,x\n1,0.5\n2\n", Outcome.FAIL, "row 3 has 1 cells"),
]


@pytest.mark.parametrize(("second", "outcome", "words"), TABLES)
def test_tables(tmp_path, second, outcome, words):
    """CSV is compared row by row, in order."""
    found = judge(tmp_path, b"id,x\n1,0.50\n2,0.25\n", second, ".csv")
    assert (found.outcome, words in found.message) == (outcome, True), found.message


ARRAYS = {"x": np.arange(6.0).reshape(2, 3), "y": np.array([1, 2]), "s": np.array(["a", "b"])}
ARCHIVES = [
    ({}, {}, Outcome.PASS, "10 values compared"),
    ({"x": ARRAYS["x"] + 1e-9}, {}, Outcome.PASS, "10 values"),
    ({"x": ARRAYS["x"] + 1}, {}, Outcome.FAIL, "at x"),
    ({"x": ARRAYS["x"] + 1}, {"ignore": ["x"]}, Outcome.PASS, "4 values"),
    ({"x": ARRAYS["x"].T}, {}, Outcome.FAIL, "x has another shape"),
    ({"y": ARRAYS["y"].astype(float)}, {}, Outcome.FAIL, "y has another shape or type"),
    ({"s": np.array(["a", "c"])}, {}, Outcome.FAIL, "s is not the same"),
    ({"x": ARRAYS["x"] * np.nan}, {}, Outcome.FAIL, "x holds NaN"),
    ({"z": np.zeros(1)}, {}, Outcome.FAIL, "arrays s, x, y against s, x, y, z"),
]


@pytest.mark.parametrize(("change", "params", "outcome", "words"), ARCHIVES)
def test_archives_of_arrays(tmp_path, change, params, outcome, words):
    """Arrays are compared by name in the child."""
    plain = io.BytesIO()
    np.savez(plain, **ARRAYS)  # not compressed: other bytes, the same arrays
    found = judge(tmp_path, plain.getvalue(), npz(**ARRAYS | change), ".npz", **params)
    assert (found.outcome, words in found.message) == (outcome, True), found.message


RENAMED = linear(output="logits")
RENAMED.producer_name = "another export"
MODELS = [
    (RENAMED.SerializeToString(), {}, Outcome.PASS, "values compared"),
    (onnx(scale=1.0000001), {}, Outcome.PASS, "values compared"),
    (onnx(scale=1.01), {}, Outcome.FAIL, "at logits"),
    (onnx(scale=1.01), {"within": 0.02}, Outcome.PASS, "values compared"),
    (onnx(classes=2), {}, Outcome.FAIL, "logits has another shape"),
    (model([], [], output="image2", inputs=2).SerializeToString(), {}, Outcome.FAIL, "different inputs"),
    (not_a_number().SerializeToString(), {}, Outcome.FAIL, "NaN or infinity"),
    (custom().SerializeToString(), {}, Outcome.FAIL, "custom operator"),
    (outside("../w.bin").SerializeToString(), {}, Outcome.FAIL, "not read"),
    (b"no model", {}, Outcome.FAIL, "b.onnx is not ONNX"),
]


@pytest.mark.parametrize(("second", "params", "outcome", "words"), MODELS)
def test_models_are_run_side_by_side(tmp_path, second, params, outcome, words):
    """Two exports answer the same inputs; the largest difference is measured."""
    found = judge(tmp_path, onnx(), second, ".onnx", **params)
    assert (found.outcome, words in found.message) == (outcome, True), found.message
    if outcome is Outcome.PASS:
        assert found.details["isolation"].startswith("rlimit")


def test_models_on_a_sample(tmp_path):
    """The sample's rows are fed when there is one."""
    (tmp_path / "t.npz").write_bytes(npz(images=np.zeros((5, 4), np.float32)))
    found = judge(tmp_path, onnx(), onnx(scale=1.01), ".onnx", sample="t.npz")
    assert found.outcome is Outcome.PASS, "zeros times any weight are zero"
    (tmp_path / "t.npz").write_bytes(npz(pictures=np.zeros((5, 4), np.float32)))
    missing = judge(tmp_path, onnx(), onnx(scale=1.01), ".onnx", sample="t.npz")
    assert (missing.outcome, "has no array images" in missing.message) == (Outcome.FAIL, True)


def test_models_with_weights_beside_them(tmp_path):
    """Each model gets its own outside weights."""
    for name, factor in (("p", 1), ("q", 2)):
        (tmp_path / f"{name}.bin").write_bytes((np.eye(4, 3, dtype=np.float32) * factor).tobytes())
    pair = [outside(f"{name}.bin").SerializeToString() for name in "pq"]
    found = judge(tmp_path, *pair, ".onnx")
    assert (found.outcome, "at logits" in found.message) == (Outcome.FAIL, True), found.message
    (tmp_path / "q.bin").write_bytes((tmp_path / "p.bin").read_bytes())
    assert judge(tmp_path, *pair, ".onnx").outcome is Outcome.PASS


POINTER = b"version https://git-lfs.github.com/spec/v1\nsize 9\n"
BAD = [
    (b"", b"", ".json", "is empty"),
    (POINTER, POINTER, ".csv", "Git LFS pointer"),
    (b"{}", b"{ }", ".json", "nothing to compare"),
    (b"[", b"{}", ".json", "not usable JSON"),
    (b"x", b"y", ".bin", "must be equal byte by byte"),
    (b"x", b"y", ".pt", "must be equal byte by byte"),
    (b"PK", b"PL", ".npz", "not a usable .npz"),
]


@pytest.mark.parametrize(("first", "second", "ending", "words"), BAD)
def test_nothing_is_no_agreement(tmp_path, first, second, ending, words):
    """Empty, broken and other files never pass."""
    found = judge(tmp_path, first, second, ending)
    assert (found.outcome, words in found.message) == (Outcome.FAIL, True), found.message


@pytest.mark.parametrize("second", ["a.json", "./a.json", "link.json"])
def test_a_file_is_not_compared_with_itself(tmp_path, second):
    """One file under two names proves nothing: ERROR."""
    judge(tmp_path, {"a": 1}, {"a": 1}, ".json")
    Path(tmp_path / "link.json").symlink_to("a.json")
    spec = CheckSpec(kind="determinism", params={"first": "a.json", "second": second})
    found = run_check(spec, RunDirectory(tmp_path), {}, required=True).finding
    assert (found.outcome, "with itself" in found.message) == (Outcome.ERROR, True), found.message


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(PLAIN, PLAIN)
def test_difference_is_what_inequality_is(first, second):
    """Exact comparison agrees with equality of the JSON texts, in both directions."""
    found = compare(first, second, ())
    same = json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)
    assert (not found.others and found.largest == 0) == same


@pytest.mark.parametrize("within", [0, 1e-6])
def test_whole_numbers_beyond_floats(tmp_path, within):
    """2^53 and its successor are one float, and not the same number: `within: 0` sees it."""
    expected = Outcome.FAIL if within == 0 else Outcome.PASS
    numbers = {"id": 2**53, "x": 1}, {"id": 2**53 + 1, "x": 1}
    assert judge(tmp_path, *numbers, ".json", within=within).outcome is expected
    (tmp_path / "a.npz").write_bytes(npz(images=np.array([2**53])))
    (tmp_path / "b.npz").write_bytes(npz(images=np.array([2**53 + 1])))
    params = {"first": "a.npz", "second": "b.npz", "within": within}
    spec = CheckSpec(kind="determinism", params=params)
    assert run_check(spec, RunDirectory(tmp_path), {}, required=True).finding.outcome is expected
