"""Rows as lines of JSON and back, the same on every database."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.management.color import no_style
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.options import Options

from readiness.engine.errors import ReadinessError

# What is worth nothing elsewhere: who is signed in, and which processes live.
LEFT_OUT = frozenset({"sessions.session", "usersessions.usersession", "checklists.heartbeat"})
# What `migrate` fills by itself.
FILLED = frozenset({"contenttypes.contenttype", "auth.permission"})
AT_ONCE = 50  # rows held in memory together: a report's snapshot may have megabytes


class RowsRefused(ReadinessError):
    """Lines that are not rows of this release."""


def meta(model: type[models.Model]) -> Options[Any]:
    """What Django knows of a model."""
    return model._meta  # noqa: SLF001  # Django documents it


def tables() -> list[type[models.Model]]:
    """The models that are kept, those in between included, in the order of their definition."""
    every = apps.get_models(include_auto_created=True)
    kept = [model for model in every if meta(model).managed and not meta(model).proxy]
    return [model for model in kept if meta(model).label_lower not in LEFT_OUT]


def migrations(connection: BaseDatabaseWrapper) -> list[str]:
    """The migrations that made these tables, as `app.name`, sorted."""
    return sorted(".".join(key) for key in MigrationRecorder(connection).applied_migrations())


def columns(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """The columns of a table."""
    return [field for field in meta(model).local_concrete_fields if not field.generated]


def lines(model: type[models.Model], using: str) -> Iterator[bytes]:
    """A line that names the columns, then one line per row in the order of the primary key."""
    fields = columns(model)
    yield _line([field.attname for field in fields])
    every: models.QuerySet[models.Model] = models.QuerySet(model, using=using)
    found: Any = every.order_by("pk").values_list(*[field.attname for field in fields])
    for row in found.iterator(chunk_size=AT_ONCE):
        yield _line([_plain(value) for value in row])


def load(model: type[models.Model], found: Iterable[bytes], connection: BaseDatabaseWrapper) -> int:
    """Insert such lines; how many rows. Raises RowsRefused."""
    fields, rest = columns(model), iter(found)
    if json.loads(next(rest, b"null")) != [field.attname for field in fields]:
        raise RowsRefused(
            f"The backup's columns of {meta(model).label} are not those of this release.",
            "Restore with the release that made the backup, then upgrade.",
        )
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    insert = f"INSERT INTO {quote(meta(model).db_table)} ({names}) VALUES ({places})"  # noqa: S608  # of the model
    count = 0
    with connection.cursor() as cursor:
        while some := list(islice(rest, AT_ONCE)):
            rows = [
                [
                    _stored(field, value, connection)
                    for field, value in zip(fields, json.loads(line), strict=True)
                ]
                for line in some
            ]
            cursor.executemany(insert, rows)
            count += len(rows)
    return count


def reset_sequences(connection: BaseDatabaseWrapper) -> None:
    """Make the next ids follow those that were inserted."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), tables()):
            cursor.execute(statement)


def _line(values: list[Any]) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode() + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    return value


def _stored(field: models.Field[Any, Any], value: Any, connection: BaseDatabaseWrapper) -> Any:
    if isinstance(field, models.JSONField) and value is None and not field.null:
        return field.get_db_prep_value(None, connection)  # JSON's null, not the absence of a value
    return field.get_db_prep_save(field.to_python(value), connection)
