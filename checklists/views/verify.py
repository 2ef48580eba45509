"""The page that verifies a report or a bundle: anybody signed in, any file; nothing is kept."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from checklists import keys
from checklists.forms.verify import VerifyForm
from checklists.reads import verifying
from checklists.shown.verified import shown
from checklists.views.visit import Request, signed_in
from readiness.engine.errors import ReadinessError
from readiness.engine.sealed.keys import Keyring
from readiness.engine.sealed.verify.result import Verification


@require_http_methods(["GET", "POST"])
@signed_in
def page(request: Request) -> HttpResponse:
    """The form, and what was found of the file that came with it.

    The answer to the form is the page itself, not a redirect: nothing is stored that one could be led to.
    """
    form = VerifyForm(request.POST, request.FILES) if request.method == "POST" else VerifyForm()
    found = None
    if form.is_bound and form.is_valid():
        try:
            found = _verified(request, form)
        except ReadinessError as error:
            form.refused(error, "file")
    if request.accepts("text/html"):
        return _page(request, form, found)
    if found is None:
        said = {name: [str(error) for error in errors] for name, errors in form.errors.items()}
        return JsonResponse({"errors": said}, status=422)
    return JsonResponse(found.to_dict())


def _verified(request: Request, form: VerifyForm) -> Verification:
    file, own, note = (form.cleaned_data[name] for name in ("file", "key", "checkpoint"))
    trusted: Keyring = own or keys.ring()
    outside = {"your checkpoint": note} if note else {}
    return verifying.verify(file, name=file.name, keys=trusted, outside=outside, by=request.user)


def _page(request: Request, form: VerifyForm, found: Verification | None) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "ring": keys.ring().keys}
    if found:
        context |= {"found": shown(found), "own": form.cleaned_data["key"]}
    status = 422 if form.is_bound and not found else 200
    return render(request, "checklists/verify.html", context, status=status)
