"""`manage.py restore FILE`: a new installation from a backup, with the proof that it verifies."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from checklists.backups import restoring
from checklists.backups.manifest import Backup
from readiness.engine.errors import ReadinessError
from readiness.engine.sealed import keys as engine_keys
from readiness.engine.sealed.keys import Keyring

UNKNOWN = (
    "Nobody vouches for this backup: name the installation's public key by --key FILE (from `manage.py keys"
    " export`), or say --unknown-origin to take it as it is. It is signed by the key {}."
)
OTHER_KEY = "This backup is signed by the key {}, which {} does not name."
NO_PRIVATE = (
    "Private key: not here. Put its file back into the key directory, or run: manage.py keys rotate.\n"
    "Until then nobody can sign."
)


class Command(BaseCommand):
    """Refuses a backup that was changed, and an installation that is not empty. Exit code 1 when one is."""

    help = "Fill an empty installation from a backup and verify everything in it."
    # The checks look at tables that are not there yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Which file, and who vouches for it."""
        parser.add_argument("file")
        parser.add_argument("--key", help="public keys of the installation that made it")
        parser.add_argument("--unknown-origin", action="store_true", help="restore without such a key")

    def handle(self, *args: Any, **options: Any) -> None:
        """Inspect, restore, print the proof."""
        try:
            with Path(options["file"]).open("rb") as file:
                self._restore(file, options)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from None
        except ReadinessError as error:
            raise CommandError(str(error)) from None

    def _restore(self, file: IO[bytes], options: dict[str, Any]) -> None:
        trusted = _trusted(options["key"])
        backup = restoring.inspect(file, options["file"], trusted)
        if not backup.known:
            self._refuse_unknown(backup, options)
        proof = restoring.restore(file, backup, self.stdout.write)
        self._say(proof)

    def _refuse_unknown(self, backup: Backup, options: dict[str, Any]) -> None:
        if options["key"]:
            raise CommandError(OTHER_KEY.format(backup.signer, options["key"]))
        if not options["unknown_origin"]:
            raise CommandError(UNKNOWN.format(backup.signer))

    def _say(self, proof: restoring.Proof) -> None:
        said = proof.backup.said
        origin = f"signed by the key {proof.backup.signer[:16]}…"
        self.stdout.write(
            f"Restored: {said['installation']} as of {said['made_at']}, release {said['release']}.\n"
            f"Origin: {f'verified, {origin}' if proof.backup.known else f'NOT verified, {origin}'}\n"
            f"Rows: {proof.rows}, all tables; every trigger stands.\n"
            f"Stored files: {proof.blobs}, each with the SHA-256 that its rows name.\n"
            f"Audit log: {proof.entries} entries in {proof.streams} streams, each as its checkpoint says.\n"
            f"Signatures: {proof.signatures}, each verified."
        )
        self.stdout.write("Private key: here." if proof.private_key else NO_PRIVATE)
        self.stdout.write("Now run: manage.py setup")


def _trusted(path: str | None) -> Keyring:
    return engine_keys.read(Path(path).read_bytes(), path) if path else Keyring()
