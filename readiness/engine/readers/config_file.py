"""Configuration files (YAML, TOML, JSON, INI) as settings by dotted key, and secrets that are not shown."""

from __future__ import annotations

import configparser
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, time
from pathlib import PurePosixPath
from typing import Any

import re2

from readiness.engine.errors import BadContent
from readiness.engine.outcome import Scalar
from readiness.engine.readers import data, keys, plain_text
from readiness.engine.readers.requirement import without_user
from readiness.engine.target import RunDirectory

INI = (".ini", ".cfg", ".conf")
MASK = "•••"
MAX_SETTINGS = 20_000
LONGEST = 80  # characters of a value that are shown
_SECRET = re2.compile(
    r"(?i)pass(?:word|wd|phrase)|secret|token|api_?key|access_?key|private_?key|credential|auth(?:$|[._-])|dsn"
    r"|connection_?string|salt(?:$|[._-])"
)
_NO_SECRET = re2.compile(
    r"(?i)tokens|tokeni[sz]e|token_(?:count|limit|len)|max_token|pad_token|(?:eos|bos|unk|sep|cls)_token"
)
_INDEXES = re.compile(r"(?:\.\d+)+$")
_LONGEST_KEY = 2000


def load(run: RunDirectory, file: str) -> dict[str, Any]:
    """The settings of a file as JSON could hold them: dates as text, keys as text, NaN as "nan".

    Raises BadContent for another format, for an empty file and for one that is no object.
    """
    suffix = PurePosixPath(file).suffix.lower()
    if suffix in INI:
        loaded: Any = _ini(plain_text.read(run, file), file)
    elif suffix in (".yaml", ".yml", ".toml", ".json"):
        loaded = plain(data.load(run, file))
    else:
        raise BadContent(
            f"{file} is no configuration file of a known format.",
            "Known: .yaml, .yml, .toml, .json, .ini, .cfg.",
        )
    if not isinstance(loaded, dict) or not loaded:
        raise BadContent(f"{file} holds no settings.", "Write them as `name: value`.")
    return loaded


def settings(loaded: Any, file: str) -> dict[str, Any]:
    """Every single value by its dotted key; empty lists and objects as such.

    Raises BadContent for too many, and for a dotted key that can be read in two ways.
    """
    found: dict[str, Any] = {}
    for place, value in keys.leaves(loaded):
        if len(found) >= MAX_SETTINGS:
            raise BadContent(f"{file} holds more than {MAX_SETTINGS} settings.", "Split it.")
        if place in found:
            raise BadContent(f"{file} gives {place[:LONGEST]} twice.", "Keep the true one.")
        found[place] = value
    return found


def plain(value: Any) -> Any:
    """The value with text for what JSON does not know: dates, NaN and infinity, keys that are no text.

    Raises BadContent for keys that would fall together.
    """
    if isinstance(value, Mapping):
        named = [(k if isinstance(k, str) else str(plain(k)), plain(v)) for k, v in value.items()]
        if len(dict(named)) != len(named):
            raise BadContent("The number 1 and the text '1' are two keys of one object.", "Name each once.")
        return dict(named)
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _ini(text: str, file: str) -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys as they are written
    try:
        parser.read_string(text, source=file)
    except (configparser.Error, ValueError) as error:
        reason = " ".join(str(error).split())[:160]
        raise BadContent(
            f"{file} is not usable INI: {reason}.", "Write [section] and name = value."
        ) from None
    found = {name: dict(parser[name]) for name in parser.sections()}
    return {"DEFAULT": dict(parser.defaults())} | found if parser.defaults() else found


def matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether a key fits one of the globs (`*` any characters, `?` one), whatever its case.

    A list's entries (`hosts.0`) fit the list's name, too.
    """
    parts = ("".join({"*": ".*", "?": "."}.get(c, re2.escape(c)) for c in p) for p in patterns)
    compiled = re2.compile(rf"(?is)(?:{'|'.join(parts)})")
    return lambda key: bool(patterns) and bool(compiled.fullmatch(key) or compiled.fullmatch(_bare(key)))


def is_secret(key: str) -> bool:
    """Whether a key names something that must not be shown."""
    return bool(_SECRET.search(_NO_SECRET.sub("", key)))


def shown(key: str, value: Any) -> Scalar:
    """A value for a message: masked under a secret's name, short, without passwords in links."""
    if is_secret(key) and value not in (None, "", [], {}):
        return MASK
    if isinstance(value, Mapping | list):
        return f"{len(value)} entries" if value else "nothing"
    return without_user(value)[:LONGEST] if isinstance(value, str) else value


def word(value: Any) -> str:
    """A single value as a configuration spells it: true, null, 3, text."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return str(value)


def _bare(key: str) -> str:
    # indexes at the end of a key; one that is long was not made of them
    return _INDEXES.sub("", key) if len(key) < _LONGEST_KEY else key
