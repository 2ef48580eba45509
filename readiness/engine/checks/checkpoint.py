"""The kind `checkpoint`: a PyTorch checkpoint that is whole and holds what it should, judged unopened."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from readiness.engine.checks.metric import label_of
from readiness.engine.errors import BadContent
from readiness.engine.outcome import Finding, Limit, Measurement, Outcome, quantity
from readiness.engine.pickle_globals import Tensor
from readiness.engine.readers import numbers
from readiness.engine.readers.numbers import Scale
from readiness.engine.registry import Params, check
from readiness.engine.sizes import Bytes, size_words
from readiness.engine.target import RunDirectory
from readiness.engine.torch_file import TorchFile, read_torch_file, tensors

_MODEL_KEYS = ("model_state_dict", "state_dict", "model")
_LISTED = 12


class CheckpointParams(Params, frozen=True):
    """`metric_key` names an accuracy: a fraction when it is below 1, unless `scale` says otherwise."""

    file: str
    keys: list[str] = []
    min_bytes: Bytes = Bytes.default(1)
    max_bytes: Bytes | None = None
    metric_key: str = "val_acc"
    scale: Scale | None = None


@check("checkpoint", title="A checkpoint is whole and holds what it should", short="file")
def checkpoint(want: CheckpointParams, run: RunDirectory) -> Finding:
    """Looks into a PyTorch checkpoint without loading it: its keys, its numbers, its tensors' sizes. It
    understands the archive of PyTorch 1.6 and newer, the older form, Lightning's `.ckpt`, bare state dicts.

    It fails when the file is empty, cut off, not written by `torch.save`, smaller than `min_bytes`, when a
    key is missing, a number is not finite, tensor data is missing, or the model's entry holds no tensors.
    It also fails when the pickle inside names anything that a checkpoint does not need: such a file is *not
    verified*, and nothing of it is run.

    To resolve: save plain data again with `torch.save({"model_state_dict": model.state_dict(), "epoch":
    epoch, "val_acc": accuracy}, path)`, and copy the file whole.

    ```yaml check
    checkpoint: {file: checkpoints/production/best_model.pt, keys: [model_state_dict, epoch, val_acc]}
    ```
    """
    with run.open(want.file) as file:
        found = read_torch_file(file)
        size = file.size
    if found.torchscript:
        raise BadContent(
            f"{want.file} is a TorchScript export, not a checkpoint.", "Name the file that torch.save wrote."
        )
    values = _wanted(want, found)
    measurements = (
        Measurement(name="Size", value=size, unit="bytes", limit=_size_limit(want, size), source=want.file),
        *_numbers(want, values),
        Measurement(name="Tensors", value=sum(1 for _ in tensors(found.value)), source=want.file),
        Measurement(name="Parameters", value=_parameters(found), source=want.file),
    )
    problems = list(_problems(want, values, found, size))
    present = f"{', '.join(want.keys)} present" if want.keys else "a whole checkpoint"
    told = "; ".join(filter(None, (present, ", ".join(_told(want, values)))))
    return Finding(
        outcome=Outcome.FAIL if problems else Outcome.PASS,
        message=f"{want.file}: {'; '.join(problems)}." if problems else f"{told} · {size_words(size)}",
        advice="Save the checkpoint again, whole and with these entries." if problems else "",
        measurements=measurements,
        details={
            "form": found.form,
            "keys": [key[:80] for key in list(found.entries)[:100]],
            "types": sorted({tensor.dtype.name for tensor in tensors(found.value)}),
        },
    )


def _wanted(want: CheckpointParams, found: TorchFile) -> dict[str, Any]:
    entries = found.entries
    missing = [key for key in want.keys if key not in entries]
    if missing:
        has = ", ".join(key[:60] for key in list(entries)[:_LISTED]) or "no named entries"
        if entries and all(isinstance(value, Tensor) for value in entries.values()):
            has += " (a state dict alone)"
        raise BadContent(f"{want.file} lacks {', '.join(missing)}; it has {has}.", "Save it with these keys.")
    judged = [*want.keys, *([want.metric_key] if isinstance(entries.get(want.metric_key), float) else [])]
    return {key: entries[key] for key in judged}


def _size_limit(want: CheckpointParams, size: int) -> Limit:
    too_big = want.max_bytes is not None and size > want.max_bytes
    return Limit("<=", want.max_bytes) if too_big else Limit(">=", want.min_bytes)


def _problems(want: CheckpointParams, values: dict[str, Any], found: TorchFile, size: int) -> Iterator[str]:
    if size < want.min_bytes:
        yield f"has {size_words(size)}, expected at least {size_words(want.min_bytes)}"
    if want.max_bytes is not None and size > want.max_bytes:
        yield f"has {size_words(size)}, expected at most {size_words(want.max_bytes)}"
    for key, value in values.items():
        if key in _MODEL_KEYS and not any(True for _ in tensors(value)):
            yield f"{key} holds no tensors"
        if key == "epoch" and not (_is_int(value) and value >= 0):
            yield f"epoch is {_words(value)}, expected a whole number from 0"
        if key == want.metric_key and not (_is_int(value) or isinstance(value, float)):
            yield f"{key} is {_words(value)}, expected a number"
        if isinstance(value, float) and not math.isfinite(value):
            yield f"{key} is {value}, expected a finite number"
    if not want.keys and not any(True for _ in tensors(found.value)):
        yield "holds no tensors"


def _numbers(want: CheckpointParams, values: dict[str, Any]) -> Iterator[Measurement]:
    for key, value in values.items():
        source = f"{want.file} · {key}"
        if key == want.metric_key and isinstance(value, float) and math.isfinite(value):
            yield Measurement(name=label_of(key), value=_percent(want, value), unit="%", source=source)
        elif _is_int(value) or isinstance(value, float):
            yield Measurement(name=label_of(key), value=value, source=source)


def _told(want: CheckpointParams, values: dict[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        if key == want.metric_key and isinstance(value, float) and math.isfinite(value):
            stored = "" if _percent(want, value) == value else f" (stored as {quantity(value)})"
            yield f"{key} {quantity(_percent(want, value), '%')}{stored}"
        elif _is_int(value) or isinstance(value, float):
            yield f"{key} {quantity(value)}"


def _percent(want: CheckpointParams, value: float) -> float:
    where = f"{want.file} · {want.metric_key}"
    return numbers.read(value, where, unit="%", scale=want.scale).value


def _parameters(found: TorchFile) -> int:
    model = next((found.entries[key] for key in _MODEL_KEYS if key in found.entries), found.value)
    return sum(tensor.numbers for tensor in tensors(model))


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 53


def _words(value: object) -> str:
    if isinstance(value, str):
        return repr(value[:40])
    if isinstance(value, bool | float) or value is None or _is_int(value):
        return str(value)
    return f"a {type(value).__name__.lower()}"
