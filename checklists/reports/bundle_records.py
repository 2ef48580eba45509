"""The records in a bundle: results, evidence, signatures, audit log, keys; all from rows that stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from checklists.models import Checkpoint, CheckRun, Report, SignOff
from checklists.reports import attached, enclosed
from checklists.reports.attached import RecordMissing
from readiness.engine import seal

SCHEMA_VERSION = 1
LONGEST_KEY = 80
Record = tuple[str, bytes, str]  # path, bytes, description


def all_of(report: Report) -> Iterator[Record]:
    """Path, bytes and description of each."""
    yield from _results(report)
    yield _index(report)
    yield from _signatures(report)
    yield from _log(report)
    yield (
        "keys/keys.json",
        seal.canonical(report.snapshot["sealed"]["keys"]),
        "The installation's public keys as it states them. Never trust them because they lie here.",
    )


def _results(report: Report) -> Iterator[Record]:
    ids: dict[str, int] = report.snapshot["enclosed"]["runs"]
    runs = CheckRun.objects.select_related("snapshot", "parameters").in_bulk(list(ids.values()))
    for item in enclosed.items(report.snapshot):
        key = item["key"]
        if key not in ids:
            continue
        run = runs.get(ids[key])
        if run is None:
            raise RecordMissing(f"Check run {ids[key]} of {key} is gone.", "Restore a backup.")
        path = f"results/{item['number']:03}-{_plain(key)}.json"
        yield path, enclosed.canonical(_run(key, run)), f"What the checks of {_plain(key)} found."


def _run(key: str, run: CheckRun) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "readiness-check-run",
        "item": key,
        "run": run.pk,
        "artifact": run.snapshot.digest,
        "parameters": {"number": run.parameters.number, "values": run.parameters.values},
        "outcome": run.outcome,
        "started_at": _moment(run.started_at),
        "finished_at": _moment(run.finished_at),
        "reported_by": run.reported_by,
        "results": run.results,
    }


def _index(report: Report) -> Record:
    listed = [{"item": key, **piece} for key, piece in enclosed.pieces(report.snapshot)]
    content = {"schema_version": SCHEMA_VERSION, "kind": "readiness-evidence", "evidence": listed}
    return (
        "evidence/index.json",
        seal.canonical(content),
        "Which file or link belongs to which item, and by whom.",
    )


def _signatures(report: Report) -> Iterator[Record]:
    ids = report.snapshot["enclosed"]["signoffs"]
    rows = SignOff.objects.filter(gate=report.gate_id, pk__in=ids).exclude(envelope="").order_by("pk")
    snapshots: dict[str, bytes] = {}
    for number, row in enumerate(rows, 1):
        path = f"signatures/{number:03}-{row.role}-{row.decision}.dsse.json"
        yield path, row.envelope.encode(), f"Sign-off {number} as {row.role}: {row.decision}."
        snapshots.setdefault(row.digest.removeprefix("sha256:"), seal.canonical(row.snapshot))
    for digest, content in snapshots.items():
        yield f"signatures/snapshots/{digest}.json", content, "A state of the gate that somebody signed."


def _log(report: Report) -> Iterator[Record]:
    stream, length = report.gate.stream, report.snapshot["audit"]["length"]
    lines = b"".join(attached.lines(stream, length))
    yield (
        "audit/log.jsonl",
        lines,
        "The gate's audit log up to the report, chained by hashes.",
    )
    yield "audit/checkpoint.txt", report.checkpoint.encode(), "The signed end of that log."
    # One signed under an address that the installation no longer has is of another log to whoever verifies.
    log = report.checkpoint.partition("\n")[0]
    earlier = Checkpoint.objects.filter(stream=stream, length__lt=length, note__startswith=f"{log}\n")
    earlier = earlier.order_by("length", "-pk")
    for row in {row.length: row for row in earlier}.values():
        path = f"audit/checkpoints/{row.length}.txt"
        yield path, row.note.encode(), f"The log's signed end when it had {row.length} entries."


def _plain(key: str) -> str:
    """An item's key as part of a file's name."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", key)[:LONGEST_KEY].strip("-_") or "item"


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds") if at else ""
