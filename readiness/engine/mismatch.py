"""What msgspec refuses, in the words of a checklist: which parameter, what stands there, what it takes."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any

import msgspec

from readiness.engine.type_words import alternatives, at, is_struct, names, words

_AT = re.compile(r"(?P<what>.*?)(?: - at (?:`key` in )?`(?P<path>[^`]*)`)?", re.DOTALL)
_STEP = re.compile(r"\.(?P<name>[A-Za-z_]\w*)|\[(?P<index>\d+|\.\.\.)\]")
_MISSING = re.compile(r"Object missing required field `(.+)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_ENUM = re.compile(r"Invalid enum value '?(.*?)'?", re.DOTALL)
_TYPE = re.compile(r"Expected `(?P<wanted>[^`]*)`, got `(?P<got>[^`]*)`")
_GOT = {
    "str": "text",
    "int": "a whole number",
    "float": "a number with a fraction",
    "bool": "true or false",
    "null": "nothing",
    "array": "a list",
    "object": "pairs",
}


def explained(error: msgspec.ValidationError, params: Any) -> tuple[str, str]:
    """The sentence without its stop, and advice: what the place takes. `params`: a struct or another type."""
    match = _AT.fullmatch(str(error))
    what, path = (match["what"], match["path"] or "$") if match else (str(error), "$")
    steps = [_step(step) for step in _STEP.finditer(path)]
    key = _STEP.sub(_shown, path.removeprefix("$")).lstrip(".")
    hint = at(params, steps)
    inner = next((one for one in alternatives(hint) if is_struct(one)), params)
    takes = f"`{key}` takes: {names(inner)}." if inner is not params else ""
    if inner is params and is_struct(params):
        takes = f"It takes: {names(params)}."
    if missing := _MISSING.fullmatch(what):
        return f"{_place(key)}`{missing[1]}` is missing", takes
    if unknown := _UNKNOWN.fullmatch(what):
        known = [f.encode_name for f in msgspec.structs.fields(inner)]
        return f"{_place(key)}it has no parameter `{unknown[1][:80]}`", meant(unknown[1], known) + takes
    named = f"`{key}`" if key else "it"
    if "`key` in" in str(error):
        wrong_name = _ENUM.fullmatch(what)
        return f"{named} has a name that it cannot have" + (
            f": {wrong_name[1][:80]!r}" if wrong_name else ""
        ), takes
    if enum := _ENUM.fullmatch(what):
        return f"{named} is {enum[1][:80]!r}, needs {words(hint) if hint else 'another'}", takes
    if (wrong := _TYPE.fullmatch(what)) and hint is not None:
        return f"{named} is {_GOT.get(wrong['got'], wrong['got'])}, needs {words(hint)}", takes
    return (f"`{key}`: {what}" if key else what), takes


def meant(word: str, known: list[str]) -> str:
    """A question with the known word that is nearest, or nothing: "Did you mean `metric`? "."""
    near = get_close_matches(word, known, n=1, cutoff=0.7)
    return f"Did you mean `{near[0]}`? " if near else ""


def _place(key: str) -> str:
    return f"in `{key}` " if key else ""


def _step(match: re.Match[str]) -> str | int:
    if match["name"]:
        return match["name"]
    return int(match["index"]) if match["index"].isdecimal() else ""


def _shown(match: re.Match[str]) -> Any:
    return (
        f".{match['name']}" if match["name"] else ".*" if match["index"] == "..." else f"[{match['index']}]"
    )
