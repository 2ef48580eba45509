"""SIGKILL at moments by chance in check runs and renderings: `python -m tests.faults.kills RUNS REPORTS`.

A child does what a worker does, and is killed; its lease runs out; the sweep sends the row again, and the
next child may be killed too. Prints figures as JSON.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from tests.faults import children
from tests.faults.place import Place

AT_ONCE = 12
HEAD = "---\ntitle: Kills\nslug: kills\nversion: 1.0.0\nsign_off: [{role: technical-lead}]\n---\n## Items\n"
ITEM = "- [ ] **{key}** {{#{key}}}\n  ```yaml check\n  file: {{path: {path}}}\n  ```\n"
TAIL = "## Approval\n- [ ] **Lead** {#l role=technical-lead}\n  - Fine\n"
KILLED_AGAIN = 0.3  # how often a second or third attempt is killed too


def build(live: Path) -> None:
    """A gate whose items pass and fail by turns."""
    from django.core.management import call_command

    from checklists.actions import gates, library, projects, releases
    from checklists.models import Environment, Person

    call_command("migrate", verbosity=0)
    owner = Person.objects.create_user("owner")
    (live / "runs" / "one").mkdir(parents=True)
    (live / "runs" / "one" / "there.txt").write_text("there")
    keys = [(f"item-{n}", "there.txt" if n % 2 else "gone.txt") for n in range(AT_ONCE)]
    source = HEAD + "".join(ITEM.format(key=key, path=path) for key, path in keys) + TAIL
    checklist = library.publish(source=source, by=None)
    project = projects.create(by=owner, name="Killed")
    release = releases.create(project=project, by=owner, version="1", root="one", checklist=checklist)
    environment = Environment.objects.get(project=project)
    gates.open_gate(release=release, checklist=checklist, environment=environment, by=owner)


def ask(kind: str) -> list[int]:
    """Queue a round; the ids."""
    from checklists.actions import reports, runs
    from checklists.models import Gate, Person

    gate, by = Gate.objects.get().pk, Person.objects.get()
    if kind == "run":
        return runs.request_all(gate=gate, by=by)
    return [reports.request(gate=gate, by=by).pk for _ in range(4)]


def work(kind: str, pk: int) -> None:
    """What the task does."""
    from checklists.actions import reports, runs

    if kind == "report":
        reports.render(pk)
        return
    claimed = runs.claim(pk)
    if claimed:
        runs.finish(run=pk, claim=claimed.claim, results=runs.execute(claimed))


def swept(kind: str) -> list[int]:
    """Every lease runs out, and the sweep comes by; what is queued now."""
    from checklists import clock
    from checklists.actions import reports, runs
    from checklists.models import CheckRun, Report

    model: Any = CheckRun if kind == "run" else Report
    model.objects.filter(state="running").update(lease_until=clock.now() - timedelta(seconds=1))
    runs.end_overdue()
    reports.end_overdue()
    return list(model.objects.filter(state="queued").values_list("pk", flat=True))


def killer(delay: float) -> Callable[[int], Callable[[], None]]:
    """For `children.fork`: kill the child after that time, if it still lives."""

    def held(child: int) -> Callable[[], None]:
        def kill() -> None:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

        timer = threading.Timer(delay, kill)
        timer.start()

        def after() -> None:
            timer.cancel()
            timer.join()

        return after

    return held


def judge() -> dict[str, Any]:
    """How all of it ended."""
    from checklists import audit_chain, blobs
    from checklists.models import AuditEntry, CheckRun, Report

    ends = Counter[tuple[str, int]]()
    for entry in AuditEntry.objects.filter(
        verb__in=["run.finished", "run.ended", "report.finished", "report.failed"]
    ):
        ends[entry.verb.partition(".")[0], entry.data.get("run") or entry.data["report"]] += 1
    every, made = list(CheckRun.objects.select_related("item")), list(Report.objects.all())
    rows: list[CheckRun | Report] = [*every, *made]
    wrong = [row.pk for row in every if row.outcome == "PASS" and int(row.item.key[5:]) % 2 == 0]
    torn = [row.pk for row in made if row.sha256 and len(blobs.get(row.sha256)) != row.size]
    return {
        "runs": len(every),
        "reports": len(made),
        "open": sum(row.state != "done" for row in rows),
        "not_once": [key for key, count in ends.items() if count != 1]
        + [row.pk for row in every if not ends["run", row.pk]]
        + [row.pk for row in made if not ends["report", row.pk]],
        "outcomes": Counter(row.outcome for row in every),
        "passed_by_accident": wrong,
        "rendered": sum(bool(row.sha256) for row in made),
        "torn": torn,
        "broken": [str(bad) for bad in audit_chain.verify_all()],
    }


def rounds(kind: str, wanted: int, chance: random.Random) -> dict[str, int]:
    """Work and kill until so many were killed: how many `kills`, and how many `again`, of later attempts."""
    longest, found = measured(kind), {"kills": 0, "again": 0}
    while found["kills"] < wanted:
        waiting, again = children.fresh(partial(ask, kind)), False
        while waiting:
            for pk in waiting:
                spare = again and chance.random() > KILLED_AGAIN
                held = None if spare else killer(chance.uniform(0.002, longest))
                killed = children.fork(partial(work, kind, pk), held).signal == signal.SIGKILL
                found["kills"] += killed
                found["again"] += killed and again
            waiting, again = children.fresh(partial(swept, kind)), True
    return found


def measured(kind: str) -> float:
    """How long the work takes, in seconds; a whole round is done for that."""
    times = []
    for pk in children.fresh(partial(ask, kind)):
        began = time.monotonic()
        children.fresh(partial(work, kind, pk))
        times.append(time.monotonic() - began)
    return sorted(times)[len(times) // 2]


def main(home: Path, runs: int, reports: int) -> dict[str, Any]:
    """Kill so many of each; the figures."""
    place = Place(home)
    place.configure()
    import django  # only now: its settings are the place's

    django.setup()
    children.fresh(partial(build, place.live))
    chance, began = random.Random(7), time.monotonic()
    killed = {"run": rounds("run", runs, chance), "report": rounds("report", reports, chance)}
    found: dict[str, Any] = children.fresh(judge)
    return {"killed": killed, "seconds": round(time.monotonic() - began)} | found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="readiness-kills-") as folder:
        figures = main(Path(folder), *map(int, sys.argv[1:3]))
    print(json.dumps(figures))
    wrong = ("open", "not_once", "torn", "passed_by_accident", "broken")
    sys.exit(any(figures[name] for name in wrong))
