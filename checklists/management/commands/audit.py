"""`manage.py audit verify|checkpoint|export|seal`: the audit log, for operators."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from checklists import audit_chain, checkpoints, clock
from checklists.actions import exporting, sealing
from checklists.management import audit_verdicts
from checklists.models.audit import CheckpointCause
from readiness.engine.errors import ReadinessError


class Command(BaseCommand):
    """Exit code 1 when something is changed, cut off, or cannot be verified."""

    help = "Verify the audit log, sign checkpoints of it, export it, or cut it into a sealed file."

    def add_arguments(self, parser: CommandParser) -> None:
        """One command of its own for each."""
        parts = parser.add_subparsers(dest="what", required=True, metavar="verify|checkpoint|export|seal")
        verify = parts.add_parser("verify", help="compute every chain again, and hold it against checkpoints")
        verify.add_argument("stream", nargs="*", help="streams to verify (default: all)")
        verify.add_argument("--checkpoint", action="append", type=Path, default=[], metavar="FILE",
                            help="checkpoints that left this host")  # fmt: skip
        verify.add_argument("--key", type=Path, metavar="FILE",
                            help="trust these public keys, not those in the database")  # fmt: skip
        verify.add_argument("--sealed", action="append", type=Path, default=[], metavar="FILE",
                            help="verify through what was cut into this file")  # fmt: skip
        sign = parts.add_parser("checkpoint", help="sign the present end of streams, and print it")
        sign.add_argument("stream", nargs="*", help="streams to sign (default: all)")
        export = parts.add_parser("export", help="write a stream as JSON Lines that verify offline, or CSV")
        export.add_argument("stream")
        export.add_argument("--format", choices=["jsonl", "csv"], default="jsonl")
        export.add_argument("--out", type=Path, metavar="FILE", help="a new file (default: print)")
        seal = parts.add_parser("seal", help="move entries into a sealed file and out of the database")
        seal.add_argument("stream")
        until = seal.add_mutually_exclusive_group(required=True)
        until.add_argument("--until", type=int, metavar="ENTRY", help="the last entry to go")
        until.add_argument("--before", type=_day, metavar="DATE", help="go what is older than this day (UTC)")
        seal.add_argument("--out", type=Path, required=True, metavar="FILE", help="a new file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it; what goes wrong is said, not shown as a traceback."""
        try:
            getattr(self, f"_{options['what']}")(options)
        except ReadinessError as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{error.filename or 'The file'}: {error.strerror}.") from None

    def _verify(self, options: dict[str, Any]) -> None:
        verdicts = audit_verdicts.of(
            options["stream"], options["checkpoint"], key=options["key"], sealed=options["sealed"]
        )
        for verdict in verdicts:
            self.stdout.write(f"{verdict.stream}: {audit_verdicts.words(verdict)}")
        if any(verdict.broken for verdict in verdicts):
            raise CommandError("The audit log was changed outside the application.")
        if any(verdict.doubts for verdict in verdicts):
            raise CommandError("Not everything could be verified.")

    def _checkpoint(self, options: dict[str, Any]) -> None:
        for name in _known(options["stream"]):
            made = checkpoints.sign_head(name, cause=CheckpointCause.ASKED, at=clock.now())
            if made:
                self.stdout.write(made.note)

    def _export(self, options: dict[str, Any]) -> None:
        (stream,) = _known([options["stream"]])
        pieces = _pieces(stream, options["format"])
        if options["out"] is None:
            for piece in pieces:
                self.stdout.write(piece.decode(), ending="")
            return
        with options["out"].open("xb") as file:
            file.writelines(pieces)

    def _seal(self, options: dict[str, Any]) -> None:
        (stream,) = _known([options["stream"]])
        until = options["until"]
        if until is None:
            until = sealing.last_before(stream, options["before"])
        made = sealing.seal(stream=stream, until=until, out=options["out"])
        self.stdout.write(
            f"{stream}: entries {made.first} to {made.last} lie in {made.path} and nowhere else now."
            f" Keep it. SHA-256 {made.sha256}"
        )


def _known(wanted: list[str]) -> list[str]:
    known = audit_chain.names()
    if unknown := sorted(set(wanted) - set(known)):
        raise CommandError(f"There is no stream {', '.join(unknown)}. There are: {', '.join(known)}.")
    return wanted or known


def _pieces(stream: str, form: str) -> Iterator[bytes]:
    if form == "jsonl":
        return exporting.json_lines(stream)
    return (line.encode() for line in exporting.csv_lines(stream))


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
