"""Acts of change control: propose, vote, withdraw, activate.

    open ── two others approve ──▶ approved ── somebody who may vote ──▶ activated
      └── one of them rejects ─┴─▶ rejected          (its proposer or an owner: withdrawn)

An approved proposal is judged once more when it is activated: when what it changes has changed meanwhile, it
cannot be, and must be proposed again from what stands now.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.db import transaction

from checklists import audit, clock, permissions
from checklists.actions.proposal_kinds import CHANGES
from checklists.actions.proposal_news import log, people_with, tell
from checklists.errors import Forbidden, Refused
from checklists.models import ChecklistVersion, Environment, Person, Project, Proposal, ProposalVote, Release
from checklists.models.change import ProposalKind, ProposalState
from checklists.permissions import Act, require

NEEDED = 2  # approvals of others than the proposer
MAX_TEXT = 100_000  # characters
MAX_LINES = 2000
BY_HAND = "A person votes and activates, signed in; neither a token nor a service account can."
OWN = "Your own proposal needs the votes of two others."
VOTED = "You have voted on this proposal; a vote is given once."
CLOSED = "This proposal is closed."
HAS_BOTH = "This proposal has its two approvals already."
REASON = "Say why; it stands in the changelog."
SAME = "The text is what stands there now; nothing would change."
MOVED = "What this proposal changes has changed since it was made."
MOVED_ADVICE = "Propose it again from what stands there now."


def propose(
    *,
    project: Project,
    by: Person,
    kind: str,
    title: str,
    reason: str,
    text: str = "",
    link: str = "",
    checklist: ChecklistVersion | None = None,
    environment: Environment | None = None,
    release: Release | None = None,
) -> Proposal:
    """Propose a change; the text is checked now, so that nobody votes on what cannot work.

    `checklist` (the version to change; None for a new one), `release` or `environment` say what changes.
    Raises Forbidden, Refused, and what the kind's own check raises (ChecklistError, ParameterError,
    DeployError), each naming the place.
    """
    require(by, project, Act.PROPOSE)
    if not title.strip() or not reason.strip():
        raise Refused("A proposal needs a title and a reason.")
    _require_small(text)
    proposal = Proposal(
        project=project,
        kind=kind,
        title=" ".join(title.split())[:200],
        reason=reason.strip(),
        link=_link(link),
        checklist=checklist,
        environment=environment,
        release=release,
        text=text.replace("\r\n", "\n").replace("\0", ""),
        proposed_by=by,
        proposed_at=clock.now(),
    )
    _require_of_project(proposal)
    change = CHANGES[ProposalKind(kind).value]
    proposal.text = change.fitting(proposal)
    proposal.base = change.present(proposal)
    if proposal.text == proposal.base:
        raise Refused(SAME)
    with transaction.atomic():
        proposal.save()
        log(proposal, by, "proposal.opened", reason=proposal.reason, link=proposal.link)
        voters = [p for p in people_with(project, permissions.TABLE[Act.VOTE]) if p != by]
        tell(
            proposal, "proposal.opened", f"{by.name} proposes: {proposal.title}", voters, by, proposal.reason
        )
    return proposal


def vote(*, proposal: int, by: Person, approve: bool, comment: str = "") -> Proposal:
    """Approve or reject another person's proposal, once. The second approval makes it ready to activate, one
    rejection ends it. Raises Forbidden, Refused.
    """
    with transaction.atomic():
        row = _locked(proposal)
        _require_person(by)
        require(by, row.project_id, Act.VOTE)
        if by.pk == row.proposed_by_id:
            raise Forbidden(OWN)
        _require_open(row)
        if row.votes.filter(person=by).exists():
            raise Refused(VOTED)
        if approve and row.state == ProposalState.APPROVED:
            raise Refused(HAS_BOTH, "Activate it.")
        if not approve and not comment.strip():
            raise Refused(REASON)
        now = clock.now()
        ProposalVote.objects.create(proposal=row, person=by, approve=approve, comment=comment.strip(), at=now)
        log(row, by, "proposal.voted" if approve else "proposal.rejected", comment=comment.strip())
        if not approve:
            _close(row, ProposalState.REJECTED, by)
            tell(row, "proposal.rejected", f"Rejected: {row.title}", [row.proposed_by], by, comment.strip())
        elif row.votes.filter(approve=True).count() >= NEEDED:
            row.state = ProposalState.APPROVED
            row.save(update_fields=["state"])
            people = [row.proposed_by, *people_with(row.project, permissions.TABLE[Act.VOTE])]
            text = "Two others approved it. It takes effect when somebody activates it."
            tell(row, "proposal.approved", f"Ready to activate: {row.title}", people, None, text)
    return row


def withdraw(*, proposal: int, by: Person) -> Proposal:
    """Take a proposal back: its proposer, or an owner. Raises Forbidden, Refused."""
    with transaction.atomic():
        row = _locked(proposal)
        roles = require(by, row.project_id, Act.PROPOSE)
        if by.pk != row.proposed_by_id and permissions.OWNER not in roles:
            raise Forbidden("Only who proposed it, or an owner, may withdraw it.")
        _require_open(row)
        _close(row, ProposalState.WITHDRAWN, by)
        log(row, by, "proposal.withdrawn")
        people = [row.proposed_by, *(vote.person for vote in row.votes.select_related("person"))]
        tell(row, "proposal.withdrawn", f"Withdrawn: {row.title}", people, by, "")
    return row


def activate(*, proposal: int, by: Person) -> Proposal:
    """Put an approved proposal into effect. Raises Forbidden, Refused (no approvals, moved on), and what the
    change itself raises; then nothing happened.
    """
    with transaction.atomic():
        row = _locked(proposal)
        _require_person(by)
        require(by, row.project_id, Act.VOTE)
        _require_open(row)
        if row.state != ProposalState.APPROVED or approvals(row) < NEEDED:
            raise Refused("This proposal does not have the approvals of two others yet.")
        change = CHANGES[row.kind]
        if change.present(row) != row.base:
            raise Refused(MOVED, MOVED_ADVICE)
        change.fitting(row)
        row.outcome = change.activate(row, by)[:300]
        _close(row, ProposalState.ACTIVATED, by)
        log(row, by, "proposal.activated", outcome=row.outcome, reason=row.reason)
        people = people_with(row.project, permissions.EVERYBODY - {permissions.READER})
        tell(row, "proposal.activated", f"In effect: {row.title}", people, by, row.outcome)
    return row


def _require_person(by: Person) -> None:
    if by.is_service or audit.acting_token.get():
        raise Forbidden(BY_HAND)


def approvals(proposal: Proposal) -> int:
    """How many others approved it; the proposer's own would not count."""
    return proposal.votes.filter(approve=True).exclude(person=proposal.proposed_by).count()


