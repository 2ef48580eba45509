"""The account of somebody who was invited: made together with the membership, or not at all."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from checklists import audit, clock
from checklists.actions import invitations
from checklists.errors import Refused
from checklists.models import Membership, Person

TAKEN = "There is already an account of this name. Choose another one."
SAME_NAME = "Somebody in this project already has this name, so what you do could be taken for theirs."


def join(*, secret: str, username: str, name: str, password: str) -> Membership:
    """Make an account by an invitation and accept it. Sign-up is closed otherwise.

    The password has passed the installation's validators. Raises Refused (invitation, user name, name).
    """
    invitation = invitations.find(secret)
    first, _, last = name.partition(" ")
    person = Person(username=username, first_name=first, last_name=last, email=invitation.address)
    person.set_password(password)  # before the transaction: hashing takes a while
    members = Person.objects.filter(memberships__project=invitation.project_id)
    if any(member.name.casefold() == person.name.casefold() for member in members):
        raise Refused(SAME_NAME, "Add what tells you apart, such as a middle name.")
    try:
        with transaction.atomic():
            person.save(force_insert=True)
            _log(person, invitation.pk)
            return invitations.accept(by=person, secret=secret)
    except IntegrityError:
        raise Refused(TAKEN) from None


def _log(person: Person, invitation: int) -> None:
    data = {"is_staff": False, "is_superuser": False, "invitation": invitation}
    audit.append(
        audit.INSTALLATION,
        by=person,
        verb="account.created",
        at=clock.now(),
        subject=person.username,
        data=data,
    )
