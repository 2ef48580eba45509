"""Which files a run lists with their hashes: `manifest.json` and `hashes.json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.ready import hashes, shape
from readiness.engine.ready.files import RunFiles

MANIFEST = "manifest.json"
HASHES = "hashes.json"
_HASH_KEYS = ("hash", "sha256", "content_hash", "checksum", "digest", "sha256sum")
_PATH_KEYS = ("path", "file", "filename", "name")
# Hashes of one file each, by the name of the file (older producers)
_SINGLE = {"dataset_hash": "dataset.jsonl", "manifest_hash": MANIFEST}
_ALGORITHMS = ("sha256", "sha-256")


@dataclass(frozen=True, slots=True)
class Listed:
    """A file that a run lists. `sha256` is None when no hash stands there; `what` is "dataset" or "file"."""

    path: str
    sha256: str | None
    what: str
    place: str


def manifest(files: RunFiles) -> list[Listed]:
    """What `manifest.json` lists under `datasets`, `files` and `file_hashes`. Raises BadContent."""
    raw = files.object(MANIFEST) or {}
    found = list(_entries(raw.get("datasets"), "dataset", f"{MANIFEST} · datasets"))
    found += _entries(raw.get("files"), "file", f"{MANIFEST} · files")
    found += _entries(raw.get("file_hashes"), "file", f"{MANIFEST} · file_hashes")
    return found


def sealed(files: RunFiles) -> list[Listed]:
    """What `hashes.json` lists under `files`, and the named hashes of older producers. Raises BadContent."""
    raw = files.object(HASHES) or {}
    algorithm = raw.get("hash_algorithm", raw.get("algorithm", "sha256"))
    if shape.as_text(algorithm, f"{HASHES} · hash_algorithm").lower() not in _ALGORITHMS:
        raise shape.wrong(f"{HASHES} · hash_algorithm", algorithm, "sha256")
    found = list(_entries(raw.get("files"), "file", f"{HASHES} · files"))
    for key, name in _SINGLE.items():
        if key in raw and files.there(name):
            found.append(Listed(name, hashes.normal(raw[key], f"{HASHES} · {key}"), "file", key))
    return found


def table(files: RunFiles) -> list[Listed]:
    """The entries of `hashes.json` that the chain hash covers. Raises BadContent."""
    return [entry for entry in sealed(files) if entry.place.startswith(f"{HASHES} · files")]


def chains(files: RunFiles) -> tuple[str, ...]:
    """What the chain hash may be: over plain hex digests, or over the entries as they are spelled."""
    plain = {entry.path: entry.sha256 for entry in table(files) if entry.sha256}
    spelled = (files.object(HASHES) or {}).get("files")
    texts = isinstance(spelled, dict) and all(isinstance(value, str) for value in spelled.values())
    return (hashes.chain(plain), *([hashes.chain(spelled)] if texts and spelled else []))


def one(entry: Any, name: str | None = None) -> Listed:
    """One entry of `datasets`; `name` is its key when they are a table. Raises BadContent."""
    place = f"{MANIFEST} · datasets"
    if name is None:
        return _entry(entry, "dataset", place)
    return _named(name, entry, "dataset", f"{place}.{name}")


def chain_hash(files: RunFiles) -> str | None:
    """The chain hash that `hashes.json` names, or None. Raises BadContent."""
    raw = files.object(HASHES) or {}
    value = raw.get("chain_hash")
    return None if value is None else hashes.normal(value, f"{HASHES} · chain_hash")


def clean(path: str) -> str:
    """A listed path as the run knows it: "./a.csv" is "a.csv"."""
    return PurePosixPath(path).as_posix()


def _entries(value: Any, what: str, place: str) -> Iterator[Listed]:
    if isinstance(value, dict):
        for name, entry in shape.as_object(value, place).items():
            yield _named(name, entry, what, f"{place}.{name}")
    elif value is not None:
        for number, entry in enumerate(shape.as_list(value, place)):
            yield _entry(entry, what, f"{place}.{number}")


def _named(name: str, entry: Any, what: str, place: str) -> Listed:
    """`"train.csv": "ab…"`, `"train.csv": {"sha256": …}` or `"train": {"path": …, "hash": …}`."""
    if isinstance(entry, dict):
        path = _path(entry, place) if any(key in entry for key in _PATH_KEYS) else name
        return Listed(clean(path), _hash(entry, place), what, place)
    path = shape.as_text(name, f"{place} (its name)")
    return Listed(clean(path), None if entry is None else hashes.normal(entry, place), what, place)


def _entry(entry: Any, what: str, place: str) -> Listed:
    if isinstance(entry, str):
        return Listed(clean(shape.as_text(entry, place)), None, what, place)
    table = shape.as_object(entry, place)
    return Listed(clean(_path(table, place)), _hash(table, place), what, place)


def _path(entry: Mapping[str, Any], place: str) -> str:
    for key in _PATH_KEYS:
        if key in entry:
            return shape.as_text(entry[key], f"{place}.{key}")
    raise shape.wrong(f"{place}.path", None, "a path beneath the run")


def _hash(entry: Mapping[str, Any], place: str) -> str | None:
    """The hash of an entry. Several that disagree are kept apart by the first: the others are compared."""
    found = [hashes.normal(entry[key], f"{place}.{key}") for key in _HASH_KEYS if entry.get(key) is not None]
    if len(set(found)) > 1:
        raise BadContent(f"{place} names two different hashes.", "Keep the one of the file's bytes.")
    return found[0] if found else None
