"""A project's members with the ends of their access, and its invitations."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from checklists import clock, outbox
from checklists.actions import invitations, members
from checklists.forms.people import EndForm, InviteForm
from checklists.models import Invitation, MemberRole, Membership, Project
from checklists.permissions import Act, may
from checklists.reads import people as reads
from checklists.views.doors import done, project_for
from checklists.views.visit import Request, SeeOther, signed_in
from readiness.engine.errors import ReadinessError


@require_GET
@signed_in
def people(request: Request, slug: str) -> HttpResponse:
    """Everybody sees the members; an owner also the invitations."""
    found, roles = project_for(request.user, slug)
    return _page(request, found, owner=may(roles, Act.MEMBERS))


def _page(
    request: Request, found: Project, *, owner: bool, invite: InviteForm | None = None, **more: Any
) -> HttpResponse:
    now = clock.now()
    context = {
        "project": found,
        "members": [
            (line, EndForm(prefix=f"end-{line.membership.pk}", initial={"until": _last_day(line.membership)}))
            for line in reads.members(found, now)
        ],
        "invitations": reads.invitations(found, now) if owner else [],
        "owner": owner,
        "invite": invite or InviteForm(),
        "mails": outbox.mail_works(),
        "days": invitations.LIFETIME.days,
    }
    return render(request, "checklists/people.html", context | more)


def _last_day(membership: Membership) -> str:
    # The access ends at the end of a day, which is the beginning of the next one.
    end = membership.expires_at
    return f"{timezone.localtime(end - timedelta(seconds=1)):%Y-%m-%d}" if end else ""


@require_POST
@signed_in
def invite(request: Request, slug: str) -> HttpResponse:
    """Invite somebody. The link is shown in the answer to the form, and nowhere else ever.

    So this form is not answered by a redirect: the link would have to be kept somewhere until then.
    """
    found, _ = project_for(request.user, slug, Act.MEMBERS)
    form = InviteForm(request.POST)
    made = None
    if form.is_valid():
        made = done(request, form, invitations.invite, project=found, **form.cleaned_data)
    if made is None:
        return _page(request, found, owner=True, invite=form)
    row, link = made
    return _page(request, found, owner=True, link=link, made=row)


@require_POST
@signed_in
def revoke(request: Request, slug: str, pk: int) -> HttpResponse:
    """Take an invitation back."""
    found, _ = project_for(request.user, slug, Act.MEMBERS)
    row = get_object_or_404(Invitation, pk=pk, project=found)
    try:
        invitations.revoke(project=found, by=request.user, invitation=row)
    except ReadinessError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The invitation of {row.address} works no more.")
    return SeeOther(reverse("people", args=[found.slug]))


@require_POST
@signed_in
def member_end(request: Request, slug: str, pk: int) -> HttpResponse:
    """Set another end of somebody's access."""
    found, _ = project_for(request.user, slug, Act.MEMBERS)
    row = get_object_or_404(Membership.objects.select_related("person"), pk=pk, project=found)
    form = EndForm(request.POST, prefix=f"end-{row.pk}")
    if not form.is_valid():
        messages.error(request, "Choose a day.")
        return SeeOther(reverse("people", args=[found.slug]))
    try:
        members.set_end(project=found, by=request.user, membership=row, **form.cleaned_data)
    except ReadinessError as error:
        messages.error(request, str(error))
    else:
        role = MemberRole(row.role).label.lower()
        messages.success(request, f"{row.person.name}: another end of the access as {role} is set.")
    return SeeOther(reverse("people", args=[found.slug]))
