"""The child's side of `export-accuracy`: score an ONNX model on a test set (run by engine/child.py)."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from readiness.engine.errors import BadContent, ExtraMissing, LimitExceeded
from readiness.engine.onnx_feed import fitted, plan
from readiness.engine.onnx_outside import asks
from readiness.engine.onnx_tasks import open_checked, read_fd, run_once, words
from readiness.engine.sizes import size_words

if TYPE_CHECKING:
    import numpy as np

MAX_UNPACKED = 1 << 30
_BATCH = 64
_MAX_CLASSES = 1000


@asks
def measure(payload: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """Score a model on a test set: `fds` are the model and the `.npz`.

    `payload`: name, data, images, labels, inputs (model input to array), output, threshold, axes, row_shape,
    factor (on the inputs). Returns `{images, correct, classes, confusion}` (rows: true class; None with more
    than 100 classes or with text). Raises BadContent for a model or test set that cannot be used,
    LimitExceeded for one that unpacks to more than 1 GB.
    """
    session = open_checked(payload, fds)
    ports = {port.name: port for port in session.get_inputs()}
    chosen = plan(payload, list(ports.values()))
    keys = list(dict.fromkeys([*chosen.values(), payload["labels"]]))
    arrays = dict(zip(keys, load_arrays(fds[1], payload["data"], keys), strict=True))
    ready = {name: fitted(payload, arrays[key], key, ports[name]) for name, key in chosen.items()}
    rows = _same_length(payload, ready)
    answers = _labels(payload, arrays[payload["labels"]], rows)
    return _judge(payload, _scores(session, list(ports.values()), ready, rows, payload), answers)


def _same_length(payload: dict[str, Any], ready: dict[str, np.ndarray]) -> int:
    lengths = {name: len(array) for name, array in ready.items()}
    if len(set(lengths.values())) != 1:
        told = ", ".join(f"{name[:40]} {count}" for name, count in lengths.items()) or "no inputs"
        raise BadContent(
            f"{payload['data']} has inputs of different lengths: {told}.", "Save one row per example in each."
        )
    return next(iter(lengths.values()))


def load_arrays(fd: int, name: str, keys: list[str]) -> list[np.ndarray]:
    """Named arrays of an `.npz`, never unpickled. Raises BadContent, LimitExceeded, ExtraMissing."""
    held = load_all(fd, name, keys)
    missing = [key for key in keys if key not in held]
    if missing:
        has = ", ".join(held)[:200] or "none"
        raise BadContent(
            f"{name} has no array {', '.join(missing)}; it has {has}.",
            "Name the arrays in the checklist, or save them under these names.",
        )
    return [held[key] for key in keys]


def load_all(fd: int, name: str, keys: list[str] | None = None) -> dict[str, Any]:
    """All arrays of an `.npz` by name, never unpickled; with `keys`, the others are None. Raises as above."""
    try:
        import numpy as np  # heavy: only in the child
    except ImportError:
        raise ExtraMissing("numpy", "models") from None
    data = io.BytesIO(read_fd(fd))
    try:
        _bound(data, name)
        with np.load(data, allow_pickle=False) as held:
            return {key: held[key] if keys is None or key in keys else None for key in held.files}
    except (OSError, ValueError, EOFError, KeyError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise BadContent(
            f"{name} is not a usable .npz of plain arrays: {str(error)[:160].rstrip('.')}.",
            "Save it with numpy.savez_compressed(path, images=…, labels=…).",
        ) from None


def _bound(data: io.BytesIO, name: str) -> None:
    with zipfile.ZipFile(data) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > MAX_UNPACKED:
        raise LimitExceeded(
            f"{name} unpacks to {size_words(unpacked)}; at most {size_words(MAX_UNPACKED)} are read.",
            "Use a smaller test set, or a sample of it.",
        )
    data.seek(0)


def _labels(payload: dict[str, Any], labels: np.ndarray, count: int) -> np.ndarray:
    if labels.shape == (count, 1):
        labels = labels[:, 0]
    if labels.shape != (count,) or labels.dtype.kind not in "iubU":
        raise BadContent(
            f"{payload['data']} has labels of shape {words(labels.shape)} and type {labels.dtype.name}; "
            f"expected {count} whole numbers ({payload['labels']}).",
            "Save one class number (or name, where the model answers with names) per image.",
        )
    return labels.astype(int) if labels.dtype.kind == "b" else labels


def _scores(
    session: Any, ports: list[Any], ready: dict[str, np.ndarray], rows: int, payload: dict[str, Any]
) -> np.ndarray:
    import numpy as np  # heavy: only in the child

    fixed = next(
        (p.shape[0] for p in ports if p.shape and isinstance(p.shape[0], int) and p.shape[0] > 0), None
    )
    size, parts = fixed or _BATCH, []
    for at in range(0, rows, size):
        count = min(size, rows - at)
        fed = {
            name: _filled(array[at : at + size], size if fixed else count) for name, array in ready.items()
        }
        output = run_once(session, fed, payload["name"], payload["output"])
        if not _is_answer(output, size if fixed else count, payload):
            expected = f"{count} × classes" if payload["threshold"] is None else f"{count} scores"
            raise BadContent(
                f"{payload['name']} answers {words(output.shape)} for {count} images; expected {expected}.",
                "Export one score per class, or name the `output`; for a single score, set `threshold`.",
            )
        parts.append(output[:count])
    return np.concatenate(parts)


def _filled(batch: np.ndarray, size: int) -> np.ndarray:
    import numpy as np  # heavy: only in the child

    short = size - len(batch)
    return np.concatenate([batch, np.repeat(batch[-1:], short, axis=0)]) if short else batch


def _is_answer(output: np.ndarray, count: int, payload: dict[str, Any]) -> bool:
    """Scores of classes, class numbers or names, or (with a threshold) one score."""
    if output.ndim == 0 or len(output) != count:
        return False
    if payload["threshold"] is not None:
        return output.size == count and output.dtype.kind == "f"
    if output.ndim == 1 or output.shape == (count, 1):
        return output.dtype.kind in "iubUO"
    return output.ndim == 2 and 2 <= output.shape[1] <= _MAX_CLASSES and output.dtype.kind in "fiu"


def _judge(payload: dict[str, Any], answers: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Compare the model's answers, whatever their form, with the labels."""
    import numpy as np  # heavy: only in the child

    if answers.dtype.kind in "UO" or labels.dtype.kind == "U":
        return _compare_names(payload, answers, labels)
    _refuse_broken(payload, answers)
    if payload["threshold"] is not None:
        predicted, classes = (answers.reshape(len(labels)) > payload["threshold"]).astype(int), 2
    elif answers.ndim == 2 and answers.shape[1] > 1:
        predicted, classes = answers.argmax(axis=1), answers.shape[1]
    else:
        predicted = answers.reshape(len(labels)).astype(int)
        classes = int(max(predicted.max(), labels.max(), 1)) + 1
        if predicted.min() < 0 or classes > _MAX_CLASSES:
            raise BadContent(
                f"{payload['name']} answers class numbers from {predicted.min()} to {predicted.max()}.",
                "Name the `output` that holds the classes.",
            )
    return _count(payload, np.asarray(predicted), classes, labels)