def _require_small(text: str) -> None:
    if len(text) > MAX_TEXT or text.count("\n") > MAX_LINES:
        raise Refused(f"The text is longer than {MAX_TEXT} characters or {MAX_LINES} lines.")


def _link(link: str) -> str:
    link = link.strip()
    if not link:
        return ""
    try:
        parts = urlsplit(link)
        good = parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:  # a broken IPv6 address
        good = False
    if not good or len(link) > 1000:
        raise Refused("The link must start with https:// or http:// and name a host.")
    return link


def _require_of_project(proposal: Proposal) -> None:
    project = proposal.project_id
    of_another = (
        (proposal.checklist and proposal.checklist.project_id not in (None, project))
        or (proposal.environment and proposal.environment.project_id != project)
        or (proposal.release and proposal.release.project_id != project)
    )
    if of_another:
        raise Refused("That belongs to another project.")


def _require_open(proposal: Proposal) -> None:
    if proposal.state not in (ProposalState.OPEN, ProposalState.APPROVED):
        raise Refused(CLOSED, f"It was {proposal.get_state_display().lower()}.")


def _close(proposal: Proposal, state: ProposalState, by: Person) -> None:
    proposal.state, proposal.closed_by, proposal.closed_at = state, by, clock.now()
    proposal.save(update_fields=["state", "closed_by", "closed_at", "outcome"])


def _locked(proposal: int) -> Proposal:
    Proposal.objects.select_for_update().get(pk=proposal)
    names = ("project", "proposed_by", "checklist", "environment", "release")
    return Proposal.objects.select_related(*names).get(pk=proposal)
