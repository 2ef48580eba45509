"""No secret in a manifest: neither under a name that promises one, nor by what a value looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from readiness.engine.deploy.manifest import HIDDEN, Secret
from readiness.engine.deploy.places import DeployError
from readiness.engine.deploy.words import shown

_ADVICE = "Take it out and write the secret's version only; replace the secret if the file left your machine."
_SHOWN_AS = (None, "", HIDDEN, "•••")
# each name of a secret that config_file knows holds one of them
_PARTS = ("pass", "secret", "token", "key", "credential", "auth", "dsn", "connection", "salt")
_KNOWN = frozenset(Secret.__struct_fields__)
_VALUES = frozenset(("value", "values", "data", "content", "plain", "plaintext", "key", "secret", "private"))


def refuse(document: Any, text: str, name: str) -> None:
    """Raise DeployError when a document holds a secret: `document` is the plain data of `text`."""
    if isinstance(document, Mapping):
        for place, key in _named(document):
            raise DeployError(f"{name}, {place}: {shown(key)!r} would hold a secret.", _ADVICE)
    for kind, line, preview in found(text):
        words = kind.replace("_", " ")
        raise DeployError(f"{name} line {line} holds what looks like a secret ({words} {preview}).", _ADVICE)


def _named(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Places and keys whose names say that a secret stands there."""
    faults = []
    for place, entry in _objects(document.get("secrets"), "secrets"):
        more = [str(key) for key in entry if key not in _KNOWN]
        faults += [(place, key) for key in more if key.lower() in _VALUES or _is_secret(key)]
    configuration = document.get("configuration")
    deltas = configuration.get("deltas") if isinstance(configuration, Mapping) else None
    for place, delta in _objects(deltas, "configuration.deltas"):
        key = str(delta.get("key", ""))
        if not all(_unsaid(delta.get(side)) for side in ("from", "to")) and _is_secret(key):
            faults.append((place, key))
    flags = document.get("feature_flags")
    for key, value in flags.items() if isinstance(flags, Mapping) else ():
        if isinstance(value, str) and not _unsaid(value) and _is_secret(str(key)):
            faults.append(("feature_flags", str(key)))
    return faults


def _objects(value: Any, place: str) -> list[tuple[str, Mapping[str, Any]]]:
    entries = value if isinstance(value, list) else []
    return [(f"{place}[{n}]", entry) for n, entry in enumerate(entries) if isinstance(entry, Mapping)]


def _unsaid(value: Any) -> bool:
    return isinstance(value, str | None) and value in _SHOWN_AS


def _is_secret(key: str) -> bool:
    if not any(part in key.lower() for part in _PARTS):
        return False
    from readiness.engine.readers import config_file  # it reads every format; few manifests need it

    return config_file.is_secret(key)


def found(text: str) -> list[tuple[str, int, str]]:
    """Kind, line and masked preview of what looks like a secret in a text; placeholders are none."""
    from readiness.engine.scan import finder, secret_search
    from readiness.engine.scan.blocks import blocks
    from readiness.engine.scan.cards import Cards

    seen = []
    for block in blocks(iter([text.encode(errors="replace")])):
        shown_as, hits = finder.in_block(block, Cards(""))
        for one in hits:
            if one.type in secret_search.SECRETS and one.severity == "high":
                hit = finder.hit("", shown_as, one)
                seen.append((hit.type, hit.line, hit.preview))
    return seen
