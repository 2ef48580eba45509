"""`manage.py audit_verify`: the former name of `manage.py audit verify`."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Does what `audit verify` does."""

    help = "The former name of: audit verify."

    def add_arguments(self, parser: CommandParser) -> None:
        """Streams to verify; all of them when none is named."""
        parser.add_argument("stream", nargs="*")

    def handle(self, *args: Any, **options: Any) -> None:
        """Hand it on."""
        call_command("audit", "verify", *options["stream"], stdout=self.stdout, stderr=self.stderr)
