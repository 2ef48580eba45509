"""Feature attributions as SHAP, Captum, scikit-learn and hand-written exports store them: name to number.

Understood: {"age": 0.3}; [{"feature": "age", "importance": 0.3}]; one number per name in a list beside the
names; one row of numbers per example (the mean of their sizes counts), also per class; CSV with the columns
feature and importance, or with one column per feature.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.readers import data

VALUE_KEYS = (
    "attributions", "feature_attributions", "feature_importances", "feature_importance", "importances",
    "mean_abs_shap", "shap_values", "global_importance", "values", "importance", "features",
)  # fmt: skip
NAME_KEYS = ("feature_names", "feature_names_in_", "features", "columns", "names")
_ENTRY_NAMES = ("feature", "name", "feature_name", "column")
_ENTRY_VALUES = (
    "importance",
    "attribution",
    "mean_abs_shap",
    "value",
    "weight",
    "shap_value",
    "score",
    "mean",
)
_ADVICE = "Write feature names and one number for each, and name their keys in the checklist."


@dataclass(frozen=True, slots=True)
class Attributions:
    """Numbers by feature (the means of their sizes over several examples), and how many examples."""

    values: dict[str, float]
    examples: int
    source: str


def of_data(held: Any, file: str, key: str | None, names_key: str | None) -> Attributions:
    """The attributions of a JSON or YAML document. Raises NotFound, BadContent."""
    place, found = _place(held, file, key)
    source = f"{file} · {place}" if place else file
    if isinstance(found, Mapping):
        return _of_mapping(found, source)
    if not isinstance(found, list) or not found:
        raise BadContent(f"{source} holds no attributions.", _ADVICE)
    if all(isinstance(entry, Mapping) for entry in found):
        return _of_entries(found, source)
    return _of_rows(found, _names(held, file, names_key), source)


def of_table(header: list[str], rows: list[list[str]], file: str) -> Attributions:
    """The attributions of a CSV table. Raises BadContent."""
    lower = [name.lower() for name in header]
    named = next((lower.index(name) for name in _ENTRY_NAMES if name in lower), None)
    valued = next((lower.index(name) for name in _ENTRY_VALUES if name in lower), None)
    if named is not None and valued is not None:
        pairs = [(row[named], _number(row[valued], f"{file} row {n}")) for n, row in enumerate(rows, 2)]
        return Attributions(_unique(pairs, file), 1, file)
    columns = [
        [_number(row[at], f"{file} row {n} · {name}") for n, row in enumerate(rows, 2)]
        for at, name in enumerate(header)
    ]
    return Attributions(
        {name: _mean(column) for name, column in zip(header, columns, strict=True)}, len(rows), file
    )


def _place(held: Any, file: str, key: str | None) -> tuple[str, Any]:
    if key is not None:
        return key, data.lookup(held, key, file)
    if isinstance(held, Mapping):
        for known in VALUE_KEYS:
            if isinstance(held.get(known), Mapping | list) and not _only_names(held[known]):
                return known, held[known]
        if held and all(_is_number(value) for value in held.values()):
            return "", held
        has = ", ".join(str(name)[:40] for name in list(held)[:12])
        raise NotFound(f"{file} has no attributions under a known name; it has {has}.", "Name their `key`.")
    return "", held


def _only_names(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(entry, str) for entry in value)


def _of_mapping(found: Mapping[str, Any], source: str) -> Attributions:
    numbers: list[tuple[str, float]] = []
    examples = 1
    for name, value in found.items():
        inner = value
        if isinstance(value, Mapping):
            inner = next((value[key] for key in _ENTRY_VALUES if key in value), None)
        if isinstance(inner, list):
            column = [_number(v, f"{source}.{name}") for v in _flat(inner)]
            examples = max(examples, len(inner))
            numbers.append((name, _mean(column)))
        else:
            numbers.append((name, _number(inner, f"{source}.{name}")))
    return Attributions(_unique(numbers, source), examples, source)


def _of_entries(found: list[Any], source: str) -> Attributions:
    pairs = []
    for number, entry in enumerate(found):
        name = next((entry[key] for key in _ENTRY_NAMES if isinstance(entry.get(key), str)), None)
        value = next((entry[key] for key in _ENTRY_VALUES if key in entry), None)
        if name is None or value is None:
            raise BadContent(f"{source}.{number} has no feature name or no number.", _ADVICE)
        pairs.append((name, _number(value, f"{source}.{number}")))
    return Attributions(_unique(pairs, source), 1, source)


def _of_rows(found: list[Any], names: list[str], source: str) -> Attributions:
    """One number per name; or rows of examples, whose innermost or second axis has the names' length."""
    shape = _shape(found, source)
    if shape == (len(names),):
        pairs = [(name, _number(v, source)) for name, v in zip(names, found, strict=True)]
        return Attributions(_unique(pairs, source), 1, source)
    axes = [axis for axis in range(1, len(shape)) if shape[axis] == len(names)]
    if len(shape) not in (2, 3) or not axes:
        words = " × ".join(map(str, shape))
        raise BadContent(f"{source} is {words}, which does not fit {len(names)} feature names.", _ADVICE)
    rows = _by_feature(found, len(shape), axes[-1])
    means = [_mean([_number(v, source) for v in column]) for column in rows]
    return Attributions(
        _unique(list(zip(names, means, strict=True)), source), math.prod(shape) // len(names), source
    )


def _by_feature(found: list[Any], depth: int, axis: int) -> list[list[Any]]:
    if depth == 2:
        return [list(column) for column in zip(*found, strict=True)]
    blocks = found if axis == 2 else [list(zip(*block, strict=True)) for block in found]
    return [list(column) for column in zip(*(row for block in blocks for row in block), strict=True)]


def _shape(found: Any, source: str) -> tuple[int, ...]:
    """Lengths of nested lists that are all alike. Raises BadContent for ragged ones."""
    shape: list[int] = []
    level = [found]
    while level and all(isinstance(entry, list) for entry in level):
        lengths = {len(entry) for entry in level}
        if len(lengths) != 1 or len(shape) == 3:
            raise BadContent(f"{source} is ragged or nested too deep.", _ADVICE)
        shape.append(lengths.pop())
        level = [inner for entry in level for inner in entry]
    return tuple(shape)


def _names(held: Any, file: str, key: str | None) -> list[str]:
    if key is not None:
        names = data.lookup(held, key, file)
    else:
        names = next(
            (held[k] for k in NAME_KEYS if isinstance(held, Mapping) and _only_names(held.get(k))), None
        )
    if not names or not _only_names(names):
        raise NotFound(f"{file} has no list of feature names.", "Write it, or name its key with `names`.")
    return list(names)


def _flat(values: list[Any]) -> list[Any]:
    return [v for value in values for v in (value if isinstance(value, list) else [value])]


def _unique(pairs: list[tuple[str, float]], source: str) -> dict[str, float]:
    made = dict(pairs)
    if len(made) != len(pairs) or not made:
        what = "names a feature twice" if made else "holds no attributions"
        raise BadContent(f"{source} {what}.", _ADVICE)
    return made


def _mean(values: list[float]) -> float:
    return sum(map(abs, values)) / len(values) if values else math.nan


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: object, place: str) -> float:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            value = None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise BadContent(f"{place} is no number.", _ADVICE)
    try:
        return float(value)  # NaN and infinity are judged by the check
    except OverflowError:
        return math.inf
