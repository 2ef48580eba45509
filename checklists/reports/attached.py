"""What is attached to a report's PDF: its data, its proofs, and the evidence that was chosen.

All of it follows from the report's row and from rows that never change, so it is the same at any later time.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from checklists import audit, blobs
from checklists.errors import Refused
from checklists.loaded import LoadedGate
from checklists.models import AuditEntry, CheckRun, Evidence, Report, SignOff
from checklists.models.evidence import EvidenceKind
from checklists.reports import enclosed
from checklists.reports.legible import plain
from readiness.engine import seal
from readiness.engine.errors import ReadinessError
from readiness.engine.sealed import log

MOST_BYTES = 50_000_000
MOST_FILES = 200
LONGEST_NAME = 80
NDJSON = "application/x-ndjson"
Choice = Sequence[int] | Literal["all"]
NOT_OF_THIS_GATE = "Some of the chosen evidence is no file of this gate, or was removed."
CHOOSE_AGAIN = "Open the page again and choose from what it lists."


class RecordMissing(ReadinessError):
    """A row that the report rests on is no longer there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """One file inside the PDF; `relationship` is what PDF calls AFRelationship."""

    name: str
    data: bytes
    description: str
    relationship: str = "Supplement"
    media_type: str = "application/json"

    @property
    def sha256(self) -> str:
        """Lower-case hex."""
        return hashlib.sha256(self.data).hexdigest()


def choose(loaded: LoadedGate, wanted: Choice) -> list[Evidence]:
    """The files to attach, in the order of the checklist. Raises Refused, with what to do.

    `wanted` are ids of evidence of this gate, or "all" of its files; a link has no bytes to attach.
    """
    files = [piece for item in loaded.items for piece in item.evidence if piece.kind == EvidenceKind.FILE]
    chosen = files if wanted == "all" else [piece for piece in files if piece.pk in set(wanted)]
    if wanted != "all" and len(chosen) != len(set(wanted)):
        raise Refused(NOT_OF_THIS_GATE, CHOOSE_AGAIN)
    total = sum({piece.sha256: piece.size for piece in chosen}.values())
    if total > MOST_BYTES or len(chosen) > MOST_FILES:
        raise Refused(
            f"The chosen evidence has {len(chosen)} files with {total / 1e6:.1f} MB; a PDF takes at most "
            f"{MOST_FILES} files with {MOST_BYTES / 1e6:.0f} MB.",
            "Choose fewer files. The audit bundle holds all of them, and the PDF names each by its SHA-256.",
        )
    return chosen


def named(chosen: Iterable[Evidence]) -> list[dict[str, Any]]:
    """`[{name, sha256, size, said}]` of the chosen files; `name` is the attachment's, `said` the piece's."""
    found = {
        _name(piece): {"name": _name(piece), "sha256": piece.sha256, "size": piece.size, "said": piece.name}
        for piece in reversed(list(chosen))
    }
    return list(reversed(found.values()))


def of(row: Report) -> Iterator[Attached]:
    """All but the statement, which names them. Raises RecordMissing, BlobError."""
    snapshot, stream = row.snapshot, row.gate.stream
    sealed, audited = snapshot["sealed"], snapshot["audit"]
    yield Attached(
        name="report.json",
        data=seal.canonical(snapshot),
        description="Everything this report says, as canonical JSON (RFC 8785), with the signed snapshot.",
        relationship="Data",
    )
    yield Attached(
        name="audit.jsonl",
        data=b"".join(lines(stream, audited["length"])),
        description="The gate's audit log up to this report, an entry a line, chained by hashes.",
        media_type=NDJSON,
    )
    yield Attached(
        name="checkpoint.txt",
        data=row.checkpoint.encode(),
        description="The head of that log, signed by the installation (a signed note).",
        media_type="text/plain",
    )
    yield Attached(
        name="signatures.jsonl",
        data=b"".join(_envelopes(row)),
        description="Every sign-off of the gate as a signed envelope (DSSE), one a line.",
        media_type=NDJSON,
    )
    yield Attached(
        name="results.jsonl",
        data=b"".join(_results(row)),
        description="What the checks of each item found, in full, an item a line.",
        media_type=NDJSON,
    )
    yield Attached(
        name="keys.json",
        data=seal.canonical(sealed["keys"]),
        description="Public keys as the installation states them. Never trust them because they lie here.",
    )
    for file in sealed["attached"]:
        yield _evidence(file)


def _evidence(file: Mapping[str, Any]) -> Attached:
    return Attached(
        name=file["name"],
        data=blobs.get(file["sha256"]),
        description=f"Evidence: {plain(file['said'])}",
        relationship="Source",
        media_type="",
    )


def lines(stream: str, length: int) -> Iterator[bytes]:
    """Entries up to that one; the beginning may have been cut and sealed, the end must be there."""
    entries = AuditEntry.objects.filter(stream=stream, seq__lte=length).order_by("seq")
    last = 0
    for entry in entries.iterator():
        yield log.line(audit.content(entry), entry.previous, entry.hash)
        last = entry.seq
    if last != length:
        raise RecordMissing(
            f"The audit log of this gate ends at entry {last}; at this report it had {length}.",
            "Run manage.py audit verify, and restore a backup.",
        )


def _envelopes(row: Report) -> Iterator[bytes]:
    """In the order of signing; signatures of releases before 0.5 have none."""
    ids = row.snapshot["enclosed"]["signoffs"]
    rows = SignOff.objects.filter(gate=row.gate_id, pk__in=ids).exclude(envelope="").order_by("pk")
    for signed in rows:
        yield signed.envelope.encode() + b"\n"


def _results(row: Report) -> Iterator[bytes]:
    """The latest run of each item: the print shows the foremost of what it measured and kept."""
    ids: dict[str, int] = row.snapshot["enclosed"]["runs"]
    runs = CheckRun.objects.only("outcome", "results").in_bulk(list(ids.values()))
    for key, pk in sorted(ids.items()):  # PostgreSQL keeps no order of keys
        if pk not in runs:
            raise RecordMissing(f"Check run {pk} of {key} is gone.", "Restore a backup.")
        found = {"item": key, "run": pk, "outcome": runs[pk].outcome, "results": runs[pk].results}
        yield enclosed.canonical(found) + b"\n"


def _name(piece: Evidence) -> str:
    return f"evidence/{piece.sha256[:12]}-{plain_name(piece.name)}"


def plain_name(name: str) -> str:
    """A file's name from plain characters, its ending kept; never empty, never a path."""
    folded = _ascii(name).rpartition("/")[2]
    kept = re.sub(r"[^A-Za-z0-9._-]+", "-", folded).strip("-._")
    stem, dot, ending = kept.rpartition(".")
    if len(kept) > LONGEST_NAME and dot and len(ending) <= 10:
        return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"
    return kept[:LONGEST_NAME] or "file"


def _ascii(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if c.isascii() and c.isprintable()) or "file"
