"""The main job in a real browser: tick and attach, run and watch, sign, see it stale, export."""

from __future__ import annotations

import re
from pathlib import Path

import pikepdf
import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
DONE = re.compile("Ready to sign|Open|Blocked|Approved")
BY_HAND = {
    "evaluation-complete": "The split file shows disjoint images.",
    "confusion-matrix": "2 and 1 are mixed up; harmless here.",
    "monitoring": "Agreed with those on call.",
    "no-critical-issue": "Two P2 left, both documented.",
    "code-review": "Reviewed by a peer.",
}


def row(page: Page, key: str):
    """The row of an item."""
    return page.locator(f"#item-{key}")


def opened(page: Page, key: str):
    """The row of an item, opened, with its body loaded."""
    item = row(page, key)
    if item.get_attribute("open") is None:
        item.locator("summary").first.click()
    expect(item.locator(".item-forms")).to_be_visible()
    return item


def run_all(page: Page) -> None:
    """Press the button and wait until nothing runs any more."""
    page.get_by_role("button", name="Run all checks").click()
    expect(page.locator("summary[data-state=queued], summary[data-state=running]").first).to_be_attached()
    expect(page.locator("summary[data-state=queued], summary[data-state=running]")).to_have_count(
        0, timeout=60_000
    )


def hand_keys(page: Page) -> list[str]:
    """Items that wait for a person, approvals apart."""
    open_rows = page.locator("details.item:has(summary[data-state=open])")
    keys = [open_rows.nth(n).get_attribute("id").removeprefix("item-") for n in range(open_rows.count())]
    return [key for key in keys if "approval" not in key and not key.startswith("approve")]


def tick(page: Page, key: str, words: str) -> None:
    """Confirm everything, say what was seen, tick."""
    item = opened(page, key)
    for box in item.locator("form.tick input[type=checkbox]").all():
        box.check()
    item.locator("form.tick textarea").fill(words)
    item.get_by_role("button", name="Tick as passed").click()
    expect(item.locator("summary[data-state=passed], summary[data-state=warned]")).to_be_attached()


def settle(page: Page) -> None:
    """Everything but the signatures."""
    run_all(page)
    for key in hand_keys(page):
        tick(page, key, BY_HAND.get(key, "Looked at and found good."))
    expect(page.locator("#verdict-words")).to_contain_text("Ready to sign")


def sign(visitor, gate: str, role: str) -> None:
    """Confirm the role's criteria and sign."""
    page = visitor.goto(f"{gate}sign/{role}/")
    for box in page.locator("input[name=confirmed]").all():
        box.check()
    page.locator("#password").fill(visitor.password)
    page.get_by_role("button", name=re.compile("^Sign as")).click()
    expect(page.locator("#verdict-words")).to_be_visible()


def test_run_all_and_watch(visit, new_gate):
    """One click, and every row changes by itself to what was observed; nobody reloads."""
    gate = new_gate("3.0.0")
    page = visit("lead").goto(gate)
    expect(page.locator("summary[data-state=passed]")).to_have_count(0)
    run_all(page)
    expect(row(page, "test-accuracy")).to_contain_text("91.2 %, needs ≥ 80 %")
    assert page.locator("summary[data-state=passed]").count() >= 15
    expect(page.locator("#verdict-words")).to_contain_text(DONE)


def test_tick_and_attach(visit, new_gate, tmp_path):
    """A person attaches a file and ticks; a second person sees it within seconds, without reloading."""
    gate = new_gate("3.0.1")
    lead, product = visit("lead"), visit("product")
    page, other = lead.goto(gate), product.goto(gate)
    key = "no-critical-issue"
    item = opened(page, key)
    proof = tmp_path / "issues <b>.txt"
    proof.write_text("two P2 issues, none worse")
    item.get_by_text("Attach evidence…").click()
    item.locator("input[type=file]").set_input_files(proof)
    item.get_by_role("button", name="Attach", exact=True).click()
    expect(item).to_contain_text("issues <b>.txt")
    tick(page, key, "Two P2 left, both documented.")
    expect(row(other, key).locator("summary[data-state=passed]")).to_be_attached(timeout=45_000)


