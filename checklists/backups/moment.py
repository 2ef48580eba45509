"""A second connection that sees the database as it was at one moment, while others go on writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

from django.db import connections, transaction

ALIAS = "moment"


@contextmanager
def moment() -> Iterator[str]:
    """The alias of a connection whose every read is of the same moment. Nobody waits for it."""
    settings = deepcopy(connections["default"].settings_dict)
    options = settings.setdefault("OPTIONS", {})
    if connections["default"].vendor == "postgresql":
        from django.db.backends.postgresql.psycopg_any import IsolationLevel

        options["isolation_level"] = IsolationLevel.REPEATABLE_READ
    else:
        options["transaction_mode"] = "DEFERRED"  # with the write-ahead log, a reader's own moment
    connections.settings[ALIAS] = settings
    try:
        with transaction.atomic(using=ALIAS):
            yield ALIAS
    finally:
        connections[ALIAS].close()
        del connections[ALIAS]
        del connections.settings[ALIAS]
