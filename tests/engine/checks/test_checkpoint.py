"""The kind `checkpoint`: whole files pass with their values, everything else fails with its reason."""

import os
import pickle
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from hostile_pickles import opcode_tricks
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_files import (
    archive,
    checkpoint_file,
    checkpoint_pickle,
    dictionary,
    name,
    pickled,
    real,
    storage,
    tensor,
    text,
)

from readiness.engine.checklist import CheckSpec
from readiness.engine.outcome import Outcome
from readiness.engine.runner import run_check
from readiness.engine.target import RunDirectory

KEYS = ["model_state_dict", "epoch", "val_acc"]
FIXTURES = Path(__file__).parents[2] / "fixtures" / "models"


def judge(folder, data, **params):
    (folder / "best.pt").write_bytes(data)
    spec = CheckSpec(kind="checkpoint", params={"file": "best.pt", "keys": KEYS} | params)
    return run_check(spec, RunDirectory(folder), {}, required=True).finding


def test_passes_with_its_values(tmp_path):
    """A whole checkpoint passes; keys, epoch and accuracy are in the message, counts in the measurements."""
    found = judge(tmp_path, checkpoint_file())
    assert found.outcome is Outcome.PASS
    assert found.message.startswith(
        "model_state_dict, epoch, val_acc present; epoch 18, val_acc 93.9 % (stored as 0.939) · "
    )
    values = {m.name: m.value for m in found.measurements}
    assert values["Tensors"] == 2
    assert values["Parameters"] == 9
    assert values["Val acc"] == 93.9


NUMBERS = [
    (real(93.9), {}, "val_acc 93.9 % ·"),
    (real(0.5), {"scale": "percent"}, "val_acc 0.5 % ·"),
    (real(1.0), {"scale": "fraction"}, "val_acc 100 % (stored as 1)"),
]


@pytest.mark.parametrize(("value", "params", "words"), NUMBERS)
def test_says_how_it_read_the_accuracy(tmp_path, value, params, words):
    """A fraction is shown as percent and says so; a declared unit decides."""
    found = judge(tmp_path, checkpoint_file(val_acc=value), **params)
    assert (found.outcome, words in found.message) == (Outcome.PASS, True), found.message


@pytest.mark.parametrize("trick", opcode_tricks())
def test_malicious_pickles_never_run_never_pass(tmp_path, monkeypatch, trick):
    """Whatever a pickle wants to call is named, not called: the canary file stays away."""
    monkeypatch.chdir(tmp_path)
    found = judge(tmp_path, checkpoint_file(extra=opcode_tricks()[trick]))
    assert found.outcome is Outcome.FAIL
    assert "not verified" in found.message
    assert not Path("canary").exists()


class Attack:
    """What `pickle.dumps` makes of a hostile object."""

    def __reduce__(self):
        return os.system, ("touch canary",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_hostile_object_in_every_protocol(tmp_path, monkeypatch, protocol):
    """A real hostile pickle beside good entries fails in each protocol; unpickling it would run."""
    monkeypatch.chdir(tmp_path)
    data = pickle.dumps({"epoch": 1, "val_acc": 0.9, "model_state_dict": {}, "x": Attack()}, protocol)
    found = judge(tmp_path, archive(data))
    assert found.outcome is Outcome.FAIL
    assert "posix.system" in found.message
    assert not Path("canary").exists()
    # the counter-proof: this pickle does act when it is loaded
    subprocess.run([sys.executable, "-c", f"import pickle; pickle.loads({data!r})"], check=True)
    assert Path("canary").exists()


def test_every_truncation_fails(tmp_path):
    """A checkpoint cut after any byte never passes."""
    whole = checkpoint_file()
    for length in range(0, len(whole), 7):
        found = judge(tmp_path, whole[:length])
        assert found.outcome is Outcome.FAIL, length
        assert found.details["problem"] in ("BadContent", "Unverified")


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, len(checkpoint_file()) - 1), value=st.integers(0, 255))
def test_damage_is_a_finding_never_a_crash(tmp_path_factory, place, value):
    """Any byte changed gives an outcome with words; the check itself never breaks."""
    data = bytearray(checkpoint_file())
    data[place] = value
    found = judge(tmp_path_factory.mktemp("damage"), bytes(data))
    assert "The check" not in found.message
    assert found.outcome in (Outcome.PASS, Outcome.FAIL)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_random_opcodes_are_a_finding(tmp_path_factory, data):
    """Random bytes as the pickle never break the check and never pass."""
    found = judge(tmp_path_factory.mktemp("random"), archive(data))
    assert found.outcome is Outcome.FAIL


