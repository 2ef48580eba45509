"""Duties kept apart by the database itself: a sign-off in force that breaks them cannot be put in.

The rules are those of permissions.why_not_sign, in SQL. SQLite and PostgreSQL say conditions alike; how a
trigger is written differs.
"""

from __future__ import annotations

TABLE = "checklists_signoff"
NAME = "checklists_signoff_duties"
FUNCTION = "readiness_keep_duties_apart"
_NOT_LEAD = "NEW.role <> 'technical-lead' AND "
_SERVICE = "EXISTS (SELECT 1 FROM checklists_person p WHERE p.id = NEW.person_id AND p.is_service)"
_MADE = (
    "EXISTS (SELECT 1 FROM checklists_gate g JOIN checklists_release r ON r.id = g.release_id"
    " WHERE g.id = NEW.gate_id AND NEW.person_id IN (r.created_by_id, r.pushed_by_id))"
)
_ATTACHED = (
    "EXISTS (SELECT 1 FROM checklists_gateitem i JOIN checklists_evidence e ON e.item_id = i.id"
    " WHERE i.gate_id = NEW.gate_id AND e.added_by_id = NEW.person_id AND e.removed_at IS NULL)"
)
_REPORTED = (
    "EXISTS (SELECT 1 FROM checklists_gateitem i JOIN checklists_checkrun c ON c.id = i.run_id"
    " WHERE i.gate_id = NEW.gate_id AND c.requested_by_id = NEW.person_id AND c.reported_by <> '')"
)
_SECOND_ROLE = (
    "EXISTS (SELECT 1 FROM checklists_signoff s WHERE s.gate_id = NEW.gate_id AND s.live"
    " AND s.person_id = NEW.person_id AND s.role <> NEW.role)"
)
# What is said, and when, for a row that is in force.
RULES = {
    "a service account never signs": _SERVICE,
    "who made the release or pushed its files signs only as technical lead": _NOT_LEAD + _MADE,
    "who attached evidence signs only as technical lead": _NOT_LEAD + _ATTACHED,
    "who reported results signs only as technical lead": _NOT_LEAD + _REPORTED,
    "one person signs in one role": _SECOND_ROLE,
}


def statement(vendor: str) -> str:
    """The trigger; on PostgreSQL `function()` comes first."""
    head = f"CREATE TRIGGER {NAME} BEFORE INSERT ON {TABLE} FOR EACH ROW WHEN (NEW.live)"
    if vendor == "postgresql":
        return f"{head} EXECUTE FUNCTION {FUNCTION}()"
    cases = " ".join(f"WHEN {when} THEN RAISE(ABORT, '{said}')" for said, when in RULES.items())
    return f"{head} BEGIN SELECT CASE {cases} END; END"


def function() -> str:
    """What the trigger calls on PostgreSQL."""
    checks = "\n".join(
        f"  IF {when} THEN RAISE EXCEPTION '{said}' USING ERRCODE = 'integrity_constraint_violation'; END IF;"
        for said, when in RULES.items()
    )
    head = f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$"
    return f"{head}\nBEGIN\n{checks}\n  RETURN NEW;\nEND $$"
