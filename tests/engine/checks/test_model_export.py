"""The kind `model-export`: loads what is a model, names what is wrong with the rest."""

import os
import sys
from pathlib import Path

import pytest
from onnx_files import custom, endless, linear, model, outside, outside_in_branch
from torch_files import archive, checkpoint_file, many, pickled, tensor, text
from torch_files import name as system

from readiness.engine.checklist import CheckSpec
from readiness.engine.errors import ExtraMissing
from readiness.engine.onnx_tasks import inspect
from readiness.engine.outcome import Outcome
from readiness.engine.runner import run_check
from readiness.engine.target import RunDirectory

FIXTURES = Path(__file__).parents[2] / "fixtures" / "models"
SCRIPT = archive(
    pickled(b"}"), {}, extra={"archive/code/a.py": b"def f(): pass", "archive/constants.pkl": pickled(b")")}
)


def judge(folder, files, **params):
    for name, data in files.items():
        (folder / name).write_bytes(data)
    spec = CheckSpec(kind="model-export", params={"files": ["m.onnx", "m.pt"]} | params)
    return run_check(spec, RunDirectory(folder), {}, required=True).finding


def test_onnx_loads(tmp_path):
    """An ONNX file passes with size, opset, inputs, outputs and the level of isolation."""
    found = judge(tmp_path, {"m.onnx": linear().SerializeToString()})
    assert found.outcome is Outcome.PASS
    assert found.message.endswith("· opset 17 · loads")
    details = found.details["m.onnx"]
    assert details["inputs"] == [{"name": "image", "type": "tensor(float)", "shape": ["N", 4]}]
    assert details["isolation"].startswith("rlimit")


def test_torchscript_alone_warns(tmp_path):
    """TorchScript is inspected and says that it was not run; beside a loaded ONNX file it does not warn."""
    alone = judge(tmp_path, {"m.pt": SCRIPT})
    assert alone.outcome is Outcome.WARN
    assert "inspected, not run" in alone.message
    both = judge(tmp_path, {"m.onnx": linear().SerializeToString()})
    assert both.outcome is Outcome.PASS
    assert "loads; m.pt" in both.message


SCRIPTED = [
    f.relative_to(FIXTURES) for kind in ("scripted", "traced") for f in FIXTURES.glob(f"**/*{kind}.pt")
]


@pytest.mark.parametrize("file", sorted(SCRIPTED), ids=str)
def test_real_torchscript(tmp_path, file):
    """Files that PyTorch scripted or traced, in each version, are inspected: tensors and code are counted."""
    found = judge(tmp_path, {"m.pt": (FIXTURES / file).read_bytes()})
    assert (found.outcome, "TorchScript (archive whole, " in found.message) == (Outcome.WARN, True)
    assert found.details["m.pt"]["types"][0] == "float32"


def scripted(constants):
    files = {"archive/code/a.py": b"", "archive/constants.pkl": pickled(constants)}
    return archive(pickled(b"}"), {}, extra=files)


HOSTILE = {
    "constants import": (scripted(system("os", "system") + many(text("touch canary")) + b"R"), "'os.system'"),
    "constants lack data": (scripted(tensor("0")), "lacks tensor data"),
    "constants broken": (scripted(b""), "a value is missing"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_torchscript_constants_are_read_too(tmp_path, case):
    """The second pickle of a TorchScript archive meets the same reader."""
    data, words = HOSTILE[case]
    found = judge(tmp_path, {"m.pt": data})
    assert (found.outcome, words in found.message) == (Outcome.FAIL, True), found.message


BAD = [
    ({}, "No exported model: m.onnx and m.pt"),
    ({"m.onnx": b""}, "0 bytes, expected 100 bytes"),
    ({"m.onnx": b"this is not a model " * 20}, "m.onnx is not ONNX"),
    ({"m.onnx": linear().SerializeToString()[:150]}, "m.onnx is not ONNX"),
    ({"m.onnx": b"version https://git-lfs.github.com/spec/v1\n" * 4}, "Git LFS pointer"),
    ({"m.onnx": b"\x3a\x00" * 100}, "has no graph"),
    ({"m.onnx": outside().SerializeToString()}, "keeps weights outside itself, in '../../../etc/passwd'"),
    (
        {"m.onnx": outside("/etc/passwd").SerializeToString()},
        "keeps weights outside itself, in '/etc/passwd'",
    ),
    ({"m.onnx": outside_in_branch().SerializeToString()}, "keeps weights outside itself, in 'hidden.bin'"),
    ({"m.onnx": custom().SerializeToString()}, "custom operator 'com.example.Evil'"),
    ({"m.onnx": model([], []).SerializeToString() + b"\x1a\x40" + b"p" * 64}, "m.onnx does not load"),
    ({"m.pt": checkpoint_file()}, "is a checkpoint (torch.save), not an exported model"),
    ({"m.onnx": linear().SerializeToString(), "m.pt": SCRIPT[:-9]}, "m.pt is cut off"),
]


@pytest.mark.parametrize(("files", "words"), BAD)
def test_bad_export_fails_with_its_reason(tmp_path, files, words):
    """Garbage, truncation, outside data, custom operators and wrong kinds are FAIL, each in its own words."""
    found = judge(tmp_path, files)
    assert found.outcome is Outcome.FAIL
    assert words in found.message
    assert found.advice


@pytest.mark.parametrize("name", ["onnx_traversal.onnx", "onnx_external/model.onnx"])
def test_outside_data_of_real_exports(tmp_path, name):
    """Files that onnx itself wrote with external data are refused, also when the data lies beside them."""
    found = judge(tmp_path, {"m.onnx": (FIXTURES / name).read_bytes()}, min_bytes=1)
    assert (found.outcome, "outside itself" in found.message) == (Outcome.FAIL, True), found.message


@pytest.mark.parametrize("bounds", [{"min_bytes": 10**6}, {"max_bytes": 120}])
def test_size_limits(tmp_path, bounds):
    """Too small and too large are FAIL with the limits."""
    found = judge(tmp_path, {"m.onnx": linear().SerializeToString()}, **bounds)
    assert (found.outcome, "expected" in found.message) == (Outcome.FAIL, True)


def test_loading_does_not_run(tmp_path):
    """A model that would never end still loads: loading alone runs nothing."""
    assert judge(tmp_path, {"m.onnx": endless().SerializeToString()}).outcome is Outcome.PASS


@pytest.mark.parametrize("missing", ["onnxruntime", "onnx"])
def test_missing_library_is_named(monkeypatch, missing):
    """Without the libraries, the error names the extra to install."""
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ExtraMissing, match=rf"needs {missing}.*readiness\[models\]"):
        inspect({"name": "m.onnx"}, [memory_file(linear().SerializeToString())])


def memory_file(data):
    fd = os.memfd_create("model")
    os.write(fd, data)
    return fd
