"""Acts on API tokens and service accounts: create, revoke, deactivate; and the door that takes a token."""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify

from checklists import audit, clock
from checklists.errors import Forbidden, Refused
from checklists.models import ApiToken, IdempotencyKey, Membership, Person, Project
from checklists.models.access import Scope
from checklists.permissions import CONTRIBUTOR, READER, Act, may, require, roles_of
from checklists.reads.auditing import is_auditor

MAX_DAYS = 366
SERVICE_ROLES = (CONTRIBUTOR, READER)
USED_EVERY = timedelta(minutes=1)
KEPT = timedelta(days=7)
ALPHABET = string.ascii_letters + string.digits
# 62 ** 43 is just over 2 ** 256.
SECRET_LENGTH, PREFIX_LENGTH = 43, 8

NEEDS_NAME = "A token needs a name, so that one knows later what it was for."
NEEDS_SCOPE = "A token needs at least one scope, or it can do nothing."
TOO_LONG = f"A token lives at most {MAX_DAYS} days."
NOT_LATER = "The token must expire later than now."
NOT_YOURS = "You may create tokens for yourself, and for service accounts of projects that you own."
NOT_REVOCABLE = "Only whose token it is, who created it, or an owner of its project may revoke it."
REVOKED_ALREADY = "This token is already revoked."
NOT_A_SERVICE = "This is no service account of the project."


def create(
    *,
    by: Person,
    name: str,
    scopes: Collection[str],
    expires_at: datetime,
    person: Person | None = None,
    project: Project | None = None,
) -> tuple[ApiToken, str]:
    """Create a token for oneself, or for a service account of a project that one owns.

    Returns the row and the token itself, which is nowhere kept. A service account's token is always limited
    to its project. Raises Forbidden, Refused (name, scope, expiry).
    """
    person = person or by
    name, now = name.strip()[:80], clock.now()
    if not name:
        raise Refused(NEEDS_NAME)
    if not scopes or not set(scopes) <= set(Scope.values):
        raise Refused(NEEDS_SCOPE, f"Choose from: {', '.join(Scope.values)}.")
    if expires_at <= now:
        raise Refused(NOT_LATER)
    if expires_at > now + timedelta(days=MAX_DAYS):
        raise Refused(TOO_LONG, "Choose an earlier day; a new token takes a minute.")
    _may_hold(by, person, project)
    prefix, token = _new()
    with transaction.atomic():
        row = ApiToken.objects.create(
            person=person,
            project=project,
            name=name,
            prefix=prefix,
            hash=hashed(token),
            scopes=[scope for scope in Scope.values if scope in scopes],
            created_by=by,
            created_at=now,
            expires_at=expires_at,
        )
        _log(row, by, "token.created", scopes=row.scopes, expires_at=expires_at.isoformat())
    return row, token


def _may_hold(by: Person, person: Person, project: Project | None) -> None:
    if not person.is_active:
        raise Refused(f"{person.name} is deactivated.")
    if person == by and not by.is_service:
        if project and not roles_of(by, project):
            raise Forbidden("You do not belong to this project.")
        return
    if project is None or not person.is_service:
        raise Forbidden(NOT_YOURS)
    require(by, project, Act.TOKENS)
    if not roles_of(person, project):
        raise Refused(NOT_A_SERVICE)


def revoke(*, by: Person, token: ApiToken) -> None:
    """Revoke a token for good. Raises Forbidden, Refused when it is revoked already."""
    owns = token.project is not None and may(roles_of(by, token.project), Act.TOKENS)
    if by.pk not in (token.person_id, token.created_by_id) and not owns:
        raise Forbidden(NOT_REVOCABLE)
    with transaction.atomic():
        _revoke(token, by)


def _revoke(token: ApiToken, by: Person) -> None:
    now = clock.now()
    if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now, revoked_by=by):
        raise Refused(REVOKED_ALREADY)
    token.revoked_at, token.revoked_by = now, by
    _log(token, by, "token.revoked")


def create_service_account(*, project: Project, by: Person, name: str, role: str) -> Person:
    """An account that works by tokens only, in one project and one role, and never signs in or signs.

    Raises Forbidden, Refused (name, role).
    """
    require(by, project, Act.TOKENS)
    slug = slugify(name)[:60]
    if not slug:
        raise Refused("A service account needs a name with letters or digits.")
    if role not in SERVICE_ROLES:
        raise Refused("A service account is a contributor or a reader; it never signs and never owns.")
    username = f"svc-{project.slug}-{slug}"
    with transaction.atomic():
        if Person.objects.filter(username=username).exists():
            raise Refused(f"There is already a service account {username}.", "Choose another name.")
        person = Person(username=username, first_name=name.strip()[:150], is_service=True)
        person.set_unusable_password()
        person.save()
        Membership.objects.create(project=project, person=person, role=role)
        _project_log(project, by, "service_account.created", username, role=role, person=person.pk)
    return person


def deactivate_service_account(*, project: Project, by: Person, person: Person) -> None:
    """Deactivate a service account and revoke its tokens; its name stays on what it did.

    Raises Forbidden, Refused.
    """
    require(by, project, Act.TOKENS)
    if person not in service_accounts(project) or not person.is_active:
        raise Refused(NOT_A_SERVICE)
    with transaction.atomic():
        for token in ApiToken.objects.filter(person=person, revoked_at=None):
            _revoke(token, by)
        Person.objects.filter(pk=person.pk).update(is_active=False)
        _project_log(project, by, "service_account.deactivated", person.username, person=person.pk)
    person.is_active = False


def service_accounts(project: Project) -> list[Person]:
    """The project's service accounts, by name."""
    mine = Person.objects.filter(is_service=True, memberships__project=project)
    return list(mine.distinct().order_by("username"))


def hashed(token: str) -> str:
    """What the table keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def find(token: str) -> ApiToken | None:
    """The row of a token whether it still works or not, with its person and project; None for a wrong one."""
    rows = ApiToken.objects.select_related("person", "project").annotate(audits=is_auditor("person"))
    return rows.filter(hash=hashed(token)).first()


def note_use(token: ApiToken, now: datetime) -> None:
    """Write down that the token was used, at most once a minute."""
    before = now - USED_EVERY
    if token.last_used_at is not None and token.last_used_at > before:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lte=before)
    ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


def forget_answers() -> int:
    """Forget kept answers to requests with an Idempotency-Key that are older than a week; how many."""
    deleted, _ = IdempotencyKey.objects.filter(created_at__lt=clock.now() - KEPT).delete()
    return deleted


def _new() -> tuple[str, str]:
    prefix = "rdy_" + "".join(secrets.choice(ALPHABET) for _ in range(PREFIX_LENGTH))
    return prefix, f"{prefix}_" + "".join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH))


def _log(token: ApiToken, by: Person, verb: str, **data: object) -> None:
    stream = f"project:{token.project_id}" if token.project_id else audit.INSTALLATION
    data = {"prefix": token.prefix, "person": token.person_id, **data}
    audit.append(stream, by=by, verb=verb, at=clock.now(), subject=f"{token.name} {token.prefix}", data=data)


def _project_log(project: Project, by: Person, verb: str, subject: str, **data: object) -> None:
    audit.append(f"project:{project.pk}", by=by, verb=verb, at=clock.now(), subject=subject, data=data)
