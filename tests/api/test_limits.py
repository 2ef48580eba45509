"""Limits: per token, and of wrong tokens per address; shared by processes through the cache."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checklists.api import limits
from tests.api.conftest import Api, as_person
from tests.api.world import problem_of


@pytest.fixture
def frozen(monkeypatch):
    """A clock that stands in one minute until it is moved."""
    at = [1_000_000_020.0]
    monkeypatch.setattr(limits.time, "time", lambda: at[0])
    return at


def test_a_token_has_its_minute(settings, frozen, people, project):
    """The request after the last one is 429 with when to come back; others go on; the next minute is new."""
    settings.API_RATE = 3
    api, other = as_person(people.lead), as_person(people.reader)
    assert [api.get("projects").status_code for _ in range(4)] == [200, 200, 200, 429]
    told = api.get("projects")
    assert problem_of(told)["type"].endswith(":rate")
    assert int(told.headers["Retry-After"]) == 60 - 1_000_000_020 % 60
    assert other.get("projects").status_code == 200
    frozen[0] += 60
    assert api.get("projects").status_code == 200


def test_wrong_tokens(settings, frozen, people, project):
    """Wrong ones of an address are counted, without shutting out the right ones behind it."""
    settings.API_FAILURES = 2
    wrong, good = Api("rdy_aaaaaaaa_" + "b" * 43), as_person(people.lead)
    assert [wrong.get("projects").status_code for _ in range(3)] == [401, 401, 429]
    assert int(wrong.get("projects").headers["Retry-After"]) > 0
    assert good.get("projects").status_code == 200
    elsewhere = Api("rdy_aaaaaaaa_" + "b" * 43, REMOTE_ADDR="192.0.2.7")
    assert elsewhere.get("projects").status_code == 401


def test_headers_do_not_move_an_address(settings, frozen, people, project):
    """Without a proxy that the operator trusts, nobody counts as another by what their headers claim."""
    settings.API_FAILURES = 2
    wrong = Api("rdy_aaaaaaaa_" + "b" * 43)
    claims = ({"X_Forwarded_For": f"10.0.0.{n}", "X_Real_IP": f"10.0.1.{n}", "Forwarded": f"for=10.0.2.{n}"}
              for n in range(4))  # fmt: skip
    assert [wrong.get("projects", **claim).status_code for claim in claims] == [401, 401, 429, 429]


def test_without_an_address(people, project):
    """Behind a Unix socket nobody says where a request comes from."""
    assert Api("wrong", REMOTE_ADDR="").get("projects").status_code == 401


@pytest.mark.usefixtures("frozen")
@given(rate=st.integers(1, 90), asks=st.lists(st.integers(0, 2), max_size=200))
def test_processes_share(rate, asks):
    """However requests fall on three processes, together they get at most the limit; one alone all of it."""
    limits.cache.clear()
    processes = [limits.Limiter("t") for _ in range(3)]
    got = sum(processes[who].take("k", rate) == 0 for who in asks)
    assert got <= rate
    block = max(1, rate // limits.BLOCKS)
    assert got >= min(len(asks), rate - 2 * block)
    limits.cache.clear()
    alone = limits.Limiter("t")
    assert sum(alone.take("k", rate) == 0 for _ in range(rate + 5)) == rate