def with_header(offset, value):
    """The checkpoint with a 4-byte field of its first directory entry overwritten."""
    data = bytearray(checkpoint_file())
    place = data.index(b"PK\x01\x02") + offset
    data[place : place + 4] = struct.pack("<I", value)
    return bytes(data)


def overlapping():
    """Both headers of data/0 claim 200 bytes: the member would reach into the next ones."""
    data = bytearray(checkpoint_file())
    name = b"archive/data/0"
    local = data.index(name) - 30
    central = data.index(name, local + 31) - 46
    for place in (local + 18, central + 20):
        data[place : place + 8] = struct.pack("<2I", 200, 200)
    return bytes(data)


def doubled():
    out = archive(checkpoint_pickle(), {"0": bytes(24), "1": bytes(12), "2": b""})
    return out.replace(b"archive/data/2", b"archive/data/1")


SCRIPT = {"archive/code/a.py": b"", "archive/constants.pkl": pickled(b")")}
BAD_FILES = [
    ("empty", b"", "is empty (0 bytes)"),
    ("garbage", b"hello world, this is no model", "begins with 68 65 6c 6c 6f"),
    ("zeros", bytes(5000), "begins with zeros"),
    ("pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS pointer"),
    ("legacy", checkpoint_pickle(), "bare pickle"),
    ("appended", checkpoint_file() + b"x", "cut off"),
    ("prepended comment", checkpoint_file()[:-2] + b"\x01\x00x", "cut off"),
    ("other zip", archive(b"x").replace(b"data.pkl", b"page.xml"), "no data.pkl"),
    ("repacked", archive(checkpoint_pickle() * 3, compression=zipfile.ZIP_DEFLATED), "was repacked"),
    ("two folders", archive(checkpoint_pickle(), extra={"b/data.pkl": b"x"}), "no data.pkl in one folder"),
    ("lying size", with_header(24, 10_000_000), "unusual way"),
    ("lying offset", with_header(42, 10), "not where the directory says"),
    ("overlap", overlapping(), "overlaps what follows it"),
    ("doubled name", doubled(), "twice"),
    ("short storage", archive(checkpoint_pickle(), {"0": bytes(24), "1": bytes(8)}), "needs 12 bytes"),
    ("no storage", archive(checkpoint_pickle(), {"0": bytes(24)}), "the archive holds nothing"),
    ("beyond", checkpoint_file(x=tensor("0", (2, 3), offset=1)), "reaches beyond its storage 0"),
    ("negative", checkpoint_file(x=tensor("0", (2, -3), count=6)), "make no sense"),
    ("behind", archive(checkpoint_pickle() + b"x"), "1 bytes behind the end"),
    ("no stop", archive(checkpoint_pickle()[:-1]), "broken pickle"),
    ("underflow", archive(b"\x80\x02s."), "a value is missing"),
    ("no dictionary", archive(pickled(tensor("0"))), "no named entries"),
    ("no tensors", checkpoint_file(model_state_dict=b"}"), "model_state_dict holds no tensors"),
    ("text epoch", checkpoint_file(epoch=text("last")), "epoch is 'last', expected a whole number"),
    ("yes epoch", checkpoint_file(epoch=b"\x88"), "epoch is True"),
    ("nan", checkpoint_file(val_acc=real(float("nan"))), "val_acc is nan, expected a finite number"),
    ("ambiguous", checkpoint_file(val_acc=real(1.0)), "may mean 1 % or 100 %"),
    ("infinite", checkpoint_file(val_acc=real(float("inf"))), "val_acc is inf"),
    ("tensor accuracy", checkpoint_file(val_acc=tensor("1", (3,))), "val_acc is a tensor, expected a number"),
    ("torchscript", archive(pickled(b"}"), {}, extra=SCRIPT), "is a TorchScript export"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "words"), [row[1:] for row in BAD_FILES], ids=[row[0] for row in BAD_FILES])
