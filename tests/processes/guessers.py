"""Many guess at once: `python -m tests.processes.guessers`; prints figures as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django

django.setup()

from allauth.mfa.models import Authenticator  # noqa: E402  # needs the line above
from django.core.cache import cache  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.test import Client  # noqa: E402

from checklists.attempts import MOST, Attempt  # noqa: E402
from checklists.models import Person  # noqa: E402
from tests.factors import add_app, add_codes, app_code  # noqa: E402

THREADS, GUESSES = 16, 200


def parallel(ask: Callable[[], Any], times: int = THREADS) -> list[Any]:
    """Ask so many times from THREADS threads, each with a connection of its own."""

    def once(_: int) -> Any:
        try:
            return ask()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(once, range(times)))


def guess_signing(person: Person) -> bool:
    """One wrong password on the signing page; whether it was looked at at all."""
    return Attempt(person).allowed


def guess_login() -> bool:
    """One wrong password at sign-in; whether it was looked at at all."""
    answer = Client().post("/accounts/login/", {"login": "lead", "password": "guess"})
    return "are not correct" in answer.content.decode()


def kept_once(timeout: float) -> int:
    """How many of THREADS are told that they kept the same key first."""
    return sum(parallel(lambda: cache.add("the-same", 1, timeout)))


def used(person: Person, kind: str, code: str) -> int:
    """How many of THREADS may use the same right code."""
    row = Authenticator.objects.get(user=person, type=kind)
    return sum(parallel(lambda: Authenticator.objects.get(pk=row.pk).wrap().validate_code(code)))


def main() -> dict[str, object]:
    """Figures for the test to judge."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    person = Person.objects.create_user("lead", password="correct-horse-battery")
    figures: dict[str, object] = {"vendor": connection.vendor}
    figures["kept"] = kept_once(1)
    for number in range(MOST):  # slots of five minutes ago, whose rows are there still
        cache.add(f"signing-{person.pk}-{number}", 1, 1)
    time.sleep(2.5)
    figures["kept_where_one_is_over"] = kept_once(300)
    figures["signing"] = sum(parallel(lambda: guess_signing(person), GUESSES))
    figures["login"] = sum(parallel(guess_login, GUESSES))
    secret, codes = add_app(person), add_codes(person)
    figures["app_code"] = used(person, "totp", app_code(secret))
    figures["recovery_code"] = used(person, "recovery_codes", codes[0])
    return figures


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()) + "\n")
