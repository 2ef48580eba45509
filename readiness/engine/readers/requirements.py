"""Requirements files, conda environments and lock files: what is pinned exactly, and what is not.

pip's own format is https://pip.pypa.io/en/stable/reference/requirements-file-format/.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Parsed
from packaging.utils import canonicalize_name

from readiness.engine.errors import BadContent, FileMissing
from readiness.engine.readers import conda, locks, plain_text
from readiness.engine.readers.requirement import Requirement, public, without_user
from readiness.engine.target import RunDirectory

__all__ = ["Requirement", "first", "read"]

MAX_FILES = 20
MAX_REQUIREMENTS = 20_000
# Options of pip that say where from and how, never what: an unknown one might name a requirement.
_HARMLESS = frozenset({
    "-i", "--index-url", "--extra-index-url", "--no-index", "-f", "--find-links", "--no-binary",
    "--only-binary", "--prefer-binary", "--require-hashes", "--pre", "--trusted-host", "--use-feature",
})  # fmt: skip
_COMMENT = re.compile(r"(^|\s)#.*$")
_HASH = re.compile(r"\s--hash[= ](\S+)")
_BUILD = re.compile(r"\s--(?:config-settings?|global-option)[= ](?:\"[^\"]*\"|\S+)")
_DIGEST = re.compile(r"sha(?:256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})", re.IGNORECASE)
_OPTION = re.compile(r"(?P<name>--[a-z-]+|-[a-zA-Z])(?:[ \t=]*)(?P<value>.*)")
_COMMIT = re.compile(r"@[0-9a-f]{40}(?:$|[#&])|[#&]sha256=[0-9a-f]{64}(?:$|&)")
_LINK = re.compile(r"(?:https?|file|ftp|(?:git|hg|svn|bzr)(?:\+[a-z]+)?)[:+]|\.{0,2}/")


def first(run: RunDirectory, alternatives: Sequence[str]) -> str:
    """The first of the files that exists. Raises FileMissing."""
    file = next((f for f in alternatives if run.exists(f)), None)
    if file is None:
        none = "None of " if len(alternatives) > 1 else "No "
        raise FileMissing(f"{none}{', '.join(alternatives)} is in the run.", "Write exact versions there.")
    return file


def read(run: RunDirectory, file: str) -> list[Requirement]:
    """All requirements of a file and of the files it includes; lock files by their names.

    A requirement that a constraints file (`-c`) pins counts as pinned. Raises BadContent for lines nobody
    understands, for circles and for too many files.
    """
    reading = _Reading(run)
    found = list(reading.file(file))
    if len(found) > MAX_REQUIREMENTS:
        raise BadContent(f"{file} names more than {MAX_REQUIREMENTS} requirements.", "")
    return [reading.constrained(requirement) for requirement in found]


@dataclass(slots=True)
class _Reading:
    """One reading of a file with its includes: which are open, which were read, what constraints pin."""

    run: RunDirectory
    inside: list[str] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    constraints: dict[str, Requirement] = field(default_factory=dict)
    constraining: set[str] = field(default_factory=set)

    def file(self, name: str) -> Iterator[Requirement]:
        if PurePosixPath(name).suffix.lower() in (".yml", ".yaml"):
            yield from conda.read(self.run, name, lambda line, number: self._entry(line, name, number))
        elif locks.is_lock(name):
            yield from locks.read(self.run, name, lambda line, number: self._entry(line, name, number))
        else:
            yield from self._text(name)

    def constrained(self, requirement: Requirement) -> Requirement:
        own = self.constraints.get(canonicalize_name(requirement.name))
        if requirement.pinned or own is None or "://" in requirement.text:
            return requirement
        return replace(requirement, pinned=True, version=own.version)

    def _text(self, name: str) -> Iterator[Requirement]:
        if name in self.inside or len(self.done) >= MAX_FILES:
            raise BadContent(
                f"{name} is included in a circle, or too many files are.", "Include each file once."
            )
        if name in self.done:
            return  # its requirements are known already
        self.done.add(name)
        self.inside.append(name)
        lines = list(_logical_lines(plain_text.read(self.run, name)))
        if any(line == conda.EXPLICIT for _, line in lines):
            yield from conda.explicit(iter(lines), name)
        else:
            for number, line in lines:
                yield from self._entry(line, name, number)
        self.inside.pop()

    def _entry(self, line: str, file: str, number: int) -> Iterator[Requirement]:
        option = _OPTION.match(line)
        if option is None:
            yield _one(line, file, number)
            return
        name, value = option["name"], option["value"].strip()
        if name in ("-r", "--requirement"):
            yield from self._text(_beside(file, value))
        elif name in ("-c", "--constraint"):
            # A file may be both: what constrains is read beside what is required.
            other = _Reading(self.run, self.inside, self.constraining, self.constraints, self.constraining)
            self._constrain(other._text(_beside(file, value)))
        elif name in ("-e", "--editable"):
            shown = without_user(line)
            yield Requirement(without_user(value), shown, file, number, bool(_COMMIT.search(value)))
        elif name not in _HARMLESS:
            raise BadContent(f"{file} line {number} has the unknown option {name}.", "Remove it.")

    def _constrain(self, found: Iterable[Requirement]) -> None:
        for requirement in found:
            if requirement.version and not requirement.when:
                self.constraints[canonicalize_name(requirement.name)] = requirement


def _beside(file: str, value: str) -> str:
    return posixpath.normpath(str(PurePosixPath(file).parent / value.strip("\"'")))


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    # A backslash joins lines; the number is that of the first. A comment line is never joined.
    held, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        start = start or number
        if raw.endswith("\\") and not raw.lstrip().startswith("#"):
            held += raw.removesuffix("\\")
            continue
        line = _COMMENT.sub("", held + raw).strip()
        if line:
            yield start, line
        held, start = "", 0
    if line := _COMMENT.sub("", held).strip():
        yield start, line


def _one(line: str, file: str, number: int) -> Requirement:
    hashes = _HASH.findall(line)
    hashed = bool(hashes) and all(_DIGEST.fullmatch(h) for h in hashes)
    bare = _BUILD.sub("", _HASH.sub("", line)).strip()
    shown = without_user(bare)
    if _LINK.match(bare):
        return Requirement(shown, shown, file, number, pinned=hashed or bool(_COMMIT.search(bare)))
    try:
        parsed = Parsed(bare)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise BadContent(f"{file} line {number} is no requirement: {shown[:80]!r} ({reason}).", "") from None
    when = str(parsed.marker or "")
    if parsed.url:
        pinned = hashed or bool(_COMMIT.search(parsed.url))
        return Requirement(parsed.name, shown, file, number, pinned, when=when)
    version = _exact(parsed) if hashed or not hashes else ""  # a broken hash pins nothing
    return Requirement(parsed.name, shown, file, number, bool(version), public(version), when)


def _exact(parsed: Parsed) -> str:
    # packaging reads "name ===" as a requirement of nothing.
    return next(
        (
            s.version.strip()
            for s in parsed.specifier
            if s.operator in ("==", "===") and s.version.strip() and not s.version.endswith(".*")
        ),
        "",
    )
