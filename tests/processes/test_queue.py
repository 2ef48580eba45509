"""Every run ends, once, whatever is killed, lost, flushed, restarted or doubled. Nothing here is a mock."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from readiness.processes import wait_for
from tests.processes.place import Place

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Iterator[Place]:
    """One installation for all of these tests; each uses an item of its own."""
    home = tmp_path_factory.mktemp("place")
    made = Place(
        home,
        child={"seconds": 2},
        whole={"seconds": 2},
        poison={"dies": True},
        slow={"seconds": 60},
        flushed={},
        away={},
        restarted={},
        doubled={"seconds": 1},
    )
    try:
        made.start_broker()
        made.start_beat()
        yield made
    finally:
        made.close()


@pytest.fixture
def worker(place) -> None:
    """A worker runs, unless the test kills it."""
    if not place.processes.running("worker"):
        place.start_worker()


def test_flushed_broker(place):
    """The message is gone before a worker saw it: the row is still queued, and is sent again."""
    (run,) = place.act("request", "flushed")
    place.flush()
    assert place.state(run) == "queued"
    place.start_worker()
    place.assert_ended_once(run, "PASS")


def test_killed_child(place, worker):
    """The process that runs a check is killed: it starts again, and the second attempt ends it."""
    (run,) = place.act("request", "child")
    os.kill(place.wait_for_start("child"), signal.SIGKILL)
    place.wait_for_start("child", 2)
    place.assert_ended_once(run, "PASS", within=60)
    assert len(place.starts("child")) == 2


def test_killed_every_time(place, worker):
    """A check that kills its process is started three times, and ends as ERROR, not as a pass."""
    (run,) = place.act("request", "poison")
    place.assert_ended_once(run, "ERROR", within=90)
    assert len(place.starts("poison")) == 3


def test_too_slow(place, worker):
    """A check over its time is stopped and says so; its worker lives on."""
    (run,) = place.act("request", "slow")
    place.assert_ended_once(run, "ERROR", within=60)
    ((results,),) = place.rows("SELECT results FROM checklists_checkrun WHERE id = ?", run)
    assert "longer than 4 s" in results
    assert len(place.starts("slow")) == 1


def test_doubled_message(place):
    """The same id three times at once, and again after the end: one start, one result."""
    if place.processes.running("worker"):
        place.kill("worker")
    before = place.done_tasks()
    (run,) = place.act("request", "doubled")
    place.act("send", str(run), str(run))
    place.start_worker()
    place.assert_ended_once(run, "PASS")
    place.act("send", str(run))
    assert wait_for(lambda: place.done_tasks() == before + 4, 40), place.log("worker")
    place.assert_ended_once(run, "PASS")
    assert len(place.starts("doubled")) == 1


def test_killed_worker(place, worker):
    """The whole worker is killed in the middle: the lease runs out, the next worker ends the run."""
    (run,) = place.act("request", "whole")
    place.wait_for_start("whole")
    place.kill("worker")
    place.start_worker()
    place.assert_ended_once(run, "PASS", within=60)
    assert len(place.starts("whole")) == 2


def test_broker_away(place, worker):
    """Nobody listens when the checks are asked for: the act succeeds, and the run happens later."""
    place.kill("broker")
    (run,) = place.act("request", "away")
    assert place.state(run) == "queued"
    place.start_broker()
    place.assert_ended_once(run, "PASS", within=90)


def test_broker_restarted(place, worker):
    """Worker and clock find a restarted broker by themselves."""
    place.kill("broker")
    place.start_broker()
    (run,) = place.act("request", "restarted")
    place.assert_ended_once(run, "PASS", within=90)


def test_heartbeats(place, worker):
    """Worker, clock and the way between them each show life by themselves."""
    names = "SELECT name FROM checklists_heartbeat"
    assert wait_for(lambda: {("beat",), ("sweep",), ("worker",)} <= set(place.rows(names)), 40)
