"""Thirty-two people sign at once: `python -m tests.processes.signers HOME`; prints figures as JSON."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402  # needs the line above
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402

from checklists import audit_chain, signatures, unaccounted  # noqa: E402
from checklists.actions import gates, items, projects, releases, signoffs  # noqa: E402
from checklists.errors import Forbidden, Refused, StaleForm  # noqa: E402
from checklists.loaded import load  # noqa: E402
from checklists.models import AuditEntry, Environment, Gate, InstallationKey, Person, SignOff  # noqa: E402
from tests import signing  # noqa: E402
from tests.governed import by_hand  # noqa: E402

SIGNERS = 32
ROLES = ("technical-lead", "product-owner")


def prepare(home: Path, versions: int) -> list[Gate]:
    """Gates that are ready to be signed, and thirty-two people of whom each may sign in one role."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    call_command("migrate", verbosity=0)
    owner = Person.objects.create_user("owner")
    project = projects.create(by=owner, name="Many hands")
    for number in range(SIGNERS):
        person = Person.objects.create_user(f"signer-{number}", password=signing.PASSWORD)
        projects.add_member(project=project, by=owner, person=person, role=ROLES[number % len(ROLES)])
    both = Person.objects.create_user("both", password=signing.PASSWORD)
    for role in ROLES:
        projects.add_member(project=project, by=owner, person=both, role=role)
    (home / "runs" / "one").mkdir(parents=True)
    (home / "runs" / "one" / "a.txt").write_text("a")
    checklist, environment = by_hand("hands"), Environment.objects.get(project=project)
    made = []
    for number in range(versions):
        release = releases.create(
            project=project,
            by=owner,
            version=str(number),
            root=str(home / "runs" / "one"),
            checklist=checklist,
        )
        made.append(gates.open_gate(release=release, checklist=checklist, environment=environment, by=owner))
        seen = load(made[-1].pk).items[0].row.changed_in
        signer = Person.objects.get(username="signer-0")
        items.tick(gate=made[-1].pk, key="looked", by=signer, seen=seen, confirmed=[0], comment="Seen.")
    return made


def together(act: Callable[[int], Any]) -> Counter[str]:
    """How the act ended for each of the thirty-two who began it at the same moment."""
    start = threading.Barrier(SIGNERS)

    def run(number: int) -> str:
        start.wait()
        try:
            act(number)
        except (Refused, StaleForm, Forbidden) as error:
            return type(error).__name__
        finally:
            connections.close_all()
        return "signed"

    with ThreadPoolExecutor(SIGNERS) as pool:
        return Counter(pool.map(run, range(SIGNERS)))


def approve(gate: Gate, by: Person, role: str, digest: str, challenge: str) -> None:
    """What the signing page sends."""
    common: dict[str, Any] = {"gate": gate.pk, "by": by, "role": role, "digest": digest}
    signoffs.approve(**common, given=signing.given(), challenge=challenge, confirmed=signing.EVERYTHING)


def facts(gate: Gate, first: int) -> dict[str, Any]:
    """What stands of a gate; `first` is its revision before."""
    gate.refresh_from_db()
    entries = AuditEntry.objects.filter(stream=gate.stream, revision__gt=first).order_by("seq")
    acts = [entry.revision or 0 for entry in entries]
    live = list(SignOff.objects.filter(gate=gate, live=True))
    return {
        "live": len(live),
        "people": len({row.person_id for row in live}),
        "digests": len({row.digest for row in live}),
        "logged": entries.filter(verb="gate.approved").count(),
        "raised": gate.revision - first,
        "in_order": acts == sorted(acts),
        "verdict": gate.verdict,
        "unproven": sorted(signatures.problems(live).values()),
    }


def main(home: Path) -> dict[str, Any]:
    """Figures for the test to judge; any other exception, also of a locked database, ends this process."""
    everyone, twice, roles, moving = prepare(home, 4)
    signers = list(Person.objects.filter(username__startswith="signer-").order_by("pk"))
    both = Person.objects.get(username="both")

    def ready(gate: Gate, person: Person, role: str) -> Callable[[], None]:
        digest = signing.digest_of(gate.pk)
        challenge = signing.challenge(gate.pk, role, person, digest)
        return lambda: approve(gate, person, role, digest, challenge)

    found: dict[str, Any] = {"vendor": connection.vendor}
    acts = [ready(everyone, person, ROLES[n % len(ROLES)]) for n, person in enumerate(signers)]
    first, began = everyone.revision, time.monotonic()
    everyone.refresh_from_db()
    first = everyone.revision
    ends = together(lambda number: acts[number]())
    found["everyone"] = {"ends": ends, "seconds": round(time.monotonic() - began, 1)} | facts(everyone, first)

    twice.refresh_from_db()
    again, first = ready(twice, signers[1], ROLES[1]), twice.revision
    found["twice"] = {"ends": together(lambda _: again())} | facts(twice, first)

    roles.refresh_from_db()
    choices, first = [ready(roles, both, ROLES[n % len(ROLES)]) for n in range(SIGNERS)], roles.revision
    found["roles"] = {"ends": together(lambda number: choices[number]())} | facts(roles, first)

    moving.refresh_from_db()
    last, first = [ready(moving, p, ROLES[n % len(ROLES)]) for n, p in enumerate(signers)], moving.revision
    seen = load(moving.pk).items[0].row.changed_in

    def sign_or_reopen(number: int) -> None:
        if number == 7:
            items.reopen(gate=moving.pk, key="looked", by=signers[0], seen=seen)
        else:
            last[number]()

    found["moving"] = {"ends": together(sign_or_reopen)} | facts(moving, first)
    reopened = AuditEntry.objects.get(stream=moving.stream, verb="item.reopened").seq
    late = AuditEntry.objects.filter(stream=moving.stream, verb="gate.approved", seq__gt=reopened)
    found["moving"]["signed_after"] = late.count()
    found["keys"] = InstallationKey.objects.count()
    found["broken"] = [str(bad) for bad in (*audit_chain.verify_all(), *unaccounted.rows())]
    return found


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
