"""A checklist's parameters: what a release promises, and how `$name` in a check is filled in."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from readiness.engine.checklist import Parameter
from readiness.engine.errors import ParameterError
from readiness.engine.outcome import quantity

_REFERENCE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
# Plain ASCII: Python would also read "8_0" and the digits of every script.
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")
LARGEST = 2**53 - 1  # beyond it, readers of JSON round whole numbers
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
    """One value as the parameter's type. Nothing is None where nothing is declared as the default.

    Raises ParameterError for a wrong type, and for nothing where there is a default.
    """
    if _empty(value):
        if _empty(parameter.default):
            return None
        default = quantity(parameter.default, parameter.unit)
        raise ParameterError(f"{parameter.name} needs a value (default {default}).", parameter.help)
    text = str(value).strip()
    try:
        return _CONVERT[parameter.type](text)
    except (ValueError, KeyError):
        wanted = {
            "number": "a number",
            "integer": f"a whole number of at most {LARGEST}",
            "boolean": "yes or no",
            "url": "a web address",
        }
        raise ParameterError(
            f"{parameter.name} is {text[:60]!r}, but must be {wanted.get(parameter.type, parameter.type)}.",
            parameter.help,
        ) from None


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _number(text: str) -> float:
    text = text.removesuffix("%").strip()
    if not _DECIMAL.fullmatch(text) or not math.isfinite(float(text)):
        raise ValueError(text)
    return float(text)


def _integer(text: str) -> int:
    if not _WHOLE.fullmatch(text) or abs(int(text)) > LARGEST:
        raise ValueError(text)
    return int(text)


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
    "integer": _integer,
    "text": str,
    "boolean": _boolean,
    "url": _url,
}
TYPES = tuple(_CONVERT)
