"""The kind `safetensors`: weights that are whole, of the expected names, shapes and number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import PurePosixPath
from typing import Any

from readiness.engine.child import ChildLimits, ChildResult, run_in_child
from readiness.engine.errors import BadContent, LimitExceeded
from readiness.engine.outcome import Finding, Limit, Measurement, judged, quantity
from readiness.engine.readers import data
from readiness.engine.readers.lfs import refuse_pointer
from readiness.engine.registry import Params, check
from readiness.engine.sizes import size_words
from readiness.engine.target import RunDirectory

_MAX_SHARDS = 200
_AGAIN = "Save the model again with save_pretrained or safetensors, and copy all of its files."


class SafetensorsParams(Params, frozen=True):
    """`tensors`: names that must be there, each with its shape or nothing; `dtypes`: the allowed ones;
    `metadata`: keys of the header, each with its text or nothing; `finite`: look for NaN and infinity.
    """

    file: str
    tensors: dict[str, list[int] | None] = {}
    dtypes: list[str] = []
    parameters: int | None = None
    parameters_at_least: int | None = None
    parameters_at_most: int | None = None
    metadata: dict[str, str | None] = {}
    finite: bool = False


@check("safetensors", title="Safetensors weights are whole and as expected", short="file")
def safetensors(want: SafetensorsParams, run: RunDirectory) -> Finding:
    """Reads the header of a safetensors file, or of all files that a `model.safetensors.index.json` names.

    It fails when a file is empty, cut off, a Git LFS pointer or another format, when its header is over
    100 MB, says something twice or does not fit the bytes (holes, overlaps, wrong lengths), when a tensor,
    shape, type, parameter count or metadata entry differs from what is asked, and when the index and the
    files disagree. With `finite: true` all numbers are read, and NaN and infinity fail.

    To resolve: save the model again, and copy every file of it.

    ```yaml check
    safetensors:
      file: models/model.safetensors
      tensors: {classifier.weight: [4, 64]}
      dtypes: [F32, BF16]
      finite: true
    ```
    """
    mapped = _weight_map(want, run) if want.file.endswith(".index.json") else None
    names = list(dict.fromkeys(mapped[0].values())) if mapped else [want.file]
    result = _inspect(want, run, names, mapped=mapped is not None)
    found = result.value
    if mapped:
        _agree(want.file, mapped, names, found)
    measurements = list(_measurements(want, found))
    details = {key: found[key] for key in ("dtypes", "metadata", "names")}
    return judged(
        measurements,
        _message(want, found, measurements, len(names)),
        advice=_AGAIN,
        details={**details, "files": len(names), "isolation": result.isolation},
    )


def _weight_map(want: SafetensorsParams, run: RunDirectory) -> tuple[dict[str, str], int | None]:
    """Tensor name to file (beneath the run), and the total size that the index claims."""
    told = data.load(run, want.file)
    held = told.get("weight_map") if isinstance(told, dict) else None
    if not isinstance(held, dict) or not held or not all(isinstance(name, str) for name in held.values()):
        raise BadContent(f"{want.file} has no weight_map of tensor names to files.", _AGAIN)
    if len(set(held.values())) > _MAX_SHARDS:
        raise LimitExceeded(f"{want.file} names more than {_MAX_SHARDS} files.", "Save fewer, larger files.")
    folder = PurePosixPath(want.file).parent
    metadata = told.get("metadata")
    total = metadata.get("total_size") if isinstance(metadata, dict) else None
    return {tensor: (folder / name).as_posix() for tensor, name in held.items()}, total


def _inspect(want: SafetensorsParams, run: RunDirectory, names: list[str], *, mapped: bool) -> ChildResult:
    payload = {"names": names, "wanted": list(want.tensors), "finite": want.finite, "mapped": mapped}
    with ExitStack() as stack:
        files = [stack.enter_context(run.open(name)) for name in names]
        for file in files:
            refuse_pointer(file)
        return run_in_child(
            "readiness.engine.safetensors_task:inspect",
            payload,
            files=files,
            limits=ChildLimits.of(run.options),
        )


def _agree(
    index: str, mapped: tuple[dict[str, str], int | None], names: list[str], found: dict[str, Any]
) -> None:
    """Raise BadContent when the index and the files say different things."""
    weight_map, total = mapped
    held = {(tensor, name) for name, tensors in zip(names, found["files"], strict=True) for tensor in tensors}
    claimed = set(weight_map.items())
    for said, there in ((claimed - held, "does not hold"), (held - claimed, "holds, unlike the index says,")):
        if said:
            tensor, name = min(said)
            raise BadContent(f"{index} is contradicted: {name} {there} tensor {tensor[:80]!r}.", _AGAIN)
    if total is not None and total != found["bytes"]:
        raise BadContent(
            f"{index} says {str(total)[:40]} bytes in total, its files hold {found['bytes']}.", _AGAIN
        )


def _measurements(want: SafetensorsParams, found: dict[str, Any]) -> Iterator[Measurement]:
    source = want.file
    yield Measurement(name="Tensors", value=found["count"], limit=Limit(">=", 1), source=source)
    limits = ((">=", want.parameters_at_least), ("<=", want.parameters_at_most), ("==", want.parameters))
    declared: list[Limit | None] = [Limit(op, value) for op, value in limits if value is not None]
    for limit in declared or [None]:
        yield Measurement(name="Parameters", value=found["parameters"], limit=limit, source=source)
    for name, shape in want.tensors.items():
        seen = found["shapes"].get(name)
        wanted = "a tensor" if shape is None else _words(shape)
        value = None if seen is None else "a tensor" if shape is None else _words(seen)
        yield Measurement(name=f"Tensor {name[:80]}", value=value, limit=Limit("==", wanted), source=source)
    if want.dtypes:
        for dtype in found["dtypes"]:
            yield Measurement(name="Type", value=dtype, limit=Limit("in", tuple(want.dtypes)), source=source)
    for key, text in want.metadata.items():
        held = found["metadata"].get(key)
        limit = Limit("==", held if held is not None and text is None else text or "any text")
        yield Measurement(name=f"Metadata {key[:80]}", value=held, limit=limit, source=source)
    if found["broken"] is not None:
        count = len(found["broken"])
        yield Measurement(
            name="Tensors with NaN or infinity", value=count, limit=Limit("==", 0), source=source
        )


def _words(shape: list[int]) -> str:
    return " × ".join(map(str, shape)) or "a single number"


def _message(
    want: SafetensorsParams, found: dict[str, Any], measurements: list[Measurement], files: int
) -> str:
    shards = f" in {files} files" if files > 1 else ""
    said = (
        f"{want.file} · {found['count']} tensors{shards}, {found['parameters']} parameters, "
        f"{', '.join(found['dtypes']) or 'no type'}, {size_words(found['bytes'])}"
    )
    bad = [_problem(m) for m in measurements if m.ok is False]
    if found["broken"]:
        bad.append(f"not finite: {', '.join(found['broken'][:5])}")
    return "; ".join([said, *bad])


def _problem(bad: Measurement) -> str:
    name = bad.name if bad.name.startswith("Tensor") else bad.name.lower()
    if bad.value is None:
        return f"{name} is missing"
    return f"{name} is {quantity(bad.value)}, needs {bad.expected}"
