"""Who may do what: one table, and the rules that keep duties apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum
from functools import cache

from checklists import clock
from checklists.errors import Forbidden
from checklists.models import MemberRole, Membership, Person, Project
from checklists.models.catalog import MembershipQuerySet

OWNER, CONTRIBUTOR = MemberRole.OWNER.value, MemberRole.CONTRIBUTOR.value
LEAD, PRODUCT, COMPLIANCE = (
    MemberRole.TECHNICAL_LEAD.value,
    MemberRole.PRODUCT_OWNER.value,
    MemberRole.COMPLIANCE.value,
)
READER, AUDITOR = MemberRole.READER.value, MemberRole.AUDITOR.value
EVERYBODY = frozenset(MemberRole.values)
MAKERS = frozenset({OWNER, CONTRIBUTOR, LEAD})
SIGNING_ROLES = (LEAD, PRODUCT, COMPLIANCE)


class Act(StrEnum):
    """Everything a role may or may not do in a project."""

    READ = "read"
    EXPORT = "export"
    CREATE_RELEASE = "create a release"
    RUN_CHECKS = "run checks"
    TICK = "tick items"
    NOT_APPLICABLE = "mark items not applicable"
    ATTACH = "attach evidence"
    NOTE = "write notes"
    SIGN = "sign"
    DROP_ROLE = "drop a role from a gate"
    MEMBERS = "change members"
    PARAMETERS = "change parameters"
    ENVIRONMENTS = "change environments"
    ASK_WAIVER = "ask for a waiver"
    DECIDE_WAIVER = "decide on a waiver"
    REHEARSE = "record rollback rehearsals"
    REGISTER = "register scorecards and manifests"
    DECIDE_DEPLOYMENT = "ask for a deployment decision"
    DEPLOY = "report deployments, rollouts and rollbacks"
    PROPOSE = "propose changes of checklists, thresholds and policies"
    VOTE = "vote on proposals"
    STAGES = "change stages and schedules"
    TOKENS = "manage service accounts and their tokens"
    WEBHOOKS = "manage webhooks and channels"


TABLE: dict[Act, frozenset[str]] = {
    Act.READ: EVERYBODY,
    Act.EXPORT: EVERYBODY,
    Act.CREATE_RELEASE: MAKERS,
    Act.RUN_CHECKS: MAKERS,
    Act.TICK: MAKERS,
    Act.NOT_APPLICABLE: MAKERS,
    Act.ATTACH: MAKERS | {PRODUCT, COMPLIANCE},
    Act.NOTE: MAKERS | {PRODUCT, COMPLIANCE},
    Act.SIGN: frozenset(SIGNING_ROLES),
    Act.DROP_ROLE: frozenset({OWNER, PRODUCT, COMPLIANCE}),
    Act.MEMBERS: frozenset({OWNER}),
    Act.PARAMETERS: frozenset({OWNER}),
    Act.ENVIRONMENTS: frozenset({OWNER}),
    Act.ASK_WAIVER: MAKERS,
    Act.DECIDE_WAIVER: frozenset({PRODUCT, COMPLIANCE}),
    Act.REHEARSE: MAKERS,
    Act.REGISTER: MAKERS,
    Act.DECIDE_DEPLOYMENT: MAKERS,
    Act.DEPLOY: MAKERS,
    Act.PROPOSE: MAKERS | {PRODUCT, COMPLIANCE},
    Act.VOTE: frozenset({OWNER, LEAD, PRODUCT, COMPLIANCE}),
    Act.STAGES: frozenset({OWNER}),
    Act.TOKENS: frozenset({OWNER}),
    Act.WEBHOOKS: frozenset({OWNER}),
}


def may(roles: Iterable[str], act: Act) -> bool:
    """Whether any of a person's roles in the project allows the act."""
    return not TABLE[act].isdisjoint(roles)


def may_drop(roles: Collection[str], role: str) -> bool:
    """An owner may drop any conditional role; product owner and compliance their own."""
    return OWNER in roles or (role in roles and role in (PRODUCT, COMPLIANCE))


def roles_of(person: Person, project: Project | int) -> frozenset[str]:
    """The person's roles in the project that have not ended; none of outsiders and deactivated accounts."""
    if not person.is_active:
        return frozenset()
    held = Membership.objects.filter(person=person, project=project).live(clock.now())
    return frozenset(held.values_list("role", flat=True))


