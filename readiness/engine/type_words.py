"""The types of parameters in words, and the type that a place in them has."""

from __future__ import annotations

import types
from collections.abc import Iterable
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from readiness.engine.sizes import SIZE, Bytes

_WORDS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Bytes: SIZE,
    type(None): "nothing",
    list: "list",
    tuple: "list",
    dict: "pairs",
    Any: "any",
}
_LISTS = (list, tuple, set, frozenset)


def words(hint: Any) -> str:
    """A parameter's type in words: "list of text", "one of fraction, percent"."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return words(args[0])
    if origin is Literal or (isinstance(hint, type) and issubclass(hint, Enum)):
        choices = args or [member.value for member in hint]
        return f"one of {', '.join(map(_choice, choices))}"
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(words(a) for a in args if a is not type(None)))
    if origin in _LISTS and args:
        return f"list of {words(args[0])}"
    if origin is dict:
        return f"pairs of {words(args[0])} and {words(args[1])}"
    return _WORDS.get(hint) or (f"{{{names(hint)}}}" if is_struct(hint) else str(hint))


def _choice(value: Any) -> str:
    # a tab looks like nothing; in quotes YAML reads it as one
    return '`"\\t"`' if value == "\t" else f"`{value}`"


def names(struct: type[msgspec.Struct]) -> str:
    """The fields of a struct; optional ones in brackets."""
    fields = msgspec.structs.fields(struct)
    return ", ".join(f.encode_name if f.required else f"[{f.encode_name}]" for f in fields)


def is_struct(hint: Any) -> bool:
    """Whether a type has named parameters of its own."""
    return isinstance(hint, type) and issubclass(hint, msgspec.Struct)


def at(hint: Any, steps: Iterable[str | int]) -> Any:
    """The type at a place, None for no such: a step is a field's name, an index, or "" for any key."""
    for step in steps:
        found = (_inside(one, step) for one in alternatives(hint))
        hint = next((one for one in found if one is not None), None)
    return hint


def alternatives(hint: Any) -> list[Any]:
    """The types that a value may have, without annotations."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return alternatives(args[0])
    if origin in (Union, types.UnionType):
        return [one for arg in args for one in alternatives(arg)]
    return [hint]


def _inside(hint: Any, step: str | int) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if is_struct(hint):
        fields = {f.encode_name: f.name for f in msgspec.structs.fields(hint)}
        return get_type_hints(hint, include_extras=True)[fields[step]] if step in fields else None
    if origin is dict and not isinstance(step, int):
        return args[1]
    return args[0] if origin in _LISTS and args and isinstance(step, int) else None
