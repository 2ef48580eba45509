"""The kind `checkpoint` on what PyTorch writes in several versions, and on the old form taken apart."""

import io
import struct
import tarfile
from pathlib import Path

import pytest
from hostile_pickles import laughs, opcode_tricks, tuple_laughs
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_files import checkpoint_file, dictionary, many, name, number, pickled, real, text

from readiness.engine.checklist import CheckSpec
from readiness.engine.outcome import Outcome
from readiness.engine.runner import run_check
from readiness.engine.target import RunDirectory

FIXTURES = Path(__file__).parents[2] / "fixtures" / "models"
FOLDERS = sorted(path.name for path in FIXTURES.glob("torch-*"))
LEGACY = (FIXTURES / "torch-2.13" / "legacy_protocol2.pt").read_bytes()


def judge(folder, data, **params):
    (folder / "best.pt").write_bytes(data)
    spec = CheckSpec(kind="checkpoint", params={"file": "best.pt"} | params)
    return run_check(spec, RunDirectory(folder), {}, required=True).finding


FORMS = [f"{form}_protocol{number}.pt" for form in ("zip", "legacy") for number in (2, 3, 4, 5)]
FULL = [
    *FORMS, "optimiser.pt", "optimiser_legacy.pt", "dtypes.pt", "dtypes_legacy.pt", "bfloat16.pt",
    "parameters.pt", "views.pt", "empty_tensor.pt", "sparse.pt", "quantised.pt", "random_state.pt",
    "path_and_device.pt",
]  # fmt: skip


@pytest.mark.parametrize("file", FULL)
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_form_is_understood(tmp_path, folder, file):
    """Archive and old form, every pickle protocol, type and container: the same entries are read."""
    found = judge(
        tmp_path,
        (FIXTURES / folder / file).read_bytes(),
        keys=["model_state_dict", "epoch", "val_acc"],
    )
    assert (found.outcome, "epoch 7, val_acc 93.75 %" in found.message) == (Outcome.PASS, True), found.message
    assert found.details["form"] == ("legacy" if "legacy" in file else "zip")


def test_both_forms_count_the_same():
    """Archive and old form of one checkpoint have equally many tensors and parameters."""
    counts = set()
    for file in FORMS:
        run = RunDirectory(FIXTURES / "torch-2.13")
        spec = CheckSpec(kind="checkpoint", params={"file": file})
        found = run_check(spec, run, {}, required=True).finding
        counts.add(tuple(m.value for m in found.measurements if m.name in ("Tensors", "Parameters")))
    assert counts == {(9, 57)}


@pytest.mark.parametrize("folder", FOLDERS)
def test_lightning_and_state_dict(tmp_path, folder):
    """A Lightning checkpoint and a bare state dict pass when asked for what they hold."""
    lightning = (FIXTURES / folder / "lightning.ckpt").read_bytes()
    assert (
        judge(tmp_path, lightning, keys=["state_dict", "epoch", "optimizer_states"]).outcome is Outcome.PASS
    )
    bare = (FIXTURES / folder / "state_dict.pt").read_bytes()
    assert judge(tmp_path, bare).outcome is Outcome.PASS
    missing = judge(tmp_path, bare, keys=["epoch"])
    assert (missing.outcome, "state dict alone" in missing.message) == (Outcome.FAIL, True), missing.message


@pytest.mark.parametrize("file", ["subclass.pt", "whole_model.pt", "whole_model_legacy.pt"])
@pytest.mark.parametrize("folder", FOLDERS)
def test_own_classes_are_named(tmp_path, folder, file):
    """Tensor subclasses and whole models are not verified; the class is named."""
    found = judge(tmp_path, (FIXTURES / folder / file).read_bytes())
    assert found.outcome is Outcome.FAIL
    assert "not verified" in found.message
    assert "__main__." in found.message


@pytest.mark.parametrize("file", ["scripted.pt", "traced.pt"])
@pytest.mark.parametrize("folder", FOLDERS)
def test_torchscript_is_told_apart(tmp_path, folder, file):
    """TorchScript archives of each version are named as exports."""
    found = judge(tmp_path, (FIXTURES / folder / file).read_bytes())
    assert (found.outcome, "is a TorchScript export" in found.message) == (Outcome.FAIL, True), found.message


