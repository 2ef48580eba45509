"""Conda environments: `environment.yml`, `conda-lock.yml` and lists with exact links (`@EXPLICIT`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers import plain_text, plain_yaml
from readiness.engine.readers.requirement import Requirement, public, without_user
from readiness.engine.target import RunDirectory

EXPLICIT = "@EXPLICIT"
_COMMENT = re.compile(r"(^|\s)#.*$")
_SPEC = re.compile(r"^(?:[^:\s]+::)?(?P<name>[\w.\-]+)\s*(?P<spec>.*)$")
# conda's name=1.2 is a prefix match; name==1.2 and name=1.2=build are exact.
_EXACT = re.compile(r"==\s*(?P<double>[^*<>,|=\s]+)(?:=[^*\s]+)?|=(?P<single>[^=*<>,|\s]+)=[^=*\s]+")
# conda's file names: name-version-build, with the checksum behind a #
_ARCHIVE = re.compile(
    r"https?://\S*/(?P<name>[\w.+]+(?:-[\w.+]+)*)-(?P<version>[\w.!+]+)-[\w.+]+\.(?:conda|tar\.bz2)(?:#\S*)?"
)
Line = Callable[[str, int], Iterator[Requirement]]


def read(run: RunDirectory, file: str, pip: Line) -> Iterator[Requirement]:
    """The requirements of an environment or of a conda-lock file; `pip` reads a line of its pip section.

    Raises BadContent.
    """
    text = plain_text.read(run, file, plain_yaml.LIMIT)
    loaded = plain_yaml.parse(text, file)
    if isinstance(loaded, Mapping) and isinstance(loaded.get("package"), list):
        yield from _locked(loaded["package"], file)
        return
    listed = loaded.get("dependencies") if isinstance(loaded, Mapping) else None
    if not isinstance(listed, list):
        raise BadContent(f"{file} has no list `dependencies`.", "Export it with `conda env export`.")
    places = _places(text)
    for entry in listed:
        if isinstance(entry, str):
            yield _one(entry, file, places.get(entry, 1))
        elif isinstance(entry, Mapping) and set(entry) == {"pip"} and isinstance(entry["pip"], list):
            for line in map(str, entry["pip"]):
                yield from pip(line, places.get(line, 1))
        else:
            raise BadContent(f"{file} holds a dependency nobody understands: {str(entry)[:80]}.", "")


def _one(entry: str, file: str, line: int) -> Requirement:
    match = _SPEC.match(entry.partition("[")[0].strip())
    if match is None:
        raise BadContent(f"{file} line {line} is no conda requirement: {entry[:80]!r}.", "")
    exact = _EXACT.fullmatch(match["spec"].strip())
    version = (exact["double"] or exact["single"]) if exact else ""
    return Requirement(match["name"], without_user(entry), file, line, exact is not None, public(version))


def _locked(packages: list[Any], file: str) -> Iterator[Requirement]:
    # conda-lock: one entry for each package and platform, with link and hash.
    for position, package in enumerate(packages, 1):
        name, version = (
            (package.get(k) for k in ("name", "version")) if isinstance(package, Mapping) else (0, 0)
        )
        if not (isinstance(name, str) and name and isinstance(version, str) and version):
            raise BadContent(
                f"{file}: package {position} has no name and version.", "Write it with conda-lock."
            )
        hashed = package.get("hash")
        pinned = bool(package.get("url")) and isinstance(hashed, Mapping) and any(hashed.values())
        platform = str(package.get("platform", ""))
        text = f"{name}=={version}" + (f" ({platform})" if platform else "")
        yield Requirement(name, text, file, position, pinned, public(version), platform)


def explicit(lines: Iterator[tuple[int, str]], file: str) -> Iterator[Requirement]:
    """The packages of `conda list --explicit`: links to exact builds. Raises BadContent for other lines."""
    for number, line in lines:
        if line == EXPLICIT:
            continue
        match = _ARCHIVE.fullmatch(line)
        if match is None:
            raise BadContent(
                f"{file} line {number} is no link to a conda package: {without_user(line)[:80]!r}.",
                "Write it with `conda list --explicit`.",
            )
        version = public(match["version"])
        yield Requirement(match["name"], without_user(line), file, number, pinned=True, version=version)


def _places(text: str) -> dict[str, int]:
    """The first line of every list entry."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        dash, _, item = line.strip().partition(" ")
        if dash == "-":
            found.setdefault(_COMMENT.sub("", item).strip(" '\""), number)
    return found
