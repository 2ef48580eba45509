"""Acts on checklists: publish a version."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from django.db import transaction

from checklists import audit, clock, guidance
from checklists.errors import Refused
from checklists.models import ChecklistVersion, Person, Project
from readiness.engine import markdown, validation
from readiness.engine.checklist import Checklist

LONGEST_SLUG = 100


def publish(
    *, source: str, by: Person | None, name: str = "checklist", project: Project | None = None
) -> ChecklistVersion:
    """Parse, validate, render and store a checklist as an immutable version.

    One of a `project` is that project's own, under a slug of its own; who may publish it is the caller's
    question (actions/proposals.py). The same text again returns the version that is there. Raises
    ChecklistError with the line, Refused when that version already exists with another text.
    """
    parsed = read(source, name=name, project=project)
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
            project=project,
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
            f"project:{project.pk}" if project else audit.INSTALLATION,
            by=by,
            verb="checklist.published",
            at=now,
            subject=f"{parsed.slug} {parsed.version}",
            data={"sha256": sha256, "items": len(parsed.items)},
        )
    return version


def read(source: str, *, name: str, project: Project | None = None) -> Checklist:
    """A checklist that may be published, under the slug it would have. Raises ChecklistError, Refused."""
    parsed = markdown.parse(source, name=name)
    validation.validate(parsed)
    if project:
        parsed = replace(parsed, slug=own_slug(project, parsed.slug))
    if ChecklistVersion.objects.filter(slug=parsed.slug).exclude(project=project).exists():
        raise Refused(
            f"There is already another checklist called {parsed.slug}.",
            "Choose another `slug` in the front matter.",
        )
    return parsed


def own_slug(project: Project, slug: str) -> str:
    """The slug of a project's own version of a checklist: it begins with the project's. Raises Refused."""
    begin = f"{project.slug}-"
    own = slug if slug.startswith(begin) else begin + slug
    if len(own) > LONGEST_SLUG:
        raise Refused(f"{own} is longer than {LONGEST_SLUG} characters.", "Choose a shorter `slug`.")
    return own
