"""The shared cache: Django's table, with an `add` of which exactly one of many parallel ones succeeds."""

from __future__ import annotations

import base64
import pickle
from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import IntegrityError, connections, router, transaction
from django.utils import timezone


class SharedCache(DatabaseCache):
    """Limits of attempts and the memory of used codes rest on `add`.

    Django's reads when a row ends and then writes: where the row is there and over, processes that read at
    the same moment would all write, and all be told they were first. Here the unique key decides.
    """

    def add(
        self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """Keep a value unless one is kept that is not over; True for the one that kept it."""
        name = self.make_and_validate_key(key, version=version)
        connection = connections[router.db_for_write(self.cache_model_class)]
        table = connection.ops.quote_name(self._table)  # type: ignore[attr-defined]  # BaseDatabaseCache's
        adapt = connection.ops.adapt_datetimefield_value
        kept = base64.b64encode(pickle.dumps(value, self.pickle_protocol)).decode("latin1")
        over = f"DELETE FROM {table} WHERE cache_key = %s AND expires < %s"  # noqa: S608  # a fixed name
        insert = f"INSERT INTO {table} (cache_key, value, expires) VALUES (%s, %s, %s)"  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(over, [name, adapt(timezone.now().replace(microsecond=0))])
            try:
                with transaction.atomic(using=connection.alias):
                    cursor.execute(insert, [name, kept, adapt(self._end(timeout))])
            except IntegrityError:
                return False
        return True

    def _end(self, timeout: float | None) -> datetime:
        seconds = self.get_backend_timeout(timeout)
        if seconds is None:
            return datetime.max.replace(tzinfo=UTC, microsecond=0)
        return datetime.fromtimestamp(seconds, tz=UTC).replace(microsecond=0)
