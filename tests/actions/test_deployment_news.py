"""Who is told of decisions and deployments."""

from __future__ import annotations

import pytest

from checklists.actions.deployment_news import EVENTS, tell
from checklists.models import Environment, Notification
from checklists.outbox_events import EVENTS as KNOWN


@pytest.mark.parametrize(
    ("verb", "data", "title", "path"),
    [
        (
            "deployment.decided",
            {"decision": 7, "verdict": "reject"},
            "The deployment gate decided on Image classifier 1.4.0 for production: reject",
            "/decisions/7/",
        ),
        (
            "release.deployed",
            {"deployment": 3, "decision": 7},
            "Image classifier 1.4.0 was deployed to production",
            None,
        ),
        (
            "release.rolled_back",
            {"deployment": 3, "to_version": "1.3.0", "reason": "Error rate of 4 %."},
            "Image classifier 1.4.0 was rolled back in production to 1.3.0",
            None,
        ),
    ],
)
def test_words_and_links(release, project, people, verb, data, title, path):
    """Everybody but readers and who did it reads what happened, once, with the page to look at."""
    where = Environment.objects.get(project=project, name="production")
    for _ in range(2):
        tell(release, where, by=people.owner, verb=verb, data=data)
    lines = Notification.objects.all()
    assert {line.person.username for line in lines} == {
        "contributor", "lead", "second", "product", "compliance",
    }  # fmt: skip
    assert {line.title for line in lines} == {title}
    assert {line.path for line in lines} == {path or f"/releases/{release.pk}/deployment/{where.pk}/"}
    assert lines[0].text == data.get("reason", "")


def test_other_verbs_tell_nothing(release, project, people):
    """What the log notes beside is no news."""
    where = Environment.objects.get(project=project, name="production")
    tell(release, where, by=people.owner, verb="policy.activated", data={})
    assert not Notification.objects.exists()


def test_events_are_known():
    """Each event is one that webhooks may choose."""
    assert {event for event, _ in EVENTS.values()} <= KNOWN.keys()
