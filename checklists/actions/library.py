"""Acts on checklists: publish a version."""

from __future__ import annotations

import hashlib

from django.db import transaction

from checklists import audit, clock, guidance
from checklists.errors import Refused
from checklists.models import ChecklistVersion, Person
from readiness.engine import markdown, validation


def publish(*, source: str, by: Person | None, name: str = "checklist") -> ChecklistVersion:
    """Parse, validate, render and store a checklist as an immutable version.

    The same text again returns the version that is there. Raises ChecklistError with the line, Refused when
    that version already exists with another text.
    """
    parsed = markdown.parse(source, name=name)
    validation.validate(parsed)
    sha256 = hashlib.sha256(source.encode()).hexdigest()
    known = ChecklistVersion.objects.filter(slug=parsed.slug, version=parsed.version).first()
    if known and known.sha256 == sha256:
        return known
    if known:
        raise Refused(
            f"{parsed.slug} {parsed.version} is already published with another text.",
            "A published version never changes: raise `version` in the front matter.",
        )
    html = guidance.render(parsed)
    with transaction.atomic():
        now = clock.now()
        version = ChecklistVersion.objects.create(
            slug=parsed.slug,
            version=parsed.version,
            title=parsed.title,
            source=source,
            sha256=sha256,
            content=parsed.to_dict(),
            html=html,
            published_at=now,
            published_by=by,
        )
        audit.append(
            audit.INSTALLATION,
            by=by,
            verb="checklist.published",
            at=now,
            subject=f"{parsed.slug} {parsed.version}",
            data={"sha256": sha256, "items": len(parsed.items)},
        )
    return version
