"""What web server, worker and clock do before they serve: refuse an unsafe configuration, with the reason."""

from __future__ import annotations

import sys

from django.core import checks
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

EXIT_UNSAFE = 78  # EX_CONFIG of sysexits.h


def problems() -> list[checks.CheckMessage]:
    """Everything that must not be: system checks (security, run roots, triggers) and missing migrations."""
    try:
        found = [message for message in checks.run_checks(databases=["default"]) if message.is_serious()]
        return found or _unmigrated()
    except DatabaseError as error:
        return [
            checks.Error(
                f"The database does not answer: {str(error).strip().splitlines()[0]}",
                hint="Start it, or correct DATABASE_URL.",
                id="readiness.E007",
            )
        ]
    finally:
        connections.close_all()  # processes forked later must not inherit a connection


def refuse_unsafe() -> None:
    """End this process with every reason on standard error, or do nothing."""
    found = problems()
    if found:
        sys.stderr.write("Readiness does not start:\n\n")
        sys.stderr.writelines(f"{message}\n" for message in found)
        sys.stderr.flush()
        raise SystemExit(EXIT_UNSAFE)


def _unmigrated() -> list[checks.CheckMessage]:
    executor = MigrationExecutor(connections["default"])
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not waiting:
        return []
    return [
        checks.Error(
            f"The database lacks {len(waiting)} migrations, the first is {waiting[0][0]}.",
            hint="Run manage.py migrate.",
            id="readiness.E008",
        )
    ]
