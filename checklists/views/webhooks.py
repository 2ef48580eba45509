"""Webhooks of a project: addresses, what they want, and what happened to each delivery. For owners."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from checklists.actions import webhooks
from checklists.actions.outgoing import MAX_ATTEMPTS, pauses_in_words
from checklists.actions.webhook_calls import secret
from checklists.forms.base import Form
from checklists.forms.webhooks import ChannelsForm, WebhookForm
from checklists.models import Project, Webhook, WebhookDelivery
from checklists.outbox_events import EVENTS
from checklists.permissions import Act
from checklists.reads import webhooks as reads
from checklists.views.doors import done, project_for
from checklists.views.visit import MAX_ID, Request, SeeOther, signed_in
from readiness.engine.errors import ReadinessError

A_PAGE = 25
SHOW_SECRET = "show-secret-of-webhook"  # noqa: S105  # the name of a note in the session, not a secret


@require_GET
@signed_in
def webhook_list(request: Request, slug: str) -> HttpResponse:
    """The project's webhooks and channels, with the forms to add one and to choose."""
    return _list(request, _project(request, slug))


def _list(
    request: Request, project: Project, *, form: Form | None = None, channels: Form | None = None
) -> HttpResponse:
    context = {
        "project": project,
        "rows": [(row, [EVENTS[name].words for name in row.events]) for row in reads.of_project(project)],
        "form": form or WebhookForm(),
        "hosts": settings.WEBHOOK_HOSTS,
        "channels": settings.CHANNELS,
        "channels_form": channels or ChannelsForm(initial={"channels": project.channels}, prefix="to"),
    }
    return render(request, "checklists/webhook_list.html", context)


@require_POST
@signed_in
def webhook_add(request: Request, slug: str) -> HttpResponse:
    """Add a webhook; its page shows the secret once."""
    project = _project(request, slug)
    form = WebhookForm(request.POST)
    if form.is_valid():
        made = done(request, form, webhooks.add, project=project, **form.cleaned_data)
        if made:
            request.session[SHOW_SECRET] = made.pk
            return _to(made)
    return _list(request, project, form=form)


@require_POST
@signed_in
def webhook_channels(request: Request, slug: str) -> HttpResponse:
    """Choose chats and pagers."""
    project = _project(request, slug)
    form = ChannelsForm(request.POST, prefix="to")
    if form.is_valid():
        kept = done(request, form, webhooks.set_channels, project=project, **form.cleaned_data)
        if kept:
            messages.success(request, "The choice is kept.")
            return SeeOther(reverse("webhook-list", args=[project.slug]))
    return _list(request, project, channels=form)


@require_GET
@signed_in
def webhook(request: Request, slug: str, pk: int) -> HttpResponse:
    """One webhook with its delivery log; the secret only right after it was made."""
    return _page(request, _webhook(request, slug, pk))


def _page(request: Request, found: Webhook, form: Form | None = None) -> HttpResponse:
    fresh = request.session.get(SHOW_SECRET) == found.pk
    if fresh:
        del request.session[SHOW_SECRET]
    context = {
        "webhook": found,
        "project": found.project,
        "secret": secret(found) if fresh else "",
        "wanted": [EVENTS[name].words for name in found.events],
        "form": form or WebhookForm(initial={"url": found.url, "events": found.events}),
        "page": Paginator(reads.log_of(found), A_PAGE).get_page(request.GET.get("page")),
        "most": MAX_ATTEMPTS,
        "pauses": pauses_in_words(),
    }
    return render(request, "checklists/webhook.html", context)


@require_POST
@signed_in
def webhook_change(request: Request, slug: str, pk: int) -> HttpResponse:
    """Another address, other events."""
    found = _webhook(request, slug, pk)
    form = WebhookForm(request.POST)
    if form.is_valid():
        changed = done(request, form, webhooks.change, webhook=found, **form.cleaned_data)
        if changed:
            messages.success(request, "The webhook is changed.")
            return _to(found)
    return _page(request, found, form)


@require_POST
@signed_in
def webhook_stop(request: Request, slug: str, pk: int) -> HttpResponse:
    """Send nothing more."""
    return _acted(request, slug, pk, webhooks.stop, "Stopped: nothing more is sent.")


@require_POST
@signed_in
def webhook_start(request: Request, slug: str, pk: int) -> HttpResponse:
    """Send events from now on again."""
    return _acted(request, slug, pk, webhooks.start, "Started: events from now on are sent.")


@require_POST
@signed_in
def webhook_ping(request: Request, slug: str, pk: int) -> HttpResponse:
    """Send an event of no meaning."""
    return _acted(request, slug, pk, webhooks.ping, "A ping is queued; its line below says how it goes.")


@require_POST
@signed_in
def webhook_secret(request: Request, slug: str, pk: int) -> HttpResponse:
    """A new secret, shown once."""
    found = _webhook(request, slug, pk)

    def rotate() -> None:
        webhooks.rotate(webhook=found, by=request.user)
        request.session[SHOW_SECRET] = pk

    return _answer(request, found, rotate, "The old secret signs nothing any more.")


@require_POST
@signed_in
def webhook_again(request: Request, slug: str, pk: int, delivery: int) -> HttpResponse:
    """Try one ended delivery once more."""
    if delivery > MAX_ID:
        raise Http404
    found = _webhook(request, slug, pk)
    row = get_object_or_404(WebhookDelivery.objects.select_related("webhook"), pk=delivery, webhook=found)
    return _answer(
        request, found, lambda: webhooks.send_again(delivery=row, by=request.user), "Queued again."
    )


def _acted(request: Request, slug: str, pk: int, act: Callable[..., Any], said: str) -> HttpResponse:
    found = _webhook(request, slug, pk)
    return _answer(request, found, lambda: act(webhook=found, by=request.user), said)


def _answer(request: Request, found: Webhook, act: Callable[[], Any], said: str) -> HttpResponse:
    try:
        act()
    except ReadinessError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return _to(found)


def _project(request: Request, slug: str) -> Project:
    return project_for(request.user, slug, Act.WEBHOOKS)[0]


def _webhook(request: Request, slug: str, pk: int) -> Webhook:
    if pk > MAX_ID:
        raise Http404
    rows = Webhook.objects.select_related("project", "created_by")
    return get_object_or_404(rows, pk=pk, project=_project(request, slug))


def _to(found: Webhook) -> HttpResponse:
    return SeeOther(reverse("webhook", args=[found.project.slug, found.pk]))