def test_bad_file_fails_with_its_reason(tmp_path, data, words):
    """Each kind of damage is FAIL with words that name it and advice."""
    found = judge(tmp_path, data)
    assert found.outcome is Outcome.FAIL
    assert words in found.message
    assert found.advice


def test_missing_keys_are_named(tmp_path):
    """A missing entry is named together with what is there."""
    found = judge(tmp_path, checkpoint_file(), keys=["model_state_dict", "optimizer"])
    assert found.outcome is Outcome.FAIL
    assert "lacks optimizer; it has model_state_dict, epoch, val_acc" in found.message


SIZES = [({"min_bytes": 10**6}, "expected at least 1 MB"), ({"max_bytes": 10}, "expected at most 10 bytes")]


@pytest.mark.parametrize(("bound", "words"), SIZES)
def test_size_limits(tmp_path, bound, words):
    """Too small and too big are FAIL with both sizes."""
    found = judge(tmp_path, checkpoint_file(), **bound)
    assert found.outcome is Outcome.FAIL
    assert words in found.message


def test_hostile_amounts_end_soon(tmp_path):
    """Millions of opcodes, deep nesting and repeated copies end within seconds, without a pass."""
    deep = b"]" * 400_000 + b"a" * 399_999
    copies = text("x" * 1_000_000) + b"q\x010" + name("_codecs", "encode") + b"q\x020"
    copies += (b"h\x02(h\x01" + text("latin1") + b"tR0") * 1000
    cases = {"more than 2000000": b"N" * 3_000_000, "no named entries": deep, "copies more data": copies}
    for words, data in cases.items():
        started = time.monotonic()
        found = judge(tmp_path, archive(pickled(data)))
        assert found.outcome in (Outcome.FAIL, Outcome.ERROR)
        assert words in found.message
        assert time.monotonic() - started < 60


def test_shared_storage_counts_once_in_size(tmp_path):
    """Two tensors on one storage are fine: tied weights are ordinary."""
    tied = dictionary(a=tensor("0"), b=tensor("0"))
    assert judge(tmp_path, checkpoint_file(model_state_dict=tied)).outcome is Outcome.PASS


def test_unused_storage_object_is_harmless(tmp_path):
    """A storage without a tensor does not matter."""
    assert judge(tmp_path, checkpoint_file(raw=storage("0", 6))).outcome is Outcome.PASS


REAL = {
    "checkpoint_full.pt": (Outcome.PASS, "epoch 7, val_acc 93.75 %"),
    "checkpoint_bfloat16.pt": (Outcome.PASS, "epoch 7"),
    "checkpoint_numpy_scalar.pt": (Outcome.PASS, "val_acc 93.75 %"),
    "checkpoint_without_val_acc.pt": (Outcome.FAIL, "lacks val_acc"),
    "checkpoint_nan.pt": (Outcome.FAIL, "val_acc is nan"),
    "checkpoint_legacy.pt": (Outcome.PASS, "epoch 7, val_acc 93.75 %"),
    "checkpoint_whole_model.pt": (Outcome.FAIL, "torch.nn.modules.container.Sequential"),
    "checkpoint_state_dict.pt": (Outcome.FAIL, "it has 1.weight, 1.bias"),
}


@pytest.mark.parametrize("file", REAL)
def test_files_that_pytorch_wrote(tmp_path, file):
    """Real files of PyTorch are judged as what they are."""
    found = judge(tmp_path, (FIXTURES / file).read_bytes())
    assert (found.outcome, REAL[file][1] in found.message) == (REAL[file][0], True), found.message
