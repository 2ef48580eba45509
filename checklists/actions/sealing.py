"""Cutting the audit log: entries go into a sealed file that is read back, and only then leave the database.

Nothing else ever removes an entry. What a row of the database leans on stays: signatures, decisions and
reports need their entries, so a cut that would leave one unaccounted for is refused.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction

from checklists import audit, audit_check, checkpoints, clock, keys, unaccounted
from checklists.actions import exporting
from checklists.errors import Refused
from checklists.models import AuditEntry, AuditStream, Gate, Person, Report
from checklists.models.audit import CheckpointCause
from readiness.engine.sealed import cut, log


@dataclass(frozen=True, slots=True)
class Cut:
    """What was cut: the file, its SHA-256, the first and last entry in it."""

    path: Path
    sha256: str
    first: int
    last: int


def seal(*, stream: str, until: int, out: Path, by: Person | None = None) -> Cut:
    """Cut a stream after entry `until`; its entries up to there lie in `out` alone afterwards.

    Raises Refused when the stream does not verify, no checkpoint covers the entries, something leans on
    them, or the file exists; OSError when it cannot be written. Then nothing was removed.
    """
    head = _verified(stream)
    if not head.cut < until < head.length:
        raise Refused(
            f"{stream} can be cut after entry {head.cut + 1} to {head.length - 1}, not after {until}.",
            "The last entry always stays.",
        )
    _refuse_needed(head, until)
    start = log.Start(head.cut, head.cut_head) if head.cut else log.FIRST
    end = log.Start(until, AuditEntry.objects.get(stream=stream, seq=until).hash)
    with _new(out) as part:
        envelope = _write(part, stream, start, end)
        sha256 = _read_back(part, end)
        with transaction.atomic():
            _remove(head, end, sha256=sha256, name=out.name, statement=envelope, by=by)
            # Inside: a file that could not take its place leaves the rows where they are.
            os.link(part, out)
            _keep(out.parent)
    return Cut(out, sha256, start.seq + 1, until)


def last_before(stream: str, moment: datetime) -> int:
    """The last entry before the first one that is not older than the moment; 0 for none."""
    rows = AuditEntry.objects.filter(stream=stream).order_by("seq")
    later = rows.filter(at__gte=moment).values_list("seq", flat=True).first()
    if later is not None:
        return max(later - 1, 0)
    return rows.values_list("seq", flat=True).last() or 0


def _verified(stream: str) -> AuditStream:
    head = AuditStream.objects.filter(pk=stream).first()
    if head is None:
        raise Refused(f"There is no stream {stream}.")
    found = audit_check.check(stream, audit_check.Trusted.here())
    if not found.good:
        raise Refused(
            f"{stream} does not verify, so it is not cut.", f"Look with: manage.py audit verify {stream}"
        )
    return head


def _refuse_needed(head: AuditStream, until: int) -> None:
    newest = checkpoints.newest(head.name)
    if newest is None or newest.length < until:
        covered = newest.length if newest else 0
        raise Refused(
            f"Checkpoints cover {head.name} up to entry {covered}; it is not cut beyond.",
            f"Sign one first: manage.py audit checkpoint {head.name}",
        )
    kind, _, number = head.name.partition(":")
    if kind == "gate":
        gate = Gate.objects.filter(pk=number).first()
        if gate and (gate.superseded_by_id is None or Report.objects.filter(gate=gate).exists()):
            raise Refused(
                f"{head.name} is the log of a gate that is in use, or has reports; they print it whole.",
                "The log of a gate can be cut when the gate was superseded and has no report.",
            )
    left = _left_over(head, until)
    if left:
        raise Refused(
            f"{head.name} would have lost what accounts for other rows: it {left[0]}.",
            "Choose an earlier entry.",
        )


def _left_over(head: AuditStream, until: int) -> list[str]:
    """What nothing would account for after the cut: tried out, and undone."""
    before = {bad.why for bad in unaccounted.rows() if bad.stream == head.name}
    with transaction.atomic():
        end = AuditEntry.objects.get(stream=head.name, seq=until)
        _delete(head, log.Start(until, end.hash))
        after = [bad.why for bad in unaccounted.rows() if bad.stream == head.name]
        transaction.set_rollback(True)
    return [why for why in after if why not in before]


@contextmanager
def _new(out: Path) -> Iterator[Path]:
    """A file beside `out` that only this account reads; gone afterwards."""
    if os.path.lexists(out):
        raise Refused(f"{out} exists.", "Name a new file; a sealed one is never written over.")
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        yield part
    finally:
        part.unlink(missing_ok=True)


def _write(part: Path, stream: str, start: log.Start, end: log.Start) -> bytes:
    """The lines and the statement, on the disk; the statement's envelope."""
    now, hashed = clock.now(), hashlib.sha256()
    key = keys.signer()
    with part.open("wb") as file:
        for line in exporting.json_lines(stream, after=start.seq, until=end.seq):
            file.write(line)
            hashed.update(line)
        note = checkpoints.sign(stream, end.seq, end.hash, cause=CheckpointCause.CUT, at=now).note
        said = cut.Cut(
            installation=keys.installation(),
            stream=stream,
            since=cut.told(start),
            until=cut.told(end),
            checkpoint=note,
            cut_at=now.isoformat(),
        )
        envelope = cut.sign(said, sha256=hashed.hexdigest(), signer=key)
        file.write(envelope)
        file.flush()
        os.fsync(file.fileno())
    return envelope.removesuffix(b"\n")


def _read_back(part: Path, end: log.Start) -> str:
    with part.open("rb") as file:
        found = cut.read(file, part.name)
    if found.broken or found.end != end or audit_check.signed(found.envelope, audit_check.Trusted.here()):
        raise Refused(f"{part} does not hold what was written to it; nothing was cut.", "Look at the disk.")
    return found.sha256


def _remove(
    head: AuditStream, end: log.Start, *, sha256: str, name: str, statement: bytes, by: Person | None
) -> None:
    now = AuditStream.objects.select_for_update().get(pk=head.name)
    if (now.cut, now.cut_head) != (head.cut, head.cut_head):
        raise Refused(f"{head.name} was cut by somebody else just now.")
    _delete(head, end)
    audit.append(
        head.name,
        by=by,
        verb="audit.cut",
        at=clock.now(),
        subject=name,
        data={
            "entries": end.seq - head.cut,
            "until": cut.told(end),
            "sha256": sha256,
            "statement": statement.decode(),
        },
    )


def _delete(head: AuditStream, end: log.Start) -> None:
    """The triggers let go what lies before the cut, and nothing else."""
    AuditStream.objects.filter(pk=head.name).update(cut=end.seq, cut_head=end.hash)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM checklists_auditentry WHERE stream = %s AND seq <= %s", [head.name, end.seq]
        )


def _keep(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
