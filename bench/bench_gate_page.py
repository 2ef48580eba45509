"""The gate page of 24 and of 200 decided items, against a plain Django page of the same rows.

24 is the example's gate with its real results; 200 are copies of one real check run. The plain page asks the
same number of questions, lists the same items with their state, time, link and one form each, and judges
nothing.

python -m bench gate_page
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.figure import say
from bench.place import cpu_ms, decide_all, example_gate, prepare, queries

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
        example = example_gate()
        decide_all(example)
        return max(measure(example, 24), measure(make_gate(Path(folder), 200), 200))


def measure(gate, items: int) -> int:
    """One gate: our page and the plain one, best of many rounds that take turns."""
    from django.test import Client

    assert gate.items.count() == items
    client = Client(headers={"host": "localhost"})
    client.force_login(gate.opened_by)
    ours, plain = (lambda: client.get(f"/gates/{gate.pk}/")), plain_page(client, gate)
    for _ in range(WARM):
        assert ours().status_code == plain().status_code == 200
    asked, plainly = queries(ours), queries(plain)
    best = [float("inf"), float("inf")]
    for _ in range(ROUNDS):
        best = [min(best[0], cpu_ms(ours)), min(best[1], cpu_ms(plain))]
    return say(
        f"gate page, {items} decided items",
        f"{best[0]:.1f} ms, {asked} queries",
        against=f"plain page {best[1]:.1f} ms, {plainly} queries",
        ratio=best[0] / best[1],
        limit=f"needs < {LIMITS_MS[items]:.0f} ms, ≤ {MOST_QUERIES} queries",
        holds=best[0] < LIMITS_MS[items] and asked <= MOST_QUERIES,
    )


def make_gate(folder: Path, items: int):
    """A gate of that many items, all decided but a person's: one real check run, copied to the others."""
    from checklists.actions import gates, library, projects, releases, runs
    from checklists.models import CheckRun, Environment, GateItem, Person

    run_dir = folder / "runs" / f"run-{items}"
    run_dir.mkdir()
    (run_dir / "model.bin").write_bytes(b"weights")
    owner = Person.objects.create_user(f"owner{items}", first_name="Olga", last_name="Owner")
    project = projects.create(by=owner, name=f"Project {items}")
    rows = "".join(
        (f"\n## Section {n // 8}\n" if n % 8 == 0 else "\n") + f"- [ ] **Item {n}** {{#item-{n}}}{CHECK}"
        for n in range(items - 2)
    )
    rows += "\n- [ ] **By a person** {#person}\n  - Looked at\n"
    rows += "\n- [ ] **Approval** {#approval role=technical-lead}\n"
    head = f"---\ntitle: Many\nslug: many-{items}\nversion: 1.0.0\n"
    head += "sign_off: [{role: technical-lead}]\n---\n"
    checklist = library.publish(source=head + rows, by=None)
    release = releases.create(project=project, by=owner, version="1", root=str(run_dir), checklist=checklist)
    environment = Environment.objects.get(project=project)
    gate = gates.open_gate(release=release, checklist=checklist, environment=environment, by=owner)
    [first] = runs.request_one(gate=gate.pk, key="item-0", by=owner)
    claimed = runs.claim(first)
    assert claimed
    runs.finish(run=first, claim=claimed.claim, results=runs.execute(claimed))
    run = CheckRun.objects.get(pk=first)
    for item in GateItem.objects.filter(gate=gate, run=None, has_checks=True):
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
