"""One project with a row of everything there is, and people who ask for it: members, strangers, nobody."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.test import Client
from django.urls import reverse

from checklists import checkpoints, clock
from checklists.actions import invitations, projects, tokens, uploads
from checklists.models import (
    Deployment,
    DeploymentDecision,
    InstallationKey,
    Membership,
    Notification,
    Person,
    Proposal,
    ReleaseManifest,
    Schedule,
    Scorecard,
    Waiver,
    Webhook,
    WebhookDelivery,
)
from checklists.models.access import Scope
from readiness.engine import file_index
from readiness.engine.target import Entry
from tests.api.conftest import Api
from tests.api.world import populate
from tests.conftest import make_person
from tests.views.test_every_route import routes

MEMBERS = ("owner", "contributor", "technical-lead", "product-owner", "compliance", "reader", "auditor")
PUSHED = b"weights"
SHA256 = hashlib.sha256(PUSHED).hexdigest()


@dataclass(frozen=True)
class Asker:
    """Somebody who asks: the role, and whether it is held in the project that is asked for."""

    role: str
    own: bool
    person: Person | None = None

    def __str__(self) -> str:
        return f"{'own' if self.own else 'foreign'} {self.role}"

    def browser(self) -> Client:
        """A browser of theirs, signed in where they can be."""
        client = Client(raise_request_exception=False)
        if self.person:
            client.force_login(self.person, backend="checklists.accounts.PeopleOnly")
        return client

    def api(self) -> Api:
        """A client with a token of theirs that has every scope."""
        if self.person is None:
            return Api(None)
        by = self.person
        limited = None
        if by.is_service:  # its project's owner makes its tokens
            limited = by.memberships.get().project
            by = Person.objects.get(memberships__project=limited, memberships__role="owner")
        _, token = tokens.create(
            by=by, person=self.person, name="asked", scopes=Scope.values, project=limited,
            expires_at=clock.now() + timedelta(days=9),
        )  # fmt: skip
        return Api(token)


def members(project, prefix: str, known: dict[str, Person], *, own: bool) -> list[Asker]:
    """Somebody in every role of a project, one whose time as auditor is over, and a service account."""
    owner = known.get("owner") or make_person(f"{prefix}-owner")
    askers = [Asker("owner", own, owner)]
    for role in MEMBERS[1:]:
        until = clock.now() + timedelta(days=30) if role == "auditor" else None
        person = known.get(role) or make_person(f"{prefix}-{role}")
        if not Membership.objects.filter(project=project, person=person, role=role).exists():
            projects.add_member(project=project, by=owner, person=person, role=role, until=until)
        askers.append(Asker(role, own, person))
    late = make_person(f"{prefix}-late")
    over = clock.now() - timedelta(seconds=1)
    Membership.objects.create(project=project, person=late, role="auditor", expires_at=over)
    service = tokens.create_service_account(project=project, by=owner, name="Build", role="contributor")
    return [*askers, Asker("expired auditor", own, late), Asker("service account", own, service)]


def askers(project, people) -> list[Asker]:
    """Everybody who asks."""
    known = {
        "owner": people.owner, "contributor": people.contributor, "technical-lead": people.lead,
        "product-owner": people.product, "compliance": people.compliance, "reader": people.reader,
    }  # fmt: skip
    stranger = make_person("other-owner")
    other = projects.create(by=stranger, name="Another project")
    admin = make_person("admin")
    Person.objects.filter(pk=admin.pk).update(is_staff=True, is_superuser=True)
    return [
        *members(project, "own", known, own=True),
        *members(other, "other", {"owner": stranger}, own=False),
        Asker("administrator", own=False, person=Person.objects.get(pk=admin.pk)),
        Asker("outsider", own=False, person=people.outsider),
        Asker("anonymous", own=False),
    ]


def fill(gate, people, project) -> dict[str, int | str]:
    """A row of everything; what stands behind each noun of the API's addresses."""
    known = populate(gate, people, project)
    release, by, at = gate.release, people.owner, clock.now()
    deployment = Deployment.objects.create(
        release=release, environment=gate.environment, gate=gate, decision=DeploymentDecision.objects.get(),
        manifest=ReleaseManifest.objects.get(), deployed_at=at, deployed_by=by, monitoring_until=at,
    )  # fmt: skip
    DeploymentDecision.objects.create(
        release=release, environment=gate.environment, gate=gate, verdict="reject", trace_id="0" * 32,
        record={"rules": [], "reasons": []}, asked_by=by, decided_at=at,
    )  # fmt: skip
    Waiver.objects.update(state="review")
    hook = Webhook.objects.create(
        project=project, url="https://x.example/", events=["gate.ready"], key_id=UUID(int=1), created_by=by,
        created_at=at,
    )  # fmt: skip
    WebhookDelivery.objects.create(
        webhook=hook, event_id=UUID(int=2), event="gate.ready", body="{}", next_at=at, created_at=at
    )
    Proposal.objects.create(
        project=project, kind="threshold", title="Higher", reason="Why", release=release,
        base="target_accuracy: 80.0\n", text="target_accuracy: 85.0\n", proposed_by=people.contributor,
        proposed_at=at,
    )  # fmt: skip
    Schedule.objects.create(
        project=project, kind="rerun", gate=gate, every="day", first_at=at, next_at=at, created_by=by,
        created_at=at,
    )  # fmt: skip
    index = file_index.pack([Entry("model.bin", len(PUSHED), SHA256)])
    upload = uploads.open_upload(project=project, by=people.contributor, version="2.0.0", index=index)
    return known | {"deployments": deployment.pk, "uploads": upload.pk}


