"""What people do in their browsers on a release's way: token, checklist, waiver, signatures, deployment."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visitor
from tests.journeys.test_gate_journey import BY_HAND, hand_keys, sign, tick

VERSION = "4.0.0"
CHECKLIST = "digits-classifier-ml-production-readiness"
WAIVED = "monitoring"
DAYS = 7  # until the waiver ends
SCOPES = ("Read everything", "Create releases", "Register scorecards", "Ask for deployment decisions")


@dataclass
class Team:
    """Everybody at a browser of their own; each page that is looked at is checked."""

    people: dict[str, Visitor]
    axe: Axe

    def __getitem__(self, username: str) -> Visitor:
        return self.people[username]

    def look(self, username: str, path: str = "") -> Page:
        """The person's page, opened if a path is given, without a violation of accessibility."""
        page = self.people[username].goto(path) if path else self.people[username].page
        found = self.axe.run(page).response["violations"]
        problems = [f"{page.url}: {v['id']} {v['nodes'][0]['html'][:160]}" for v in found]
        assert problems == [], problems
        return page


def token_of_a_pipeline(team: Team) -> str:
    """The owner makes a service account and its token, which the page shows once."""
    page = team.look("owner", "/projects/digits-classifier/access")
    new = page.locator("#new")
    new.get_by_label("Name").fill("Pipeline")
    new.get_by_label("Role").select_option(label="Contributor")
    new.get_by_role("button", name="Create the account").click()
    account = page.locator("section.card[id^=account-]")
    account.get_by_label("Name").fill("release pipeline")
    for scope in SCOPES:
        account.get_by_label(re.compile(f"^{scope}")).check()
    account.get_by_role("button", name="Create the token").click()
    expect(page.get_by_text("Copy the token “release pipeline” now")).to_be_visible()
    found = re.search(r"rdy_\w+", team.look("owner").locator(".notice .digest").inner_text())
    assert found
    assert found[0] not in team.look("owner", "/projects/digits-classifier/access").content()
    return found[0]


def publish_own_list(team: Team) -> None:
    """The 24 items with waivers allowed, as the project’s own: proposed, approved by two, activated."""
    page = team.look("lead", "/projects/digits-classifier/changes/new/checklist")
    page.get_by_label("Start from").select_option(label="ml-production-readiness 1.1.0")
    page.get_by_role("button", name="Show its present text").click()
    text = page.get_by_label("The new text").input_value()
    text = text.replace("waivers: false", "waivers: true").replace("version: 1.1.0", "version: 1.2.0")
    page.get_by_label("The new text").fill(text)
    page.get_by_label("Title").fill("Waivers for the production list")
    page.get_by_label("Reason").fill("Some items settle after the rollout, with a date.")
    page.get_by_role("button", name="Propose it").click()
    expect(page.get_by_role("heading", name="Waivers for the production list")).to_be_visible()
    path = page.url.removeprefix(team["lead"].url)
    for name in ("product", "compliance"):
        team.look(name, path).get_by_role("button", name="Approve").click()
        expect(team[name].page.get_by_text("Your vote")).to_have_count(0)
    team.look("owner", path).get_by_role("button", name="Activate it").click()
    expect(team["owner"].page.locator("main")).to_contain_text(f"Published {CHECKLIST}")
    team.look("owner")


def settle_all_but_one(team: Team, gate: str) -> None:
    """The checks end by themselves; the lead ticks what people decide, but for the item to be waived."""
    page = team.look("lead", gate)
    busy = page.locator("summary[data-state=queued], summary[data-state=running]")
    expect(busy).to_have_count(0, timeout=60_000)
    for key in hand_keys(page):
        if key != WAIVED:
            tick(page, key, BY_HAND.get(key, "Looked at and found good."))
    team.look("lead")


def ask_for_a_waiver(team: Team, gate: str) -> str:
    """The lead asks; the waiver's path."""
    page = team.look("lead", f"{gate}waivers/new")
    page.get_by_label("What is to be waived").select_option(f"item:{WAIVED}")
    page.get_by_label("Reason").fill("The dashboards move to the new collector this week.")
    page.get_by_label("Risk").fill("A slow model is noticed an hour later.")
    page.get_by_label("Mitigation plan").fill("Whoever is on call looks at the logs twice a day.")
    page.get_by_label("Scope").fill("4.0.0 in production.")
    page.get_by_label("Expires on").fill(f"{datetime.now(UTC) + timedelta(days=DAYS):%Y-%m-%d}")
    page.get_by_label("Time zone").fill("UTC")
    page.get_by_role("button", name="Ask for it").click()
    expect(page.locator("main")).to_contain_text("In review")
    team.look("lead")
    return page.url.removeprefix(team["lead"].url)


def decide_on_it(team: Team, waiver: str) -> None:
    """Compliance finds it among what waits, sees what it changes, and approves."""
    page = team.look("compliance", "/")
    page.locator(f"#waiting a[href='{waiver}']").click()
    expect(page.get_by_text("What it changes")).to_be_visible()
    team.look("compliance").get_by_role("button", name="Approve").click()
    expect(page.locator("main")).to_contain_text("Approved")


def sign_all(team: Team, gate: str) -> None:
    """Three people sign the present state."""
    people = {"technical-lead": "lead", "product-owner": "product", "compliance": "compliance"}
    for role, username in people.items():
        team.look(username, f"{gate}sign/{role}/")
        sign(team[username], gate, role)
    expect(team.look("lead", gate).locator("#verdict-words")).to_contain_text("Approved")


def deploy(team: Team, decision: str, release: str) -> None:
    """The lead reads the stored decision and records the deployment; its manifest is archived as it says."""
    page = team.look("lead", decision)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Approved")
    page.get_by_role("link", name="the deployment page").click()
    page.get_by_text("It was deployed").click()
    team.look("lead").get_by_role("button", name="Record the deployment").click()
    expect(page.locator("#out")).to_contain_text("being monitored")
    team.look("lead")
    page = team.look("lead", f"{release}manifests/")
    archived = page.locator("li", has_text="Archived with a deployment")
    with page.expect_download() as download:
        archived.get_by_role("link").click()
    data = Path(download.value.path()).read_bytes()
    expect(archived).to_contain_text(f"sha256:{hashlib.sha256(data).hexdigest()}")
    document = json.loads(data)
    assert document["release"] == VERSION
    assert {one["role"] for one in document["approvals"]} >= {"technical-lead", "product-owner"}
