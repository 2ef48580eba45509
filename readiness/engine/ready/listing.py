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
DECISION = "decision.json"
_HASH_KEYS = ("hash", "sha256", "content_hash", "checksum", "digest", "sha256sum")
_PATH_KEYS = ("path", "file", "filename", "name")
# Hashes of one file each, by the name of the file (older producers)
_SINGLE = {"dataset_hash": "dataset.jsonl", "manifest_hash": MANIFEST}
_ALGORITHMS = ("sha256", "sha-256")


@dataclass(frozen=True, slots=True)
class Listed:
    """A file that a run lists; `what` is "dataset" or "file". `recorded` are the hashes as they stand, each
    with its place: who only wants the path is not stopped by a hash that is none.
    """

    path: str
    recorded: tuple[tuple[str, Any], ...]
    what: str
    place: str

    @property
    def sha256(self) -> str | None:
        """The recorded SHA-256, or None. Raises BadContent for what is none, or for two that differ."""
        found = {hashes.normal(value, place) for place, value in self.recorded if value is not None}
        if len(found) > 1:
            raise BadContent(f"{self.place} names two different hashes.", "Keep the one of the file's bytes.")
        return next(iter(found), None)


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
            found.append(Listed(name, ((f"{HASHES} · {key}", raw[key]),), "file", f"{HASHES} · {key}"))
    return found


def decided(files: RunFiles) -> Iterator[Listed]:
    """The datasets that the decision and its checks name with a hash: what they looked at.

    Producers put other things under the same names; only a path with a hash is taken.
    """
    gate = files.object(DECISION) or {}
    checks = gate.get("checks")
    parts = {"": gate} | (checks if isinstance(checks, dict) else {})
    for name, part in parts.items():
        datasets = part.get("datasets") if isinstance(part, dict) else None
        for number, entry in enumerate(datasets if isinstance(datasets, list) else ()):
            place = f"{DECISION} · {f'checks.{name}.' if name else ''}datasets.{number}"
            yield from _looked_at(entry, place)


def _looked_at(entry: Any, place: str) -> Iterator[Listed]:
    path = entry.get("path") if isinstance(entry, dict) else None
    if isinstance(path, str) and path:
        recorded = tuple(pair for pair in _hash(entry, place) if pair[1] is not None)
        yield from [Listed(clean(path), recorded, "dataset", place)] if recorded else []


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
    value = raw.get("chain_hash", raw.get("chain"))
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
    return Listed(clean(path), ((place, entry),), what, place)


def _entry(entry: Any, what: str, place: str) -> Listed:
    if isinstance(entry, str):
        return Listed(clean(shape.as_text(entry, place)), (), what, place)
    table = shape.as_object(entry, place)
    return Listed(clean(_path(table, place)), _hash(table, place), what, place)


def _path(entry: Mapping[str, Any], place: str) -> str:
    for key in _PATH_KEYS:
        if key in entry:
            return shape.as_text(entry[key], f"{place}.{key}")
    raise shape.wrong(f"{place}.path", None, "a path beneath the run")


def _hash(entry: Mapping[str, Any], place: str) -> tuple[tuple[str, Any], ...]:
    return tuple((f"{place}.{key}", entry[key]) for key in _HASH_KEYS if key in entry)
