"""The admin, read-only for everything that acts write; only accounts are kept here.

Whoever keeps accounts sets passwords, with which signatures are made: so these pages ask who it is once more,
and a session that somebody left open, or that was stolen, opens no account.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode

from checklists.accounts import confirmed
from checklists.actions import accounts, factors
from checklists.models import Person

LONG = (models.JSONField, models.TextField)


class LookOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # generic only for type checkers
    """Rows to look at: the acts are the only door that writes them."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


def _columns(model: type[models.Model]) -> list[str]:
    short = [field.name for field in model._meta.fields if not isinstance(field, LONG)]  # noqa: SLF001  # Django's own API
    return ["__str__", *short[:6]]


for found in apps.get_app_config("checklists").get_models():
    if found is not Person:
        shown = {"list_display": _columns(found), "list_select_related": True}
        admin.site.register(found, type(f"{found.__name__}Admin", (LookOnly,), shown))


def _again(request: HttpRequest) -> HttpResponse | None:
    """To the page on which the administrator confirms that it is them; None for who just did."""
    if confirmed(request):
        return None
    ways = get_adapter().get_reauthentication_methods(request.user)
    if not ways:
        raise PermissionDenied
    return HttpResponseRedirect(f"{ways[0]['url']}?{urlencode({'next': request.path})}")


@admin.register(Person)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]  # generic only for type checkers
    """Accounts: made and deactivated here, never deleted; every change is in the installation's audit log."""

    actions = ("remove_factors",)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The list; its action only for who confirmed that it is them."""
        return (request.method == "POST" and _again(request)) or super().changelist_view(
            request, *args, **kwargs
        )

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """An account's form, for who confirmed that it is them."""
        return _again(request) or super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: Any, obj: Person, form: Any, change: Any) -> None:
        """Store the account through its act."""
        with accounts.keep(person=obj, by=request.user):
            super().save_model(request, obj, form, change)

    def user_change_password(self, request: Any, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002  # Django's signature
        """Set somebody's password through the act; Django asks for the permission and answers."""
        if again := _again(request):
            return again
        person = self.get_object(request, unquote(id)) or Person()
        with accounts.keep(person=person, by=request.user):
            return super().user_change_password(request, id, form_url)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: what a person did keeps their name."""
        return False

    @admin.action(description="Remove the second factors of who lost them", permissions=["change"])
    def remove_factors(self, request: Any, queryset: models.QuerySet[Person]) -> None:
        """Through the act, for each of them; they sign in by password alone until they add one again."""
        for person in queryset:
            factors.remove_all(person=person, by=request.user)


admin.site.unregister([Group, EmailAddress, Authenticator, UserSession])  # the last two hold secrets
admin.site.site_header = admin.site.site_title = "Readiness administration"
