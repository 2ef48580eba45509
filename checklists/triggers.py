"""Database triggers that refuse changes of rows which never change.

Installed by a migration and again after every `migrate` (a migration that remakes a table on SQLite drops
its triggers); a system check proves that they stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.backends.base.base import BaseDatabaseWrapper

from checklists import duty_triggers

APPEND_ONLY = (
    "checklists_auditentry",
    "checklists_checkpoint",
    "checklists_checklistversion",
    "checklists_artifactsnapshot",
    "checklists_scorecard",
    "checklists_releasemanifest",
    "checklists_releaseplan",
    "checklists_deploymentpolicy",
    "checklists_deploymentdecision",
    "checklists_proposalvote",
)
# Records that move on but whose facts nobody edits: columns, and when they hold still ("" is always).
HOLDS_STILL: dict[str, tuple[tuple[str, str], ...]] = {
    "checklists_signoff": (
        (
            (
                "gate_id, role, person_id, person_name, decision, meaning, criteria, comment, digest,"
                " snapshot, signed_at, utc_offset_minutes, supersedes_id, methods, challenge, envelope,"
                " envelope_sha256, key_id"
            ),
            "",
        ),
        ("live", "NEW.live AND NOT OLD.live"),
    ),
    "checklists_evidence": (
        ("item_id, kind, name, sha256, size, media_type, url, added_by_id, added_at", ""),
        ("removed_by_id, removed_at", "OLD.removed_at IS NOT NULL"),
    ),
    "checklists_waiver": (
        ("gate_id, item_id, rule, requested_by_id", ""),
        (
            "reason, risk, mitigation, owner_id, scope, expires_at, expires_zone, requested_at",
            "OLD.state <> 'draft'",
        ),
        (
            "state",
            (
                "OLD.state IN ('withdrawn', 'rejected', 'revoked')"
                " OR (OLD.state = 'approved' AND NEW.state <> 'revoked')"
                " OR (OLD.state = 'review' AND NEW.state = 'draft')"
                " OR (OLD.state = 'draft' AND NEW.state NOT IN ('draft', 'review', 'withdrawn'))"
            ),
        ),
        (
            "decided_by_id, decided_as, decided_at, decision_reason, before, after",
            "OLD.decided_at IS NOT NULL",
        ),
        ("revoked_by_id, revoked_at, revoke_reason", "OLD.revoked_at IS NOT NULL"),
    ),
    "checklists_rehearsal": (
        (
            (
                "project_id, environment_id, performed_at, performed_by, from_version, to_version,"
                " duration_seconds, outcome, gaps, log_name, log_sha256, log_size, recorded_by_id,"
                " recorded_at"
            ),
            "",
        ),
        ("remediation, remediated_by_id, remediated_at", "OLD.remediated_at IS NOT NULL"),
    ),
    "checklists_deployment": (
        ("release_id, environment_id, gate_id, decision_id, manifest_id, deployed_at, deployed_by_id", ""),
        ("rolled_out_at, rolled_out_by_id", "OLD.rolled_out_at IS NOT NULL"),
        (
            "state, rolled_back_at, rolled_back_by_id, rolled_back_to, rollback_reason",
            "OLD.rolled_back_at IS NOT NULL",
        ),
    ),
    "checklists_installationkey": (
        ("key_id, public, not_before", ""),
        ("not_after", "OLD.not_after IS NOT NULL"),
        ("revoked_at, reason", "OLD.revoked_at IS NOT NULL"),
    ),
    "checklists_report": (
        (
            (
                "gate_id, snapshot, digest, verdict, requested_by_id, requested_at, evidence, checkpoint,"
                " with_bundle"
            ),
            "",
        ),
        ("sha256, size, seal, bundle_sha256, bundle_size, finished_at, error", "OLD.state = 'done'"),
    ),
    "checklists_checkrun": (
        ("item_id, snapshot_id, parameters_id, requested_by_id, requested_at, reported_by", ""),
        ("state, outcome, results, finished_at", "OLD.state = 'done'"),
    ),
    "checklists_parameterset": (
        ('release_id, number, "values", set_by_id, set_at, after_result, reason', ""),
        ("frozen_at", "OLD.frozen_at IS NOT NULL"),
    ),
    "checklists_proposal": (
        (
            (
                "project_id, kind, title, reason, link, checklist_id, environment_id, release_id, base, text,"
                " proposed_by_id, proposed_at"
            ),
            "",
        ),
        ("state, closed_by_id, closed_at, outcome", "OLD.closed_at IS NOT NULL"),
    ),
}


_NAMES = ("no_update", "no_return", "no_update_3", "no_update_4", "no_update_5")


class _Standing(Protocol):
    @property
    def table(self) -> str: ...

    @property
    def name(self) -> str: ...

    def statement(self, vendor: str) -> str: ...


@dataclass(frozen=True, slots=True)
class _Duties:
    table: str = duty_triggers.TABLE
    name: str = duty_triggers.NAME

    def statement(self, vendor: str) -> str:
        return duty_triggers.statement(vendor)


@dataclass(frozen=True, slots=True)
class _Trigger:
    table: str
    name: str
    event: str
    when: str = ""

    refuse: str = "readiness_refuse"  # the function on PostgreSQL

    def statement(self, vendor: str) -> str:
        when = f" WHEN ({self.when})" if self.when else ""
        head = f"CREATE TRIGGER {self.name} BEFORE {self.event} ON {self.table}"
        if vendor == "postgresql":
            each = "STATEMENT" if self.event == "TRUNCATE" else "ROW"
            return f"{head} FOR EACH {each}{when} EXECUTE FUNCTION {self.refuse}()"
        return f"{head}{when} BEGIN SELECT RAISE(ABORT, '{self.table} is append-only'); END"


def _all(vendor: str) -> Iterator[_Standing]:
    yield _Duties()
    for table in APPEND_ONLY:
        yield _Trigger(table, f"{table}_no_update", "UPDATE")
    for table, rules in HOLDS_STILL.items():
        for name, (columns, when) in zip(_NAMES, rules, strict=False):
            yield _Trigger(table, f"{table}_{name}", f"UPDATE OF {columns}", when)
    yield from _audit(vendor)
    for table in (*APPEND_ONLY, *HOLDS_STILL):
        if table != "checklists_auditentry":
            yield _Trigger(table, f"{table}_no_delete", "DELETE")
        if vendor == "postgresql":
            yield _Trigger(table, f"{table}_no_truncate", "TRUNCATE")


def _audit(vendor: str) -> Iterator[_Trigger]:
    """Of the audit log only what was cut (exported and sealed) goes, and no cut is ever taken back."""
    table, stream = "checklists_auditentry", "checklists_auditstream"
    cut = f"SELECT cut FROM {stream} WHERE name = OLD.stream"  # noqa: S608  # names of tables
    if vendor == "postgresql":  # whose WHEN holds no query
        yield _Trigger(table, f"{table}_uncut", "DELETE", "", "readiness_refuse_uncut")
    else:
        yield _Trigger(table, f"{table}_uncut", "DELETE", f"OLD.seq > COALESCE(({cut}), 0)")
    yield _Trigger(stream, f"{stream}_no_return", "UPDATE OF cut", "NEW.cut < OLD.cut")


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers that are missing. Does nothing for tables that do not exist yet."""
    absent = set(missing(connection))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRES_FUNCTION + _POSTGRES_UNCUT)
            cursor.execute(duty_triggers.function())
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


def before_migrate(**kwargs: Any) -> None:
    """Signal handler of pre_migrate: SQLite remakes no table that a trigger of another one reads."""
    from django.db import connections  # the signal names the database

    connection = connections[kwargs["using"]]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for name in (duty_triggers.NAME, "checklists_auditentry_uncut"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


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
_POSTGRES_UNCUT = """;
CREATE OR REPLACE FUNCTION readiness_refuse_uncut() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.seq > COALESCE((SELECT cut FROM checklists_auditstream WHERE name = OLD.stream), 0) THEN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN OLD;
END $$
"""
