"""Questions put to every route there is, our own and those of sign-in and administration."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.apps import apps
from django.test import Client
from django.urls import get_resolver, reverse

from checklists.models import (
    AuditEntry,
    AuditStream,
    Checkpoint,
    Environment,
    GateItem,
    Notification,
    Proposal,
    RefusalCount,
    Webhook,
    WebhookDelivery,
)

OPEN_TO_ALL = {"healthz", "readyz", "theme", "keys"}
# Without a project's data: for everybody with an account.
OPEN_TO_ACCOUNTS = {
    "home", "project-list", "project-create", "checklist-list", "checklist", "tokens",
    "audit-log", "audit-export-csv", "audit-export-jsonl", "audit-checkpoints",
    "api-page", "inbox", "inbox-read", "inbox-preferences", "verify",
}  # fmt: skip
POST_ONLY = {
    "theme", "member-add", "member-remove", "member-end", "invitation-new", "invitation-revoke",
    "environment-add", "release-parameters", "gate-open", "gate-run", "gate-look", "gate-export",
    "report-request", "sign-withdraw", "sign-approve", "sign-decline", "role-drop", "role-restore",
    "item-tick", "item-reopen", "item-not-applicable", "item-note", "item-run", "item-attach",
    "item-evidence-remove", "item-partial",
    "waiver-submit", "waiver-withdraw", "waiver-approve", "waiver-reject", "waiver-revoke",
    "rehearsal-record", "rehearsal-remediate",
    "schedule-add", "schedule-stop", "release-stages", "release-scorecard-new", "release-manifest-assemble",
    "token-revoke", "access-account", "access-token", "access-deactivate", "access-revoke",
    "inbox-read", "inbox-open", "webhook-add", "webhook-channels", "webhook-change", "webhook-stop",
    "webhook-start", "webhook-ping", "webhook-secret", "webhook-again", "control-on", "board",
    "second-factor", "proposal-vote", "proposal-withdraw", "proposal-activate",
    "release-decide", "release-deploy", "deployment-roll-out", "deployment-roll-back",
}  # fmt: skip


def routes():
    """The app's own routes."""
    ours = next(
        p for p in get_resolver().url_patterns if getattr(p, "app_name", "") is None and not str(p.pattern)
    )
    yield from ours.url_patterns


NAMES = sorted(route.name for route in routes())


@pytest.fixture
def addresses(gate, checklist):
    """An address of something that is there, by route."""
    known = {
        "slug": gate.release.project.slug,
        "version": checklist.version,
        "key": "issues",
        "role": "product-owner",
        "piece": 1,
        "number": 1,
        "environment": gate.environment.pk,
        "kind": "threshold",
    }
    _told_and_proposed(gate)
    made = {}
    for route in routes():
        pk = gate.release.pk if route.name.startswith(("release", "gate-open")) else gate.pk
        wanted = known | {"pk": pk} | ({"slug": checklist.slug} if route.name == "checklist" else {})
        names = route.pattern.converters
        made[route.name] = reverse(route.name, kwargs={name: wanted.get(name, 1) for name in names})
    return made


def _told_and_proposed(gate) -> None:
    """A webhook with a delivery, a checkpoint, a line of an inbox, a proposal, all by the gate's number."""
    project, by = gate.release.project, gate.release.project.created_by
    common = {"pk": gate.pk, "project": project}
    at = gate.opened_at
    hook = Webhook.objects.create(
        url="https://x.example/", events=["gate.ready"], key_id=UUID(int=1), created_by=by, created_at=at,
        **common,
    )  # fmt: skip
    WebhookDelivery.objects.create(
        pk=1, webhook=hook, event_id=UUID(int=2), event="gate.ready", body="{}", next_at=at, created_at=at
    )
    head = AuditEntry.objects.get(stream=gate.stream, seq=1).hash
    Checkpoint.objects.create(
        pk=gate.pk, stream=gate.stream, length=1, head=head, at=at, note="x", key_id="", cause="asked"
    )
    Notification.objects.create(
        person=by, kind="sign", title="Image classifier 1.4.0", path="/", key="1", created_at=at, **common
    )
    Proposal.objects.create(
        kind="threshold", title="Image classifier 1.4.0", reason="Why", release=gate.release,
        base="target_accuracy: 80.0\n", text="target_accuracy: 85.0\n", proposed_by=by, proposed_at=at,
        **common,
    )  # fmt: skip