@pytest.mark.parametrize("file", ["zip_protocol2.pt", "legacy_protocol4.pt", "optimiser_legacy.pt"])
def test_every_sixteenth_is_missed(tmp_path, file):
    """A file cut after any sixteenth fails, in either form, and so does one with a byte more."""
    whole = (FIXTURES / "torch-2.13" / file).read_bytes()
    for part in range(16):
        found = judge(tmp_path, whole[: len(whole) * part // 16])
        assert found.outcome is Outcome.FAIL, part
    assert judge(tmp_path, whole + b"\0").outcome is Outcome.FAIL
    assert judge(tmp_path, whole[:-1]).outcome is Outcome.FAIL


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, len(LEGACY) - 1), value=st.integers(0, 255))
def test_damaged_old_form_is_a_finding(tmp_path_factory, place, value):
    """Any byte of the old form changed gives an outcome with words; the check itself never breaks."""
    data = bytearray(LEGACY)
    data[place] = value
    found = judge(tmp_path_factory.mktemp("damage"), bytes(data))
    assert "The check" not in found.message
    assert found.outcome in (Outcome.PASS, Outcome.FAIL)


MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"
SYSTEM = dictionary(little_endian=b"\x88", protocol_version=number(1001))


def old_form(value=None, keys=("0",), storages=((6, bytes(24)),), system=SYSTEM, version=1001):
    """The old form put together by hand; the value defaults to one tensor."""
    parts = [MAGIC, number(version), system, old_tensor() if value is None else value]
    listed = b"](" + b"".join(map(text, keys)) + b"e"
    data = b"".join(pickled(part) for part in [*parts, listed])
    return data + b"".join(struct.pack("<q", count) + held for count, held in storages)


def old_tensor(key="0", count=6, shape=(2, 3)):
    storage = many(
        text("storage"), name("torch", "FloatStorage"), text(key), text("cpu"), number(count), b"N"
    )
    sizes = many(*map(number, shape)), many(number(shape[1]), number(1))
    arguments = (storage + b"Q", number(0), *sizes, b"\x89", name("collections", "OrderedDict") + b")R")
    return dictionary(weight=name("torch._utils", "_rebuild_tensor_v2") + many(*arguments) + b"R")


def tar_header(data):
    """The first block made a valid tar header: its checksum, and a size, in a text of the third pickle."""
    block = bytearray(data[: tarfile.BLOCKSIZE])
    block[100:148] = (
        b"0" * 7 + b"\0" + b"0" * 7 + b"\0" + b"0" * 7 + b"\0" + b"0" * 11 + b"\0" + b"0" * 11 + b"\0"
    )
    block[148:157] = b" " * 8 + b"0"
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + data[tarfile.BLOCKSIZE :]


def test_what_pytorch_takes_for_a_tar_is_refused(tmp_path):
    """PyTorch looks for a tar archive first: sound pickles in front of one would not be what it loads."""
    system = dictionary(little_endian=b"\x88", filler=text("0" * 1000))
    plain = old_form(system=system)
    assert judge(tmp_path, plain, keys=[]).outcome is Outcome.PASS
    both = tar_header(plain)
    with tarfile.open(fileobj=io.BytesIO(both), mode="r:"):
        pass  # what PyTorch asks
    found = judge(tmp_path, both, keys=[])
    assert (found.outcome, "is a tar archive" in found.message) == (Outcome.FAIL, True), found.message


def test_copies_do_not_change_each_other(tmp_path):
    """A dictionary made of another one is a copy: what is written into it later is not in the first."""
    entries = {"model_state_dict": dictionary(w=old_tensor()), "epoch": number(1), "val_acc": real(0.5)}
    first = dictionary(**entries) + b"q\x00"
    other = name("collections", "OrderedDict") + b"(h\x00tR" + text("val_acc") + real(0.99) + b"s"
    found = judge(tmp_path, old_form(first + other + b"0"), keys=["epoch", "val_acc"])
    assert (found.outcome, "val_acc 50 %" in found.message) == (Outcome.PASS, True), found.message


def test_old_form_by_hand(tmp_path):
    """The old form made by hand passes: the table below breaks one thing at a time."""
    assert judge(tmp_path, old_form()).outcome is Outcome.PASS


