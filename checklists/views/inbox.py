"""My inbox: what happened, unread first; mark it read; choose what comes by mail."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from checklists import outbox
from checklists.actions import inbox as acts
from checklists.models import Notification
from checklists.models.outbox import NotificationKind
from checklists.outbox_events import CHOSEN, EVENTS
from checklists.reads import inbox as reads
from checklists.views.visit import MAX_ID, Request, SeeOther, signed_in, whole

A_PAGE = 50


@require_GET
@signed_in
def inbox(request: Request) -> HttpResponse:
    """One's own lines of the projects one belongs to."""
    page = Paginator(reads.lines(request.user), A_PAGE).get_page(request.GET.get("page"))
    lines = list(page)
    context = {
        "page": page,
        "lines": lines,
        "newest": max((line.pk for line in lines), default=0),
        "any_unread": any(line.read_at is None for line in lines),
    }
    return render(request, "checklists/inbox.html", context)


@require_POST
@signed_in
def inbox_open(request: Request, pk: int) -> HttpResponse:
    """Mark a line read and go to what it is about."""
    if pk > MAX_ID:
        raise Http404
    try:
        line = acts.mark_read(by=request.user, line=pk)
    except Notification.DoesNotExist:
        raise Http404 from None
    return SeeOther(reverse("inbox") if "stay" in request.POST else line.path)


@require_POST
@signed_in
def inbox_read(request: Request) -> HttpResponse:
    """Mark read whatever was there when the page was shown."""
    acts.mark_all_read(by=request.user, newest=whole(request.POST.get("newest"), otherwise=0))
    return SeeOther(reverse("inbox"))


@require_http_methods(["GET", "POST"])
@signed_in
def inbox_preferences(request: Request) -> HttpResponse:
    """Which kinds come by mail as well; the inbox has them all."""
    if request.method == "POST":
        acts.choose_mail(by=request.user, kinds=set(request.POST.getlist("mail")))
        messages.success(request, "Your choice is kept.")
        return SeeOther(reverse("inbox-preferences"))
    wanted = reads.by_mail(request.user)
    kinds = [
        {
            "value": kind.value,
            "label": kind.label,
            "mail": wanted[kind.value],
            "events": [EVENTS[name].words for name in CHOSEN if EVENTS[name].kind is kind],
        }
        for kind in NotificationKind
    ]
    context = {"kinds": kinds, "mail_works": outbox.mail_works(), "address": request.user.email}
    return render(request, "checklists/inbox_preferences.html", context)
