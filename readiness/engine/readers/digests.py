"""Lists of digests: `sha256sum` text, BSD lines, JSON, `hashes.json`, and what DVC writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from readiness.engine.errors import BadContent, ParameterError
from readiness.engine.readers import plain_json, plain_yaml
from readiness.engine.target import RunDirectory

LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}
MOST = 200_000
_GNU = re.compile(r"(?P<escape>\\?)(?P<digest>[0-9A-Fa-f]{16,128}) [ *](?P<path>.+)")
_BSD = re.compile(r"(?P<name>[A-Za-z0-9-]{3,10}) \((?P<path>.+)\) = (?P<digest>[0-9A-Fa-f]{16,128})")
_HEX = re.compile(r"(?:(?P<name>[a-z0-9-]{3,8}):)?(?P<digest>[0-9a-f]{16,128})")


@dataclass(frozen=True, slots=True)
class Listed:
    """A file that a list names: the path as written, the lower-case digest, and where it stands."""

    path: str
    digest: str
    place: str


def read(run: RunDirectory, file: str, algorithm: str) -> dict[str, Listed]:
    """The files that a list names, by path. `algorithm` is the one the checklist asks for.

    Raises BadContent for lines nobody understands, another algorithm, an empty list, and a file listed twice
    with different digests.
    """
    return _unique(_entries(run, file, algorithm), file)


def of_data(data: Any, place: str, algorithm: str) -> dict[str, Listed]:
    """The files that parsed JSON names: `{path: digest}`, `{path: {sha256}}` or a list of `{path, sha256}`.

    Raises BadContent as `read` does; `place` is what messages call the data.
    """
    return _unique(_json(data, place, algorithm), place)


def _unique(entries: Iterator[Listed], file: str) -> dict[str, Listed]:
    found: dict[str, Listed] = {}
    for listed in entries:
        path = PurePosixPath(listed.path).as_posix()
        known = found.setdefault(path, listed)
        if known.digest != listed.digest:
            raise BadContent(f"{file} lists {path} twice with different digests.", "Write the list again.")
        if len(found) > MOST:
            raise BadContent(f"{file} lists more than {MOST} files.", "Split it.")
    if not found:
        raise BadContent(f"{file} lists no file.", "Write it with `sha256sum FILE… > SHA256SUMS`.")
    return found


def digest_of(value: Any, algorithm: str, place: str) -> str:
    """A lower-case hex digest; "sha256:" may stand before it. Raises BadContent naming the place."""
    match = _HEX.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    if match is None:
        raise BadContent(f"{place} is no digest: {_shown(value)}.", f"Write the hexadecimal {algorithm}.")
    named = (match["name"] or algorithm).replace("-", "")
    if named != algorithm or len(match["digest"]) != LENGTHS[algorithm]:
        other = next((n for n, size in LENGTHS.items() if size == len(match["digest"])), "unknown")
        _refuse_other(place, named if named != algorithm else other, algorithm)
    return match["digest"]


def known_algorithm(algorithm: str) -> str:
    """The algorithm a checklist asks for. Raises ParameterError."""
    if algorithm not in LENGTHS:
        raise ParameterError(f"There is no algorithm {algorithm!r}.", f"Known: {', '.join(LENGTHS)}.")
    return algorithm


def _refuse_other(place: str, found: str, wanted: str) -> None:
    if found in ("md5", "sha1"):
        raise BadContent(
            f"{place} is {found}, which does not prove that a file is the same: others can be made with the "
            f"same digest.",
            f"List {wanted} digests, or accept it with `algorithm: {found}`.",
        )
    raise BadContent(f"{place} is {found}, expected {wanted}.", f"Say `algorithm: {found}` if that is meant.")


def _entries(run: RunDirectory, file: str, algorithm: str) -> Iterator[Listed]:
    ending = PurePosixPath(file).suffix.lower()
    if ending == ".json":
        return _json(plain_json.parse(run.read_text(file), file), file, algorithm)
    if ending in (".dvc", ".yaml", ".yml") or PurePosixPath(file).name == "dvc.lock":
        return _dvc(plain_yaml.parse(run.read_text(file, plain_yaml.LIMIT), file), file, algorithm)
    return _text(run.read_text(file), file, algorithm)


def _text(text: str, file: str, algorithm: str) -> Iterator[Listed]:
    for number, raw in enumerate(text.split("\n"), 1):
        line, place = raw.rstrip("\r"), f"{file} line {number}"
        if not line.strip() or line.startswith("#"):
            continue
        match = _GNU.fullmatch(line) or _BSD.fullmatch(line)
        if match is None:
            raise BadContent(
                f"{place} is no digest and path: {line[:80]!r}.", "Write it with `sha256sum FILE…`."
            )
        path = match["path"]
        if match.re is _GNU and match["escape"]:
            path = re.sub(r"\\([\\nr])", lambda m: {"n": "\n", "r": "\r"}.get(m[1], m[1]), path)
        named = match["name"].lower().replace("-", "") if match.re is _BSD else algorithm
        if named != algorithm:
            _refuse_other(place, named, algorithm)
        yield Listed(path, digest_of(match["digest"], algorithm, place), place)


def _json(data: Any, file: str, algorithm: str) -> Iterator[Listed]:
    if isinstance(data, Mapping):
        said = data.get("hash_algorithm", data.get("algorithm"))
        if isinstance(said, str) and said.lower().replace("-", "") != algorithm:
            _refuse_other(f"{file} · algorithm", said.lower().replace("-", ""), algorithm)
        data = data.get("files", data)
    if isinstance(data, Mapping):
        for path, value in data.items():
            place = f"{file} · {path[:120]}"
            named = value.get("path", path) if isinstance(value, Mapping) else path
            if not isinstance(named, str) or not named:
                raise BadContent(f"{place} names no path.", "Write {path: digest}.")
            yield Listed(named, _value(value, algorithm, place), place)
    elif isinstance(data, list):
        for number, entry in enumerate(data):
            place = f"{file} · {number}"
            path = entry.get("path", entry.get("name")) if isinstance(entry, Mapping) else None
            if not isinstance(path, str) or not path:
                raise BadContent(f"{place} names no path.", "Write {path, sha256} for each file.")
            yield Listed(path, _value(entry, algorithm, place), place)
    else:
        raise BadContent(f"{file} does not map paths to digests.", "Write {path: digest}.")


def _value(value: Any, algorithm: str, place: str) -> str:
    if isinstance(value, Mapping):
        # DVC writes `hash: md5`, the name of the algorithm
        named = [k for k in (algorithm, "hash", "digest", "checksum") if k in value]
        keys = [k for k in named if not (isinstance(value[k], str) and value[k] in LENGTHS)]
        if not keys:
            weak = next((k for k in ("md5", "sha1") if k in value), "")
            if weak:
                _refuse_other(place, weak, algorithm)
            raise BadContent(f"{place} has no {algorithm}.", "Write the digest of each file.")
        value = value[keys[0]]
    return digest_of(value, algorithm, place)


def _dvc(data: Any, file: str, algorithm: str) -> Iterator[Listed]:
    outs = data.get("outs") if isinstance(data, Mapping) else None
    stages = data.get("stages") if isinstance(data, Mapping) else None
    if isinstance(stages, Mapping):
        outs = [o for s in stages.values() if isinstance(s, Mapping) for o in s.get("outs") or ()]
    if not isinstance(outs, list) or not all(isinstance(o, Mapping) for o in outs):
        raise BadContent(f"{file} is no list of digests that is known.", "Write `sha256sum` lines or JSON.")
    for number, out in enumerate(outs):
        place, path = f"{file} · outs.{number}", out.get("path")
        if not isinstance(path, str) or not path:
            raise BadContent(f"{place} names no path.", "")
        if isinstance(out.get("md5"), str) and out["md5"].endswith(".dir"):
            raise BadContent(
                f"{place} is a folder; DVC's digest of one is no digest of files.", "List files."
            )
        yield Listed(path, _value(out, algorithm, place), place)


def _shown(value: Any) -> str:
    return repr(value)[:60] if isinstance(value, str | int | float | bool | None) else type(value).__name__
