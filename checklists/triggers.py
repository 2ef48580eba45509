"""Database triggers that refuse changes of rows which never change.

Installed by a migration and again after every `migrate` (a migration that remakes a table on SQLite drops
its triggers); a system check proves that they stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

APPEND_ONLY = ("checklists_auditentry", "checklists_checklistversion", "checklists_artifactsnapshot")
# Records that people take back but nobody edits: the columns that hold still, and when the rest does too.
TAKEN_BACK = {
    "checklists_signoff": (
        (
            "gate_id, role, person_id, person_name, decision, meaning, criteria, comment, digest, snapshot,"
            " signed_at, utc_offset_minutes"
        ),
        "live",
        "NEW.live AND NOT OLD.live",
    ),
    "checklists_evidence": (
        "item_id, kind, name, sha256, size, media_type, url, added_by_id, added_at",
        "removed_by_id, removed_at",
        "OLD.removed_at IS NOT NULL",
    ),
}


@dataclass(frozen=True, slots=True)
class _Trigger:
    table: str
    name: str
    event: str
    when: str = ""

    def statement(self, vendor: str) -> str:
        when = f" WHEN ({self.when})" if self.when else ""
        head = f"CREATE TRIGGER {self.name} BEFORE {self.event} ON {self.table}"
        if vendor == "postgresql":
            each = "STATEMENT" if self.event == "TRUNCATE" else "ROW"
            return f"{head} FOR EACH {each}{when} EXECUTE FUNCTION readiness_refuse()"
        return f"{head}{when} BEGIN SELECT RAISE(ABORT, '{self.table} is append-only'); END"


def _all(vendor: str) -> Iterator[_Trigger]:
    for table in APPEND_ONLY:
        yield _Trigger(table, f"{table}_no_update", "UPDATE")
    for table, (still, moving, when) in TAKEN_BACK.items():
        yield _Trigger(table, f"{table}_no_update", f"UPDATE OF {still}")
        yield _Trigger(table, f"{table}_no_return", f"UPDATE OF {moving}", when)
    for table in (*APPEND_ONLY, *TAKEN_BACK):
        yield _Trigger(table, f"{table}_no_delete", "DELETE")
        if vendor == "postgresql":
            yield _Trigger(table, f"{table}_no_truncate", "TRUNCATE")


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers that are missing. Does nothing for tables that do not exist yet."""
    absent = set(missing(connection))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRES_FUNCTION)
        for trigger in _all(connection.vendor):
            if trigger.name in absent:
                cursor.execute(trigger.statement(connection.vendor))


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers; for tests and for undoing the migration."""
    with connection.cursor() as cursor:
        for trigger in _all(connection.vendor):
            on = f" ON {trigger.table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {trigger.name}{on}")


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of triggers that do not stand, for tables that exist."""
    tables = set(connection.introspection.table_names())
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        standing = {row[0] for row in cursor.fetchall()}
    return [t.name for t in _all(connection.vendor) if t.table in tables and t.name not in standing]


def after_migrate(**kwargs: Any) -> None:
    """Signal handler of post_migrate: put back what a migration dropped."""
    from django.db import connections  # the signal names the database

    install(connections[kwargs["using"]])


_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION readiness_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