def test_no_form_without_its_token(addresses, people):
    """Every address refuses a form without its token, whoever sends it."""
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(people.lead)
    own = get_resolver().url_patterns[0].url_patterns + get_resolver().url_patterns[1].url_patterns
    numbered = {route.name: [1] if route.pattern.converters else [] for route in own}
    others = [reverse(name, args=args) for name, args in numbered.items()]
    assert "/accounts/sso/" in others
    answers = {url: strict.post(url).status_code for url in [*addresses.values(), *others, "/admin/login/"]}
    assert {url: code for url, code in answers.items() if code != 403} == {}


def test_looking_changes_nothing(addresses, client, people):
    """Every row of every table is the same after all addresses were looked at by an owner.

    But for the log of what was refused to them.
    """

    def rows():
        models = set(apps.get_app_config("checklists").get_models()) - {RefusalCount}
        kept = {model: list(model.objects.order_by("pk").values()) for model in models}
        kept[AuditEntry] = [row for row in kept[AuditEntry] if row["stream"] != "access"]
        kept[AuditStream] = [row for row in kept[AuditStream] if row["name"] != "access"]
        return kept

    client.force_login(people.owner)
    before = rows()
    codes = {name: client.get(url).status_code for name, url in addresses.items()}
    assert {name for name, code in codes.items() if code == 405} == POST_ONLY
    assert rows() == before


@pytest.mark.parametrize("name", NAMES)
def test_outsider(name, addresses, client, people, project):
    """Who belongs to no project finds nothing of it behind any address, reading or writing."""
    client.force_login(people.outsider)
    ask = client.post if name in POST_ONLY else client.get
    answer = ask(addresses[name])
    if name in OPEN_TO_ALL | OPEN_TO_ACCOUNTS:
        assert answer.status_code in {200, 303, 503}
        shown = answer.getvalue().decode()
        assert "Image classifier 1.4.0" not in shown
        assert f"/projects/{project.slug}/" not in shown
    else:
        assert answer.status_code == 404


EXTRA = {
    "state": "passed", "decided": "person", "decided_by": "1", "requirement": "recommended", "by": "1",
    "person": "1", "role": "owner", "created_by": "1", "owner": "1", "gate": "1", "snapshot": "1",
    "is_staff": "on", "is_superuser": "on", "outcome": "PASS", "after_result": "", "frozen_at": "",
    "root": "/etc", "project": "1", "verdict": "approved", "live": "on", "added_by": "1", "set_by": "1",
}  # fmt: skip


def test_extra_fields_are_not_taken(addresses, client, people, gate, project):
    """Forms with fields of the tables in them change what the act says, and nothing else."""
    client.force_login(people.contributor)
    item = GateItem.objects.get(gate=gate, key="issues")
    sent = EXTRA | {"confirmed": "0", "comment": "Read.", "seen": item.changed_in}
    client.post(addresses["item-tick"], sent)
    item.refresh_from_db()
    assert (item.state, item.requirement, item.decided_by) == ("passed", "mandatory", people.contributor)
    client.post(addresses["project-create"], EXTRA | {"name": "Mine", "environments": "production"})
    mine = Environment.objects.exclude(project=project).get().project
    assert mine.created_by == people.contributor
    client.post(addresses["item-attach"], EXTRA | {"link": "https://x.example"})
    assert item.evidence.get().added_by == people.contributor
    people.contributor.refresh_from_db()
    assert not people.contributor.is_staff
    assert not people.contributor.is_superuser
    assert [m.role for m in people.contributor.memberships.filter(project=project)] == ["contributor"]
