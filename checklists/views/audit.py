"""The audit log: what was done, by whom, when, in the streams a person may read."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from checklists import audit, clock, queries
from checklists.actions import exporting
from checklists.models import AuditEntry
from checklists.reads import audit_log as reads
from checklists.shown import audit_lines
from checklists.views import audit_asked
from checklists.views.visit import MAX_ID, Request, signed_in

PER_PAGE = 50


@require_GET
@signed_in
def audit_log(request: Request) -> HttpResponse:
    """Entries newest first; streams of other projects do not exist here."""
    labels = reads.labels(request.user)
    people = queries.audit_actors(list(labels))
    wanted = audit_asked.read(request.GET, labels, people)
    page = Paginator(reads.entries(list(labels), wanted), PER_PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    context = {
        "page": page,
        "rows": audit_lines.shown(rows, labels, reads.titles(rows), clock.now()),
        "labels": labels,
        "projects": reads.projects(labels),
        "groups": reads.groups(),
        "people": people,
        "wanted": wanted,
        "narrowed": audit_asked.narrowed(wanted),
        "again": audit_asked.again(wanted),
    }
    return render(request, "checklists/audit_log.html", context)


@require_GET
@signed_in
def audit_export(request: Request, form: str) -> StreamingHttpResponse:
    """The same choice as a file; one stream alone as lines that verify offline."""
    labels = reads.labels(request.user)
    wanted = audit_asked.read(request.GET, labels, queries.audit_actors(list(labels)))
    if form == "jsonl" and wanted.whole_stream:
        pieces: Iterator[bytes] = exporting.json_lines(wanted.stream)
    else:
        chosen = reads.entries(list(labels), wanted).iterator(chunk_size=1000)
        pieces = _csv(chosen) if form == "csv" else exporting.lines_of(chosen, audit.content)
    kind = "text/csv; charset=utf-8" if form == "csv" else "application/jsonl"
    response = StreamingHttpResponse(pieces, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="audit-log.{form}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _csv(entries: Iterator[AuditEntry]) -> Iterator[bytes]:
    yield exporting.csv_head().encode()
    for entry in entries:
        yield exporting.csv_line(audit.content(entry), entry.hash).encode()


@require_GET
@signed_in
def audit_checkpoints(request: Request) -> HttpResponse:
    """The checkpoints of one's streams, newest first, and whether they left the host."""
    labels = reads.labels(request.user)
    stream = request.GET.get("stream", "")
    stream = stream if stream in labels else ""
    rows = reads.checkpoints([stream] if stream else list(labels))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(row, labels[row.stream]) for row in page.object_list],
        "labels": labels,
        "stream": stream,
    }
    return render(request, "checklists/audit_checkpoints.html", context)


@require_GET
@signed_in
def audit_checkpoint(request: Request, pk: int) -> HttpResponse:
    """One checkpoint as its note."""
    labels = reads.labels(request.user)
    row = reads.checkpoints(list(labels)).filter(pk=pk).first() if pk <= MAX_ID else None
    if row is None:
        raise Http404
    response = HttpResponse(row.note, content_type="text/plain; charset=utf-8")
    name = f"checkpoint-{row.stream.replace(':', '-')}-{row.length}.txt"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
