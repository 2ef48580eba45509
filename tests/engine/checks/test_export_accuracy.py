"""The kind `export-accuracy`: scores by running; never passes on a model or test set that it cannot use."""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from onnx_files import answered, endless, greedy, linear, model, not_a_number, npz, outside
from torch_files import archive, pickled

from readiness.engine.checklist import CheckSpec
from readiness.engine.options import Options
from readiness.engine.outcome import Outcome
from readiness.engine.runner import run_check
from readiness.engine.target import RunDirectory

EXAMPLES = Path(__file__).parents[3] / "examples"
PARAMS = {"model": "m.onnx", "data": "t.npz", "reported": {"file": "metrics.json", "key": "test.accuracy"}}


def judge(folder, made=None, arrays=None, said=0.9, options=None, **params):
    (folder / "m.onnx").write_bytes((made or linear()).SerializeToString())
    held = arrays if isinstance(arrays, bytes) else npz(**(arrays or answered(wrong=3)))
    (folder / "t.npz").write_bytes(held)
    metrics = said if isinstance(said, str) else json.dumps({"test": {"accuracy": said}})
    (folder / "metrics.json").write_text(metrics)
    spec = CheckSpec(kind="export-accuracy", params=PARAMS | params)
    return run_check(spec, RunDirectory(folder, options=options or Options()), {}, required=True).finding


def test_agrees(tmp_path):
    """27 of 30 right against 0.9 reported passes, with both numbers and the difference in words."""
    found = judge(tmp_path)
    assert found.outcome is Outcome.PASS
    assert found.message == (
        "Exported model scores 90 % on 30 images, reported 90 % (difference 0 points, needs ≤ 0.5)"
    )
    assert found.charts[0].data["rows"] == [[9, 0, 1], [1, 9, 0], [0, 1, 9]]


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_fixed_batch(tmp_path, batch):
    """A model with a fixed batch size is fed batches of that size, the last one filled up."""
    assert judge(tmp_path, linear(batch=batch)).details["correct"] == 27


def test_fixed_batch_of_a_real_export(tmp_path):
    """The committed fixture with a fixed batch of one runs."""
    data = (Path(__file__).parents[2] / "fixtures/models/onnx_fixed_batch.onnx").read_bytes()
    judge(tmp_path)
    (tmp_path / "m.onnx").write_bytes(data)
    images = np.zeros((5, 1, 8, 8), dtype=np.float32)
    (tmp_path / "t.npz").write_bytes(npz(images=images, labels=np.zeros(5, dtype=int)))
    spec = CheckSpec(kind="export-accuracy", params=PARAMS)
    result = run_check(spec, RunDirectory(tmp_path), {}, required=True)
    assert result.finding.details["images"] == 5


REPORTED = [
    (0.9, {}, Outcome.PASS),
    (90.0, {}, Outcome.PASS),
    (0.905, {}, Outcome.PASS),
    (0.906, {}, Outcome.FAIL),
    (0.85, {}, Outcome.FAIL),
    (0.85, {"within": 5.0}, Outcome.PASS),
    (0.9, {"reported": {"file": "metrics.json", "key": "test.accuracy", "scale": "percent"}}, Outcome.FAIL),
    (0.9, {"reported": {"file": "metrics.json", "key": "test.f1"}}, Outcome.FAIL),
    ("not json", {}, Outcome.FAIL),
    ('{"test": {"accuracy": NaN}}', {}, Outcome.FAIL),
    ('{"test": {"accuracy": 1e999}}', {}, Outcome.FAIL),
    ('{"test": {"accuracy": "0.9"}}', {}, Outcome.FAIL),
    ('{"test": {"accuracy": true}}', {}, Outcome.FAIL),
    ('{"test": {"accuracy": 0.9, "accuracy": 0.9}}', {}, Outcome.FAIL),
    ('{"test": {"accuracy": 900}}', {}, Outcome.FAIL),
    ('{"test": {"accuracy": 1}}', {}, Outcome.FAIL),
    ('{"test": ' + "[" * 100_000, {}, Outcome.FAIL),
]


@pytest.mark.parametrize(("said", "params", "outcome"), REPORTED)
def test_reported_value(tmp_path, said, params, outcome):
    """Fractions and percents compare; what is no finite share fails with words."""
    found = judge(tmp_path, said=said, **params)
    assert found.outcome is outcome, found.message


def with_arrays(**changes):
    return answered() | changes