def addresses(gate, people, project, checklist) -> dict[str, str]:
    """An address of every page, of a row that is there."""
    release, account = gate.release, Person.objects.get(username__startswith=f"svc-{project.slug}")
    limited, _ = tokens.create(
        by=people.owner, person=account, name="build", scopes=["read"], project=project,
        expires_at=clock.now() + timedelta(days=9),
    )  # fmt: skip
    invitation, link = invitations.invite(
        project=project, by=people.owner, address="a@b.example", role="reader"
    )
    evidence = gate.items.get(key="issues").evidence.get().pk
    checkpoint = checkpoints.sign_head(gate.stream, cause="asked", at=clock.now())
    first = {"pk": release.pk, "environment": gate.environment.pk, "number": 1}
    known: dict[str, dict[str, int | str]] = {
        "checklist": {"slug": checklist.slug},
        "invitation": {"secret": link.rpartition("/")[2]},
        "invitation-revoke": {"pk": invitation.pk},
        "waiver": {"number": Waiver.objects.get().pk},
        "release": {"pk": release.pk},
        "release-scorecard": first | {"number": Scorecard.objects.get().pk},
        "decision": {"pk": DeploymentDecision.objects.latest("pk").pk},
        "deployment": {"pk": Deployment.objects.get().pk},
        "member": {"pk": project.memberships.get(person=people.reader).pk},
        "access-revoke": {"pk": limited.pk},
        "access": {"pk": account.pk},
        "token": {"pk": 0},
        "webhook": {"pk": Webhook.objects.get().pk, "delivery": WebhookDelivery.objects.get().pk},
        "proposal": {"pk": Proposal.objects.get().pk, "kind": "threshold"},
        "schedule": {"pk": Schedule.objects.get().pk},
        "inbox": {"pk": 0},
        "gate-open": {"pk": release.pk},
        "audit-checkpoint": {"pk": checkpoint.pk},
        "keys-pem": {"key_id": InstallationKey.objects.latest("pk").key_id},
    }
    common = {
        "slug": project.slug, "pk": gate.pk, "key": "issues", "role": "product-owner", "piece": evidence,
        "environment": gate.environment.pk, "version": checklist.version, "number": 1, "kind": "threshold",
    }  # fmt: skip
    made = {}
    for route in routes():
        words = route.name.split("-")
        starts = ["-".join(words[:n]) for n in range(len(words), 0, -1)]
        more = next((known[start] for start in starts if start in known), {})
        wanted = common | more
        made[route.name] = reverse(
            route.name, kwargs={name: wanted.get(name, 1) for name in route.pattern.converters}
        )
    return made


def told(person, project) -> int:
    """A line in somebody's inbox."""
    return Notification.objects.create(
        person=person, project=project, kind="sign", title="Sign", path="/", key="1", created_at=clock.now()
    ).pk
