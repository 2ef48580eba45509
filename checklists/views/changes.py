"""Changes of a project: what is proposed, who voted, what came into effect, and proposing more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from checklists import outbox, permissions
from checklists.actions import control, proposals
from checklists.actions.proposal_kinds import CHANGES, offered
from checklists.errors import Forbidden
from checklists.forms.base import Form
from checklists.forms.changes import BoardForm, ProposalForm, VoteForm
from checklists.models import Project, Proposal
from checklists.models.change import ProposalKind, ProposalState
from checklists.permissions import Act, may
from checklists.reads import proposals as reads
from checklists.views.doors import done, project_for
from checklists.views.visit import MAX_ID, Request, SeeOther, signed_in, text, whole
from readiness.engine.errors import ReadinessError


@require_GET
@signed_in
def change_list(request: Request, slug: str) -> HttpResponse:
    """Open proposals, then the changelog."""
    project, roles = project_for(request.user, slug)
    return _list(request, project, roles)


def _list(
    request: Request, project: Project, roles: frozenset[str], board: Form | None = None
) -> HttpResponse:
    context = {
        "project": project,
        "open": reads.open_ones(project),
        "mine": reads.waiting_for(project, request.user) if may(roles, Act.VOTE) else set(),
        "history": reads.history(project),
        "kinds": [kind for kind in ProposalKind if kind != ProposalKind.CONTROL or project.change_control],
        "needed": proposals.NEEDED,
        "may_propose": may(roles, Act.PROPOSE),
        "may_manage": may(roles, Act.PARAMETERS),
        "board_form": board or BoardForm(initial={"address": project.change_board}),
        "mail_works": outbox.mail_works(),
    }
    return render(request, "checklists/change_list.html", context)


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that a proposal may change: its number in the form, its name, and the act's argument."""

    pk: int
    name: str
    argument: dict[str, Any]


def _choices(project: Project, kind: str) -> list[Choice]:
    if kind == ProposalKind.CHECKLIST:
        found = [Choice(row.pk, f"{row.slug} {row.version}", {"checklist": row}) for row in offered(project)]
        return [*found, Choice(0, "A new checklist", {})]
    if kind == ProposalKind.THRESHOLD:
        releases = project.releases.select_related("parameters").order_by("-created_at", "-pk")[:50]
        return [Choice(row.pk, row.version, {"release": row}) for row in releases]
    if kind == ProposalKind.POLICY:
        return [Choice(row.pk, row.name, {"environment": row}) for row in project.environments.all()]
    return [Choice(0, "Change control", {})] if project.change_control else []


@require_http_methods(["GET", "POST"])
@signed_in
def change_new(request: Request, slug: str, kind: str) -> HttpResponse:
    """Propose a change, starting from what stands there now."""
    project, _ = project_for(request.user, slug, Act.PROPOSE)
    if kind not in ProposalKind.values:
        raise Http404
    choices = _choices(project, kind)
    asked = whole(request.POST.get("of", request.GET.get("of")), otherwise=-1)
    chosen = next((choice for choice in choices if choice.pk == asked), choices[0] if choices else None)
    if request.method == "POST":
        form = ProposalForm(request.POST, kind=kind)
        if chosen and chosen.pk == asked and form.is_valid():
            fields = {**form.cleaned_data, **chosen.argument}
            made = done(request, form, proposals.propose, project=project, kind=kind, **fields)
            if made:
                messages.success(request, "Proposed. Two others decide; you are told when they have.")
                return SeeOther(_path(made))
    else:
        form = ProposalForm(initial={"text": _present(project, kind, chosen)}, kind=kind)
    context = {
        "project": project,
        "kind": ProposalKind(kind),
        "form": form,
        "choices": choices,
        "chosen": chosen,
    }
    return render(request, "checklists/change_new.html", context)


def _present(project: Project, kind: str, chosen: Choice | None) -> str:
    if chosen is None or (kind == ProposalKind.CHECKLIST and not chosen.argument):
        return ""
    return CHANGES[kind].present(Proposal(project=project, kind=kind, **chosen.argument))


