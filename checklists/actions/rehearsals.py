"""Acts on rollback rehearsals: record one, and record how a failed one was mended."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import IO

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.urls import reverse

from checklists import audit, blobs, clock, outbox
from checklists.actions.evidence import clean_name
from checklists.errors import Refused
from checklists.models import Environment, Person, Project, Rehearsal
from checklists.models.rehearsal import RehearsalOutcome
from checklists.permissions import MAKERS, Act, members_of, require

FUTURE = "A rehearsal lies in the past: record it when it is done."
NO_ZONE = "The moment needs a time zone."
ELSEWHERE = "This environment belongs to another project."
WHO = "Say who carried it out."
VERSIONS = "Name the version it started from and the one it went back to; they differ."
DURATION = "Say how long it took, in whole seconds: at least 1 s and less than 30 days."
GAPS = "Say what went wrong; that is what has to be mended."
EMPTY_LOG = "The log is empty, so it proves nothing."
ONLY_FAILED = "Only a failed rehearsal is mended."
ONCE = "How this rehearsal was mended is on record already."
MENDED = "Say what was mended, and how you know that it works."
LONGEST_SECONDS = 30 * 86_400
LONGEST = 5000
EARLIEST_YEAR = 2000


def record(
    *,
    project: Project,
    by: Person,
    environment: Environment,
    performed_at: datetime,
    performed_by: str,
    from_version: str,
    to_version: str,
    duration_seconds: int,
    outcome: str,
    gaps: str = "",
    log_name: str = "",
    log: File[bytes] | IO[bytes] | None = None,
) -> Rehearsal:
    """Put a rehearsal of the way back on record; its log's bytes are kept. Raises Forbidden, Refused."""
    require(by, project, Act.REHEARSE)
    now = clock.now()
    said = {"performed_by": _line(performed_by), "from_version": _line(from_version, 60)}
    said |= {"to_version": _line(to_version, 60), "gaps": _text(gaps)}
    if environment.project_id != project.pk:
        raise Refused(ELSEWHERE)
    _require_when(performed_at, now)
    _require_said(said, duration_seconds, RehearsalOutcome(outcome))
    kept = _keep(log, log_name)
    with transaction.atomic():
        row = Rehearsal.objects.create(
            project=project,
            environment=environment,
            performed_at=performed_at.astimezone(UTC),
            duration_seconds=duration_seconds,
            outcome=outcome,
            recorded_by=by,
            recorded_at=now,
            **said,
            **kept,
        )
        facts = {"environment": environment.name, "outcome": outcome, "duration_seconds": duration_seconds}
        facts |= {"performed_at": row.performed_at.isoformat(timespec="seconds"), "rehearsal": row.pk, **said}
        _log(row, by, "rehearsal.recorded", now, sha256=row.log_sha256, **facts)
        _tell(row, by, "rehearsal.failed" if outcome == RehearsalOutcome.FAILED else "rehearsal.recorded")
    return row


def remediate(*, rehearsal: int, by: Person, text: str) -> Rehearsal:
    """Record how the cause of a failed rehearsal was mended: once.

    Raises Forbidden, Refused, Rehearsal.DoesNotExist.
    """
    row = Rehearsal.objects.select_related("project", "environment").get(pk=rehearsal)
    require(by, row.project_id, Act.REHEARSE)
    said, now = _text(text), clock.now()
    if row.outcome != RehearsalOutcome.FAILED:
        raise Refused(ONLY_FAILED)
    if not said:
        raise Refused(MENDED)
    with transaction.atomic():
        mine = Rehearsal.objects.filter(pk=row.pk, remediated_at=None)
        if not mine.update(remediation=said, remediated_by=by, remediated_at=now):
            raise Refused(ONCE)
        _log(row, by, "rehearsal.remediated", now, rehearsal=row.pk, text=said)
        _tell(row, by, "rehearsal.remediated")
    row.refresh_from_db()
    return row


def _require_when(performed_at: datetime, now: datetime) -> None:
    if performed_at.tzinfo is None or performed_at.utcoffset() is None:
        raise Refused(NO_ZONE, "Choose one such as Europe/Berlin or UTC.")
    if performed_at > now:
        raise Refused(FUTURE)
    if performed_at.year < EARLIEST_YEAR:
        raise Refused(f"A rehearsal before {EARLIEST_YEAR} says nothing about today.")


def _require_said(said: dict[str, str], seconds: int, outcome: RehearsalOutcome) -> None:
    if not said["performed_by"]:
        raise Refused(WHO)
    if not said["from_version"] or not said["to_version"] or said["from_version"] == said["to_version"]:
        raise Refused(VERSIONS)
    if not 0 < seconds < LONGEST_SECONDS:
        raise Refused(DURATION)
    if outcome is RehearsalOutcome.FAILED and not said["gaps"]:
        raise Refused(GAPS)


def _keep(log: File[bytes] | IO[bytes] | None, name: str) -> dict[str, str | int]:
    if log is None:
        return {}
    file = log if isinstance(log, File) else File(log)
    if not file.size:
        raise Refused(EMPTY_LOG, "Choose the file again.")
    limit = settings.EVIDENCE_MAX_BYTES
    if file.size > limit:
        raise Refused(
            f"The log has {file.size / 1e6:.1f} MB; at most {limit / 1e6:.0f} MB are kept.",
            "Keep the part that shows the way back.",
        )
    sha256, size = blobs.put(file)
    return {"log_name": clean_name(name or "rehearsal.log"), "log_sha256": sha256, "log_size": size}


def _line(text: str, longest: int = 200) -> str:
    words = " ".join(text.replace("\0", "").split())
    if len(words) > longest:
        raise Refused(f"“{words[:30]}…” has {len(words)} characters; at most {longest} are kept.")
    return words


def _text(text: str) -> str:
    words = text.replace("\0", "").replace("\r\n", "\n").strip()
    if len(words) > LONGEST:
        raise Refused(f"The text has {len(words)} characters; at most {LONGEST} are kept.")
    return words


def _log(row: Rehearsal, by: Person, verb: str, at: datetime, **data: object) -> None:
    subject = f"{row.from_version} → {row.to_version}, {row.environment.name}"
    audit.append(f"project:{row.project_id}", by=by, verb=verb, at=at, subject=subject, data=data)


def _tell(row: Rehearsal, by: Person, event: str) -> None:
    """A failed one to all who make releases; that one passed or was mended to who recorded it."""
    failed = event == "rehearsal.failed"
    members = members_of(row.project_id) if failed else []
    name = f"{row.environment.name}, {row.from_version} → {row.to_version}"
    titles = {
        "rehearsal.recorded": f"A rollback was rehearsed: {name}",
        "rehearsal.failed": f"A rollback rehearsal failed: {name}",
        "rehearsal.remediated": f"A failed rollback rehearsal was mended: {name}",
    }
    outbox.emit(
        event,
        project=row.project,
        subject_url_path=f"{reverse('rehearsal-list', args=[row.project.slug])}#rehearsal-{row.pk}",
        title=titles[event],
        text=row.gaps if failed else "",
        people=[m.person for m in members if m.role in MAKERS] or [row.recorded_by],
        key=f"rehearsal:{row.pk}",
        by=by,
        data={"rehearsal": row.pk, "environment": row.environment.name, "outcome": row.outcome},
    )
