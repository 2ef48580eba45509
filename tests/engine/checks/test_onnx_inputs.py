"""ONNX models of every layout: several inputs, tables, axes, answers as numbers and names, outside data."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from onnx import AttributeProto, TensorProto, helper
from onnx_files import answered, constant, linear, model, npz, outside

from readiness.engine.checklist import CheckSpec
from readiness.engine.outcome import Outcome
from readiness.engine.runner import run_check
from readiness.engine.target import RunDirectory

FIXTURES = Path(__file__).parents[2] / "fixtures" / "models"
LABELS = np.arange(30) % 3
ROWS = np.eye(4, dtype=np.float32)[LABELS]


def judge(kind, folder, made, arrays=None, **params):
    (folder / "m.onnx").write_bytes(made.SerializeToString())
    (folder / "metrics.json").write_text(json.dumps({"accuracy": 1.0 if kind == "inference" else 100.0}))
    if arrays is not None:
        (folder / "t.npz").write_bytes(npz(**arrays))
    if kind == "export-accuracy":
        params = {"data": "t.npz", "reported": {"file": "metrics.json", "key": "accuracy"}} | params
    elif arrays is not None:
        params = {"sample": "t.npz", "runs": 20} | params
    spec = CheckSpec(kind=kind, params={"model": "m.onnx"} | params)
    return run_check(spec, RunDirectory(folder), {}, required=True).finding


def graph(nodes, inputs, outputs, constants=(), opsets=()):
    """A model of named inputs {name: (type, shape)} and outputs {name: type}."""
    ins = [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in inputs.items()]
    outs = [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs.items()]
    imports = [helper.make_opsetid("", 17), *opsets]
    made = helper.make_graph(nodes, "g", ins, outs, list(constants))
    return helper.make_model(made, opset_imports=imports, ir_version=8)


WEIGHTS = constant("w", np.eye(4, 3, dtype=np.float32))


def columns():
    """One input per column of a table, as scikit-learn's converters make."""
    names = [f"c{number}" for number in range(4)]
    inputs = {name: (TensorProto.FLOAT, ["N", 1]) for name in names}
    nodes = [
        helper.make_node("Concat", names, ["row"], axis=1),
        helper.make_node("MatMul", ["row", "w"], ["scores"]),
    ]
    return graph(nodes, inputs, {"scores": TensorProto.FLOAT}, [WEIGHTS])


def tokens():
    """Token numbers and a mask of one dynamic length, as language models take them."""
    inputs = {
        "ids": (TensorProto.INT64, ["batch", "length"]),
        "mask": (TensorProto.INT64, ["batch", "length"]),
    }
    nodes = [
        helper.make_node("Mul", ["ids", "mask"], ["kept"]),
        helper.make_node("ReduceMax", ["kept"], ["top"], axes=[1], keepdims=1),
        helper.make_node("Equal", ["top", "classes"], ["hit"]),
        helper.make_node("Cast", ["hit"], ["scores"], to=TensorProto.FLOAT),
    ]
    classes = helper.make_tensor("classes", TensorProto.INT64, [1, 3], [0, 1, 2])
    return graph(nodes, inputs, {"scores": TensorProto.FLOAT}, [classes])


def pictures(shape):
    """Flattens pictures of a layout and scores the first four numbers."""
    start = helper.make_tensor("start", TensorProto.INT64, [1], [0])
    end = helper.make_tensor("end", TensorProto.INT64, [1], [4])
    one = helper.make_tensor("one", TensorProto.INT64, [1], [1])
    nodes = [
        helper.make_node("Flatten", ["x"], ["flat"]),
        helper.make_node("Slice", ["flat", "start", "end", "one"], ["row"]),
        helper.make_node("MatMul", ["row", "w"], ["scores"]),
    ]
    inputs = {"x": (TensorProto.FLOAT, shape)}
    return graph(nodes, inputs, {"scores": TensorProto.FLOAT}, [start, end, one, WEIGHTS])


