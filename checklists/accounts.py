"""How accounts come to be: an administrator makes them; nobody signs up alone."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from checklists.models import Person


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """allauth's adapter with sign-up closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by an administrator (`manage.py createsuperuser`, the admin)."""
        return False


class PeopleOnly(AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """Sign-in for people: a service account has no session, whatever password it was given."""

    def user_can_authenticate(self, user: Person) -> bool:
        """Whether a password, or a session that is there already, lets this account in."""
        return not user.is_service and bool(super().user_can_authenticate(user))

    def _check_password(self, user: Person | None, password: str) -> Person | None:
        # allauth keeps whom `user_can_authenticate` refuses for its page about inactive accounts, and would
        # sign an active one in: a service account must be nobody before that.
        known = user if user is not None and not user.is_service else None
        found: Person | None = super()._check_password(known, password)
        return found
