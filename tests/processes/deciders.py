"""Many ask, deploy and sweep at once: `python -m tests.processes.deciders HOME`; prints figures as JSON."""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402  # needs the line above
from django.db import connection, connections  # noqa: E402

from checklists import audit, clock  # noqa: E402
from checklists.actions import deployments, gates, projects, releases, schedules, signoffs  # noqa: E402
from checklists.errors import Refused  # noqa: E402
from checklists.models import (  # noqa: E402
    AuditEntry,
    Deployment,
    DeploymentDecision,
    Gate,
    Person,
    Release,
    SignOff,
)
from tests import signing  # noqa: E402
from tests.conftest import People  # noqa: E402
from tests.governed import approve, by_hand, environment  # noqa: E402

WORKERS = 6


def prepare(home: Path) -> tuple[People, Gate]:
    """An approved production gate of release 1, and a schedule that is due."""
    call_command("migrate", verbosity=0)
    names = ("owner", "contributor", "lead", "product", "compliance", "reader", "second", "outsider")
    people = People(
        **{n: Person.objects.create_user(n, password=signing.PASSWORD, first_name=n) for n in names}
    )
    (home / "runs" / "one").mkdir(parents=True)
    (home / "runs" / "one" / "a.txt").write_text("a")
    quick = by_hand("quick")
    project = projects.create(by=people.owner, name="Many hands")
    for person, role in (
        (people.lead, "technical-lead"),
        (people.second, "technical-lead"),
        (people.product, "product-owner"),
    ):
        projects.add_member(project=project, by=people.owner, person=person, role=role)
    root = str(home / "runs" / "one")
    release = releases.create(project=project, by=people.owner, version="1", root=root, checklist=quick)
    where = environment(project)
    gate = gates.open_gate(release=release, checklist=quick, environment=where, by=people.owner)
    schedules.add(
        project=project, by=people.owner, every="day", first_at=clock.now() + timedelta(seconds=1), gate=gate
    )
    return people, approve(gate, people)


def together(act: Any) -> list[Any]:
    """What all workers got who began at the same moment."""
    start = threading.Barrier(WORKERS)

    def run(number: int) -> Any:
        start.wait()
        try:
            return act(number)
        except Refused:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(run, range(WORKERS)))


def main(home: Path) -> dict[str, object]:
    """Figures for the test to judge; any other exception ends this process."""
    people, gate = prepare(home)
    release = Release.objects.select_related("project").get()
    where = environment(release.project)
    common: dict[str, Any] = {"release": release, "environment": where}
    asked = together(lambda _: deployments.decide_deployment(**common, by=people.lead).row.pk)
    deployed = together(lambda _: deployments.deploy(**common, by=people.lead))
    later = clock.now() + timedelta(hours=1)
    together(lambda _: schedules.fire_due(later))

    def withdraw_or_ask(number: int) -> Any:
        if number == 0:
            return signing.withdraw(gate=gate.pk, by=people.lead, reason="Second thoughts.").gate.pk
        answer = deployments.decide_deployment(**common, by=people.second)
        return answer.row.verdict if answer.row else "undecided"

    mixed = together(withdraw_or_ask)
    last = deployments.decide_deployment(**common, by=people.second).look.state
    digest = signing.digest_of(gate.pk)
    sent: dict[str, Any] = {
        "gate": gate.pk,
        "role": "technical-lead",
        "by": people.lead,
        "digest": digest,
        "challenge": signing.challenge(gate.pk, "technical-lead", people.lead, digest),
    }
    same = together(lambda _: signoffs.approve(**sent, given=signing.given(), confirmed=[0]).gate.pk)
    streams = AuditEntry.objects.values_list("stream", flat=True).distinct()
    return {
        "vendor": connection.vendor,
        "decisions": len(set(asked)),
        "deployments": Deployment.objects.count(),
        "deployed": sum(one is not None for one in deployed),
        "same": [
            sum(one is not None for one in same),
            SignOff.objects.filter(person=people.lead, live=True).count(),
        ],
        "fired": AuditEntry.objects.filter(verb="schedule.fired").count(),
        "mixed": sorted({str(one) for one in mixed[1:]}),
        "last": last,
        "verdicts": sorted(set(DeploymentDecision.objects.values_list("verdict", flat=True))),
        "broken": [str(broken) for stream in streams if (broken := audit.verify(stream))],
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