def members_of(project: int) -> list[Membership]:
    """Every role of every active person in the project that has not ended, with the person: one query."""
    return list(_active().live(clock.now()).filter(project=project))


def members_at(gate: int) -> list[Membership]:
    """The same of the project that a gate belongs to; empty for a gate that is not there: one query."""
    return list(_active().live(clock.now()).filter(project__releases__gates=gate))


@cache
def _active() -> MembershipQuerySet:
    return Membership.objects.filter(person__is_active=True).select_related("person").order_by("role", "pk")


def roles_among(members: Iterable[Membership], person: Person) -> frozenset[str]:
    """The person's roles among a project's members; empty for an outsider."""
    return frozenset(member.role for member in members if member.person_id == person.pk)


def require(person: Person, project: Project | int, act: Act) -> frozenset[str]:
    """The person's roles, or Forbidden naming who may."""
    return require_role(person, roles_of(person, project), act)


def require_role(person: Person, roles: frozenset[str], act: Act) -> frozenset[str]:
    """The given roles, or Forbidden naming who may."""
    if not may(roles, act):
        allowed = ", ".join(
            MemberRole(role).label.lower() for role in MemberRole.values if role in TABLE[act]
        )
        raise Forbidden(f"{person.name} may not {act.value} here.", f"This is open to: {allowed}.")
    return roles


def why_not_sign(
    *,
    role: str,
    roles: Collection[str],
    made_release: bool,
    attached_evidence: bool,
    signed_as: str | None,
    pushed_files: bool = False,
    reported_results: bool = False,
    service: bool = False,
) -> str:
    """Why this person may not sign in this role, in words; empty when they may.

    `signed_as` is the role of the person's live sign-off on this gate, if any. Who created the release,
    pushed its present files, attached evidence or reported results that count may sign only as technical
    lead; one person signs in one role per gate. A service account never signs, whatever roles it was given.
    """
    label = MemberRole(role).label.lower()
    if service:
        return "A service account never signs; a person must."
    if role not in SIGNING_ROLES or role not in roles:
        return f"You are not {label} in this project."
    if signed_as and signed_as != role:
        return f"You signed as {MemberRole(signed_as).label.lower()}; one person signs in one role."
    if role == LEAD:
        return ""
    did = _own_work(
        made_release=made_release,
        pushed_files=pushed_files,
        attached_evidence=attached_evidence,
        reported_results=reported_results,
    )
    return f"{did}, so somebody else must sign as {label}." if did else ""


def _own_work(**done: bool) -> str:
    words = {
        "made_release": "You created this release",
        "pushed_files": "You pushed the files of this release",
        "attached_evidence": "You attached evidence to this gate",
        "reported_results": "You reported results of this gate's checks",
    }
    return next((words[name] for name in words if done[name]), "")


def why_not_decide_waiver(
    *,
    role: str,
    roles: Collection[str],
    roles_of_requester: Collection[str],
    is_requester: bool,
    is_owner: bool,
    made_release: bool,
    attached_evidence: bool,
    signed_as: str | None,
    pushed_files: bool = False,
    reported_results: bool = False,
) -> str:
    """Why this person may not decide on a waiver in this role, in words; empty when they may.

    Beyond what holds for signing in that role: never who asked for the waiver or answers for it, and the role
    must be one in which the requester does not act.
    """
    if role not in TABLE[Act.DECIDE_WAIVER] or role not in roles:
        return "Only the product owner or compliance decides on a waiver, each in a role held here."
    label = MemberRole(role).label.lower()
    theirs = {
        "You asked for this waiver, so somebody else must decide on it.": is_requester,
        "You own what this waiver leaves open, so somebody else must decide on it.": is_owner,
        f"Who asked is {label} here too, so this waiver must be decided in another role.": (
            role in roles_of_requester
        ),
    }
    did = _own_work(
        made_release=made_release,
        pushed_files=pushed_files,
        attached_evidence=attached_evidence,
        reported_results=reported_results,
    )
    theirs[f"{did}, so somebody else must decide as {label}."] = bool(did)
    if signed_as and signed_as != role:
        theirs[f"You signed as {MemberRole(signed_as).label.lower()}; one person acts in one role."] = True
    return next((why for why, holds in theirs.items() if holds), "")
