"""`manage.py backup --out FILE`: everything of this installation in one signed file, while it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from checklists import clock, keys
from checklists.backups import making
from readiness.engine.errors import ReadinessError
from readiness.engine.sizes import size_words

GUARD_IT = (
    "It holds password hashes, second factors and webhooks' secrets: keep it where the database may be kept."
)
KEYS = "It holds this installation's private keys: whoever reads it can sign in its name."
NO_KEYS = "The private keys are not in it: keep {} by itself."


class Command(BaseCommand):
    """Consistent at one moment: nobody has to stop working. See docs/backup.md."""

    help = "Write a signed backup of the database, the stored files and, if asked, the private keys."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to, and what."""
        parser.add_argument("--out", required=True, help="a file, or a directory for one named by the time")
        parser.add_argument("--with-keys", action="store_true", help="put the private keys into it too")
        parser.add_argument("--force", action="store_true", help="replace the file if it is there")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it and say what it holds."""
        target = _target(options["out"])
        if target.exists() and not options["force"]:
            raise CommandError(f"{target} is there already. Name another file, or add --force.")
        try:
            made = making.make(target, with_keys=options["with_keys"])
        except ReadinessError as error:
            raise CommandError(str(error)) from None
        if options["verbosity"]:
            self.stdout.write(
                f"{target}: {made.rows} rows, {made.blobs} stored files, {size_words(made.bytes)},"
                f" checkpoints of {made.streams} audit streams."
            )
            self.stderr.write(GUARD_IT)
            self.stderr.write(KEYS if options["with_keys"] else NO_KEYS.format(keys.directory()))


def _target(given: str) -> Path:
    out = Path(given).absolute()
    if given.endswith("/"):  # a folder is meant, also one that is not there yet
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not out.is_dir():
        return out
    host = keys.installation().replace(":", "-")
    return out / f"readiness-backup-{host}-{clock.now():%Y%m%dT%H%M%SZ}.tar"
