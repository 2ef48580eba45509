"""What the pages about tokens and service accounts read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from checklists.models import ApiToken, MemberRole, Membership, Person, Project
from checklists.models.access import Scope

_NAMED = ("project", "revoked_by", "created_by")


@dataclass(slots=True, kw_only=True)
class TokenLine:
    """A token for people: `state` is active, expired or revoked."""

    token: ApiToken
    state: str
    scopes: list[str]


@dataclass(slots=True, kw_only=True)
class Account:
    """A service account with its role and tokens."""

    person: Person
    role: str
    tokens: list[TokenLine] = field(default_factory=list)


def tokens_of(person: Person, now: datetime) -> list[TokenLine]:
    """A person's own tokens, the usable ones first, then newest first: one query."""
    rows = ApiToken.objects.filter(person=person).select_related("project", "revoked_by")
    return _in_order(_line(row, now) for row in rows)


def accounts_of(project: Project, now: datetime) -> list[Account]:
    """A project's service accounts with their tokens, by name: two queries."""
    rows = Membership.objects.filter(project=project, person__is_service=True).select_related("person")
    found = {
        row.person_id: Account(person=row.person, role=MemberRole(row.role).label)
        for row in rows.order_by("-person__is_active", "person__username")
    }
    tokens = ApiToken.objects.filter(person__in=list(found)).select_related(*_NAMED)
    for token in tokens:
        found[token.person_id].tokens.append(_line(token, now))
    for account in found.values():
        account.tokens = _in_order(account.tokens)
    return list(found.values())


def limited_to(project: Project, now: datetime) -> list[TokenLine]:
    """People's tokens that are limited to this project: one query."""
    rows = ApiToken.objects.filter(project=project, person__is_service=False)
    return _in_order(_line(row, now) for row in rows.select_related("person", *_NAMED))


def _line(token: ApiToken, now: datetime) -> TokenLine:
    state = "revoked" if token.revoked_at else "expired" if token.expires_at <= now else "active"
    return TokenLine(
        token=token, state=state, scopes=[Scope(s).label for s in token.scopes if s in Scope.values]
    )


def _in_order(lines: Iterable[TokenLine]) -> list[TokenLine]:
    return sorted(lines, key=lambda line: (line.state != "active", -line.token.pk))
