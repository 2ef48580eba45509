"""In-toto statements: which files a verified envelope speaks of, compared with the files of the run.

OpenSSF model signing puts its files into the predicate; the subject is then a digest over their digests.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from readiness.engine.errors import BadContent, FileMissing
from readiness.engine.readers import plain_json
from readiness.engine.target import CHUNK, RunDirectory, decode

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MODEL_SIGNING = "https://model_signing/signature/v1.0"
MAX_SUBJECTS = 50_000
_TYPES = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128, "blake2b": 128}
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Subject:
    """A name and its digests in lower-case hex, by algorithm; only algorithms that are known here."""

    name: str
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Statement:
    """The files that are spoken of; `ignored` are paths that the signer left out on purpose."""

    predicate_type: str
    subjects: tuple[Subject, ...]
    ignored: tuple[str, ...] = ()


@dataclass(slots=True)
class Compared:
    """Names of subjects: as signed, of other content, not in the run."""

    same: list[str] = field(default_factory=list)
    differ: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def read(payload_type: str, payload: bytes, file: str) -> Statement:
    """The statement of a verified payload. Raises BadContent for other types and for unusable subjects."""
    if payload_type != PAYLOAD_TYPE:
        raise BadContent(f"{file} signs {payload_type[:80]!r}, expected {PAYLOAD_TYPE}.", "Sign a statement.")
    place = f"the statement in {file}"
    loaded = plain_json.parse(decode(payload, place), place)
    if not isinstance(loaded, Mapping) or loaded.get("_type") not in _TYPES:
        raise BadContent(f"{place} is no in-toto statement v1 or v0.1.", "Sign again.")
    kind = loaded.get("predicateType")
    if not isinstance(kind, str):
        raise BadContent(f"{place} has no predicateType.", "Sign again.")
    subjects = tuple(_subject(each, place) for each in _listed(loaded, "subject", place))
    if kind == MODEL_SIGNING:
        return _model(loaded, subjects, place)
    return Statement(kind, subjects)


def _listed(holder: Any, name: str, place: str) -> list[Any]:
    listed = holder.get(name) if isinstance(holder, Mapping) else None
    if not isinstance(listed, list) or not 0 < len(listed) <= MAX_SUBJECTS:
        raise BadContent(f"{place} has no list {name} of 1 to {MAX_SUBJECTS} entries.", "Sign again.")
    return listed


def _subject(raw: Any, place: str) -> Subject:
    digest = raw.get("digest") if isinstance(raw, Mapping) else None
    name = raw.get("name", "") if isinstance(raw, Mapping) else None
    if not isinstance(digest, Mapping) or not isinstance(name, str):
        raise BadContent(f"{place} has a subject without digest.", "Sign again.")
    known = {n: _hex(value, n, name, place) for n, value in digest.items() if n in _LENGTHS}
    if not known:
        raise BadContent(f"{place}: {name[:120]!r} has no digest of {', '.join(_LENGTHS)}.", "Sign again.")
    return Subject(name, known)


def _hex(value: Any, algorithm: str, name: str, place: str) -> str:
    text = value.lower() if isinstance(value, str) else ""
    if len(text) != _LENGTHS[algorithm] or not _HEX.issuperset(text):
        raise BadContent(f"{place}: the {algorithm} of {name[:120]!r} is no digest.", "Sign again.")
    return text


def _model(loaded: Mapping[str, Any], subjects: tuple[Subject, ...], place: str) -> Statement:
    predicate = loaded.get("predicate")
    method = predicate.get("serialization") if isinstance(predicate, Mapping) else None
    if not isinstance(method, Mapping) or method.get("method") != "files":
        raise BadContent(f"{place} was not serialised by whole files.", "Sign with the method `files`.")
    found = tuple(_resource(each, place) for each in _listed(predicate, "resources", place))
    over_all = hashlib.sha256(b"".join(bytes.fromhex(d) for s in found for d in s.digests.values()))
    if [s.digests.get("sha256") for s in subjects] != [over_all.hexdigest()]:
        raise BadContent(f"{place} lists files that are not those of its subject's digest.", "Sign again.")
    ignored = method.get("ignore_paths", [])
    if not isinstance(ignored, list) or not all(isinstance(path, str) for path in ignored):
        raise BadContent(f"{place} has no usable list ignore_paths.", "Sign again.")
    return Statement(MODEL_SIGNING, found, tuple(ignored))


def _resource(raw: Any, place: str) -> Subject:
    if not isinstance(raw, Mapping):
        raise BadContent(f"{place} has a resource that is no object.", "Sign again.")
    return _subject(
        {"name": raw.get("name"), "digest": {str(raw.get("algorithm")): raw.get("digest")}}, place
    )


def compare(run: RunDirectory, subjects: Iterable[Subject], folder: str) -> Compared:
    """Each subject against the file of its name beneath `folder`."""
    compared = Compared()
    for subject in subjects:
        path = str(PurePosixPath(folder) / subject.name) if folder else subject.name
        try:
            same = matches(run, path, subject)
        except FileMissing:
            compared.missing.append(subject.name)
        else:
            (compared.same if same else compared.differ).append(subject.name)
    return compared


def named(subjects: Sequence[Subject], file: str, folder: str) -> Sequence[Subject]:
    """The subjects that may be meant by a file: those of its name or, when none has it, all of them, for many
    signers give an image's or a package's name. Else one signed file could stand in for another.
    """
    path = PurePosixPath(file)
    wanted = {str(path)}
    if folder and path.is_relative_to(folder):
        wanted.add(str(path.relative_to(folder)))
    exact = [each for each in subjects if str(PurePosixPath(each.name)) in wanted]
    return exact or [each for each in subjects if PurePosixPath(each.name).name == path.name] or subjects


def matches(run: RunDirectory, path: str, subject: Subject) -> bool:
    """Whether the file has every digest that the subject states. Raises FileMissing."""
    return all(file_digest(run, path, name).hex() == value for name, value in subject.digests.items())


def file_digest(run: RunDirectory, path: str, algorithm: str) -> bytes:
    """The digest of a file of any size in constant memory. Raises FileMissing."""
    with run.open(path) as opened:
        if algorithm == "sha256":
            return bytes.fromhex(run.used[opened.path].sha256)
        hashed = hashlib.new(algorithm)
        os.lseek(opened.fd, 0, os.SEEK_SET)
        while chunk := os.read(opened.fd, CHUNK):
            hashed.update(chunk)
        return hashed.digest()


def _beneath(run: RunDirectory, folder: str) -> list[str]:
    """Everything beneath a folder that is no folder itself: links too, for a loader follows them."""
    found = []
    for place, folders, files in os.walk(run.root / folder):
        links = [name for name in folders if Path(place, name).is_symlink()]
        found += [Path(place, name).relative_to(run.root).as_posix() for name in (*files, *links)]
    return sorted(found)


def unsigned(run: RunDirectory, statement: Statement, folder: str, own: str) -> list[str]:
    """Files beneath `folder` that the statement does not name, without the signature itself."""
    base = PurePosixPath(folder)
    known = {str(base / subject.name) for subject in statement.subjects} | {str(PurePosixPath(own))}
    left_out = [base / path for path in statement.ignored]
    return [
        path
        for path in _beneath(run, folder)
        if path not in known and not any(PurePosixPath(path).is_relative_to(out) for out in left_out)
    ]
