"""ONNX weights that lie in other files: taken into the model from descriptors, never opened by path.

A model names the files it needs; the parent opens them beneath the run directory, hashed like every other
file, and starts the child again with their descriptors (engine/onnx_child.py). ONNX Runtime then sees a model
that needs nothing outside itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import PurePosixPath
from typing import Any

from readiness.engine.errors import BadContent, LimitExceeded
from readiness.engine.sizes import size_words

MAX_OUTSIDE = 1500 << 20
MAX_FILES = 100
_ADVICE = "Export one self-contained file, or keep the weights in a plain file beside the model."
Task = Callable[[dict[str, Any], list[int]], dict[str, Any]]


class Needs(Exception):  # an answer, not an error: it never leaves the child
    """The model cannot be read without these files, as it names them."""

    def __init__(self, locations: list[str]) -> None:
        super().__init__()
        self.locations = locations
        self.model = 0


def asks(task: Task) -> Task:
    """Let a task answer `{needs: [locations], model: number}` when its model lies in several files."""

    @wraps(task)
    def asking(payload: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        try:
            return task(payload, fds)
        except Needs as needs:
            return {"needs": needs.locations, "model": needs.model}

    return asking


def take_in(tensors: Iterable[Any], name: str, outside: dict[str, int]) -> int:
    """Write outside weights into the tensors; `outside` maps location to descriptor. How many bytes it took.

    Raises Needs when a location is not there, BadContent for one that leaves the model's folder or is
    shorter than said, LimitExceeded over 1.5 GB.
    """
    entries = [(tensor, _entry(tensor, name)) for tensor in tensors if _is_outside(tensor)]
    locations = list(dict.fromkeys(entry["location"] for _, entry in entries))
    if len(locations) > MAX_FILES:
        raise BadContent(f"{name} keeps weights outside itself, in {len(locations)} files.", _ADVICE)
    if any(location not in outside for location in locations):
        raise Needs(locations)
    total = 0
    for tensor, entry in entries:
        data = _read(outside[entry["location"]], entry, name, MAX_OUTSIDE - total)
        total += len(data)
        tensor.ClearField("external_data")
        tensor.ClearField("data_location")
        tensor.raw_data = data
    return total


def _is_outside(tensor: Any) -> bool:
    return bool(tensor.data_location or tensor.external_data)


def _entry(tensor: Any, name: str) -> dict[str, Any]:
    told = {entry.key: entry.value for entry in tensor.external_data}
    location = told.get("location", "")
    path = PurePosixPath(location)
    shown = ascii(location[:80]) if location else "another file"
    if (
        not location
        or path.is_absolute()
        or path.as_posix() != location
        or {"..", "."} & set(path.parts)
        or any(mark in location for mark in "\\\0*:")
        or len(told) != len(tensor.external_data)
    ):
        raise BadContent(f"{name} keeps weights outside itself, in {shown}: not read.", _ADVICE)
    numbers = {key: told.get(key) for key in ("offset", "length")}
    if not all(
        value is None or (value.isascii() and value.isdigit() and len(value) <= 20)
        for value in numbers.values()
    ):
        raise BadContent(f"{name} keeps weights in {shown} at a place that is no number.", _ADVICE)
    return {"location": location} | {k: None if v is None else int(v) for k, v in numbers.items()}


def _read(fd: int, entry: dict[str, Any], name: str, left: int) -> bytes:
    size, start = os.fstat(fd).st_size, entry["offset"] or 0
    length = size - start if entry["length"] is None else entry["length"]
    if start + length > size or length < 0:
        raise BadContent(
            f"{name} needs bytes {start} to {start + length} of {entry['location'][:80]!a}, "
            f"which has {size_words(size)}.",
            "Copy the model and all of its files again.",
        )
    if length > left:
        raise LimitExceeded(
            f"{name} keeps more than {size_words(MAX_OUTSIDE)} of weights outside itself.",
            "Check a smaller export; larger models cannot be run here.",
        )
    parts = []
    while length and (part := os.pread(fd, min(length, 1 << 24), start)):
        parts.append(part)
        start, length = start + len(part), length - len(part)
    return b"".join(parts)
