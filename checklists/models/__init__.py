"""The rows. Facts and rules about one row live here; changes of several rows are acts (actions/)."""

from checklists.models.access import ApiToken, IdempotencyKey
from checklists.models.audit import AuditEntry, AuditStream, Checkpoint
from checklists.models.audit_out import CheckpointDelivery, RefusalCount
from checklists.models.catalog import (
    ChecklistVersion,
    Environment,
    MemberRole,
    Membership,
    Person,
    Project,
)
from checklists.models.change import Proposal, ProposalVote
from checklists.models.deployment import Deployment, DeploymentDecision, DeploymentPolicy
from checklists.models.evidence import Evidence, Note
from checklists.models.gate import Gate, GateItem, GateRole, ScorePoint
from checklists.models.identity import Identity
from checklists.models.invitation import Invitation
from checklists.models.key import InstallationKey
from checklists.models.outbox import (
    Message,
    Notification,
    NotificationPreference,
    Webhook,
    WebhookDelivery,
)
from checklists.models.registry import ReleaseManifest, ReleasePlan, Scorecard
from checklists.models.rehearsal import Rehearsal
from checklists.models.release import ArtifactSnapshot, ParameterSet, Release
from checklists.models.report import Report
from checklists.models.signoff import SignOff
from checklists.models.stage import ProjectStage, Schedule
from checklists.models.upload import StoredFile, Upload
from checklists.models.verification import CheckRun, Heartbeat
from checklists.models.waiver import Waiver

__all__ = [
    "ApiToken",
    "ArtifactSnapshot",
    "AuditEntry",
    "AuditStream",
    "CheckRun",
    "ChecklistVersion",
    "Checkpoint",
    "CheckpointDelivery",
    "Deployment",
    "DeploymentDecision",
    "DeploymentPolicy",
    "Environment",
    "Evidence",
    "Gate",
    "GateItem",
    "GateRole",
    "Heartbeat",
    "IdempotencyKey",
    "Identity",
    "InstallationKey",
    "Invitation",
    "MemberRole",
    "Membership",
    "Message",
    "Note",
    "Notification",
    "NotificationPreference",
    "ParameterSet",
    "Person",
    "Project",
    "ProjectStage",
    "Proposal",
    "ProposalVote",
    "RefusalCount",
    "Rehearsal",
    "Release",
    "ReleaseManifest",
    "ReleasePlan",
    "Report",
    "Schedule",
    "ScorePoint",
    "Scorecard",
    "SignOff",
    "StoredFile",
    "Upload",
    "Waiver",
    "Webhook",
    "WebhookDelivery",
]
