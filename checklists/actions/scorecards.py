"""Acts on scorecards: register what a run of the suites said about a release."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.urls import reverse

from checklists import audit, blobs, clock, outbox
from checklists.actions.storable import refuse_nul
from checklists.errors import Refused
from checklists.models import Person, Release, Scorecard
from checklists.permissions import Act, require
from readiness.engine.suites import scorecard as reader

AGAIN = "Register the scorecard of this release; `readiness run --release` names it."
SKEW = timedelta(minutes=5)  # clocks of two machines differ
MOST = {"run_id": 100, "environment": 60, "owner": 200}


def register(*, release: Release, data: bytes, by: Person) -> Scorecard:
    """Read and keep the bytes of a `readiness-scorecard.json`; the same bytes again give the same row.

    Raises Forbidden, BadContent or ResultError for what is no scorecard, Refused for another release's and
    for one of the future.
    """
    require(by, release.project_id, Act.REGISTER)
    card = reader.read_scorecard(data)
    refuse_nul(card.to_dict(), "The scorecard")
    _check(release, card)
    sha256, _ = blobs.put(data)
    with transaction.atomic():
        now = clock.now()
        row, created = Scorecard.objects.get_or_create(
            release=release,
            sha256=sha256,
            defaults={
                "environment": card.environment,
                "run_id": card.run_id,
                "overall_passed": card.overall_passed,
                "generated_at": card.at,
                "owner": card.owner,
                "document": card.to_dict(),
                "registered_by": by,
                "registered_at": now,
            },
        )
        if created:
            audit.append(
                f"project:{release.project_id}",
                by=by,
                verb="scorecard.registered",
                at=now,
                subject=str(release),
                data={"run_id": card.run_id, "sha256": sha256, "overall_passed": card.overall_passed},
            )
            _tell(row, by)
    return row


def _tell(row: Scorecard, by: Person) -> None:
    said = "passed" if row.overall_passed else "did not pass"
    outbox.emit(
        "scorecard.registered",
        project=row.release.project,
        subject_url_path=reverse("release-scorecards", args=[row.release_id]),
        title=f"The suites of {row.release} {said}",
        data={"release": row.release.version, "run_id": row.run_id, "overall_passed": row.overall_passed},
        key=str(row.pk),
        by=by,
    )


def _check(release: Release, card: reader.Scorecard) -> None:
    names = (release.version, f"{release.project.slug}/{release.version}")
    if card.release not in names:
        raise Refused(f"This scorecard is of release {card.release[:60]}, not of {release.version}.", AGAIN)
    for name, most in MOST.items():
        if len(getattr(card, name)) > most:
            raise Refused(f"The scorecard’s {name} has more than {most} characters.", AGAIN)
    if card.at > clock.now() + SKEW:
        raise Refused(
            f"This scorecard was written {card.at:%Y-%m-%d %H:%M} UTC, which is in the future.",
            "Look at the clock of the machine that wrote it.",
        )
