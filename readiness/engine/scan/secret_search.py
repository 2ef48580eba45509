"""One pass over text files for secrets: what our patterns find, and the lines for detect-secrets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from readiness.engine.errors import FileMissing, LimitExceeded
from readiness.engine.scan import candidates
from readiness.engine.scan.blocks import blocks
from readiness.engine.scan.cards import Cards
from readiness.engine.scan.finder import hit, in_block
from readiness.engine.scan.text import SkipFileError, pieces
from readiness.engine.target import OpenFile, RunDirectory

SECRETS = ("private_key", "connection_string", "api_key", "jwt", "password")
MOST_LINES = 50_000
MOST_BYTES = 32 << 20
MOST_OWN = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """A line for the library."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Own:
    """A secret that our patterns found; `fingerprint` is the SHA-1 of its bytes."""

    type: str
    path: str
    line: int
    preview: str
    fingerprint: str


@dataclass(slots=True)
class Search:
    """What one pass gathered; `binary` are files that are no text, `unread` those not read to the end."""

    files: int = 0
    candidates: list[Place] = field(default_factory=list)
    own: list[Own] = field(default_factory=list)
    binary: list[str] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)


def search(run: RunDirectory, paths: Iterable[str], *, entropy: bool) -> Search:
    """Look through files of the run. Raises LimitExceeded when far too many lines look like secrets."""
    made, size = Search(), 0
    for path in paths:
        try:
            with run.open(path) as file:
                size += _file(file, made, entropy=entropy, room=MOST_BYTES - size)
            made.files += 1
        except FileMissing:
            made.unread[path] = "it vanished"
        except SkipFileError as reason:
            if str(reason).startswith("binary"):
                made.binary.append(path)
            else:
                made.unread[path] = str(reason)
    return made


def _file(file: OpenFile, made: Search, *, entropy: bool, room: int) -> int:
    used, cards = 0, Cards(file.path)
    for block in blocks(pieces(file)):
        for line in candidates.in_block(block, entropy=entropy):
            made.candidates.append(Place(file.path, line.line, line.text))
            used += len(line.text)
            if used > room or len(made.candidates) > MOST_LINES:
                raise LimitExceeded(
                    f"{file.path} and the files before it hold too many lines that may be secrets.",
                    "Leave out data and generated files with `exclude`.",
                )
        shown, found = in_block(block, cards)
        for one in found:
            if one.type in SECRETS and one.severity == "high" and len(made.own) < MOST_OWN:
                seen = hit(file.path, shown, one)
                digest = hashlib.sha1(one.value, usedforsecurity=False).hexdigest()
                made.own.append(Own(seen.type, seen.path, seen.line, seen.preview, digest))
    return used