def classifier(names=None):
    """Answers with a class first and scores second, as scikit-learn's converters make."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["scores"]),
        helper.make_node("ArgMax", ["scores"], ["number"], axis=1, keepdims=0),
    ]
    kind = TensorProto.INT64
    constants, last = [WEIGHTS], "number"
    if names is not None:
        constants.append(helper.make_tensor("names", TensorProto.STRING, [3], names))
        nodes.append(helper.make_node("Gather", ["names", "number"], ["label"]))
        kind, last = TensorProto.STRING, "label"
    outputs = {last: kind, "scores": TensorProto.FLOAT}
    return graph(nodes, {"x": (TensorProto.FLOAT, ["N", 4])}, outputs, constants)


def single_score():
    """Answers with one score per row: the third feature."""
    weight = constant("v", np.array([[0], [0], [1], [0]], np.float32))
    nodes = [helper.make_node("MatMul", ["x", "v"], ["p"])]
    return graph(nodes, {"x": (TensorProto.FLOAT, ["N", 4])}, {"p": TensorProto.FLOAT}, [weight])


def quantised():
    """Takes bytes and dequantises them, as quantised exports do."""
    scale = helper.make_tensor("scale", TensorProto.FLOAT, [], [1.0])
    zero = helper.make_tensor("zero", TensorProto.UINT8, [], [0])
    nodes = [
        helper.make_node("DequantizeLinear", ["x", "scale", "zero"], ["float"]),
        helper.make_node("MatMul", ["float", "w"], ["scores"]),
    ]
    inputs = {"x": (TensorProto.UINT8, ["N", 4])}
    return graph(nodes, inputs, {"scores": TensorProto.FLOAT}, [scale, zero, WEIGHTS])


TABLE = {f"c{number}": ROWS[:, number] for number in range(4)} | {"labels": LABELS}
IDS = np.stack([LABELS, LABELS], axis=1)
IMAGES = np.zeros((30, 2, 2, 3), np.float32)  # NHWC: the first channel of each pixel holds the row
IMAGES[:, :, :, 0] = ROWS.reshape(30, 2, 2)
CHANNELS = IMAGES.transpose(0, 3, 1, 2)
RENAMED = {"ids": "a", "mask": "b"}
NAMES = np.array(["cat", "dog", "owl"])
SCORED = [
    ("columns", columns(), TABLE, {}),
    ("tokens", tokens(), {"ids": IDS, "mask": np.ones_like(IDS), "labels": LABELS}, {}),
    ("renamed", tokens(), {"a": IDS, "b": IDS * 0 + 1, "labels": LABELS}, {"inputs": RENAMED}),
    ("int32", tokens(), {"ids": IDS.astype("i4"), "mask": np.ones_like(IDS), "labels": LABELS}, {}),
    ("NHWC to NCHW", pictures(["N", 3, 2, 2]), {"images": IMAGES, "labels": LABELS}, {"axes": [0, 3, 1, 2]}),
    ("flat", pictures(["N", 12]), {"images": CHANNELS, "labels": LABELS}, {"row_shape": [12]}),
    ("numbers", classifier(), {"images": ROWS, "labels": LABELS}, {}),
    ("scores", classifier(), {"images": ROWS, "labels": LABELS}, {"output": "scores"}),
    ("names", classifier(NAMES), {"images": ROWS, "labels": NAMES[LABELS]}, {}),
    ("single", single_score(), {"images": ROWS, "labels": LABELS == 2}, {"threshold": 0.5}),
    ("quantised", quantised(), {"images": ROWS.astype(np.uint8), "labels": LABELS[:, None]}, {}),
    ("float64", linear(), {"images": ROWS.astype(np.float64), "labels": LABELS}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("made", "arrays", "params"), [c[1:] for c in SCORED], ids=[c[0] for c in SCORED])
def test_every_layout_is_scored(tmp_path, made, arrays, params):
    """Each layout of inputs and answers gives all 30 right; a permuted label is counted wrong."""
    found = judge("export-accuracy", tmp_path, made, arrays, **params)
    assert (found.outcome, found.details.get("correct")) == (Outcome.PASS, 30), found.message
    wrong = dict(arrays) | {"labels": np.roll(arrays["labels"], 1, axis=0)}
    other = judge("export-accuracy", tmp_path, made, wrong, **params)
    assert (other.outcome, other.details["correct"] < 30) == (Outcome.FAIL, True)


@pytest.mark.parametrize(("made", "arrays", "params"), [c[1:] for c in SCORED], ids=[c[0] for c in SCORED])
def test_every_layout_is_timed(tmp_path, made, arrays, params):
    """The same models run on one row of the sample, and on made-up numbers."""
    kept = {name: value for name, value in params.items() if name != "threshold"}
    assert judge("inference", tmp_path, made, arrays, **kept).outcome is Outcome.PASS
    assert judge("inference", tmp_path, made, runs=20).outcome is Outcome.PASS


def test_dynamic_lengths_are_declared(tmp_path):
    """Open lengths of made-up inputs are 1, or what `dims` says."""
    found = judge(
        "inference", tmp_path, pictures(["N", "channels", 2, 2]), runs=20, dims={"channels": 3, "N": 5}
    )
    assert found.outcome is Outcome.PASS
    assert found.details["outputs"] == {"scores": [5, 3]}


REFUSED = [
    ({"inputs": {"ids": "a"}}, "`inputs` does not fit at 'mask'"),
    ({"inputs": {"x": "a"}}, "`inputs` does not fit at 'x'"),
    ({}, "has no array ids, mask"),
    ({"inputs": {"ids": "a", "mask": "short"}}, "different lengths"),
    ({"inputs": {"ids": "a", "mask": "half"}}, "holds float32, the model takes int64"),
    ({"inputs": {"ids": "huge", "mask": "a"}}, "holds uint64, the model takes int64"),
    ({"inputs": {"ids": "a", "mask": "a"}, "output": "no"}, "has no output 'no'; it has scores"),
    ({"inputs": {"ids": "a", "mask": "a"}, "row_shape": [7]}, "cannot be arranged as declared"),
    ({"inputs": {"ids": "a", "mask": "a"}, "axes": [0, 0]}, "cannot be arranged as declared"),
]


@pytest.mark.parametrize(("params", "words"), REFUSED)
def test_inputs_that_do_not_fit(tmp_path, params, words):
    """Wrong names, lengths, types and arrangements are FAIL, each in its own words."""
    huge = np.full((30, 2), 1 << 63, dtype=np.uint64)
    arrays = {"a": IDS, "short": IDS[:9], "half": IDS.astype("f4"), "huge": huge, "labels": LABELS}
    found = judge("export-accuracy", tmp_path, tokens(), arrays, **params)
    assert (found.outcome, words in found.message) == (Outcome.FAIL, True), found.message


def test_layout_hint(tmp_path):
    """The advice names the arrangement that would fit."""
    arrays = {"images": IMAGES, "labels": LABELS}
    turned = judge("export-accuracy", tmp_path, pictures(["N", 3, 2, 2]), arrays)
    assert (turned.outcome, "axes: [0, 3, 1, 2]" in turned.advice) == (Outcome.FAIL, True), turned.advice
    flat = judge("export-accuracy", tmp_path, pictures(["N", 12]), arrays)
    assert (flat.outcome, "row_shape: [12]" in flat.advice) == (Outcome.FAIL, True), flat.advice


BESIDE = np.eye(4, 3, dtype=np.float32).tobytes()


def export(folder, made, weights=BESIDE, name="w.bin"):
    (folder / "models").mkdir()
    (folder / "models" / "m.onnx").write_bytes(made.SerializeToString())
    if weights is not None:
        (folder / "models" / name).write_bytes(weights)


def on(folder, kind="model-export", **params):
    base = {"files": ["models/m.onnx"]} if kind == "model-export" else {"model": "models/m.onnx"}
    return run_check(CheckSpec(kind=kind, params=base | params), RunDirectory(folder), {}, required=True)


def test_weights_beside_the_model(tmp_path):
    """Weights in a file of the run are loaded, hashed with the model, and scored like inside ones."""
    export(tmp_path, outside("w.bin"))
    result = on(tmp_path)
    assert result.finding.outcome is Outcome.PASS, result.finding.message
    assert "48 bytes of weights beside it" in result.finding.message
    assert [entry.path for entry in result.files] == ["models/m.onnx", "models/w.bin"]
    (tmp_path / "t.npz").write_bytes(npz(**answered(wrong=3)))
    (tmp_path / "r.json").write_text('{"a": 90.0}')
    scored = on(tmp_path, "export-accuracy", data="t.npz", reported={"file": "r.json", "key": "a"})
    assert (scored.finding.outcome, scored.finding.details["correct"]) == (Outcome.PASS, 27)


def test_real_export_with_outside_weights():
    """What onnx itself wrote beside a model is loaded and run."""
    run = RunDirectory(FIXTURES / "onnx_external")
    spec = CheckSpec(kind="inference", params={"model": "model.onnx", "output_shape": [1, 4], "runs": 20})
    result = run_check(spec, run, {}, required=True)
    assert result.finding.outcome is Outcome.PASS, result.finding.message
    assert sorted(entry.path for entry in result.files) == ["model.onnx", "weights.bin"]


LOCATIONS = [
    "../w.bin",
    "/etc/passwd",
    "a/../w.bin",
    "./w.bin",
    "a//w.bin",
    "C:\\w.bin",
    "*/_ORT_MEM_ADDR_/*",
    "",
]


@pytest.mark.parametrize("location", LOCATIONS)
def test_locations_that_leave_are_refused(tmp_path, location):
    """Traversal, absolute paths and ONNX Runtime's own memory mark never reach a file or the runtime."""
    (tmp_path / "w.bin").write_bytes(BESIDE)
    export(tmp_path, outside(location))
    found = on(tmp_path).finding
    assert (found.outcome, "not read" in found.message) == (Outcome.FAIL, True), found.message