def _refuse_broken(payload: dict[str, Any], answers: np.ndarray) -> None:
    import numpy as np  # heavy: only in the child

    finite = np.isfinite(answers).reshape(len(answers), -1).all(axis=1)
    if not finite.all():
        raise BadContent(
            f"{payload['name']} answers NaN or infinity for {int((~finite).sum())} of {len(finite)} images.",
            "Look for a division by zero or an overflow in the exported model.",
        )


def _compare_names(payload: dict[str, Any], answers: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    if answers.dtype.kind not in "UO" or labels.dtype.kind != "U":
        raise BadContent(
            f"{payload['name']} answers {answers.dtype.name}, the labels are {labels.dtype.name}.",
            "Save the labels as the model names its classes.",
        )
    pairs = zip(answers.reshape(len(labels)).tolist(), labels.tolist(), strict=True)
    correct = sum(str(said) == str(true) for said, true in pairs)
    classes = len(set(labels.tolist()))
    return {"images": len(labels), "correct": correct, "classes": classes, "confusion": None}


def _count(
    payload: dict[str, Any], predicted: np.ndarray, classes: int, labels: np.ndarray
) -> dict[str, Any]:
    import numpy as np  # heavy: only in the child

    if labels.min() < 0 or labels.max() >= classes:
        raise BadContent(
            f"{payload['data']} has labels from {labels.min()} to {labels.max()}; "
            f"the model knows classes 0 to {classes - 1}.",
            "Use the test set that belongs to this model.",
        )
    confusion = np.zeros((classes, classes), dtype=int)
    np.add.at(confusion, (labels, predicted), 1)
    return {
        "images": len(labels),
        "correct": int((predicted == labels).sum()),
        "classes": classes,
        "confusion": confusion.tolist() if classes <= 100 else None,  # more is no picture
    }
