"""Evidence: attach a file or link, remove, download."""

from __future__ import annotations

import io

from django.contrib import messages
from django.core.files.base import ContentFile
from django.http import FileResponse, Http404, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from checklists import blobs
from checklists.actions import evidence
from checklists.models import Evidence, Project
from checklists.models.evidence import EvidenceKind
from checklists.views.items import Said, answer
from checklists.views.visit import MAX_ID, Request, SeeOther, signed_in, text


@require_POST
@signed_in
def attach(request: Request, pk: int, key: str) -> HttpResponseBase:
    """Attach the chosen file, or the link when no file is chosen."""
    upload, link = request.FILES.get("file"), text(request, "link").strip()
    if link and upload is None:
        said = Said("The link is attached.", clears=("link", "link_name"))
        name = text(request, "link_name").strip()
        return answer(request, pk, key, evidence.attach_link, said, url=link, name=name)
    said = Said("The file is attached.")
    if upload is None:  # the act says what is wrong with nothing
        return answer(request, pk, key, evidence.attach_file, said, name="", content=ContentFile(b""))
    return answer(request, pk, key, evidence.attach_file, said, name=upload.name or "", content=upload)


@require_POST
@signed_in
def remove(request: Request, pk: int, key: str, piece: int) -> HttpResponseBase:
    """Take evidence off the item; it stays on record."""
    said = Said("Taken off the item; it stays on record.")
    return answer(request, pk, key, evidence.remove, said, evidence=piece)


@require_GET
@signed_in
def download(request: Request, pk: int, piece: int) -> HttpResponseBase:
    """The bytes of a file, always as a download: whatever was uploaded never opens inside this site."""
    if max(pk, piece) > MAX_ID:
        raise Http404
    row = (
        Evidence.objects.filter(pk=piece, kind=EvidenceKind.FILE, item__gate=pk)
        .filter(item__gate__release__project__in=Project.objects.visible_to(request.user))
        .select_related("item")
        .first()
    )
    if row is None:
        raise Http404
    try:
        data = blobs.get(row.sha256)
    except blobs.BlobError as error:
        messages.error(request, str(error))
        return SeeOther(reverse("item", args=[pk, row.item.key]))
    response = FileResponse(
        io.BytesIO(data), as_attachment=True, filename=row.name, content_type="application/octet-stream"
    )
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    return response