BROKEN = {
    "version": (old_form(version=1002), "of a known version"),
    "big endian": (old_form(system=dictionary(little_endian=b"\x89")), "little-endian"),
    "no system": (old_form(system=number(1)), "little-endian"),
    "key not listed": (old_form(keys=()), "lists 0 storages"),
    "key doubled": (old_form(keys=("0", "0")), "lists 2 storages"),
    "foreign key": (old_form(keys=("0", "1")), "lists 2 storages"),
    "lying count": (old_form(storages=((7, bytes(24)),)), "contradicts itself"),
    "huge count": (
        old_form(old_tensor(count=1 << 30, shape=(2, 3)), storages=((1 << 30, b""),)),
        "is cut off",
    ),
    "negative count": (old_form(storages=((-1, bytes(24)),)), "contradicts itself"),
    "beyond storage": (old_form(old_tensor(shape=(3, 3))), "beyond its storage"),
    "behind the end": (old_form() + b"x", "1 bytes behind its last storage"),
    "storage missing": (old_form(storages=()), "is cut off"),
    "pid of a wrong type": (old_form(text("storage") + b"Q"), "not verified"),
    "pid of a wrong class": (
        old_form(many(text("storage"), text("x"), text("0"), text("cpu"), number(1), b"N") + b"Q"),
        "not verified",
    ),
    "module": (
        old_form(many(text("module"), name("collections", "OrderedDict"), b"N", b"N") + b"Q"),
        "holds a whole model ('collections.OrderedDict')",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_old_form_fails_with_its_reason(tmp_path, case):
    """Each contradiction of the old form is FAIL with words that name it."""
    data, words = BROKEN[case]
    found = judge(tmp_path, data)
    assert (found.outcome, words in found.message) == (Outcome.FAIL, True), found.message


@pytest.mark.parametrize("trick", opcode_tricks())
def test_tricks_in_every_pickle_of_the_old_form(tmp_path, monkeypatch, trick):
    """The five pickles of the old form are all read on paper: the canary stays away, nothing passes."""
    monkeypatch.chdir(tmp_path)
    hostile = opcode_tricks()[trick]
    for data in (
        pickled(MAGIC + b"0" + hostile),
        pickled(MAGIC) + pickled(hostile),
        old_form(system=hostile),
        old_form(dictionary(x=hostile)),
    ):
        assert judge(tmp_path, data).outcome is Outcome.FAIL
    assert not Path("canary").exists()


@pytest.mark.parametrize("bomb", [laughs(), tuple_laughs(), b"(" + b"\x85" * 100_000])
def test_bombs_cost_nothing(tmp_path, bomb):
    """A pickle that is huge when written out is read once, and holds no model."""
    found = judge(tmp_path, checkpoint_file(x=bomb), keys=["x", "epoch"])
    assert found.outcome in (Outcome.PASS, Outcome.FAIL)
    bare = judge(tmp_path, old_form(bomb, keys=(), storages=()))
    assert (bare.outcome, "holds no tensors" in bare.message or "broken" in bare.message) == (
        Outcome.FAIL,
        True,
    )


def test_tar_form_is_too_old(tmp_path):
    """The tar form of PyTorch 0.1 is named as too old."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        made.addfile(tarfile.TarInfo("pickle"), io.BytesIO())
    found = judge(tmp_path, out.getvalue())
    assert (found.outcome, "too old" in found.message) == (Outcome.FAIL, True), found.message


def framed(body, length=None):
    return b"\x80\x04\x95" + struct.pack("<Q", len(body) if length is None else length) + body


FRAMES = [
    framed(number(1001) + b".", 2),
    framed(b"}.", 3),
    framed(b"}\x95" + bytes(8) + b"."),
    framed(b"}.", 1 << 60),
]


@pytest.mark.parametrize("data", FRAMES)
def test_lying_frames_are_refused(tmp_path, data):
    """Frames that overlap, cut an opcode or reach too far are read differently by others: FAIL."""
    found = judge(tmp_path, pickled(MAGIC) + data)
    assert (found.outcome, "frame" in found.message) == (Outcome.FAIL, True), found.message
