"""`manage.py keys`: list, show, rotate, revoke and export the keys by which this installation signs."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from checklists import keys
from checklists.actions import signing_keys
from checklists.models import InstallationKey
from readiness.engine.errors import ReadinessError
from readiness.engine.sealed import checkpoint
from readiness.engine.sealed.keys import Key, pem


class Command(BaseCommand):
    """One subcommand for each thing that is done with keys; private halves are never shown."""

    help = "List, show, rotate, revoke and export this installation's signing keys."
    # The checks refuse a key that is missing, which `rotate` mends.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The subcommands."""
        commands = parser.add_subparsers(dest="what", required=True)
        commands.add_parser("list", help="every key with its window, the newest last")
        commands.add_parser("show", help="the key in use: id, and its line for checkpoints")
        commands.add_parser("rotate", help="put a new key into use; old signatures keep verifying")
        revoke = commands.add_parser("revoke", help="say that a key's signatures count no more")
        revoke.add_argument("key", help="its id, or the beginning of it")
        revoke.add_argument("--reason", required=True, help="why; exported with the key")
        revoke.add_argument("--since", type=_moment, help="ISO 8601 with offset; now when left out")
        export = commands.add_parser("export", help="public keys for auditors, to standard output")
        export.add_argument("--pem", action="store_true", help="as PEM; without windows and revoked keys")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say what was done."""
        try:
            getattr(self, f"_{options['what']}")(**options)
        except ReadinessError as error:
            raise CommandError(str(error)) from None

    def _list(self, **_: Any) -> None:
        for row in InstallationKey.objects.order_by("not_before", "pk"):
            self.stdout.write(f"{row.key_id}  {_words(row.key)}")

    def _show(self, **_: Any) -> None:
        key = keys.signer()
        self.stdout.write(f"Key in use: {key.id}")
        self.stdout.write(f"For checkpoints: {checkpoint.verifier_key(keys.installation(), key.public)}")

    def _rotate(self, **_: Any) -> None:
        new = signing_keys.rotate()
        self.stdout.write(f"The key in use is now {new.key_id}.")
        self.stdout.write("Export the keys again, so that auditors have it: manage.py keys export")

    def _revoke(self, **options: Any) -> None:
        done = signing_keys.revoke(key_id=options["key"], reason=options["reason"], since=options["since"])
        self.stdout.write(f"Revoked {done.key.key_id}. {done.signatures} signatures in force are by it.")
        self.stdout.write(f"The heads of {done.vouched} logs are signed anew by the key in use.")
        for bad in done.broken:
            self.stderr.write(f"{bad.stream} is not signed anew: {bad.why}")

    def _export(self, **options: Any) -> None:
        known = keys.ring()
        if options["pem"]:
            trusted = [pem(key.public).decode() for key in known.keys if key.revoked_at is None]
            self.stdout.write("".join(trusted), ending="")
        else:
            self.stdout.write(json.dumps(known.to_dict(keys.installation()), indent=2))


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("name the offset, as in 2026-11-21T14:00:00+00:00")
    return at


def _words(key: Key) -> str:
    since = _day(key.not_before)
    if key.revoked_at:
        return f"{since} – {_day(key.not_after)}, revoked as of {_day(key.revoked_at)}: {key.reason}"
    return f"{since} – {_day(key.not_after)}" if key.not_after else f"in use since {since}"


def _day(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M %z}" if at else "?"
