"""The installation's public keys, for everybody: whoever verifies a report or a bundle needs one."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from checklists import keys
from checklists.models import InstallationKey
from checklists.shown.keys import shown
from checklists.views.downloads import json_file
from readiness.engine import seal
from readiness.engine.sealed.keys import pem


@require_GET
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Every key with fingerprint and window. No sign-in: an auditor has no account."""
    rows = InstallationKey.objects.order_by("-not_before", "-pk")
    name = keys.installation()
    context = {"keys": [shown(row, name) for row in rows], "installation": name}
    return render(request, "checklists/keys.html", context)


@require_GET
@never_cache
def as_json(request: HttpRequest) -> HttpResponse:
    """The file that `readiness verify --key` takes, with every key's window; 404 before the first key."""
    ring = keys.ring()
    if not ring.keys:
        raise Http404
    return json_file(seal.canonical(ring.to_dict(keys.installation())), "readiness-keys.json")


@require_GET
@never_cache
def as_pem(request: HttpRequest, key_id: str) -> HttpResponse:
    """One key as PEM, for openssl."""
    row = get_object_or_404(InstallationKey, key_id=key_id)
    answer = HttpResponse(pem(row.key.public), content_type="application/x-pem-file")
    answer["Content-Disposition"] = f'attachment; filename="readiness-{row.key_id[:16]}.pem"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "sandbox"
    return answer
