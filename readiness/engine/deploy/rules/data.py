"""Migrations were tried out, and secrets are named by their versions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from readiness.engine.deploy import words
from readiness.engine.deploy.manifest import Migration, Secret
from readiness.engine.deploy.rules.case import Case, Reason, Rule, dated

_TRY = "Run the migration dry, keep its log, and write the manifest again."


def _tried(case: Case, rule: Rule) -> Iterator[Reason]:
    for migration in case.manifest.migrations:
        name = words.shown(migration.name)
        for told, heals in _untried(migration, case):
            yield rule.reason(
                case, f"The migration {name} {told}.", _TRY, item=migration.name, heals_at=heals
            )


def _untried(migration: Migration, case: Case) -> Iterator[tuple[str, datetime | None]]:
    dry = migration.dry_run
    if dry is None:
        yield "has no dry run", None
        return
    if words.word(dry.outcome) not in words.PASSED:
        yield f"has a dry run that says {words.shown(dry.outcome) or 'nothing'!r}, passed is expected", None
    when = dated(dry.at, case.at)
    if when.problem:
        yield f"has a dry run that is {when.problem}", when.heals_at
    if not dry.log or not dry.sha256:
        yield "has a dry run without a hashed log as evidence", None


def _versions(case: Case, rule: Rule) -> Iterator[Reason]:
    for secret in case.manifest.secrets:
        name = words.shown(secret.name)
        if secret.version is None or not words.real(str(secret.version)):
            told = f"The secret {name} has no version, one is expected."
            yield rule.reason(
                case, told, "Write the version that is deployed, never the value.", item=secret.name
            )
        yield from _rotated(case, rule, secret, name)


def _rotated(case: Case, rule: Rule, secret: Secret, name: str) -> Iterator[Reason]:
    if not secret.rotated_at.strip():
        if not words.real(secret.evidence):
            yield rule.warn(
                f"Nothing shows when the secret {name} was rotated.", "Record it.", item=secret.name
            )
        return
    when = dated(secret.rotated_at, case.at)
    if when.problem:
        told = f"The rotation of the secret {name} is {when.problem}."
        yield rule.reason(case, told, "Write the true date.", item=secret.name, heals_at=when.heals_at)


MIGRATIONS = Rule(
    name="migrations",
    title="Every migration was tried out",
    find=_tried,
    not_asked=lambda case: "" if case.manifest.migrations else "the manifest lists no migration",
)
SECRETS = Rule(
    name="secrets",
    title="Every secret has a version",
    find=_versions,
    not_asked=lambda case: "" if case.manifest.secrets else "the manifest lists no secret",
)
