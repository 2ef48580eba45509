"""The child's side of `export-accuracy`: score an ONNX model on a test set (run by engine/child.py)."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from readiness.engine.errors import BadContent, ExtraMissing, LimitExceeded
from readiness.engine.onnx_tasks import element_type, open_checked, read_fd, run_once, single_input, words
from readiness.engine.sizes import size_words

if TYPE_CHECKING:
    import numpy as np

MAX_UNPACKED = 1 << 30
_BATCH = 64
_MAX_CLASSES = 1000


def measure(payload: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """Score a model on a test set: `fds` are the model and the `.npz`.

    `payload`: name, data, images, labels, factor (on the images, or None). Returns `{images, correct,
    classes, confusion}` (rows: true class; None with more than 100 classes). Raises BadContent for a model
    or test set that cannot be used, LimitExceeded for one that unpacks to more than 1 GB.
    """
    images, labels = load_arrays(fds[1], payload["data"], [payload["images"], payload["labels"]])
    session = open_checked(fds[0], payload["name"])
    port = single_input(session, payload["name"])
    ready = _fitted(payload, images, port)
    answers = _labels(payload, labels, len(ready))
    scores = _scores(session, port, ready, payload["name"])
    return _count(payload, scores, answers)


def load_arrays(fd: int, name: str, keys: list[str]) -> list[np.ndarray]:
    """Named arrays of an `.npz`, never unpickled. Raises BadContent, LimitExceeded, ExtraMissing."""
    try:
        import numpy as np  # heavy: only in the child
    except ImportError:
        raise ExtraMissing("numpy", "models") from None
    data = io.BytesIO(read_fd(fd))
    try:
        _bound(data, name)
        with np.load(data, allow_pickle=False) as held:
            missing = [key for key in keys if key not in held.files]
            if missing:
                has = ", ".join(held.files)[:200] or "none"
                raise BadContent(
                    f"{name} has no array {', '.join(missing)}; it has {has}.",
                    "Name the arrays in the checklist, or save them under these names.",
                )
            return [held[key] for key in keys]
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


def _fitted(payload: dict[str, Any], images: np.ndarray, port: Any) -> np.ndarray:
    """The images as the model takes them. Raises BadContent with expected and found shape."""
    wanted = element_type(port, payload["name"])
    shape = [None, *port.shape[1:]]
    fits = len(shape) == images.ndim and all(
        not isinstance(length, int) or length == found
        for length, found in zip(shape[1:], images.shape[1:], strict=True)
    )
    if not fits:
        raise BadContent(
            f"{payload['data']} does not fit the model: it takes {words(shape)}, "
            f"found {words(images.shape)} ({payload['images']}).",
            "Save the test set in the model's own layout.",
        )
    if images.dtype.kind not in "fiub" or not len(images):
        raise BadContent(
            f"{payload['data']} has no images of numbers: {len(images)} of type {images.dtype}.",
            "Save the test set's images as numbers.",
        )
    if images.dtype.name != wanted and payload["factor"] is None:
        raise BadContent(
            f"{payload['data']} holds {images.dtype.name}, the model takes {wanted}.",
            "Save it in that type, or set `factor` (for example 0.00392157 for bytes) in the checklist.",
        )
    return images if payload["factor"] is None else (images * payload["factor"]).astype(wanted)


def _labels(payload: dict[str, Any], labels: np.ndarray, count: int) -> np.ndarray:
    if labels.shape != (count,) or labels.dtype.kind not in "iu":
        raise BadContent(
            f"{payload['data']} has labels of shape {words(labels.shape)} and type {labels.dtype.name}; "
            f"expected {count} whole numbers ({payload['labels']}).",
            "Save one class number per image.",
        )
    return labels


def _scores(session: Any, port: Any, images: np.ndarray, name: str) -> np.ndarray:
    import numpy as np  # heavy: only in the child

    fixed = port.shape[0] if port.shape and isinstance(port.shape[0], int) else None
    size, parts = fixed or _BATCH, []
    for at in range(0, len(images), size):
        batch = images[at : at + size]
        short = size - len(batch) if fixed else 0
        fed = np.concatenate([batch, np.repeat(batch[-1:], short, axis=0)]) if short else batch
        output = run_once(session, {port.name: fed}, name)
        if output.ndim != 2 or len(output) != len(fed) or not 2 <= output.shape[1] <= _MAX_CLASSES:
            raise BadContent(
                f"{name} answers {words(output.shape)} for {len(fed)} images; expected {len(fed)} × classes.",
                "Export the model so that its first output holds one score per class.",
            )
        parts.append(output[: len(batch)])
    return np.concatenate(parts)


def _count(payload: dict[str, Any], scores: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    import numpy as np  # heavy: only in the child

    broken = int((~np.isfinite(scores)).any(axis=1).sum())
    if broken:
        raise BadContent(
            f"{payload['name']} answers NaN or infinity for {broken} of {len(scores)} images.",
            "Look for a division by zero or an overflow in the exported model.",
        )
    classes = scores.shape[1]
    if labels.min() < 0 or labels.max() >= classes:
        raise BadContent(
            f"{payload['data']} has labels from {labels.min()} to {labels.max()}; "
            f"the model knows classes 0 to {classes - 1}.",
            "Use the test set that belongs to this model.",
        )
    predicted = scores.argmax(axis=1)
    confusion = np.zeros((classes, classes), dtype=int)
    np.add.at(confusion, (labels, predicted), 1)
    return {
        "images": len(labels),
        "correct": int((predicted == labels).sum()),
        "classes": classes,
        "confusion": confusion.tolist() if classes <= 100 else None,  # more is no picture
    }
