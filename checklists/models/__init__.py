"""The rows. Facts and rules about one row live here; changes of several rows are acts (actions/)."""

from checklists.models.audit import AuditEntry, AuditStream
from checklists.models.catalog import (
    ChecklistVersion,
    Environment,
    MemberRole,
    Membership,
    Person,
    Project,
)
from checklists.models.evidence import Evidence, Note
from checklists.models.gate import Gate, GateItem, GateRole
from checklists.models.release import ArtifactSnapshot, ParameterSet, Release
from checklists.models.report import Report
from checklists.models.signoff import SignOff
from checklists.models.verification import CheckRun, Heartbeat

__all__ = [
    "ArtifactSnapshot",
    "AuditEntry",
    "AuditStream",
    "CheckRun",
    "ChecklistVersion",
    "Environment",
    "Evidence",
    "Gate",
    "GateItem",
    "GateRole",
    "Heartbeat",
    "MemberRole",
    "Membership",
    "Note",
    "ParameterSet",
    "Person",
    "Project",
    "Release",
    "Report",
    "SignOff",
]
