"""A checklist's parameters: what a release promises, and how `$name` in a check is filled in."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from readiness.engine.checklist import Parameter
from readiness.engine.errors import ParameterError

_REFERENCE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


def references(value: Any) -> set[str]:
    """Names of all `$name` references anywhere in a parameter value."""
    if isinstance(value, str):
        return set(_REFERENCE.findall(value))
    if isinstance(value, Mapping):
        return set().union(*(references(v) for v in value.values())) if value else set()
    if isinstance(value, list | tuple):
        return set().union(*(references(v) for v in value)) if value else set()
    return set()


def substitute(value: Any, values: Mapping[str, Any]) -> Any:
    """`value` with every `$name` replaced. A string that is only a reference takes the value's type.

    Raises ParameterError for an unknown name or one without a value.
    """
    if isinstance(value, str):
        whole = _REFERENCE.fullmatch(value)
        if whole:
            return _value(whole[1], values)
        return _REFERENCE.sub(lambda match: str(_value(match[1], values)), value)
    if isinstance(value, Mapping):
        return {k: substitute(v, values) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [substitute(v, values) for v in value]
    return value


def _value(name: str, values: Mapping[str, Any]) -> Any:
    if values.get(name) is None:
        raise ParameterError(
            f"The parameter ${name} has no value.", f"Set {name} on the release, or pass --set {name}=…."
        )
    return values[name]


def resolve(declared: Iterable[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Typed values of all declared parameters, defaults filled in; text (from forms, `--set`) is converted.

    Raises ParameterError for an unknown name or a value of the wrong type.
    """
    known = {parameter.name: parameter for parameter in declared}
    for name in given:
        if name not in known:
            raise ParameterError(
                f"The checklist has no parameter {name!r}.", f"It has: {', '.join(known) or 'none'}."
            )
    return {name: convert(p, given.get(name, p.default)) for name, p in known.items()}


def convert(parameter: Parameter, value: Any) -> Any:
    """One value as the parameter's type; empty text means not set (None). Raises ParameterError."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    text = str(value).strip()
    try:
        return _CONVERT[parameter.type](text)
    except (ValueError, KeyError):
        wanted = {
            "number": "a number",
            "integer": "a whole number",
            "boolean": "yes or no",
            "url": "a web address",
        }
        raise ParameterError(
            f"{parameter.name} is {text!r}, but must be {wanted.get(parameter.type, parameter.type)}.",
            parameter.help,
        ) from None


def _number(text: str) -> float:
    number = float(text.removesuffix("%").strip())
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _boolean(text: str) -> bool:
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise ValueError(text)


def _url(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        raise ValueError(text)
    return text


_CONVERT: dict[str, Callable[[str], Any]] = {
    "number": _number,
    "integer": int,
    "text": str,
    "boolean": _boolean,
    "url": _url,
}
TYPES = tuple(_CONVERT)
