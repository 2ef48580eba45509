"""Act on a project: whether signing there asks everybody for a second factor."""

from __future__ import annotations

from django.db import transaction

from checklists import audit, clock
from checklists.actions.base import before_after
from checklists.errors import Refused
from checklists.models import Person, Project
from checklists.permissions import Act, require


def switch(*, project: Project, by: Person, on: bool) -> Project:
    """Ask for a second factor from now on, or no longer. Signatures made before stay as they are.

    Raises Forbidden, Refused when it is so already.
    """
    require(by, project, Act.PARAMETERS)
    with transaction.atomic():
        rows = Project.objects.filter(pk=project.pk, second_factor=not on)
        if not rows.update(second_factor=on):
            raise Refused(
                "This project asks for a second factor already."
                if on
                else "This project asks for no second factor."
            )
        audit.append(
            f"project:{project.pk}",
            by=by,
            verb="project.second_factor",
            at=clock.now(),
            subject=project.name,
            data=before_after({"second_factor": not on}, {"second_factor": on}),
        )
    project.refresh_from_db()
    return project
