"""Acts on the links between people here and their accounts at the identity provider."""

from __future__ import annotations

import re
import unicodedata

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from checklists import audit, clock
from checklists.errors import Forbidden, Refused
from checklists.models import Identity, Person
from checklists.sso_tokens import Claims

UNKNOWN = "No account of this installation is linked to yours at {name}."
UNKNOWN_ADVICE = "Ask an administrator to link it."
TAKEN = "That account at {name} is linked already."
SERVICE = "A service account never signs in."


def person_for(claims: Claims) -> Person:
    """The person whom the provider's account signs in; links or makes one where the operator allows that.

    Raises Forbidden for an account that is nobody here.
    """
    with transaction.atomic():
        known = _known(claims.subject)
        if known is None:
            known = _by_email(claims) or _new(claims)
        if not known.person.is_active or known.person.is_service:
            raise Forbidden(UNKNOWN.format(name=settings.OIDC_NAME), UNKNOWN_ADVICE)
        known.used_at = clock.now()
        known.save(update_fields=["used_at"])
    return known.person


def is_linked(person: Person, subject: str) -> bool:
    """Whether the subject of the present issuer is this person's."""
    known = _known(subject)
    return known is not None and known.person_id == person.pk


def link(*, person: Person, subject: str, by: Person | None, how: str = "by an administrator") -> Identity:
    """Link a person to a subject of the present issuer. Raises Refused."""
    if person.is_service:
        raise Refused(SERVICE)
    if not settings.OIDC_ISSUER or not subject.strip() or len(subject) > 255:
        raise Refused("A link needs READINESS_OIDC_ISSUER and a subject of at most 255 characters.")
    with transaction.atomic():
        made, created = Identity.objects.get_or_create(
            issuer=settings.OIDC_ISSUER,
            subject=subject,
            defaults={"person": person, "linked_at": clock.now()},
        )
        if not created:
            raise Refused(TAKEN.format(name=settings.OIDC_NAME))
        _log(person, by, "account.linked", made, how=how)
    return made


def unlink(*, person: Person, by: Person | None) -> int:
    """Take every link of a person away; how many there were. Sessions that are open stay."""
    with transaction.atomic():
        rows = list(Identity.objects.select_for_update().filter(person=person))
        for row in rows:
            _log(person, by, "account.unlinked", row)
            row.delete()
    return len(rows)


def _known(subject: str) -> Identity | None:
    rows = Identity.objects.select_related("person").filter(issuer=settings.OIDC_ISSUER, subject=subject)
    return rows.first()


def _by_email(claims: Claims) -> Identity | None:
    """By the address that an administrator wrote down, where the provider has verified that it is theirs."""
    if not (settings.OIDC_LINK_BY_EMAIL and claims.email and claims.email_verified):
        return None
    rows = Person.objects.filter(email__iexact=claims.email)
    found = [person for person in rows[:10] if _same(person.email, claims.email)]
    if len(found) != 1 or found[0].is_service or found[0].is_staff or not found[0].is_active:
        return None  # nobody, somebody of several, or an administrator: those are linked by hand
    if Identity.objects.filter(person=found[0], issuer=settings.OIDC_ISSUER).exists():
        return None
    return link(person=found[0], subject=claims.subject, by=None, how="by verified e-mail address")


def _new(claims: Claims) -> Identity:
    taken = claims.email and Person.objects.filter(email__iexact=claims.email).exists()
    if not settings.OIDC_CREATE or taken:
        raise Forbidden(UNKNOWN.format(name=settings.OIDC_NAME), UNKNOWN_ADVICE)
    first, _, last = _plain(claims.name).partition(" ")
    email = claims.email if claims.email_verified and _is_address(claims.email) else ""
    person = Person(username=_free(claims), first_name=first[:150], last_name=last[:150], email=email)
    person.set_unusable_password()
    person.save()
    said = {"is_staff": False, "is_superuser": False}
    audit.append(
        audit.INSTALLATION,
        by=None,
        verb="account.created",
        at=clock.now(),
        subject=person.username,
        data=said,
    )
    return link(person=person, subject=claims.subject, by=None, how="made at the first sign-in")


def _free(claims: Claims) -> str:
    wanted = claims.username or claims.email.partition("@")[0] or "person"
    base = re.sub(r"[^\w.+-]", "", wanted, flags=re.ASCII)[:140] or "person"
    names = set(Person.objects.filter(username__istartswith=base).values_list("username", flat=True))
    taken = {name.lower() for name in names}
    numbered = (base if number == 1 else f"{base}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in numbered if name.lower() not in taken)


def _same(one: str, other: str) -> bool:
    """Whether two addresses that the database takes for equal are.

    Its upper case makes an I of a dotless i, which somebody else's address may hold.
    """
    return one == other or (one.isascii() and other.isascii())


def _plain(name: str) -> str:
    """Composed, with single spaces, without what cannot be seen: it stands beside what the person signs."""
    text = " ".join(unicodedata.normalize("NFC", name).split())
    seen = "".join(c for c in text if unicodedata.category(c)[0] != "C")
    return " ".join(seen.split())


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _log(person: Person, by: Person | None, verb: str, row: Identity, **data: str) -> None:
    said = {"issuer": row.issuer, "subject": row.subject, **data}
    audit.append(
        audit.INSTALLATION, by=by, verb=verb, at=clock.now(), subject=person.get_username(), data=said
    )