def test_sign_change_stale_sign_again(visit, new_gate):
    """Three people sign: approved. New evidence makes all stale and says why. They sign again."""
    gate = new_gate("3.0.2")
    people = {
        "technical-lead": visit("lead"),
        "product-owner": visit("product"),
        "compliance": visit("compliance"),
    }
    page = people["technical-lead"].goto(gate)
    settle(page)
    for role, visitor in people.items():
        sign(visitor, gate, role)
    expect(people["technical-lead"].goto(gate).locator("#verdict-words")).to_contain_text("Approved")
    key = "no-critical-issue"
    item = opened(page, key)
    item.get_by_text("Attach evidence…").click()
    item.get_by_label("or a link").fill("https://issues.example.org/late-find")
    item.get_by_role("button", name="Attach", exact=True).click()
    expect(page.locator("#verdict-words")).not_to_contain_text("Approved")
    expect(page.locator("#sign-off")).to_contain_text("Stale")
    expect(page.locator("#sign-off")).to_contain_text("evidence added")
    for role, visitor in people.items():
        sign(visitor, gate, role)
    expect(people["compliance"].goto(gate).locator("#verdict-words")).to_contain_text("Approved")


def test_wrong_password_signs_nothing(visit, new_gate):
    """The form comes back with what was typed, except the password; nothing is signed."""
    gate = new_gate("3.0.3")
    lead = visit("lead")
    settle(lead.goto(gate))
    page = lead.goto(f"{gate}sign/technical-lead/")
    for box in page.locator("input[name=confirmed]").all():
        box.check()
    page.locator("#comment").fill("Looks good.")
    page.locator("#password").fill("not my password")
    page.get_by_role("button", name=re.compile("^Sign as")).click()
    expect(page.get_by_role("alert")).to_contain_text("password is wrong")
    expect(page.locator("#comment")).to_have_value("Looks good.")
    expect(page.locator("#password")).to_have_value("")
    expect(lead.goto(gate).locator("#verdict-words")).to_contain_text("Ready to sign")


def test_export_and_open_the_pdf(visit, installation, tmp_path):
    """Export of the blocked release: the PDF downloads, opens, and carries its data."""
    auditor = visit("auditor")
    page = auditor.goto("/")
    page.get_by_role("link", name=re.compile("1.5.0")).first.click()
    page.get_by_role("button", name="Export PDF").click()
    link = page.get_by_role("link", name=re.compile("Download report"))
    expect(link).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        link.click()
    target = Path(tmp_path / "report.pdf")
    download.value.save_as(target)
    with pikepdf.open(target) as pdf:
        assert len(pdf.pages) >= 2
        assert "report.json" in pdf.attachments


def test_two_people_one_item(visit, new_gate):
    """The later of two ticks sees what the earlier did; nothing is overwritten."""
    gate = new_gate("3.0.4")
    lead, owner = visit("lead"), visit("owner")
    first, second = lead.goto(gate), owner.goto(gate)
    key = "no-critical-issue"
    opened(second, key).locator("form.tick textarea").fill("My own words.")
    tick(first, key, "Done by the lead.")
    expect(row(second, key).locator("summary[data-state=passed]")).to_be_attached(timeout=45_000)
    expect(row(second, key)).to_contain_text("Done by the lead.")


def test_without_javascript(visit, new_gate):
    """The same tick works as plain forms and pages."""
    gate = new_gate("3.0.5")
    lead = visit("lead", java_script_enabled=False)
    page = lead.goto(gate)
    key = "no-critical-issue"
    page.goto(f"{lead.url}{gate}items/{key}/")
    for box in page.locator("form.tick input[type=checkbox]").all():
        box.check()
    page.locator("form.tick textarea").fill("Seen without scripts.")
    page.get_by_role("button", name="Tick as passed").click()
    expect(page.locator("main")).to_contain_text("Seen without scripts.")
    lead.goto(gate)
    expect(row(page, key).locator("summary[data-state=passed]")).to_be_attached()


def test_by_keyboard(visit, new_gate):
    """Rows open, boxes tick and forms send with the keyboard alone."""
    gate = new_gate("3.0.6")
    page = visit("lead").goto(gate)
    key = "no-critical-issue"
    row(page, key).locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(row(page, key).locator(".item-forms")).to_be_visible()
    boxes = row(page, key).locator("form.tick input[type=checkbox]")
    for number in range(boxes.count()):
        boxes.nth(number).focus()
        page.keyboard.press("Space")
    row(page, key).locator("form.tick textarea").focus()
    page.keyboard.type("Keyboard only.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(row(page, key).locator("summary[data-state=passed]")).to_be_attached()
