"""Find a metric in what tools write, and say where it stood and how it was read.

JSON, JSON Lines, YAML, TOML; CSV and TSV; Markdown and text reports; directories of MLflow runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.readers import data, keys, mlflow, numbers, plain_text, reports, tables
from readiness.engine.readers.keys import Column
from readiness.engine.readers.numbers import Scale
from readiness.engine.target import RunDirectory

_FILES = frozenset({".json", ".jsonl", ".ndjson", ".yaml", ".yml", ".toml"})  # never an MLflow run
Pick = Literal["last", "first", "max", "min"]


@dataclass(frozen=True, slots=True)
class Reading:
    """A metric's value in the wanted unit.

    `source` names file, key, raw text and how it was understood; `guessed` is the scale that nobody declared.
    """

    value: float
    source: str
    guessed: Scale | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to read: a key of a file, in a unit; `pick` chooses from a list of values (one per epoch)."""

    file: str
    key: str
    unit: str | None = None
    scale: Scale | None = None
    pick: Pick | None = None


@dataclass(frozen=True, slots=True)
class _Raw:
    """What stands under a key: one value or several, each with its place; `typed`: the file knows types."""

    found: Any
    typed: bool
    scale: Scale | None


def read(run: RunDirectory, wanted: Wanted) -> Reading:
    """Read one metric. Raises FileMissing, NotFound, BadContent (text, NaN, ambiguous, two values)."""
    raw = _raw(run, wanted)
    place, found = _one(raw, wanted)
    where = f"{wanted.file} · {place}"
    number = numbers.read(found, where, unit=wanted.unit, scale=raw.scale, text=not raw.typed)
    shown = found.strip() if isinstance(found, str) else f"{found:g}"
    said = f" ({number.note})" if number.note else f" = {shown}" if shown != f"{number.value:g}" else ""
    return Reading(number.value, f"{where}{said}", number.guessed)


def value(run: RunDirectory, file: str, key: str) -> Any:
    """The untyped value under a key; text cells of CSV and Markdown. Raises as `read`."""
    wanted = Wanted(file=file, key=key)
    raw = _raw(run, wanted)
    # A list is a value of its own only where nothing was asked of its entries.
    return raw.found if isinstance(raw.found, list) and raw.typed else _one(raw, wanted)[1]


def _raw(run: RunDirectory, wanted: Wanted) -> _Raw:
    file, key = wanted.file, wanted.key
    suffix = PurePosixPath(file).suffix.lower()
    if suffix in (".csv", ".tsv"):
        return _Raw(tables.column(run, file, key, last=wanted.pick in ("last", None)), False, wanted.scale)
    if suffix in (".md", ".markdown", ".txt"):
        found, typed = reports.read(plain_text.read(run, file), key, file)
        return _Raw(found, typed, wanted.scale)
    if suffix not in _FILES and mlflow.is_run(run, file):
        logged = mlflow.read(run, file, key)
        if isinstance(logged, list):
            logged = Column([f"{key} (step {entry.step})" for entry in logged], [e.value for e in logged])
        return _Raw(logged, isinstance(logged, Column), wanted.scale)
    loaded = data.load(run, file)
    return _Raw(keys.find(loaded, key, file), True, wanted.scale or _declared(loaded))


def _declared(loaded: Any) -> Scale | None:
    # A metrics file may say once for all its shares how they are written.
    declared = loaded.get("unit", loaded.get("scale")) if isinstance(loaded, dict) else None
    return declared if declared in ("fraction", "percent") else None


def _one(raw: _Raw, wanted: Wanted) -> tuple[str, Any]:
    """The place and the value that count."""
    found = raw.found
    if _by_index(found):  # pandas' DataFrame.to_json: {"0": 0.5, "1": 0.9}
        found = list(found.values())
    if isinstance(found, list):
        found = Column([f"{wanted.key}.{i}" for i in range(len(found))], found)
    if not isinstance(found, Column):
        return wanted.key, found
    if not found.values:
        raise NotFound(f"{wanted.file} · {wanted.key} is an empty list.", "Write its values.")
    if len(found.values) == 1:
        return wanted.key if raw.typed else found.places[0], found.values[0]
    return _chosen(found, raw, wanted)


def _by_index(found: Any) -> bool:
    return isinstance(found, Mapping) and bool(found) and list(found) == [str(i) for i in range(len(found))]


def _chosen(column: Column, raw: _Raw, wanted: Wanted) -> tuple[str, Any]:
    pairs = list(zip(column.places, column.values, strict=True))
    if wanted.pick is None:
        raise BadContent(
            f"{wanted.file} · {wanted.key} holds {len(pairs)} values.",
            "Say which one counts: `pick: last`, `first`, `max` or `min`.",
        )
    if wanted.pick in ("last", "first"):
        return pairs[0 if wanted.pick == "first" else -1]
    compared = [
        numbers.read(v, f"{wanted.file} · {p}", unit=wanted.unit, scale=raw.scale, text=not raw.typed).value
        for p, v in pairs
    ]
    best = (max if wanted.pick == "max" else min)(range(len(pairs)), key=compared.__getitem__)
    return pairs[best]
