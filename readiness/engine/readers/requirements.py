"""Requirements files and conda environments, line by line: what is pinned exactly, and what is not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import re2
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Parsed

from readiness.engine.errors import BadContent, FileMissing
from readiness.engine.readers import plain_yaml
from readiness.engine.target import RunDirectory

MAX_FILES = 20
MAX_REQUIREMENTS = 20_000
# Options of pip that say where from and how, never what: an unknown one might name a requirement.
_HARMLESS = frozenset({
    "-i", "--index-url", "--extra-index-url", "--no-index", "-f", "--find-links", "-c", "--constraint",
    "--no-binary", "--only-binary", "--prefer-binary", "--require-hashes", "--pre", "--trusted-host",
    "--use-feature",
})  # fmt: skip
_COMMENT = re.compile(r"(^|\s)#.*$")
_HASH = re.compile(r"\s--hash[= ](\S+)")
_DIGEST = re.compile(r"sha(?:256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})", re.IGNORECASE)
_OPTION = re.compile(r"(?P<name>--[a-z-]+|-[a-zA-Z])(?:[ \t=]*)(?P<value>.*)")
_COMMIT = re.compile(r"@[0-9a-f]{40}(?:$|[#&])|#sha256=[0-9a-f]{64}")
# "torch==2.1.0", conda's "pytorch=2.1.0=build"; never the bound of ">=2"
_PINNED = re2.compile(r"[^<>!~=]={1,3}\s*(?P<version>[^=\s;,]+)")
_CONDA = re.compile(r"^(?:[^:\s]+::)?(?P<name>[\w.\-]+)\s*(?P<spec>.*)$")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement as written, with its place; `pinned` means one exact version, hash or commit."""

    name: str
    text: str
    file: str
    line: int
    pinned: bool

    @property
    def version(self) -> str:
        """The exact version without its local part ("+cpu"); "" for a hash, commit or range."""
        match = _PINNED.search(self.text) if self.pinned and "://" not in self.text else None
        return match["version"].split("+")[0] if match else ""


def first(run: RunDirectory, alternatives: Sequence[str]) -> str:
    """The first of the files that exists. Raises FileMissing."""
    file = next((f for f in alternatives if run.exists(f)), None)
    if file is None:
        none = "None of " if len(alternatives) > 1 else "No "
        raise FileMissing(f"{none}{', '.join(alternatives)} is in the run.", "Write exact versions there.")
    return file


def read(run: RunDirectory, file: str) -> list[Requirement]:
    """All requirements of a file and of the files it includes.

    Raises BadContent for lines nobody understands.
    """
    conda = PurePosixPath(file).suffix.lower() in (".yml", ".yaml")
    found = list(_conda(run, file) if conda else _text(run, file, set()))
    if len(found) > MAX_REQUIREMENTS:
        raise BadContent(f"{file} names more than {MAX_REQUIREMENTS} requirements.", "")
    return found


def _text(run: RunDirectory, file: str, seen: set[str]) -> Iterator[Requirement]:
    if file in seen or len(seen) >= MAX_FILES:
        raise BadContent(f"{file} is included in a circle, or too many files are.", "Include each file once.")
    seen.add(file)
    for number, line in _logical_lines(run.read_text(file)):
        yield from _entry(run, line, file, number, seen)


def _entry(run: RunDirectory, line: str, file: str, number: int, seen: set[str]) -> Iterator[Requirement]:
    option = _OPTION.match(line)
    if option is None:
        yield _one(line, file, number)
        return
    name, value = option["name"], option["value"].strip()
    if name in ("-r", "--requirement"):
        yield from _text(run, str(PurePosixPath(file).parent / value), seen)
    elif name in ("-e", "--editable"):
        yield Requirement(value, line, file, number, pinned=bool(_COMMIT.search(value)))
    elif name not in _HARMLESS:
        raise BadContent(f"{file} line {number} has the unknown option {name}.", "Remove it.")


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    # A backslash joins lines; the number is that of the first.
    held, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        start = start or number
        held += raw.removesuffix("\\")
        if raw.endswith("\\"):
            continue
        line = _COMMENT.sub("", held).strip()
        if line:
            yield start, line
        held, start = "", 0


def _one(line: str, file: str, number: int) -> Requirement:
    hashes = _HASH.findall(line)
    hashed = bool(hashes) and all(_DIGEST.fullmatch(h) for h in hashes)
    bare = _HASH.sub("", line).strip()
    if bare.startswith(("http://", "https://", "git+", "file:", "./", "../")):
        return Requirement(bare, bare, file, number, pinned=hashed or bool(_COMMIT.search(bare)))
    try:
        parsed = Parsed(bare)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise BadContent(f"{file} line {number} is no requirement: {bare[:80]!r} ({reason}).", "") from None
    pinned = bool(_COMMIT.search(parsed.url)) if parsed.url else _exact(parsed)
    return Requirement(parsed.name, bare, file, number, pinned=hashed or pinned)


def _exact(parsed: Parsed) -> bool:
    # packaging reads "name ===" as a requirement of nothing.
    return any(
        s.operator in ("==", "===") and s.version.strip() and not s.version.endswith(".*")
        for s in parsed.specifier
    )


def _conda(run: RunDirectory, file: str) -> Iterator[Requirement]:
    text = run.read_text(file, plain_yaml.LIMIT)
    loaded = plain_yaml.parse(text, file)
    listed = loaded.get("dependencies") if isinstance(loaded, dict) else None
    if not isinstance(listed, list):
        raise BadContent(f"{file} has no list `dependencies`.", "Export it with `conda env export`.")
    places = _places(text)
    for entry in listed:
        if isinstance(entry, str):
            yield _conda_one(entry, file, places.get(entry, 1))
        elif isinstance(entry, dict) and isinstance(entry.get("pip"), list):
            for line in map(str, entry["pip"]):
                yield from _entry(run, line, file, places.get(line, 1), {file})
        else:
            raise BadContent(f"{file} holds a dependency nobody understands: {str(entry)[:80]}.", "")


def _conda_one(entry: str, file: str, line: int) -> Requirement:
    match: Any = _CONDA.match(entry)
    if match is None:
        raise BadContent(f"{file} line {line} is no conda requirement: {entry[:80]!r}.", "")
    spec = match["spec"].strip()
    # conda's name=1.2 is a prefix match; name==1.2 and name=1.2=build are exact.
    exact = bool(re.fullmatch(r"==\s*[^*<>,|\s]+|=[^=*<>,|\s]+=[^*\s]+", spec))
    return Requirement(match["name"], entry, file, line, pinned=exact)


def _places(text: str) -> dict[str, int]:
    """The first line of every list entry."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        dash, _, item = line.strip().partition(" ")
        if dash == "-":
            found.setdefault(_COMMENT.sub("", item).strip(" '\""), number)
    return found
