"""`manage.py identity USER`: link an account to the identity provider, or take its links away."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from checklists.actions import identities
from checklists.errors import Refused
from checklists.models import Identity, Person


class Command(BaseCommand):
    """For administrators at the server; what it does is in the installation's audit log."""

    help = "Show, link or unlink a person's account at the identity provider (single sign-on)."

    def add_arguments(self, parser: CommandParser) -> None:
        """The person, and one of what to do; without either the links are listed."""
        parser.add_argument("username")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--subject", help="link to this subject (`sub`) of READINESS_OIDC_ISSUER")
        what.add_argument("--unlink", action="store_true", help="take every link of the person away")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say so."""
        person = Person.objects.filter(username=options["username"]).first()
        if person is None:
            raise CommandError(f"There is no account called {options['username']!r}.")
        if options["unlink"]:
            number = identities.unlink(person=person, by=None)
            self.stdout.write(f"{number} link{'' if number == 1 else 's'} taken away.")
        elif options["subject"]:
            self._link(person, options["subject"])
        else:
            for row in Identity.objects.filter(person=person):
                self.stdout.write(str(row))

    def _link(self, person: Person, subject: str) -> None:
        try:
            identities.link(person=person, subject=subject, by=None)
        except Refused as error:
            raise CommandError(f"{error.message} {error.advice}".strip()) from None
        self.stdout.write(f"{person.get_username()} may now sign in at {settings.OIDC_NAME} as {subject}.")
