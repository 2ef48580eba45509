"""The kind `determinism`: made twice, the result is the same."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from msgspec import Meta

from readiness.engine.child import ChildLimits, run_in_child
from readiness.engine.errors import BadContent, ParameterError
from readiness.engine.onnx_child import run_onnx
from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.readers import data
from readiness.engine.readers.differences import Differences, compare
from readiness.engine.readers.lfs import refuse_pointer
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

How = Literal["bytes", "model", "values"]
_BY_ENDING: dict[str, How] = {
    ".onnx": "model", ".json": "values", ".yaml": "values", ".yml": "values", ".csv": "values",
    ".npz": "values",
}  # fmt: skip


class DeterminismParams(Params, frozen=True):
    """`how`: by the files' ending unless set; `within`: largest difference, relative to the larger number
    where it is above 1; `ignore`: keys, columns or arrays left out; `sample`, `images`, `inputs`, `dims`:
    what models are fed, as for `inference`; `rounds` of made-up inputs.
    """

    first: str
    second: str
    how: How | None = None
    within: Annotated[float, Meta(ge=0)] = 1e-6
    ignore: list[str] = []
    sample: str | None = None
    images: str = "images"
    inputs: dict[str, str] = {}
    dims: dict[str, Annotated[int, Meta(ge=1, le=1_000_000)]] = {}
    rounds: Annotated[int, Meta(ge=1, le=100)] = 3


@check("determinism", title="Made twice, the result is the same")
def determinism(want: DeterminismParams, run: RunDirectory) -> Finding:
    """Compares two files that should be equal: two exports of one model, the features or predictions of two
    runs, two metrics files. Equal bytes pass at once. Else ONNX models are run on the same inputs, and JSON,
    YAML, CSV and `.npz` files are compared value by value; other files must be equal byte by byte.

    It fails when numbers differ by more than `within`, when anything else differs (names, text, shapes, the
    number of rows), when a number is not finite, and when there is nothing to compare. Keys that must differ,
    such as a time, are named under `ignore`. One file cannot be compared with itself.

    To resolve: set every random seed, sort what comes out of sets, files and parallel work, and use
    deterministic operations.

    ```yaml check
    determinism: {first: runs/a/features.csv, second: runs/b/features.csv, within: 0.000001,
                  ignore: [created]}
    ```
    """
    if _equal_bytes(want, run):
        return _same(want)
    how = want.how or _BY_ENDING.get(_ending(want.first), "bytes")
    if how == "bytes" or _ending(want.first) != _ending(want.second):
        return _other_bytes(want)
    found, isolation = _compared(want, run, how)
    if not found.compared and not found.others:
        raise BadContent(f"{want.first} and {want.second} hold nothing to compare.", "Name the right files.")
    return judged(
        _measurements(want, found),
        _message(want, found),
        advice="Set the seeds, sort what has no order, and use deterministic operations.",
        details={"how": how, "differences": found.others} | ({"isolation": isolation} if isolation else {}),
    )


def _ending(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _equal_bytes(want: DeterminismParams, run: RunDirectory) -> bool:
    with run.open(want.first) as first, run.open(want.second) as second:
        if os.path.sameopenfile(first.fd, second.fd):
            raise ParameterError(f"`determinism` compares {want.first} with itself.", "Name two files.")
        for file in (first, second):
            refuse_pointer(file)
            if not file.size:
                raise BadContent(f"{file.path} is empty.", "Write the result there.")
        return run.used[first.path].sha256 == run.used[second.path].sha256


def _same(want: DeterminismParams) -> Finding:
    measured = Measurement(name="Equal bytes", value=True, limit=Limit("==", True), source=want.second)
    return judged(
        [measured], f"{want.first} and {want.second} are equal, byte by byte", details={"how": "bytes"}
    )


def _other_bytes(want: DeterminismParams) -> Finding:
    measured = Measurement(name="Equal bytes", value=False, limit=Limit("==", True), source=want.second)
    return judged(
        [measured],
        f"{want.first} and {want.second} differ; files of this kind must be equal byte by byte",
        advice="Compare their values (JSON, CSV, .npz) or their ONNX exports, or make the file stable.",
        details={"how": "bytes"},
    )


def _compared(want: DeterminismParams, run: RunDirectory, how: How) -> tuple[Differences, str]:
    if how == "model":
        payload = {
            "names": [want.first, want.second], "data": want.sample, "images": want.images,
            "inputs": want.inputs, "dims": want.dims, "rounds": want.rounds,
        }  # fmt: skip
        task = "readiness.engine.determinism_task:compare_models"
        result = run_onnx(task, payload, [want.first, want.second], [want.sample] if want.sample else [], run)
        return _from_child(result.value), result.isolation
    if _ending(want.first) == ".npz":
        task = "readiness.engine.determinism_task:compare_arrays"
        payload = {"names": [want.first, want.second], "ignore": want.ignore}
        with run.open(want.first) as first, run.open(want.second) as second:
            result = run_in_child(task, payload, files=[first, second], limits=ChildLimits.of(run.options))
        return _from_child(result.value), result.isolation
    if _ending(want.first) == ".csv":
        return _tables(want, run), ""
    first_data, second_data = data.load(run, want.first), data.load(run, want.second)
    return compare(first_data, second_data, want.ignore), ""


def _from_child(value: dict[str, Any]) -> Differences:
    others = [value["differ"]] if value["differ"] else []
    return Differences(value["compared"], value["largest"], value["where"], others)


def _tables(want: DeterminismParams, run: RunDirectory) -> Differences:
    (header, rows), (other_header, other_rows) = (data.read_csv(run, f) for f in (want.first, want.second))
    found = Differences()
    if header != other_header:
        found.other(f"the columns are {', '.join(header)[:80]} and {', '.join(other_header)[:80]}")
        return found
    if len(rows) != len(other_rows):
        found.other(f"there are {len(rows)} and {len(other_rows)} rows")
    kept = [(at, name) for at, name in enumerate(header) if name not in want.ignore]
    for number, (row, other) in enumerate(zip(rows, other_rows, strict=False), 2):
        for at, name in kept:
            _cell(found, f"row {number} · {name}", row[at], other[at])
    return found


def _cell(found: Differences, place: str, first: str, second: str) -> None:
    try:
        numbers = float(first), float(second)
    except ValueError:
        found.text(place, first, second)
    else:
        found.number(place, *numbers, differ=Decimal(first) != Decimal(second))


def _measurements(want: DeterminismParams, found: Differences) -> list[Measurement]:
    names = f"{want.first} · {want.second}"
    return [
        Measurement(
            name="Largest difference", value=found.largest, limit=Limit("<=", want.within), source=names
        ),
        Measurement(name="Other differences", value=len(found.others), limit=Limit("==", 0), source=names),
        Measurement(name="Values compared", value=found.compared, source=names),
    ]


def _message(want: DeterminismParams, found: Differences) -> str:
    parts = [f"{found.compared} values compared, largest difference {found.largest:.3g}"]
    if found.largest > want.within:
        parts[0] += f" at {found.where}, needs ≤ {want.within:g}"
    return "; ".join([f"{want.first} and {want.second}: {parts[0]}", *found.others[:3]])
