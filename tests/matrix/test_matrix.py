"""Every address × every role × own and foreign project: the answer that the table of permissions demands.

Complete by construction: addresses come from the resolver and the API's document, roles from the model. Each
request is taken back, so all cells ask the same rows. `-s` prints the number of cells.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from checklists.api import limits
from checklists.models import MemberRole
from checklists.permissions import Act, may
from checklists.views import invitation
from tests.api import world as api_world
from tests.matrix import table, world
from tests.matrix.table import ACCOUNTS, EVERYBODY, Rule
from tests.matrix.world import Asker
from tests.views.test_every_route import NAMES

METHODS = ("GET", "POST")
ALLOWED, FORBIDDEN, MISSING, LOGIN, NO_TOKEN, NO_METHOD = "allowed", 403, 404, "login", 401, 405
# What the form must hold for the act to be reached.
DATA = {
    "sign-withdraw": {"role": "technical-lead", "withdraw_reason": "Mistaken."},
    "waiver-approve": {"role": "{role}", "comment": "Fine."},
    "waiver-reject": {"role": "{role}", "comment": "Not fine."},
}


@pytest.fixture
def everything(gate, people, project, checklist, settings):
    """The world: who asks, what stands behind the API's nouns, an address of each page."""
    settings.API_FAILURES = settings.API_RATE = 10**9
    who = world.askers(project, people)
    known = world.fill(gate, people, project)
    return who, known, world.addresses(gate, people, project, checklist)


def rolled_back(ask: Callable[[], object]) -> object:
    """What a request is answered; nothing of it stays."""
    point = transaction.savepoint()
    try:
        return ask()
    finally:
        transaction.savepoint_rollback(point)


def kind(answer) -> str | int:
    """The class of an answer."""
    if answer.status_code in (FORBIDDEN, MISSING, NO_TOKEN, NO_METHOD, 500):
        return answer.status_code
    return LOGIN if "/accounts/login/" in answer.headers.get("Location", "") else ALLOWED


def by_role(rule: Rule, asker: Asker) -> str | int:
    """What somebody who is known gets: a stranger finds nothing, a member what the role allows."""
    if rule == ACCOUNTS:
        return ALLOWED
    if not asker.own or asker.role == "expired auditor":
        return MISSING
    role = "contributor" if asker.role == "service account" else asker.role
    assert not isinstance(rule, str) or rule in set(Act)
    allowed = role in rule if isinstance(rule, frozenset) else may([role], Act(rule))
    return ALLOWED if allowed else FORBIDDEN


def of_page(cell: str, asker: Asker) -> str | int:
    """What a page must answer."""
    rule = table.PAGES.get(cell)
    if cell in table.OWN_ROWS:
        rule = ACCOUNTS
    if rule is None:
        return NO_METHOD
    if rule == EVERYBODY:
        return ALLOWED
    if asker.person is None or asker.person.is_service:  # a service account has no session
        return LOGIN
    if cell in table.OWN_ROWS:
        return MISSING
    return by_role(rule, asker)


def of_operation(name: str, asker: Asker) -> str | int:
    """What an operation must answer."""
    if asker.person is None:
        return NO_TOKEN
    if name == "waiver_withdraw" and asker.role == "service account" and asker.own:
        return FORBIDDEN  # only who asked for it, and that was the person
    return by_role(table.OPERATIONS[name], asker)


def test_nothing_is_left_out():
    """Each page and operation has its heading, each heading's address is there, each role asks."""
    named = {cell.split()[1] for cell in [*table.PAGES, *table.OWN_ROWS]}
    assert named == set(NAMES)
    assert set(table.OPERATIONS) == set(api_world.OPERATIONS)
    assert set(world.MEMBERS) == set(MemberRole.values)


def test_pages(everything, monkeypatch):
    """Each page by both methods, for everybody."""
    monkeypatch.setattr(invitation, "RATE", 10**9)
    who, _, addresses = everything
    answers, browsers = {}, {asker: asker.browser() for asker in who}
    for name, url in addresses.items():
        for method, (asker, browser) in ((m, b) for m in METHODS for b in browsers.items()):
            cell = f"{method} {name}"
            if of_page(cell, asker) == NO_METHOD and asker.role not in {"owner", "anonymous"}:
                continue
            data = DATA.get(name, {}) if method == "POST" else {}
            sent = {field: value.replace("{role}", asker.role) for field, value in data.items()}
            ask = browser.post if method == "POST" else browser.get
            got = kind(rolled_back(lambda ask=ask, url=url, sent=sent: ask(url, sent)))
            answers[cell, str(asker)] = (got, of_page(cell, asker))
    told(answers, at_least=2000)


def test_operations(everything):
    """Each operation of the API, with a token of everybody that has every scope."""
    who, known, _ = everything
    clients = {asker: asker.api() for asker in who}
    limits.requests.forget()
    answers = {}
    for name in api_world.OPERATIONS:
        for asker, api in clients.items():
            got = kind(rolled_back(lambda name=name, api=api: api_world.ask(api, name, known)))
            answers[name, str(asker)] = (got, of_operation(name, asker))
    told(answers, at_least=1200)


def told(answers, *, at_least: int) -> None:
    """Every cell holds, and there are as many as there must be."""
    wrong = {cell: f"{got}, not {wanted}" for cell, (got, wanted) in answers.items() if got != wanted}
    print(f"{len(answers)} cells, {len(wrong)} wrong")  # the figure that is asked for
    assert not wrong, wrong
    assert len(answers) >= at_least