def changed(**entries):
    made = outside("w.bin")
    kept = {entry.key: entry.value for entry in made.graph.initializer[0].external_data} | entries
    del made.graph.initializer[0].external_data[:]
    for key, value in kept.items():
        made.graph.initializer[0].external_data.add(key=key, value=value)
    return made


PLACES = [
    (changed(offset="1"), BESIDE, "which has 48 bytes"),
    (changed(length="1" + "0" * 18), BESIDE, "which has 48 bytes"),
    (changed(offset="-4"), BESIDE, "at a place that is no number"),
    (changed(offset="0" * 20 + "8"), BESIDE, "at a place that is no number"),
    (changed(length="x"), BESIDE, "at a place that is no number"),
    (changed(length="44"), BESIDE, "does not load"),
    (outside("w.bin"), None, "which is not in the run"),
    (outside("w.bin"), b"", "which has 0 bytes"),
    (outside("w.bin"), b"version https://git-lfs.github.com/spec/v1\nsize 48\n", "Git LFS pointer"),
]


@pytest.mark.parametrize(("made", "weights", "words"), PLACES)
def test_lying_places_are_refused(tmp_path, made, weights, words):
    """Offsets and lengths that do not fit, a missing file, a pointer: FAIL, each in its own words."""
    export(tmp_path, made, weights)
    found = on(tmp_path).finding
    assert (found.outcome, words in found.message) == (Outcome.FAIL, True), found.message


