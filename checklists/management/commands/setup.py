"""`manage.py setup`: everything a new or upgraded installation needs before it serves. Safe to repeat."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from checklists.actions import library, signing_keys
from readiness.engine import library as builtin


class Command(BaseCommand):
    """Tables, triggers, the shared cache, static files, the signing key, the built-in checklists."""

    help = "Prepare the database and files of this installation; run it after every upgrade."
    # The checks include the triggers that this command puts back.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Do all of it, in order."""
        quiet = {"verbosity": 0}
        call_command("migrate", skip_checks=True, **quiet)
        call_command("createcachetable", **quiet)
        call_command("collectstatic", interactive=False, **quiet)
        signing_keys.ensure()
        for slug in builtin.slugs():
            library.publish(source=builtin.source(slug).decode(), by=None, name=slug)
        if options["verbosity"]:
            self.stdout.write("The installation is set up.")
