"""A manifest from its bytes: JSON without traps, the schema's form, no secret inside."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from readiness.engine.deploy import hidden
from readiness.engine.deploy.manifest import SCHEMA_VERSION, Manifest
from readiness.engine.deploy.places import DeployError, explained
from readiness.engine.errors import BadContent
from readiness.engine.readers import plain_json
from readiness.engine.sizes import size_words
from readiness.engine.target import decode

MAX_BYTES = 64 << 20
_ADVICE = "`readiness manifest --schema` prints the form; `readiness manifest` writes one."


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """A manifest, what messages call its file, and the lower-case SHA-256 of the file's bytes."""

    manifest: Manifest
    name: str
    sha256: str


def read(data: bytes, name: str) -> ManifestFile:
    """The manifest in a file. Raises DeployError naming the place of whatever cannot be used."""
    text, document = load(data, name)
    check_version(document, name, "release manifest")
    hidden.refuse(document, text, name)
    return ManifestFile(convert(document, name), name, hashlib.sha256(data).hexdigest())


def load(data: bytes, name: str) -> tuple[str, dict[str, Any]]:
    """Text and plain data of a JSON object without NaN, doubled keys and deep nesting. Raises DeployError."""
    if len(data) > MAX_BYTES:
        raise DeployError(f"{name} is larger than {size_words(MAX_BYTES)}.", "Name the right file.")
    if not data.strip():
        raise DeployError(f"{name} is empty.", _ADVICE)
    try:
        text = decode(data, name)
        document = plain_json.parse(text, name)
    except BadContent as problem:
        raise DeployError(problem.message, problem.advice) from None
    if not isinstance(document, dict):
        raise DeployError(f"{name} holds no object.", _ADVICE)
    _refuse_endless(document, name)
    return text, document


def convert(document: Mapping[str, Any], name: str) -> Manifest:
    """The manifest of plain data. Raises DeployError."""
    try:
        manifest = msgspec.convert(document, Manifest)
    except msgspec.ValidationError as error:
        raise explained(error, Manifest, name, _ADVICE) from None
    seen: set[str] = set()
    for artifact in manifest.artifacts:
        if artifact.path in seen:
            raise DeployError(f"{name} lists the artifact {artifact.path} twice.", "Keep the true one.")
        seen.add(artifact.path)
    return manifest


def check_version(document: Mapping[str, Any], name: str, what: str) -> None:
    """Raise DeployError unless the document is of the schema version that is read here."""
    version = document.get("schema_version")
    if isinstance(version, bool) or not isinstance(version, int):
        raise DeployError(f"{name} has no schema_version, so it is no {what} that can be read.", _ADVICE)
    if version > SCHEMA_VERSION:
        raise DeployError(
            f"{name} has the schema version {version}; this version reads up to {SCHEMA_VERSION}.",
            "Update Readiness on this machine.",
        )
    if version < 1:
        raise DeployError(f"{name} has the schema version {version}, which never was one.", _ADVICE)


def _refuse_endless(document: Any, name: str) -> None:
    left: list[tuple[str, Any]] = [("", document)]
    while left:
        place, value = left.pop()
        if isinstance(value, Mapping):
            left += [(f"{place}.{key}".lstrip("."), v) for key, v in value.items()]
        elif isinstance(value, list):
            left += [(f"{place}[{n}]", v) for n, v in enumerate(value)]
        elif isinstance(value, float) and not math.isfinite(value):
            raise DeployError(
                f"{name}, {place[:120]}: {value} is no number to compare with.", "Write a number."
            )
