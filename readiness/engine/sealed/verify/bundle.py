"""An audit bundle taken apart: the canonical ZIP, the manifest of every file, the parts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from readiness.engine.errors import BadContent
from readiness.engine.sealed import canonical_zip, dsse
from readiness.engine.sealed.dsse import Envelope
from readiness.engine.sealed.verify.fields import Fields
from readiness.engine.sealed.verify.material import Bytes, Material, canonical_json

KIND = "readiness-audit-bundle"
SCHEMA_VERSION = 1
MANIFEST, STATEMENT = "manifest.json", "manifest.dsse.json"
MAX_SMALL = 256 << 20
_EVIDENCE = "evidence/"
_SNAPSHOTS = "signatures/snapshots/"
_EARLIER = "audit/checkpoints/"
_ENVELOPE = ".dsse.json"
_KNOWN = re.compile(
    r"VERIFY\.md|verify\.py|report\.(pdf|json|dsse\.json)|snapshot\.json|checklist\.md|keys/keys\.json"
    r"|results/[0-9]+-[A-Za-z0-9_-]+\.json|evidence/([0-9a-f]{64}|index\.json)"
    r"|signatures/([0-9]+-[a-z-]+\.dsse|snapshots/[0-9a-f]{64})\.json"
    r"|audit/(log\.jsonl|checkpoint\.txt|checkpoints/[0-9]+\.txt)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle whose files are those of its manifest; whose manifest that is, nobody said yet."""

    files: Mapping[str, memoryview]
    manifest: Fields
    statement: Envelope
    material: Material


def read(data: Bytes, place: str) -> Bundle:
    """Rebuild the archive, compare, hash every file. Raises BadContent."""
    files = canonical_zip.read(data, place)  # type: ignore[arg-type]  # a view will do
    raw = _one(files, MANIFEST)
    manifest = Fields(canonical_json(raw, MANIFEST), MANIFEST)
    hashes = _compared(files, manifest)
    statement = dsse.read(_one(files, STATEMENT), STATEMENT)
    if statement.subject != hashlib.sha256(raw).hexdigest():
        raise BadContent("The signed statement is about another manifest than the one enclosed.", "")
    for name in ("installation", "gate", "report", "made_at"):
        if manifest.data.get(name) != statement.predicate.get(name):
            raise BadContent(f"The manifest and the statement about it say another {name}.", "")
    material = _material(files, hashes)
    return Bundle(files=files, manifest=manifest, statement=statement, material=material)


def pdf_of(found: Bundle) -> bytes:
    """The report's PDF in a bundle. Raises BadContent."""
    return _one(found.files, "report.pdf")


def _compared(files: Mapping[str, memoryview], manifest: Fields) -> dict[str, str]:
    """The SHA-256 of each file, once it is the one that the manifest lists."""
    if manifest.text("kind") != KIND or manifest.whole("schema_version") != SCHEMA_VERSION:
        raise BadContent(f"The manifest is none of version {SCHEMA_VERSION}.", "Use a newer Readiness.")
    listed = {one.text("path"): (one.text("sha256"), one.whole("size")) for one in manifest.each("files")}
    there = files.keys() - {MANIFEST, STATEMENT}
    if len(listed) != len(manifest.each("files")) or listed.keys() != there:
        odd = sorted(listed.keys() ^ there)[:3]
        raise BadContent(f"The bundle does not hold exactly what its manifest lists: {', '.join(odd)}.", "")
    if strange := [path for path in sorted(there) if not _KNOWN.fullmatch(path)]:
        raise BadContent(f"The bundle holds what no bundle holds: {', '.join(strange[:3])}.", "")
    hashes = {}
    for path, (sha256, size) in listed.items():
        hashes[path] = hashlib.sha256(files[path]).hexdigest()
        if (hashes[path], len(files[path])) != (sha256, size):
            raise BadContent(f"{path} is not the file that the manifest lists.", "")
    return hashes


def _material(files: Mapping[str, memoryview], hashes: Mapping[str, str]) -> Material:
    report, snapshot = _one(files, "report.json"), _one(files, "snapshot.json")
    snapshots = {
        path[len(_SNAPSHOTS) :].removesuffix(".json"): bytes(files[path]) for path in _in(files, _SNAPSHOTS)
    }
    signed = [path for path in _in(files, "signatures/") if path.endswith(_ENVELOPE)]
    known = {p.removeprefix(_EVIDENCE) for p in _in(files, _EVIDENCE)} & set(hashes.values())
    return Material(
        kind="bundle",
        report=report,
        seal=_one(files, "report.dsse.json"),
        log=files.get("audit/log.jsonl", memoryview(b"")),
        checkpoint=_one(files, "audit/checkpoint.txt"),
        sign_offs=[bytes(files[path]) for path in sorted(signed, key=_number("signatures/", "-"))],
        keys=_one(files, "keys/keys.json"),
        earlier=[bytes(files[path]) for path in sorted(_in(files, _EARLIER), key=_number(_EARLIER, "."))],
        snapshots=snapshots,
        shown=snapshot,
        evidence={name: len(files[_EVIDENCE + name]) for name in known if hashes[_EVIDENCE + name] == name},
        results={path: bytes(files[path]) for path in _in(files, "results/")},
        checklist=_one(files, "checklist.md"),
        index=_one(files, "evidence/index.json"),
    )


def _in(files: Mapping[str, memoryview], folder: str) -> list[str]:
    return [path for path in files if path.startswith(folder)]


def _number(folder: str, end: str) -> Callable[[str], int]:
    """The number that a file's name begins with, to order by: 1000 comes after 999."""

    def number(path: str) -> int:
        found = path.removeprefix(folder).partition(end)[0]
        if not found.isdecimal() or len(found) > 15:
            raise BadContent(f"{path} has no number.", "")
        return int(found)

    return number


def _one(files: Mapping[str, memoryview], path: str) -> bytes:
    if path not in files:
        raise BadContent(f"The bundle has no {path}.", "Verify the file as it was downloaded.")
    if len(files[path]) > MAX_SMALL:
        raise BadContent(f"{path} is larger than it may be.", "")
    return bytes(files[path])