def in_default():
    """External data in the default that a function of the model gives one of its attributes."""
    hidden = outside("../hidden.bin").graph.initializer[0]
    node = helper.make_node("Constant", [], ["c"])
    node.attribute.add(name="value", ref_attr_name="v", type=AttributeProto.TENSOR)
    default = helper.make_attribute("v", hidden)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    own = helper.make_function("own", "Held", [], ["c"], [node], opsets[:1], [], [default])
    graph = [
        helper.make_node("Held", [], ["w"], domain="own"),
        helper.make_node("MatMul", ["image", "w"], ["logits"]),
    ]
    made = model(graph, [], opsets=opsets[1:])
    made.functions.append(own)
    return made


def test_weights_in_a_default_are_found(tmp_path):
    """No place of the format that can name a file is left to the runtime."""
    export(tmp_path, in_default(), None)
    found = on(tmp_path).finding
    assert (found.outcome, "hidden.bin': not read" in found.message) == (Outcome.FAIL, True), found.message


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_links_to_outside_weights_are_refused(tmp_path, link):
    """A symbolic or hard link to weights outside the run is refused."""
    run = tmp_path / "run"
    run.mkdir()
    (tmp_path / "secret.bin").write_bytes(BESIDE)
    export(run, outside("w.bin"), None)
    link(tmp_path / "secret.bin", run / "models" / "w.bin")
    found = on(run).finding
    assert (found.outcome, found.details["problem"]) == (Outcome.ERROR, "FileRefused"), found.message


def test_quantised_is_said(tmp_path):
    """A quantised model says so."""
    export(tmp_path, quantised(), None)
    found = on(tmp_path).finding
    assert (found.outcome, "quantised · loads" in found.message) == (Outcome.PASS, True), found.message