@require_GET
@signed_in
def proposal(request: Request, slug: str, pk: int) -> HttpResponse:
    """One proposal: what changes, why, who voted, and the buttons of who may."""
    project, roles = project_for(request.user, slug)
    return _page(request, _proposal(project, pk), roles)


def _page(request: Request, found: Proposal, roles: frozenset[str], form: Form | None = None) -> HttpResponse:
    lines = reads.difference(found.base, found.text)
    added, dropped = reads.counted(lines)
    votes = list(found.votes.select_related("person"))
    own = found.proposed_by_id == request.user.pk
    is_open = found.state in reads.OPEN
    voted = any(vote.person_id == request.user.pk for vote in votes)
    votes_here = may(roles, Act.VOTE)
    context = {
        "project": found.project,
        "proposal": found,
        "lines": lines,
        "added": added,
        "dropped": dropped,
        "votes": votes,
        "needed": proposals.NEEDED,
        "may_vote": is_open and votes_here and not own and not voted,
        "may_approve": found.state == ProposalState.OPEN,
        "why_not": proposals.OWN if is_open and own and votes_here else "",
        "may_activate": found.state == ProposalState.APPROVED and votes_here,
        "may_withdraw": is_open and (own or permissions.OWNER in roles) and may(roles, Act.PROPOSE),
        "form": form or VoteForm(),
    }
    return render(request, "checklists/proposal.html", context)


@require_POST
@signed_in
def proposal_vote(request: Request, slug: str, pk: int) -> HttpResponse:
    """Approve, or reject with a reason."""
    approve = request.POST.get("vote") == "approve"
    said = "You approved it." if approve else "You rejected it; the proposal is closed."
    arguments = {"approve": approve, "comment": text(request, "comment")}
    return _acted(request, slug, pk, proposals.vote, said, **arguments)


@require_POST
@signed_in
def proposal_withdraw(request: Request, slug: str, pk: int) -> HttpResponse:
    """Take it back."""
    return _acted(request, slug, pk, proposals.withdraw, "The proposal is withdrawn.")


@require_POST
@signed_in
def proposal_activate(request: Request, slug: str, pk: int) -> HttpResponse:
    """Put it into effect."""
    return _acted(request, slug, pk, proposals.activate, "")


def _acted(
    request: Request, slug: str, pk: int, act: Callable[..., Proposal], said: str, **arguments: Any
) -> HttpResponse:
    project, roles = project_for(request.user, slug, Act.PROPOSE)
    found = _proposal(project, pk)
    form = VoteForm(request.POST)
    form.is_valid()
    try:
        made = act(proposal=found.pk, by=request.user, **arguments)
    except Forbidden:
        raise
    except ReadinessError as error:
        form.refused(error)
        return _page(request, found, roles, form)
    messages.success(request, said or made.outcome)
    return SeeOther(_path(found))


@require_POST
@signed_in
def control_on(request: Request, slug: str) -> HttpResponse:
    """Switch change control on."""
    project, _ = project_for(request.user, slug, Act.PARAMETERS)
    try:
        control.switch_on(project=project, by=request.user)
    except ReadinessError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Thresholds and policies now change by proposal only.")
    return SeeOther(reverse("change-list", args=[project.slug]))


@require_POST
@signed_in
def board(request: Request, slug: str) -> HttpResponse:
    """Say where the change board is told."""
    project, roles = project_for(request.user, slug, Act.PARAMETERS)
    form = BoardForm(request.POST)
    if form.is_valid():
        kept = done(request, form, control.set_board, project=project, **form.cleaned_data)
        if kept:
            messages.success(request, "The address is kept.")
            return SeeOther(reverse("change-list", args=[project.slug]))
    return _list(request, project, roles, form)


def _proposal(project: Project, pk: int) -> Proposal:
    found = reads.one(project, pk) if pk <= MAX_ID else None
    if found is None:
        raise Http404
    return found


def _path(made: Proposal) -> str:
    return reverse("proposal", args=[made.project.slug, made.pk])
