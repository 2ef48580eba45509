"""Every event arrives, whatever is away, flushed or doubled: real broker, workers, clock and receiver."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from readiness.processes import wait_for
from tests.actions.receivers import Receiver, receiving
from tests.processes.place import Place

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """Where the webhook goes."""
    with receiving() as made:
        yield made


@pytest.fixture(scope="module")
def place(tmp_path_factory, receiver) -> Iterator[Place]:
    """One installation with a webhook; neither broker nor worker runs yet."""
    made = Place(tmp_path_factory.mktemp("outbox"), one={})
    made.env["READINESS_WEBHOOK_HOSTS"] = f"127.0.0.1:{receiver.port}"
    made.act("hook", receiver.url)
    try:
        yield made
    finally:
        made.close()


def arrived(receiver: Receiver) -> Counter[str]:
    """How often each event came."""
    return Counter(headers["webhook-id"] for _, headers, _ in receiver.requests)


def assert_arrive_once(place: Place, receiver: Receiver, events: list[str]) -> None:
    """Each of these events comes, once, and its row says so."""
    assert wait_for(lambda: set(events) <= arrived(receiver).keys(), 40), place.log("worker")
    unsent = "SELECT count(*) FROM checklists_webhookdelivery WHERE state != 'sent'"
    assert wait_for(lambda: place.rows(unsent) == [(0,)], 20)
    assert {event: arrived(receiver)[event] for event in events} == dict.fromkeys(events, 1)


def test_every_event_arrives_once(place, receiver):
    """Without a broker at the act, with two workers, and with messages that the broker loses."""
    events = place.act("ping", "2")
    assert arrived(receiver) == {}
    place.start_broker()
    place.start_beat()
    place.start_worker("-n", "first@%h")
    assert_arrive_once(place, receiver, events)
    place.start_worker("-n", "second@%h", name="second")
    assert_arrive_once(place, receiver, place.act("ping", "25"))
    events = place.act("ping", "5")
    place.flush()
    assert_arrive_once(place, receiver, events)
