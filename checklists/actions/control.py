"""Acts on a project's change control: switch it on, say who is told. It ends by a proposal only."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from checklists import audit, clock, outbox
from checklists.actions.base import before_after
from checklists.errors import Refused
from checklists.models import Person, Project
from checklists.permissions import Act, require


def switch_on(*, project: Project, by: Person) -> Project:
    """From now on thresholds and policies change by proposal only. Raises Forbidden, Refused."""
    require(by, project, Act.PARAMETERS)
    with transaction.atomic():
        if not Project.objects.filter(pk=project.pk, change_control=False).update(change_control=True):
            raise Refused("This project is under change control already.")
        change = before_after({"change_control": False}, {"change_control": True})
        _log(project, by, "control.on", **change)
    project.refresh_from_db()
    return project


def set_board(*, project: Project, by: Person, address: str) -> Project:
    """Where the change board is told of proposals; empty: nobody. The former address hears of its end.

    Raises Forbidden, Refused for what is no address.
    """
    require(by, project, Act.PARAMETERS)
    address = address.strip()
    if address:
        try:
            validate_email(address)
        except ValidationError:
            raise Refused(f"{address[:100]!r} is not an e-mail address.") from None
    with transaction.atomic():
        row = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        change = before_after({"address": row.change_board}, {"address": address})
        if not change["after"]:
            return row
        former, row.change_board = row.change_board, address
        row.save(update_fields=["change_board"])
        entry = _log(row, by, "board.set", **change)
        _tell_former(row, by, former, entry)
    return row


def _tell_former(project: Project, by: Person, former: str, entry: int) -> None:
    subject = f"[{project.name}] This address is no longer told of proposals"
    body = f"{by.name} changed the change board's address of {project.name}.\n"
    key, now = f"board:{project.pk}:{entry}", clock.now()
    outbox.write_mail(project=project, to=[former], subject=subject, body=body, key=key, at=now)


def _log(project: Project, by: Person, verb: str, **data: object) -> int:
    stream = f"project:{project.pk}"
    return audit.append(stream, by=by, verb=verb, at=clock.now(), subject=project.name, data=data).seq
