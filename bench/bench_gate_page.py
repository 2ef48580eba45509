"""The gate page of 24 and of 200 decided items, against a plain Django page of the same rows.

The plain page asks the same number of questions, lists the same items with their state, time, link and one
form each, and judges nothing. CPU time of the process, so that a busy machine does not speak into it.

.venv/bin/python bench/bench_gate_page.py
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROUNDS, WARM = 40, 5
LIMITS_MS = {24: 12.0, 200: 55.0}
MOST_QUERIES = 10

ROW = """{% load humanize %}<li class="item">
<h3><a href="{% url 'item' pk=gate.pk key=item.key %}">{{ item.key }}</a></h3>
<p>{{ item.get_state_display }}{% if item.run %}, {{ item.run.outcome }},
{{ item.run.finished_at|naturaltime }}{% endif %}
{% if item.decided_by %}by {{ item.decided_by.name }}{% endif %}</p>
{% if item.reason %}<p>{{ item.reason }}</p>{% endif %}
{% for result in item.run.results %}<p>{{ result.kind }}: {{ result.finding.message }}</p>{% endfor %}
<form method="post" action="{% url 'item-tick' pk=gate.pk key=item.key %}">{% csrf_token %}
<input type="hidden" name="seen" value="{{ item.changed_in }}"><button>Tick</button></form></li>"""
PAGE = """{% extends "base.html" %}{% block content %}<h1>{{ gate }}</h1>
<p>{{ roles|length }} {{ signoffs|length }} {{ members|length }} {{ evidence|length }} {{ report }}</p>
<ol>{% for item in items %}{% include row %}{% endfor %}</ol>{% endblock %}"""
CHECK = "\n  - It is there\n\n  ```yaml check\n  file: {path: model.bin}\n  ```\n"


def main() -> int:
    """Print one line for each size; 0 when the figures hold."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        return max(measure(items) for items in LIMITS_MS)


def prepare(folder: Path) -> None:
    """Django on an empty database in a folder of its own."""
    (folder / "runs" / "run").mkdir(parents=True)
    (folder / "runs" / "run" / "model.bin").write_bytes(b"weights")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "readiness.settings",
        "READINESS_SECRET_KEY": "only-for-the-benchmark-" + "0123456789abcdefghijklmnopqrstuvwxyz",
        "READINESS_DATA_DIR": str(folder),
        "READINESS_RUN_ROOTS": str(folder / "runs"),
        "READINESS_PUBLIC_URL": "http://localhost:8000",
        "READINESS_LOG_LEVEL": "ERROR",
        "DATABASE_URL": f"sqlite:///{folder / 'bench.sqlite3'}",
    }
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    (folder / "static").mkdir()
    call_command("migrate", verbosity=0)


def measure(items: int) -> int:
    """One size: our page and the plain one, best of many rounds that take turns."""
    from django.test import Client

    gate = make_gate(items)
    client = Client(headers={"host": "localhost"})
    client.force_login(gate.opened_by)
    ours, plain = (lambda: client.get(f"/gates/{gate.pk}/")), plain_page(client, gate)
    for _ in range(WARM):
        assert ours().status_code == plain().status_code == 200
    asked, plainly = queries(ours), queries(plain)
    best = [float("inf"), float("inf")]
    for _ in range(ROUNDS):
        best = [min(best[0], cpu_ms(ours)), min(best[1], cpu_ms(plain))]
    holds = best[0] < LIMITS_MS[items] and asked <= MOST_QUERIES
    print(
        f"gate page, {items} items: {best[0]:.1f} ms with {asked} queries (limit {LIMITS_MS[items]:.0f} ms,"
        f" {MOST_QUERIES}); plain page {best[1]:.1f} ms with {plainly}; ratio {best[0] / best[1]:.2f}"
        f" {'ok' if holds else 'TOO SLOW'}"
    )
    return 0 if holds else 1


def queries(call: Callable[[], object]) -> int:
    """How many questions one call asks the database."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        call()
    return len(asked.captured_queries)


def cpu_ms(call: Callable[[], object]) -> float:
    """CPU time of one call in ms."""
    start = time.process_time()
    call()
    return (time.process_time() - start) * 1e3


def make_gate(items: int):
    """A gate of that many items, all decided: one real check run, copied to the others."""
    from checklists.actions import gates, library, projects, releases, runs
    from checklists.models import CheckRun, Environment, GateItem, Person

    owner = Person.objects.create_user(f"owner{items}", first_name="Olga", last_name="Owner")
    project = projects.create(by=owner, name=f"Project {items}")
    rows = "".join(
        (f"\n## Section {n // 8}\n" if n % 8 == 0 else "\n") + f"- [ ] **Item {n}** {{#item-{n}}}{CHECK}"
        for n in range(items - 1)
    )
    rows += "\n- [ ] **Approval** {#approval role=technical-lead}\n"
    head = f"---\ntitle: Many\nslug: many-{items}\nversion: 1.0.0\n"
    head += "sign_off: [{role: technical-lead}]\n---\n"
    checklist = library.publish(source=head + rows, by=None)
    release = releases.create(project=project, by=owner, version="1", root="run", checklist=checklist)
    environment = Environment.objects.get(project=project)
    gate = gates.open_gate(release=release, checklist=checklist, environment=environment, by=owner)
    [first] = runs.request_one(gate=gate.pk, key="item-0", by=owner)
    claimed = runs.claim(first)
    assert claimed
    runs.finish(run=first, claim=claimed.claim, results=runs.execute(claimed))
    run = CheckRun.objects.get(pk=first)
    for item in GateItem.objects.filter(gate=gate, run=None, role=""):
        copy = CheckRun.objects.create(
            item=item, snapshot=run.snapshot, parameters=run.parameters, requested_by=owner,
            requested_at=run.requested_at, state="done", outcome=run.outcome, results=run.results,
            finished_at=run.finished_at,
        )  # fmt: skip
        GateItem.objects.filter(pk=item.pk).update(
            run=copy, state="passed", decided="checks", decided_at=run.finished_at
        )
    return gate


def plain_page(client, gate) -> Callable[[], object]:
    """The same rows as a Django page is usually written."""
    from django.http import HttpResponse
    from django.template import engines
    from django.urls import path

    from checklists.models import Evidence, Gate, GateItem, GateRole, Membership, Report, SignOff
    from readiness import urls

    engine = engines["django"]
    row, whole = engine.from_string(ROW), engine.from_string(PAGE)

    def view(request) -> HttpResponse:
        found = Gate.objects.select_related("release__project", "checklist", "environment").get(pk=gate.pk)
        items = GateItem.objects.filter(gate=found).select_related("run", "decided_by").order_by("position")
        context = {
            "gate": found,
            "items": items,
            "row": row.template,
            "members": list(Membership.objects.filter(project=found.release.project_id)),
            "roles": list(GateRole.objects.filter(gate=found)),
            "signoffs": list(SignOff.objects.filter(gate=found)),
            "evidence": list(Evidence.objects.filter(item__gate=found).select_related("added_by")),
            "report": Report.objects.filter(gate=found).first(),
        }
        return HttpResponse(whole.render(context, request))

    urls.urlpatterns.insert(0, path(f"plain/{gate.pk}/", view))
    from django.urls import clear_url_caches

    clear_url_caches()
    return lambda: client.get(f"/plain/{gate.pk}/")


if __name__ == "__main__":
    sys.exit(main())
