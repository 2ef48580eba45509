"""`manage.py blobs check`: hold the stored files against the rows that name them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from checklists import blob_uses

MOST_LISTED = 20
WRONG = "Stored files are missing or changed. Restore them from a backup."


class Command(BaseCommand):
    """Exit code 1 when a file that a row names is missing or holds other bytes."""

    help = "Hash every stored file that a row names; list those that none does, and delete them if asked."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do."""
        parser.add_argument("what", choices=["check"])
        parser.add_argument(
            "--delete-unreferenced",
            action="store_true",
            help="Delete files that no row names and that nobody stored again for a day.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Look, print, delete."""
        found = blob_uses.look()
        self.stdout.write(f"{found.right} stored files are there and right.")
        for words, names in (("missing", found.missing), ("changed", found.changed)):
            for name in names:
                self.stdout.write(f"{words}: {name}")
        self.stdout.write(f"{len(found.unused)} files are named by no row.")
        for path, age in found.unused[:MOST_LISTED]:
            self.stdout.write(f"  {path.name}, {age / 3600:.0f} h old")
        if len(found.unused) > MOST_LISTED:
            self.stdout.write(f"  … and {len(found.unused) - MOST_LISTED} more")
        if options["delete_unreferenced"]:
            self.stdout.write(f"{blob_uses.delete(found.unused)} of them were deleted; younger ones stay.")
        if found.missing or found.changed:
            raise CommandError(WRONG)
