"""The supervisor: from an empty directory to verdicts, and nothing left behind however it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import urllib.request
from pathlib import Path

import pytest

from readiness.processes import wait_for
from tests.processes.supervised import children, said, supervisor, wait_until_serving

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]
PASSWORD = re.compile(r"│ lead +│ (\S+) +│")


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> tuple[Path, str]:
    """The data directory of a demonstration that was started once and has ended, and what it said."""
    data = tmp_path_factory.mktemp("demo") / "data"
    with supervisor("demo", data, "--exit-after-checks") as started:
        assert started.wait(300) == 0, said(data)
    return data, said(data)


def test_demo_ends_with_verdicts(first):
    """Both releases are checked through the queue, one without a failed item; then all is gone."""
    data, text = first
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines()]
    verdicts = {row[0]: row for row in rows if row and row[0].startswith("Digits classifier")}
    good, bad = verdicts["Digits classifier 1.4.0"], verdicts["Digits classifier 1.5.0"]
    assert int(good[2]) >= 15
    assert good[3] == "0"
    assert bad[1] == "Blocked"
    assert int(bad[3]) >= 5
    assert children(data) == {}
    key = data / "secret-key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    password = PASSWORD.search(text)
    assert password
    for path in data.rglob("*"):
        assert not path.is_file() or password[1].encode() not in path.read_bytes(), path


def test_demo_starts_again_and_says_who_died(first):
    """The second start keeps people and verdicts; when a child is killed it names it and ends all."""
    data, _ = first
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with supervisor("demo", data, port=port) as started:
            url = wait_until_serving(data)
            assert url != f"http://localhost:{port}"
            assert "--new-passwords" in said(data)
            assert not PASSWORD.search(said(data))
            with urllib.request.urlopen(f"{url}/accounts/login/") as answer:
                assert answer.status == 200
            worker = min(
                pid for pid, command in children(data).items() if "celery" in command and "worker" in command
            )
            os.kill(worker, signal.SIGKILL)
            assert started.wait(40) == 1
    assert "The worker process ended by signal 9" in said(data)
    assert wait_for(lambda: children(data) == {}, 30), children(data)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGKILL, -9)])
def test_run_leaves_nothing(tmp_path, number, code):
    """Ctrl-C, a polite end and a killed supervisor: no process is left."""
    data = tmp_path / "data"
    with supervisor("run", data) as started:
        wait_until_serving(data)
        assert "createsuperuser" in said(data)
        assert len(children(data)) >= 5
        started.send_signal(number)
        assert started.wait(40) == code
    assert wait_for(lambda: children(data) == {}, 60), children(data)
