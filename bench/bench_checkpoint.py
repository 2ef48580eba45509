"""A 512 MB checkpoint: how much longer the check takes than hashing the file.

python -m bench checkpoint
"""

from __future__ import annotations

import struct
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from statistics import median

from bench.figure import say
from readiness.engine.checklist import CheckSpec
from readiness.engine.runner import run_check
from readiness.engine.target import RunDirectory

TENSORS, SIZE, ROUNDS, LIMIT_MS = 480, 512 << 20, 5, 50.0
KEYS = ["model_state_dict", "epoch", "val_acc"]


def main() -> int:
    """Print one line; 0 when the figure holds."""
    with tempfile.TemporaryDirectory() as folder:
        write_checkpoint(Path(folder) / "best.pt")
        run = RunDirectory(Path(folder))
        spec = CheckSpec(kind="checkpoint", params={"file": "best.pt", "keys": KEYS})
        pairs = [(timed_hash(run), timed_check(spec, run)) for _ in range(ROUNDS)]
    hashing = median(hashed for hashed, _ in pairs)
    beyond = median(checked - hashed for hashed, checked in pairs)
    return say(
        f"checkpoint of 512 MB, {TENSORS} tensors",
        f"check {hashing + beyond:.0f} ms, {beyond:.1f} ms beyond hashing",
        against=f"hashing alone {hashing:.0f} ms",
        ratio=(hashing + beyond) / hashing,
        limit=f"needs < {LIMIT_MS:.0f} ms beyond hashing",
        holds=beyond < LIMIT_MS,
    )


def timed_hash(run: RunDirectory) -> float:
    """Milliseconds to open and hash the file, which every check of a file does."""
    start = time.perf_counter()
    with run.open("best.pt"):
        pass
    return (time.perf_counter() - start) * 1000


def timed_check(spec: CheckSpec, run: RunDirectory) -> float:
    """Milliseconds of the whole check, hashing included."""
    start = time.perf_counter()
    outcome = run_check(spec, run, {}, required=True).finding.outcome
    spent = (time.perf_counter() - start) * 1000
    if not outcome.passes:
        sys.exit(f"the check said {outcome}")
    return spent


def write_checkpoint(path: Path) -> None:
    """A checkpoint as PyTorch lays it out, with zeros for weights."""
    each = SIZE // TENSORS // 4
    content = bytes(each * 4)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("best/data.pkl", checkpoint_pickle(each))
        for key in range(TENSORS):
            archive.writestr(f"best/data/{key}", content)


def checkpoint_pickle(each: int) -> bytes:
    """Opcodes for {"model_state_dict": {…480 tensors}, "epoch": 18, "val_acc": 0.939}."""
    weights = b"".join(text(f"layer{key}.weight") + tensor(key, each) for key in range(TENSORS))
    entries = text("model_state_dict") + b"}(" + weights + b"u"
    entries += text("epoch") + whole(18) + text("val_acc") + b"G" + struct.pack(">d", 0.939)
    return b"\x80\x02}(" + entries + b"u."


def tensor(key: int, count: int) -> bytes:
    """One call of _rebuild_tensor_v2 on its own storage."""
    storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text(str(key)) + text("cpu")
    hooks = b"ccollections\nOrderedDict\n)R"
    shape = b"(" + whole(count) + b"t(" + whole(1) + b"t"
    start = b"ctorch._utils\n_rebuild_tensor_v2\n("
    return start + storage + whole(count) + b"tQ" + whole(0) + shape + b"\x89" + hooks + b"tR"


def text(value: str) -> bytes:
    """The opcode of a string."""
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def whole(value: int) -> bytes:
    """The opcode of an integer."""
    return b"J" + struct.pack("<i", value)


if __name__ == "__main__":
    sys.exit(main())