UNUSABLE = [
    (
        {"arrays": with_arrays(images=np.zeros((30, 1, 8, 8), np.float32))},
        "takes N × 4, found 30 × 1 × 8 × 8",
    ),
    ({"arrays": with_arrays(images=np.zeros((30, 5), np.float32))}, "takes N × 4, found 30 × 5"),
    ({"arrays": answered(dtype=np.uint8)}, "holds uint8, the model takes float32"),
    ({"arrays": with_arrays(images=np.full((30, 4), "x"))}, "no images of numbers"),
    ({"arrays": with_arrays(images=np.zeros((0, 4), np.float32))}, "no images of numbers: 0"),
    ({"arrays": with_arrays(labels=np.zeros(29, int))}, "labels of shape 29"),
    ({"arrays": with_arrays(labels=np.zeros(30))}, "type float64; expected 30 whole numbers"),
    ({"arrays": with_arrays(labels=np.full(30, 3))}, "labels from 3 to 3; the model knows classes 0 to 2"),
    ({"arrays": with_arrays(labels=np.full(30, -1))}, "labels from -1 to -1"),
    ({"arrays": {"x": np.zeros(3)}}, "has no array images, labels; it has x"),
    ({"arrays": with_arrays(labels=np.array([{}] * 30, dtype=object))}, "not a usable .npz of plain arrays"),
    ({"arrays": b"PK\x03\x04 but no zip"}, "not a usable .npz"),
    ({"arrays": b""}, "not a usable .npz"),
    ({"arrays": npz(**answered())[:-30]}, "not a usable .npz"),
    ({"made": not_a_number()}, "answers NaN or infinity for 30 of 30 images"),
    ({"made": outside()}, "keeps weights outside itself"),
    ({"made": linear(classes=1)}, "answers 30 × 1 for 30 images; expected 30 × classes"),
    ({"made": model([], [], inputs=2)}, "does not load"),
]


@pytest.mark.parametrize(("case", "words"), UNUSABLE)
def test_unusable_input_fails_with_its_reason(tmp_path, case, words):
    """A test set or model that does not fit is FAIL and says what was expected and what was found."""
    found = judge(tmp_path, **case)
    assert found.outcome is Outcome.FAIL
    assert words in found.message
    assert found.advice


def test_factor_turns_bytes_into_numbers(tmp_path):
    """A declared factor feeds byte images to a model of floats."""
    assert judge(tmp_path, arrays=answered(wrong=3, dtype=np.uint8), factor=1 / 255).outcome is Outcome.PASS


def bomb(declared):
    """An `.npz` of about 1 MB whose one array unpacks to 1.3 GB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = packer.compress(np.lib.format.magic(1, 0)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    data = start + block * 1200 + packer.flush()
    sizes = struct.pack("<3I2H", 0, len(data), declared, 10, 0)
    local = b"PK\x03\x04" + struct.pack("<5H", 20, 0, 8, 0, 0) + sizes + b"images.npy"
    central = b"PK\x01\x02" + struct.pack("<6H", 20, 20, 0, 8, 0, 0) + sizes + bytes(14) + b"images.npy"
    end = b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, 1, 1, len(central), len(local) + len(data), 0)
    return local + data + central + end


BOMBS = [(1200 << 20, "unpacks to 1.3 GB"), (100, "not a usable .npz")]


@pytest.mark.parametrize(("declared", "words"), BOMBS)
def test_zip_bomb_costs_only_the_child(tmp_path, declared, words):
    """A bomb, honest or lying about its size, never passes."""
    arrays = bomb(declared)
    assert len(arrays) < 2 << 20
    found = judge(
        tmp_path, arrays=arrays, images="images", labels="images", options=Options(child_seconds=20)
    )
    assert found.outcome in (Outcome.ERROR, Outcome.FAIL)
    assert words in found.message


def test_endless_and_greedy_models_hit_the_limits(tmp_path):
    """A model that loops for ever or asks for 4 TB is an error that names the limit or the reason."""
    slow = judge(tmp_path, endless(), options=Options(child_seconds=2))
    assert (slow.outcome, "more than 2 s" in slow.message) == (Outcome.ERROR, True)
    big = judge(tmp_path, greedy(), options=Options(child_memory=1 << 30))
    assert not big.outcome.passes


def test_torchscript_is_skipped(tmp_path):
    """TorchScript is not run: SKIP with the reason, never a pass."""
    judge(tmp_path)
    files = {"archive/code/a.py": b"", "archive/constants.pkl": pickled(b")")}
    (tmp_path / "m.pt").write_bytes(archive(pickled(b"}"), {}, extra=files))
    found = judge(tmp_path, model="m.pt")
    assert (found.outcome, "not run" in found.message) == (Outcome.SKIP, True)


def test_examples_agree_and_disagree():
    """The example's export agrees with its report; the regressed one's does not."""
    params = {
        "model": "models/production_model.onnx",
        "data": "data/test_set.npz",
        "reported": {"file": "results/production/metrics.json", "key": "test.accuracy"},
    }
    spec = CheckSpec(kind="export-accuracy", params=params)
    outcomes = [
        run_check(spec, RunDirectory(EXAMPLES / name), {}, required=True).finding.outcome
        for name in ("digits-classifier", "digits-classifier-regressed")
    ]
    assert outcomes == [Outcome.PASS, Outcome.FAIL]
