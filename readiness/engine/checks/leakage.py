"""`leakage`: the test set was never part of the training set."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Literal

from readiness.engine.child import ChildLimits, ChildResult, run_in_child
from readiness.engine.errors import ExtraMissing, FileMissing, ParameterError
from readiness.engine.outcome import Finding, Limit, Measurement, judged, quantity
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

MAX_FILES = 100


class LeakageParams(Params, frozen=True):
    """Files of each side, by name or glob; `key`: columns that identify a row (else all of them)."""

    train: str | tuple[str, ...]
    test: str | tuple[str, ...]
    key: tuple[str, ...] = ()
    normalise: tuple[str, ...] = ()
    rows: bool = True
    max_overlap_ratio: float = 0.0
    time_column: str | None = None
    min_gap_days: float = 0.0
    delimiter: Literal[",", ";", "\t", "|"] | None = None


@check("leakage", title="Training and test data do not overlap")
def leakage(want: LeakageParams, run: RunDirectory) -> Finding:
    """Looks for rows of the test tables in the training tables (CSV or JSON Lines, several files per side).

    Rows are equal when all columns are, or those named in `key`, as text without spaces around it (1 and
    1.0 differ). Columns in `normalise` are compared without regard to case, spaces and Unicode form. With
    `time_column` every test row must be later than every training row, by `min_gap_days` if given: times
    are ISO 8601, a day without a time is the whole day, and times stand all with their zone
    or all without. `rows: false` looks at the times alone.

    Fails on rows in both (over `max_overlap_ratio` of the test rows), a test row that is not later, a time
    that cannot be read, an empty table, and columns that differ. Split the data again, and evaluate again.

    ```yaml check
    leakage: {train: data/train.csv, test: data/test.csv, key: [user_id], time_column: created_at}
    ```
    """
    check_params(want)
    if importlib.util.find_spec("duckdb") is None:
        raise ExtraMissing("duckdb", "data")
    child = _overlap(want, run)
    measured = list(_measurements(want, child.value))
    return judged(
        measured,
        _message(child.value, measured),
        advice="Split the data again, and evaluate the model again.",
        details={"isolation": child.isolation, "places": child.value["places"]},
    )


def check_params(want: LeakageParams) -> None:
    """Raise ParameterError for parameters that cannot be meant."""
    if not want.rows and not want.time_column:
        raise ParameterError("`leakage` with `rows: false` needs a `time_column`.", "Name one of the two.")
    if not 0 <= want.max_overlap_ratio <= 1:
        raise ParameterError(
            f"`leakage`: max_overlap_ratio is {want.max_overlap_ratio:g}.", "Write a ratio from 0 to 1."
        )
    if not 0 <= want.min_gap_days <= 36500:
        raise ParameterError(f"`leakage`: min_gap_days is {want.min_gap_days:g}.", "Write a number of days.")


def _overlap(want: LeakageParams, run: RunDirectory) -> ChildResult:
    limits = ChildLimits.of(run.options)
    train, test = _files(want.train, run), _files(want.test, run)
    both = sorted(set(train) & set(test))
    if both:
        raise ParameterError(
            f"`leakage`: {both[0]} is on both sides.", "Name other files, or a narrower glob."
        )
    payload = {
        "train": train,
        "test": test,
        "delimiter": want.delimiter,
        "memory": limits.memory,
        "key": list(want.key),
        "normalise": list(want.normalise),
        "rows": want.rows,
        "time_column": want.time_column,
        "gap": want.min_gap_days,
    }
    with ExitStack() as stack:
        files = [stack.enter_context(run.open(name)) for name in [*train, *test]]
        return run_in_child("readiness.engine.table_leakage:overlap", payload, files=files, limits=limits)


def _files(wanted: str | Sequence[str], run: RunDirectory) -> list[str]:
    names: list[str] = []
    for name in [wanted] if isinstance(wanted, str) else wanted:
        found = run.glob(name) if any(mark in name for mark in "*?[") else [name]
        if not found:
            raise FileMissing(f"No file of the run matches {name}.", "Correct the pattern in the checklist.")
        names += [f for f in found if f not in names]
    if not 0 < len(names) <= MAX_FILES:
        raise ParameterError(
            f"`leakage`: {len(names)} files on one side.", f"Name 1 to {MAX_FILES} files per side."
        )
    return names


def _measurements(want: LeakageParams, seen: Mapping[str, Any]) -> Iterator[Measurement]:
    sides = (("Training rows", "train", want.train), ("Test rows", "test", want.test))
    for name, side, files in sides:
        source = files if isinstance(files, str) else ", ".join(files)
        yield Measurement(name=name, value=seen["rows"][side], limit=Limit(">=", 1), source=source)
    if not all(seen["rows"].values()):
        return
    if want.rows:
        share = 100 * seen["shared"] / seen["rows"]["test"]
        limit = Limit("<=", round(100 * want.max_overlap_ratio, 10))
        yield Measurement(name="Test rows in training data", value=share, unit="%", limit=limit)
        yield Measurement(name="Shared rows", value=seen["shared"])
    if seen["times"]:
        yield from _of_times(want, seen["times"])


def _of_times(want: LeakageParams, times: Mapping[str, Any]) -> Iterator[Measurement]:
    none = Limit("<=", 0)
    column = want.time_column
    yield Measurement(name="Unreadable times", value=times["unread"], limit=none, source=column)
    later = "Test rows not later" if not want.min_gap_days else f"Test rows within {want.min_gap_days:g} days"
    yield Measurement(name=later, value=times["early"], limit=none, source=column)
    yield Measurement(name="Last training time", value=times["last_train"], source=column)
    yield Measurement(name="First test time", value=times["first_test"], source=column)


def _message(seen: Mapping[str, Any], measured: list[Measurement]) -> str:
    bad = [m for m in measured if m.ok is False]
    rows = seen["rows"]
    said = [_bad_words(seen, m) for m in bad]
    if said:
        return "; ".join(said)
    sizes = f"{quantity(rows['test'])} test rows against {quantity(rows['train'])} training rows"
    if seen["shared"] is not None:
        sizes += f": {quantity(seen['shared'])} in both"
    times = seen["times"]
    return sizes + (f"; {_span(times)}" if times else "")


def _bad_words(seen: Mapping[str, Any], bad: Measurement) -> str:
    if bad.name == "Test rows in training data":
        test, line, train, other = seen["places"][0]
        rows = seen["rows"]["test"]
        return (
            f"{seen['shared']} of {rows} test rows ({bad.observed}, needs {bad.expected}) are in the training"
            f" data, first {test} line {line} = {train} line {other}"
        )
    if bad.name.startswith("Test rows ") and seen["times"]:
        return f"{bad.name}: {bad.observed}; {_span(seen['times'])}"
    return f"{bad.name}: {bad.observed}, needs {bad.expected}"


def _span(times: Mapping[str, Any]) -> str:
    return f"last training time {times['last_train']}, first test time {times['first_test']}"
