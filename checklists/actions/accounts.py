"""Acts on accounts, which administrators keep: what they change is logged in the installation's stream."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.hashers import is_password_usable
from django.db import transaction

from checklists import audit, clock
from checklists.actions.base import before_after
from checklists.models import Person

_SHOWN = ("username", "first_name", "last_name", "is_staff", "is_superuser")
_FIELDS = (*_SHOWN, "email", "is_active", "password")


@contextmanager
def keep(*, person: Person, by: Person) -> Iterator[None]:
    """One change of an account in a transaction, with an entry for each thing that differs afterwards.

    The change is made inside the `with`; who may make it is the admin's own permission. Neither a password
    nor its hash nor an e-mail address is written to the log, which everybody reads.
    """
    with transaction.atomic():
        before = _state(person)
        yield
        after = _state(person)
        if after is not None:
            for verb, data in _changes(before, after):
                audit.append(
                    audit.INSTALLATION, by=by, verb=verb, at=clock.now(), subject=after["username"], data=data
                )


def _state(person: Person) -> dict[str, Any] | None:
    rows = Person.objects.select_for_update().filter(pk=person.pk)
    return rows.values(*_FIELDS).first() if person.pk else None


def _changes(before: dict[str, Any] | None, after: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if before is None:
        yield "account.created", {name: after[name] for name in ("is_staff", "is_superuser")}
        return
    if before["password"] != after["password"]:
        yield "account.password_set", {"usable": is_password_usable(after["password"])}
    if before["is_active"] != after["is_active"]:
        yield "account.activated" if after["is_active"] else "account.deactivated", {}
    differs = [name for name in (*_SHOWN, "email") if before[name] != after[name]]
    if differs:
        shown = before_after(before, {name: after[name] for name in _SHOWN})
        yield "account.changed", {"fields": differs, **shown}
