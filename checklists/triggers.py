"""Database triggers that refuse changes of rows which never change.

Installed by a migration and again after every `migrate` (a migration that remakes a table on SQLite drops
its triggers); a system check proves that they stand.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

APPEND_ONLY = ("checklists_auditentry", "checklists_checklistversion", "checklists_artifactsnapshot")


def names(vendor: str) -> list[str]:
    """The triggers' names for a database vendor."""
    operations = ("update", "delete", "truncate") if vendor == "postgresql" else ("update", "delete")
    return [f"{table}_no_{operation}" for table in APPEND_ONLY for operation in operations]


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers that are missing. Does nothing for tables that do not exist yet."""
    present = set(connection.introspection.table_names())
    absent = set(missing(connection))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRES_FUNCTION)
        for table in APPEND_ONLY:
            for operation in ("update", "delete", "truncate"):
                name = f"{table}_no_{operation}"
                if table in present and name in absent:  # "truncate" is only ever absent on PostgreSQL
                    cursor.execute(_statement(connection.vendor, table, operation, name))


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers; for tests and for undoing the migration."""
    with connection.cursor() as cursor:
        for table in APPEND_ONLY:
            for operation in ("update", "delete", "truncate"):
                name = f"{table}_no_{operation}"
                on = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")


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
    return [n for n in names(connection.vendor) if n.split("_no_")[0] in tables and n not in standing]


def after_migrate(**kwargs: Any) -> None:
    """Signal handler of post_migrate: put back what a migration dropped."""
    from django.db import connections  # the signal names the database

    install(connections[kwargs["using"]])


def _statement(vendor: str, table: str, operation: str, name: str) -> str:
    if vendor == "postgresql":
        each = "STATEMENT" if operation == "truncate" else "ROW"
        return (
            f"CREATE TRIGGER {name} BEFORE {operation.upper()} ON {table}"
            f" FOR EACH {each} EXECUTE FUNCTION readiness_refuse()"
        )
    return (
        f"CREATE TRIGGER {name} BEFORE {operation.upper()} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION readiness_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
