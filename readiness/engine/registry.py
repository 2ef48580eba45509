"""The kinds of checks: how one is declared, found and explained.

A kind is a function with typed parameters in one file of `checks/`:

    class FileParams(Params, frozen=True):
        path: str

    @check("file", title="A file exists")
    def file(want: FileParams, run: RunDirectory) -> Finding: ...

Outside packages add kinds by the entry-point group `readiness.checks`: each entry names a module
whose import declares them.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import entry_points
from typing import Any, TypeVar, get_type_hints

import msgspec

from readiness.engine.errors import ParameterError, ReadinessError
from readiness.engine.mismatch import explained, meant
from readiness.engine.outcome import Finding
from readiness.engine.sizes import SIZE, Bytes
from readiness.engine.target import RunDirectory
from readiness.engine.type_words import names


class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every kind's parameters: frozen, by keyword, unknown names refused."""


P = TypeVar("P", bound=Params)
CheckFunction = Callable[[Any, RunDirectory], Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One declared kind of check. `short` names the parameter that a bare value sets (`file: a.txt`).

    `aliases` are older names of the same kind. `written` looks at the parameters as they stand in the
    checklist, with the values of `$name`, before they are filled in; it raises ParameterError.
    """

    name: str
    title: str
    params: type[Params]
    function: CheckFunction
    short: str | None
    aliases: tuple[str, ...] = ()
    written: Callable[[Any, Mapping[str, Any]], None] | None = None

    @property
    def doc(self) -> str:
        """What a reader needs when the check fails: the function's docstring."""
        return inspect.cleandoc(self.function.__doc__ or "")

    def parse(self, raw: object) -> Params:
        """Typed parameters from a checklist's YAML value. Raises ParameterError, naming the parameter."""
        if self.short and not isinstance(raw, Mapping):
            raw = {self.short: raw}
        if not isinstance(raw, Mapping):
            raise ParameterError(f"`{self.name}` takes named parameters: {self.signature()}.")
        try:
            return msgspec.convert(raw, self.params, dec_hook=_own_type)
        except msgspec.ValidationError as error:
            said, takes = explained(error, self.params)
            raise ParameterError(f"`{self.name}`: {said}.", takes) from None

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the parameters, for forms, editors and other tools."""
        made = msgspec.json.schema(self.params, schema_hook=_own_schema)
        properties = made["$defs"][self.params.__name__]["properties"]
        for field in msgspec.structs.fields(self.params):
            if field.default_factory is not msgspec.NODEFAULT:
                properties[field.encode_name]["default"] = field.default_factory()
        return made

    def signature(self) -> str:
        """Parameter names for a message; optional ones in brackets."""
        return names(self.params)


def _own_type(wanted: type, raw: Any) -> Any:
    if wanted is Bytes:
        return Bytes.read(raw)
    raise NotImplementedError(f"parameters of the type {wanted.__name__}")


def _own_schema(wanted: type) -> dict[str, Any]:
    if wanted is Bytes:
        return {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}], "description": SIZE}
    raise NotImplementedError(f"parameters of the type {wanted.__name__}")


_KINDS: dict[str, Kind] = {}
_ALIASES: dict[str, str] = {}
_BROKEN: dict[str, str] = {}
_OUTSIDE: dict[str, str] = {}


class DuplicateKindError(ReadinessError):
    """Two functions declare the same kind."""


def check(
    name: str,
    *,
    title: str,
    short: str | None = None,
    aliases: tuple[str, ...] = (),
    written: Callable[[Any, Mapping[str, Any]], None] | None = None,
) -> Callable[[Callable[[P, RunDirectory], Finding]], Callable[[P, RunDirectory], Finding]]:
    """Declare a kind of check. The first argument's annotation gives the parameters' type."""

    def declare(function: Callable[[P, RunDirectory], Finding]) -> Callable[[P, RunDirectory], Finding]:
        for one in (name, *aliases):
            _refuse_double(one, function)
        first = next(iter(inspect.signature(function).parameters))
        _KINDS[name] = Kind(
            name=name,
            title=title,
            params=get_type_hints(function)[first],
            function=function,
            short=short,
            aliases=aliases,
            written=written,
        )
        _ALIASES.update(dict.fromkeys(aliases, name))
        return function

    return declare


def _refuse_double(name: str, function: CheckFunction) -> None:
    known = _KINDS.get(_ALIASES.get(name, name))
    if known and known.function is not function:
        places = f"{known.function.__module__} and {function.__module__}"
        raise DuplicateKindError(f"The check kind {name!r} is declared twice: in {places}.")


def kinds() -> dict[str, Kind]:
    """All kinds by name, built in and from other packages, sorted. Imported once, on first use.

    An alias is no entry of its own.
    """
    _load()
    return dict(sorted(_KINDS.items()))


def broken() -> dict[str, str]:
    """Files and entry points that could not be imported: name to reason. They never break the others."""
    _load()
    return dict(_BROKEN)


def get(name: str) -> Kind:
    """The kind of that name. Raises ParameterError naming the known ones."""
    known = kinds()
    name = _ALIASES.get(name, name)
    if name not in known:
        advice = (
            f"It failed to load: {_BROKEN[name]}."
            if name in _BROKEN
            else f"{meant(name, list(known))}Known kinds: {', '.join(known)}."
            " A worker knows a new one after a restart."
        )
        raise ParameterError(f"Unknown check kind {name!r}.", advice)
    return known[name]


def declared(name: str) -> Kind | None:
    """The kind of that name as far as modules are imported already; it imports none."""
    return _KINDS.get(_ALIASES.get(name, name))


def outside(kind: Kind) -> str | None:
    """The module to import for a kind of another package; None for our own and for code of this process."""
    return _OUTSIDE.get(kind.name)


@cache
def _load() -> None:
    # The built-in kinds import this module, so importing them at the top would be a circle. Two threads may
    # both come here: imports and declarations may happen twice without harm.
    checks = importlib.import_module("readiness.engine.checks")

    for module in pkgutil.iter_modules(checks.__path__):
        if reason := _import(partial(importlib.import_module, f"{checks.__name__}.{module.name}")):
            _BROKEN[module.name.replace("_", "-")] = reason
    for entry in entry_points(group="readiness.checks"):
        before = set(_KINDS)
        if reason := _import(entry.load):
            _BROKEN[entry.name] = reason
        top = entry.module.partition(".")[0]
        for name, kind in list(_KINDS.items()):
            if top != "readiness" and (name not in before or _top(kind) == top):
                _OUTSIDE[name] = entry.module


def _import(load: Callable[[], object]) -> str:
    """Import a module's kinds; the reason when that fails, and then none of them is known."""
    kinds, aliases = dict(_KINDS), dict(_ALIASES)
    try:
        load()
    except (Exception, SystemExit) as error:  # noqa: BLE001  # importing runs anybody's code, like a check
        for known, before in ((_KINDS, kinds), (_ALIASES, aliases)):
            for name in set(known) - set(before):
                del known[name]
        return " ".join(f"{type(error).__name__}: {error}".split())[:500].rstrip(".")
    return ""


def _top(kind: Kind) -> str:
    return kind.function.__module__.partition(".")[0]
