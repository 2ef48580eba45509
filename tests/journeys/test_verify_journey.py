"""The auditor's way in a real browser: download the bundle, drop it on the page, read what is verified."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from readiness.processes import wait_for

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
VERIFIED = "Everything in this file is as it was signed."
DROP = """([where, name, data]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const given = new DataTransfer();
  given.items.add(new File([bytes], name));
  for (const kind of ["dragover", "drop"])
    document.querySelector(where).dispatchEvent(
      new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: given}));
}"""


def downloaded(page: Page, kind: str, place: Path) -> Path:
    """A file of the first report of 1.4.0, which the demonstration asked for."""
    link = page.get_by_role("link", name=kind).last
    assert wait_for(lambda: link.count() > 0 or not page.reload(), 60, every=1)
    with page.expect_download() as download:
        link.click()
    target = place / download.value.suggested_filename
    download.value.save_as(target)
    return target


def test_drop_a_bundle(visit, tmp_path):
    """The bundle of the reports page, dropped: verified; with a byte changed: failed; all scripts may run."""
    page = visit("auditor").goto("/gates/1/reports/")
    bundle = downloaded(page, "Audit bundle", tmp_path)
    assert re.fullmatch(r"readiness-audit-digits-classifier-1-4-0-production-report-\d+\.zip", bundle.name)
    data = bundle.read_bytes()
    page.get_by_role("link", name="Verify a file", exact=True).click()
    expect(page.get_by_text("Drop a PDF or ZIP here")).to_be_visible()
    page.evaluate(DROP, ["[data-drop]", bundle.name, base64.b64encode(data).decode()])
    expect(page.get_by_text(VERIFIED)).to_be_visible()
    expect(page.locator("#result")).to_contain_text("Digits classifier 1.4.0")
    changed = data[:5000] + bytes([data[5000] ^ 1]) + data[5001:]
    page.evaluate(DROP, ["[data-drop]", "changed.zip", base64.b64encode(changed).decode()])
    expect(page.get_by_text("This file is not what was signed.")).to_be_visible()


def test_without_javascript(visit, tmp_path):
    """The PDF by the plain form, with the installation's key as somebody has it who was sent it."""
    page = visit("auditor", java_script_enabled=False).goto("/gates/1/reports/")
    pdf = downloaded(page, "(PDF)", tmp_path)
    page.get_by_role("link", name="Public keys").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="All keys").click()
    download.value.save_as(tmp_path / "keys.json")
    page.get_by_role("link", name="Verify a file", exact=True).click()
    expect(page.get_by_text("Drop a PDF or ZIP here")).to_be_hidden()
    page.get_by_label("Report (PDF) or audit bundle").set_input_files(pdf)
    page.get_by_text("I have a key or a checkpoint").click()
    page.get_by_label("Your own public key").set_input_files(tmp_path / "keys.json")
    page.get_by_role("button", name="Verify it").click()
    expect(page.get_by_text(VERIFIED)).to_be_visible()
    expect(page.get_by_text("the key that you gave, and no other")).to_be_visible()
