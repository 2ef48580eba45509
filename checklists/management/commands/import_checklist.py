"""`manage.py import_checklist FILE.md`: publish a Markdown checklist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from checklists.actions import library
from checklists.models import Person
from readiness.engine import markdown
from readiness.engine.errors import ReadinessError


class Command(BaseCommand):
    """Publishes one file as an immutable version; the same text again changes nothing."""

    help = "Publish a Markdown checklist as an immutable version."

    def add_arguments(self, parser: CommandParser) -> None:
        """FILE and who publishes."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", metavar="USERNAME", help="who publishes it (default: the system)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Publish, or say at which line the file is wrong."""
        path: Path = options["file"]
        try:
            source = path.read_text(encoding="utf-8")
            by = Person.objects.get(username=options["by"]) if options["by"] else None
            version = library.publish(source=source, by=by, name=path.stem)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        except UnicodeDecodeError as error:
            raise CommandError(f"{path} is not UTF-8 text: byte {error.start}.") from None
        except Person.DoesNotExist:
            raise CommandError(f"Nobody is called {options['by']!r}. Give the user name.") from None
        except ReadinessError as error:
            raise CommandError(f"{path}: {error.message} {error.advice}".strip()) from None
        for note in markdown.notes(source):
            self.stderr.write(f"{path}: {note}")
        items = len(version.checklist.items)
        self.stdout.write(f"{version.slug} {version.version} is published: {version.title}, {items} items.")
