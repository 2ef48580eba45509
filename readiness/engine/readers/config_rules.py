"""Limits and refused values of settings, as measurements."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from readiness.engine.errors import NotFound
from readiness.engine.outcome import Limit, Measurement, Scalar
from readiness.engine.readers import config_file, keys, numbers
from readiness.engine.readers.keys import Column

Type = Literal["string", "integer", "number", "boolean", "array", "object"]
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one setting must satisfy; it must be there, unless `required` is false."""

    at_least: float | None = None
    at_most: float | None = None
    one_of: tuple[Scalar, ...] = ()
    type: Type | None = None
    required: bool = True


def judge(loaded: Any, key: str, rule: Rule, file: str, *, text: bool) -> list[Measurement]:
    """One measurement for each limit of the rule and each value under the key. `text`: the file has no types.

    A missing setting fails its limits, unless it is not required. Raises BadContent for a key that can be
    read in two ways.
    """
    try:
        found = keys.find(loaded, key, file)
    except NotFound:
        missing = Limit("==", "set")
        return [_measured(key, "missing", missing, file)] if rule.required else []
    pairs = zip(found.places, found.values, strict=True) if isinstance(found, Column) else [(key, found)]
    return [m for place, value in pairs for m in _judged(place, _typed(value) if text else value, rule, file)]


def _judged(place: str, value: Any, rule: Rule, file: str) -> list[Measurement]:
    made = [_measured(place, value, Limit(">=", rule.at_least), file)] if rule.at_least is not None else []
    made += [_measured(place, value, Limit("<=", rule.at_most), file)] if rule.at_most is not None else []
    if rule.one_of:
        made.append(_one_of(place, value, rule.one_of, file))
    if rule.type:
        name = f"Type of {place}"
        made.append(
            Measurement(name=name, value=_type(value, rule.type), limit=Limit("==", rule.type), source=file)
        )
    return made or [_measured(place, value, None, file)]


def _one_of(place: str, value: Any, choices: tuple[Scalar, ...], file: str) -> Measurement:
    seen = config_file.shown(place, value)
    if any(Limit("==", choice).holds(value) for choice in choices):
        shown = choices if seen == value else (seen,)  # a secret is shown neither here nor there
        return Measurement(name=place, value=seen, limit=Limit("in", shown), source=file)
    # True is 1 for Python's `in`, and "2" looks like 2: what is no choice must not be found among them.
    word = config_file.word(seen)
    alike = word in map(config_file.word, choices)
    said = f"{word} (of another type)" if alike else word
    return Measurement(name=place, value=said, limit=Limit("in", choices), source=file)


def _measured(place: str, value: Any, limit: Limit | None, file: str) -> Measurement:
    seen = config_file.shown(place, value)
    seen = "null" if seen is None else seen
    if (
        limit is not None
        and limit.op in (">=", "<=")
        and isinstance(seen, str)
        and numbers.looks_like_one(seen)
    ):
        seen = f"the text {seen}"  # quoted, or 1e-5, which YAML reads as text: it wants 1.0e-5
    if limit is not None and limit.holds(value) and seen != value:
        limit = Limit("==", seen)  # it holds, but neither value nor limit are shown
    return Measurement(name=place, value=seen, limit=limit, source=file)


def _type(value: Any, wanted: Type) -> str:
    known = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    found = known.get(type(value), "null")
    whole = isinstance(value, float) and value.is_integer()
    if (wanted == "number" and found == "integer") or (wanted == "integer" and whole):
        return wanted
    return found


def _typed(value: Any) -> Any:
    """What a text of an INI file means: a number, true or false, else the text."""
    if not isinstance(value, str):
        return value
    word = value.strip().casefold()
    if word in ("true", "yes", "on", "false", "no", "off"):
        return word in _TRUE
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return value


def refused(found: dict[str, Any], refuse: dict[str, Any], file: str) -> list[Measurement]:
    """One measurement for each refused value that is set, and one with their number."""
    made = []
    for pattern, values in refuse.items():
        fits = config_file.matcher((pattern,))
        bad = {_word(value) for value in (values if isinstance(values, list | tuple) else [values])}
        made += [
            Measurement(
                name=place,
                value=(seen := config_file.word(config_file.shown(place, value))),
                limit=Limit("==", f"not {seen}"),
                source=file,
            )
            for place, value in found.items()
            if fits(place) and _word(value) in bad
        ]
    if not refuse:
        return []
    return [*made, Measurement(name="Refused settings", value=len(made), limit=Limit("==", 0), source=file)]


def _word(value: Any) -> str:
    """A value as anybody might spell it: true, "Yes", on and 1 are one."""
    word = str(value).strip().casefold() if value is not None else "null"
    return "true" if word in _TRUE else "false" if word in _FALSE else word


def version(loaded: Any, key: str, accepted: tuple[Scalar, ...], file: str, *, text: bool) -> Measurement:
    """The version of the file's own format against the accepted ones; a file without one has none."""
    try:
        found = keys.find(loaded, key, file)
    except NotFound:
        found = "missing"
    return _one_of(key, _typed(found) if text else found, accepted, file)
