"""The audit log: what was done, by whom, when, in the streams a person may read."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from checklists import clock, queries
from checklists.audit import VERBS
from checklists.queries import ItemHistory
from checklists.shown import history
from checklists.views.visit import Request, signed_in

PER_PAGE = 50


@require_GET
@signed_in
def audit_log(request: Request) -> HttpResponse:
    """Entries newest first, by stream, person and act; streams of other projects do not exist here."""
    labels = queries.stream_labels(request.user)
    stream, verb = request.GET.get("stream", ""), request.GET.get("verb", "")
    stream, verb = stream if stream in labels else "", verb if verb in VERBS else ""
    people, person = queries.audit_actors(list(labels)), request.GET.get("person", "")
    person = person if person in people else ""
    entries = queries.audit_entries([stream] if stream else list(labels), verb, person)
    page = Paginator(entries, PER_PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    lines = history.lines(ItemHistory(entries=rows, runs=[], notes=[]), clock.now())
    context = {
        "page": page,
        "rows": [(entry, labels[entry.stream], line) for entry, line in zip(rows, lines, strict=True)],
        "labels": labels,
        "verbs": VERBS,
        "stream": stream,
        "verb": verb,
        "people": people,
        "person": person,
    }
    return render(request, "checklists/audit_log.html", context)
