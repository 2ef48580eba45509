"""The YAML block on top of a checklist: title, version, parameters, who signs.

Other tools write such blocks too (Hugo, Jekyll, Hugging Face). A block is ours when it has one of our own
keys, or stands above a check block: then every mistake is refused with its line. In any other document the
block never stands in the way: what cannot be used is left out, and a note says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from readiness.engine import parameters, strict_yaml
from readiness.engine.checklist import Parameter, Role, SignOffRole
from readiness.engine.errors import ChecklistError, ParameterError
from readiness.engine.isolation import Level
from readiness.engine.mismatch import explained
from readiness.engine.strict_yaml import Located, Path

WHAT = "front matter"
_TEXTS = ("title", "slug", "version", "gate", "summary")
# Keys that others hardly use; `title` and the other texts say nothing about who wrote the block.
_OWN = ("gate", "isolation", "parameters", "sign_off", "waivers")
_OURS = re.compile(
    rf"(?:{'|'.join(_OWN)})[ \t]*:|[ \t]*(?:`{{3,}}|~{{3,}})[ \t]*ya?ml[ \t]+check\b", re.IGNORECASE
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FENCE = re.compile(r"---[ \t]*")
_END = re.compile(r"(?:---|\.\.\.)[ \t]*")


class _Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["number", "integer", "text", "url", "boolean"] = "number"
    default: int | float | str | bool | None = None
    unit: str = ""
    help: str = ""


class _Signer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    role: Role
    conditional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """What the block says. `texts` holds title, slug, version, gate and summary as far as given;
    `data` is the whole block, unknown keys included; `length` its number of lines, fences included;
    `notes` are sentences about what was left out.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    waivers: bool = False
    isolation: str = ""
    parameters: tuple[Parameter, ...] = ()
    sign_off: tuple[SignOffRole, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    length: int = 0
    notes: tuple[str, ...] = ()


def read(lines: list[str]) -> FrontMatter:
    """The front matter of a document given as lines; an empty one when it has none.

    It starts with `---` on line 1 directly followed by text (a rule above a blank line is Markdown) and
    ends with `---` or `...`. Raises ChecklistError with the line when the block is ours and wrong.
    """
    end = _end(lines)
    if end is None:
        return FrontMatter()
    if any(_OURS.match(line) for line in lines):
        return _ours(lines, end)
    try:
        found = strict_yaml.load("\n".join(lines[1:end]), line=2, what=WHAT)
    except ChecklistError as error:
        return FrontMatter(length=end + 1, notes=(f"The front matter is not used. {error.message}",))
    if not isinstance(found.data, dict):
        return FrontMatter(length=end + 1)
    texts, notes = _foreign(found)
    return FrontMatter(texts=texts, data=found.data, length=end + 1, notes=(*notes, *_unknown(found)))


def _ours(lines: list[str], end: int) -> FrontMatter:
    found = strict_yaml.load("\n".join(lines[1:end]), line=2, what=WHAT)
    if found.data is None:
        return FrontMatter(length=end + 1)
    if not isinstance(found.data, dict):
        raise ChecklistError(
            "the front matter must be `name: value` pairs.", "Write for example `title: …`.", line=2
        )
    return FrontMatter(
        texts=_texts(found),
        waivers=_convert(found, ("waivers",), bool) if "waivers" in found.data else False,
        isolation=_convert(found, ("isolation",), Level) if found.data.get("isolation") is not None else "",
        parameters=_parameters(found),
        sign_off=_sign_off(found),
        data=found.data,
        length=end + 1,
        notes=_unknown(found),
    )


def _foreign(found: Located) -> tuple[dict[str, str], list[str]]:
    """The texts that can be used, and notes on the others."""
    texts: dict[str, str] = {}
    notes = []
    for name in _TEXTS:
        try:
            texts |= _text(found, name)
        except ChecklistError as error:
            notes.append(f"Not used: {error.message}")
    return texts, notes


def _unknown(found: Located) -> tuple[str, ...]:
    names = [name for name in found.data if name not in (*_TEXTS, *_OWN)]
    if not names:
        return ()
    listed = ", ".join(f"`{name}`" for name in names[:10])
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return (f"Keys of the front matter that mean nothing here: {listed}{more}.",)


def _end(lines: list[str]) -> int | None:
    if len(lines) < 2 or not _FENCE.fullmatch(lines[0]) or not lines[1].strip():
        return None
    return next((n for n, line in enumerate(lines[1:], 1) if _END.fullmatch(line)), None)


def _texts(found: Located) -> dict[str, str]:
    return {name: text for key in _TEXTS for name, text in _text(found, key).items()}


def _text(found: Located, name: str) -> dict[str, str]:
    """The entry as `{name: text}`, empty when it is not there. Raises ChecklistError."""
    value = found.data.get(name)
    if value is None:
        return {}
    if isinstance(value, dict | list):
        raise _wrong(found, (name,), f"`{name}` must be text")
    text = found.raw[name,].strip()
    if name == "slug" and not _SLUG.fullmatch(text):
        raise _wrong(found, ("slug",), "`slug` must be lower-case letters, digits and single hyphens")
    return {name: text}


def _parameters(found: Located) -> tuple[Parameter, ...]:
    entries = found.data.get("parameters") or {}
    if not isinstance(entries, dict):
        raise _wrong(found, ("parameters",), "`parameters` must be `name: {type: …, default: …}` pairs")
    return tuple(_parameter(found, name) for name in entries)


def _parameter(found: Located, name: str) -> Parameter:
    path = ("parameters", name)
    if not _NAME.fullmatch(name):
        raise _wrong(found, path, f"{name!r} cannot be a parameter's name: use letters, digits and `_`")
    entry = _convert(found, path, _Parameter) if found.data["parameters"][name] is not None else _Parameter()
    parameter = Parameter(name=name, type=entry.type, default=entry.default, unit=entry.unit, help=entry.help)
    try:
        default = parameters.convert(parameter, entry.default)
    except ParameterError as error:
        raise _wrong(found, path, f"the default of {error.message.rstrip('.')}") from None
    return Parameter(name=name, type=entry.type, default=default, unit=entry.unit, help=entry.help)


def _sign_off(found: Located) -> tuple[SignOffRole, ...]:
    entries = found.data.get("sign_off") or []
    if not isinstance(entries, list):
        raise _wrong(found, ("sign_off",), "`sign_off` must be a list such as `- {role: technical-lead}`")
    roles: dict[Role, SignOffRole] = {}
    for index, entry in enumerate(entries):
        path = ("sign_off", index)
        signer = (
            _Signer(_convert(found, path, Role)) if isinstance(entry, str) else _convert(found, path, _Signer)
        )
        if signer.role in roles:
            raise _wrong(found, path, f"the role {signer.role.value} is listed twice")
        roles[signer.role] = SignOffRole(role=signer.role, conditional=signer.conditional)
    return tuple(roles.values())


def _convert(found: Located, path: Path, wanted: Any) -> Any:
    value = found.data
    for step in path:
        value = value[step]
    try:
        return msgspec.convert(value, wanted)
    except msgspec.ValidationError as error:
        name = ".".join(str(step) for step in path)
        said, takes = explained(error, wanted)
        raise _wrong(found, path, f"`{name}`: {said}", takes) from None


def _wrong(found: Located, path: Path, problem: str, advice: str = "") -> ChecklistError:
    return ChecklistError(f"{problem}.", advice or "Correct the front matter.", line=found.lines.get(path, 1))
