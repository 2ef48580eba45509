"""A push that breaks anywhere goes on when it is started again: same digest, nothing lost, little twice."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from readiness.client import push, target
from readiness.client.session import ServerBroken, Session
from readiness.engine import indexing, seal
from readiness.processes import wait_for
from tests.client.served import ROOT, Scissors, Served

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("interrupted")]
POINTS = 25  # of each kind
LARGE, SMALL_FILES, SMALL = 3_000_000, 60, 20_000
TOTAL = LARGE + SMALL_FILES * SMALL
# What may travel twice after a break: a batch on its way (1 MB), pieces not yet written, requests' own bytes.
TWICE = 1_500_000


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The server."""
    found = Served(tmp_path_factory.mktemp("served"))
    yield found
    found.stop()


@pytest.fixture(scope="module")
def scissors(served):
    """The proxy before it."""
    found = Scissors(served.port)
    yield found
    found.close()


def write_run(root, seed: int):
    """A run that the server has nothing of."""
    chance = random.Random(seed)
    (root / "many").mkdir(parents=True)
    (root / "model.bin").write_bytes(chance.randbytes(LARGE))
    for number in range(SMALL_FILES):
        (root / "many" / f"{number}.bin").write_bytes(chance.randbytes(SMALL))
    return root


def whole(served, version: str) -> str:
    """The digest of what the server stored for a version, from its own bytes."""
    script = (
        "import django; django.setup()\n"
        "from checklists.models import Release\n"
        "from checklists.actions.run_directory import run_directory\n"
        "from readiness.engine import indexing, seal\n"
        f"print(seal.artifact_digest(indexing.index(run_directory(Release.objects.get(version={version!r})))))"
    )
    return served.python("-c", script).split()[-1]


def places(seed: int) -> list[int]:
    """Random byte counts over the whole push."""
    chance = random.Random(seed)
    return [chance.randrange(200, TOTAL + 10_000) for _ in range(POINTS)]


@pytest.mark.parametrize(("point", "cut_at"), list(enumerate(places(1))))
def test_cut_connection(served, scissors, tmp_path, point, cut_at):
    """The connection breaks after so many bytes; the next push brings only what is missing."""
    run, version = write_run(tmp_path / "run", 1000 + point), f"cut-{point}"
    session = Session(scissors.url, served.token, attempts=1)
    release, wishes = target.Target("image-classifier", version), push.Wishes(environment="production")
    scissors.arm(cut_at)
    with contextlib.suppress(ServerBroken):
        push.push(run, session, release, wishes, lambda *a: None)
    first = scissors.passed
    time.sleep(0.3)  # nobody is quicker
    scissors.arm(None)
    sent = push.push(run, Session(scissors.url, served.token), release, wishes, lambda *a: None)
    assert sent.answer["digest"] == seal.artifact_digest(indexing.index(run))
    assert first + scissors.passed < TOTAL + TWICE
    if point % 8 == 0:
        assert whole(served, version) == sent.answer["digest"]


@pytest.mark.parametrize(("point", "cut_at"), list(enumerate(places(2))))
def test_killed_client(served, scissors, tmp_path, point, cut_at):
    """The process is killed after so many bytes; the same command again completes the release."""
    run, version = write_run(tmp_path / "run", 2000 + point), f"killed-{point}"
    command = [
        sys.executable,
        "-m",
        "readiness",
        "push",
        str(run),
        "--release",
        f"image-classifier/{version}",
        "--json",
    ]
    env = {**os.environ, "READINESS_URL": scissors.url, "READINESS_TOKEN": served.token}
    with subprocess.Popen(
        command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as started:
        scissors.arm(cut_at, started.kill)
        started.communicate(timeout=60)
    first = scissors.passed
    scissors.arm(None)
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["digest"] == seal.artifact_digest(indexing.index(run))
    assert first + scissors.passed < TOTAL + TWICE


@pytest.mark.parametrize(("point", "cut_at"), list(enumerate(places(3)[:4])))
def test_killed_server(served, scissors, tmp_path, point, cut_at):
    """The server is killed after so many bytes; started again, it takes the rest: the same digest."""
    run, version = write_run(tmp_path / "run", 4000 + point), f"server-{point}"
    release, wishes = target.Target("image-classifier", version), push.Wishes(environment="production")
    scissors.arm(cut_at, served.kill)
    with contextlib.suppress(ServerBroken):
        push.push(run, Session(scissors.url, served.token, attempts=1), release, wishes, lambda *a: None)
    if scissors.left == 0:
        assert wait_for(lambda: not served.answers(), 10)
        served.start()
    scissors.arm(None)
    sent = push.push(run, Session(scissors.url, served.token), release, wishes, lambda *a: None)
    assert sent.answer["digest"] == seal.artifact_digest(indexing.index(run))
    assert whole(served, version) == sent.answer["digest"]


def test_two_clients_bring_the_same(served, tmp_path):
    """Several pipelines push the same run at the same moment: all succeed, one release comes of it."""
    run = write_run(tmp_path / "run", 3000)
    release, wishes = target.Target("image-classifier", "together"), push.Wishes(environment="production")

    def bring(_: int) -> str:
        session = Session(served.url, served.token)
        answer: dict[str, str] = push.push(run, session, release, wishes, lambda *a: None).answer
        return f"{answer['digest']} {answer['url']}"

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(bring, range(4)))
    assert len(found) == 1
    assert whole(served, "together") == found.pop().split()[0]


def test_stored_bytes_are_durable(served):
    """Every blob of the server has the digest of its name, and no part file is left."""
    blobs = [path for path in (served.data / "blobs").glob("*/*") if not path.name.startswith(".")]
    assert len(blobs) > POINTS
    for path in blobs:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    assert list((served.data / "uploads").glob("*/*")) == []
