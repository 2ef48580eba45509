"""Find a metric in JSON, YAML, CSV or a Markdown report, and say where it stood and how it was read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

import re2

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.readers import data, documents, numbers
from readiness.engine.readers.numbers import Scale
from readiness.engine.target import RunDirectory

Pick = Literal["last", "first", "max", "min"]
LONGEST_LINE = 300
_NUMBER = re2.compile(r"^(?P<number>\d{1,15}(?:\.\d{1,15})?)\s*(?P<unit>%?)$")
_LINE = re2.compile(r"^[\s>*+\-]*(?P<name>[^:=|*]{1,80}?)\**\s*(?::\**|=)\s*\**(?P<value>[^|]{1,60}?)\**\s*$")


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


def read(run: RunDirectory, wanted: Wanted) -> Reading:
    """Read one metric. Raises FileMissing, NotFound, BadContent (text, NaN, ambiguous, two values)."""
    raw, typed, scale = _raw(run, wanted)
    where = f"{wanted.file} · {wanted.key}"
    number = numbers.read(raw, where, unit=wanted.unit, scale=scale, text=not typed)
    shown = str(raw).strip() if isinstance(raw, str) else f"{raw:g}"
    said = f" ({number.note})" if number.note else f" = {shown}" if shown != f"{number.value:g}" else ""
    return Reading(number.value, f"{where}{said}", number.guessed)


def value(run: RunDirectory, file: str, key: str) -> Any:
    """The untyped value under a key of a JSON or YAML file; text cells of CSV and Markdown."""
    return _raw(run, Wanted(file=file, key=key))[0]


def _raw(run: RunDirectory, wanted: Wanted) -> tuple[Any, bool, Scale | None]:
    suffix = PurePosixPath(wanted.file).suffix.lower()
    if suffix == ".csv":
        return _chosen(_column(run, wanted), wanted, wanted.scale), False, wanted.scale
    if suffix in (".md", ".markdown", ".txt"):
        return _reported(run, wanted), False, wanted.scale
    loaded = data.load(run, wanted.file)
    found = data.lookup(loaded, wanted.key, wanted.file)
    scale = wanted.scale or _declared(loaded)
    return (_chosen(found, wanted, scale) if isinstance(found, list) else found), True, scale


def _declared(loaded: Any) -> Scale | None:
    # A metrics file may say once for all its shares how they are written.
    declared = loaded.get("unit", loaded.get("scale")) if isinstance(loaded, dict) else None
    return declared if declared in ("fraction", "percent") else None


def _column(run: RunDirectory, wanted: Wanted) -> list[str]:
    header, rows = data.read_csv(run, wanted.file)
    if wanted.key not in header:
        raise NotFound(f"{wanted.file} has no column {wanted.key}.", f"It has: {', '.join(header)[:200]}.")
    cells = [row[header.index(wanted.key)] for row in rows]
    return [cell for cell in cells if cell]


def _chosen(values: list[Any], wanted: Wanted, scale: Scale | None) -> Any:
    if not values:
        raise NotFound(f"{wanted.file} · {wanted.key} is an empty list.", "Write its values.")
    if len(values) == 1 or wanted.pick in ("last", "first"):
        return values[0] if wanted.pick == "first" else values[-1]
    if wanted.pick is None:
        raise BadContent(
            f"{wanted.file} · {wanted.key} holds {len(values)} values.",
            "Say which one counts: `pick: last`, `first`, `max` or `min`.",
        )
    where = f"{wanted.file} · {wanted.key}"
    typed = PurePosixPath(wanted.file).suffix.lower() != ".csv"
    read = [(numbers.read(v, where, unit=wanted.unit, scale=scale, text=not typed).value, v) for v in values]
    return (max if wanted.pick == "max" else min)(read, key=lambda pair: pair[0])[1]


def _reported(run: RunDirectory, wanted: Wanted) -> str:
    text = run.read_text(wanted.file)
    name = wanted.key.casefold().strip()
    found = [
        c
        for label, cells in documents.table_cells(text, wanted.file)
        if label.casefold() == name
        for c in cells
    ]
    found += [
        match["value"].strip()
        for line in documents.plain_lines(text)
        if len(line) <= LONGEST_LINE
        and (match := _LINE.match(line))
        and match["name"].casefold().strip() == name
    ]
    # A sentence that starts with the name ("Test accuracy: at least 80 %") is not its value.
    values = [cell for cell in found if numbers.looks_like_one(cell)] or found
    different = list({_spelling(cell): cell for cell in values}.values())
    if not different:
        raise NotFound(
            f"{wanted.file} has no line or table row {wanted.key!r}.",
            "Write it there, for example as a table row.",
        )
    if len(different) > 1:
        raise BadContent(
            f"{wanted.file} gives {wanted.key!r} as {' and '.join(c[:60] for c in different[:3])}.",
            "Correct the wrong one, or read the value from the metrics file.",
        )
    return different[0]


def _spelling(cell: str) -> str:
    # "91.20%" and "91.2 %" say the same.
    match = _NUMBER.match(cell)
    return f"{float(match['number']):g}{match['unit']}" if match else cell
