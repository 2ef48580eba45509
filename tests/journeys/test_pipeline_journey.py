"""A real pipeline and people in their browsers: pushed, waived, signed, deployed; then the waiver expires.

The clock is controlled by a second web server of the same installation whose clock runs ahead (later.py).
"""

from __future__ import annotations

import re
from functools import partial

import pytest
from playwright.sync_api import ConsoleMessage, expect

from readiness.processes import wait_for
from tests.journeys import people
from tests.journeys.conftest import Visitor
from tests.journeys.people import VERSION, WAIVED, Team
from tests.journeys.pipelines import ask, days_ahead, pipeline

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
LATER = people.DAYS + 1


@pytest.fixture
def team(visit, axe) -> Team:
    """Owner, lead, product owner and compliance, signed in; an error on a page's console fails the test."""
    made = Team({name: visit(name) for name in ("owner", "lead", "product", "compliance")}, axe)
    for visitor in made.people.values():
        visitor.page.on("console", partial(_note_error, visitor))
    return made


def _note_error(visitor: Visitor, message: ConsoleMessage) -> None:
    if message.type == "error":
        visitor.errors.append(message.text)


def path(before: str, told: str) -> str:
    """The path of the address that follows `before` in what a command told."""
    found = re.search(rf"{before}http://[^/\s]+(/\S+/)", told)
    assert found, told
    return found[1]


def test_from_push_to_the_end_of_a_waiver(installation, team, tmp_path):
    """The pipeline waits until people have decided; a week later the waiver ends and the gate is red."""
    token = people.token_of_a_pipeline(team)
    people.publish_own_list(team)
    with pipeline(installation.url, token, tmp_path) as (script, said):
        assert wait_for(lambda: "Waiting:" in said.read_text() or script.poll() is not None, 60)
        assert script.poll() is None, said.read_text()
        gate = path("Gate: +", said.read_text())
        people.settle_all_but_one(team, gate)
        people.decide_on_it(team, waiver := people.ask_for_a_waiver(team, gate))
        assert script.poll() is None, said.read_text()
        people.sign_all(team, gate)
        assert script.wait(40) == 0, said.read_text()
    told = said.read_text()
    assert f"digits-classifier/{VERSION} → production: approved" in told
    decision, release = path(r"Decision \d+: approve, ", told), path("Release: +", told)
    people.deploy(team, decision, release)
    assert ask(installation.url, token).returncode == 0
    with days_ahead(installation, LATER) as url:
        after_the_end(team, url, token, gate, waiver)


def after_the_end(team: Team, url: str, token: str, gate: str, waiver: str) -> None:
    """By the second clock the command says 1 and names the waiver; the gate is red, signatures are stale."""
    asked = ask(url, token)
    assert asked.returncode == 1, asked.stdout + asked.stderr
    assert "its waiver expired on" in asked.stdout
    assert "Monitoring" in asked.stdout
    lead = team["lead"]
    lead.url = url  # the cookie holds for both servers: only the port differs
    page = team.look("lead", gate)
    expect(page.locator("#verdict-words")).not_to_contain_text("Approved")
    expect(page.locator(f"#item-{WAIVED}")).to_contain_text("expired")
    expect(page.locator("#sign-off")).to_contain_text("Stale")
    expect(team.look("lead", waiver).locator("main")).to_contain_text("It expired")
