"""`manage.py audit_verify`: recompute every chain of the audit log, and hold approving rows against it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from checklists import audit, unaccounted
from checklists.models import AuditStream


class Command(BaseCommand):
    """One line per stream: OK, or the first entry that does not fit. Exit code 1 when one is broken."""

    help = "Verify the audit log: names the first bad entry of each stream."

    def add_arguments(self, parser: CommandParser) -> None:
        """Streams to verify; all of them when none is named."""
        parser.add_argument("stream", nargs="*")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify and print."""
        # The first bad entry of a stream is named before a row that has none.
        broken = {bad.stream: bad for bad in (*unaccounted.rows(), *audit.verify_all())}
        lengths = dict(AuditStream.objects.values_list("name", "length"))
        known = sorted(lengths.keys() | broken.keys())
        unknown = set(options["stream"]) - set(known)
        if unknown:
            raise CommandError(
                f"There is no stream {', '.join(sorted(unknown))}. There are: {', '.join(known)}."
            )
        wanted = options["stream"] or known
        for name in wanted:
            bad = broken.get(name)
            verdict = _words(bad) if bad else f"OK, {lengths[name]} entries"
            self.stdout.write(f"{name}: {verdict}")
        if broken.keys() & set(wanted):
            raise CommandError("The audit log was changed outside the application.")


def _words(bad: audit.Broken) -> str:
    return f"entry {bad.seq} {bad.why}" if bad.seq else bad.why
