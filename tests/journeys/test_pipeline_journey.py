"""A real pipeline and people in their browsers: pushed, waived, signed, deployed; then the waiver expires.

The clock is controlled by a second web server of the same installation whose clock runs ahead (later.py).
"""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from readiness.processes import wait_for
from tests.journeys import people
from tests.journeys.people import VERSION, WAIVED, Team
from tests.journeys.pipelines import ask, days_ahead, pipeline

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
LATER = people.DAYS + 1


@pytest.fixture
def team(visit, axe) -> Team:
    """Owner, lead, product owner and compliance, signed in; an error on a page's console fails the test."""
    made = Team({name: visit(name) for name in ("owner", "lead", "product", "compliance")}, axe)
    for visitor in made.people.values():
        visitor.page.on(
            "console", lambda m, v=visitor: v.errors.append(m.text) if m.type == "error" else None
        )
    return made


def test_from_push_to_the_end_of_a_waiver(installation, team, tmp_path):
    """The pipeline waits until people have decided; a week later the waiver ends and the gate is red."""
    token = people.token_of_a_pipeline(team)
    people.publish_own_list(team)
    with pipeline(installation.url, token, tmp_path) as (script, said):
        assert wait_for(lambda: "Waiting:" in said.read_text() or script.poll() is not None, 60)
        assert script.poll() is None, said.read_text()
        found = re.search(r"Gate: +\S+?(/gates/\d+/)", said.read_text())
        assert found, said.read_text()
        gate = found[1]
        people.settle_all_but_one(team, gate)
        people.decide_on_it(team, waiver := people.ask_for_a_waiver(team, gate))
        assert script.poll() is None, said.read_text()
        people.sign_all(team, gate)
        assert script.wait(40) == 0, said.read_text()
    assert f"digits-classifier/{VERSION} → production: approved" in said.read_text()
    decision = json.loads((tmp_path / "build" / "decision.json").read_text())
    assert (decision["verdict"], decision["state"]) == ("approve", "approved")
    release = re.search(r"Release: +\S+?(/releases/\d+/)", said.read_text())
    assert release
    people.deploy(team, decision, release[1])
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
