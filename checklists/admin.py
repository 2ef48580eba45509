"""The admin, read-only for everything that acts write; only accounts are kept here."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db import models
from django.http import HttpRequest, HttpResponse

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


@admin.register(Person)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]  # generic only for type checkers
    """Accounts: made and deactivated here, never deleted; every change is in the installation's audit log."""

    actions = ("remove_factors",)

    def save_model(self, request: Any, obj: Person, form: Any, change: Any) -> None:
        """Store the account through its act."""
        with accounts.keep(person=obj, by=request.user):
            super().save_model(request, obj, form, change)

    def user_change_password(self, request: Any, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002  # Django's signature
        """Set somebody's password through the act; Django asks for the permission and answers."""
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
