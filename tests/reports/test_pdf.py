"""The PDF: rendered for real, in the confined child. Structure, sameness, isolation, hostile input."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from typing import Any

import pikepdf
import pytest

from checklists.reports import html, pdf, typeset
from readiness.engine.child import ChildLimits, isolation, run_in_child
from tests.reports.made import attach, sign, snapshot

SECONDS = 60


@pytest.fixture
def approved(ready_gate, people) -> dict[str, Any]:
    """The snapshot of an approved gate."""
    sign(ready_gate, people)
    return snapshot(ready_gate, people.owner)


def text(data: bytes, *options: str) -> str:
    """What pdftotext reads."""
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("pdftotext is not installed")
    done = subprocess.run([tool, *options, "-", "-"], input=data, capture_output=True, check=True)
    return " ".join(done.stdout.decode().split())


def test_structure(approved):
    """PDF/A-3a by structure: intent, part and conformance, tags, language, title, embedded fonts."""
    data = pdf.render(approved, seconds=SECONDS)
    with pikepdf.open(io.BytesIO(data)) as file:
        root = file.Root
        assert str(root.OutputIntents[0].S) == "/GTS_PDFA1"
        assert len(root.OutputIntents[0].DestOutputProfile.read_bytes()) > 1000
        assert root.MarkInfo.Marked
        assert root.StructTreeRoot is not None
        assert str(root.Lang) == "en"
        assert root.ViewerPreferences.DisplayDocTitle
        with file.open_metadata() as meta:
            assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("3", "A")
            assert "Image classifier 1.4.0" in meta["dc:title"]
            assert meta["xmp:CreateDate"] == approved["generated"]["at"]
        assert str(file.docinfo["/Author"]) == "Owner Person"
        assert not file.is_encrypted
        for font in _fonts(file):
            assert "FontFile" in str(font.FontDescriptor.keys())
            assert "Inter" in str(font.BaseFont)
            assert font.get("/ToUnicode") is not None or "/Identity" in str(font)


def _fonts(file: pikepdf.Pdf) -> list[Any]:
    found = {}
    for page in file.pages:
        for font in page.Resources.Font.values():
            found[str(font.BaseFont)] = font.DescendantFonts[0]
            assert font.ToUnicode is not None
            found[str(font.BaseFont)].ToUnicode = font.ToUnicode
    assert found
    return list(found.values())


def test_same_row_same_bytes(approved):
    """Rendered twice, in two processes, the bytes are equal."""
    assert pdf.render(approved, seconds=SECONDS) == pdf.render(approved, seconds=SECONDS)


def test_text(approved):
    """A reader finds verdict, figures, page numbers; every page has the footer."""
    data = pdf.render(approved, seconds=SECONDS)
    said = text(data)
    assert "Approved for production" in said
    assert "87.6 %" in said
    with pikepdf.open(io.BytesIO(data)) as file:
        pages = len(file.pages)
    for number in range(1, pages + 1):
        page = text(data, "-f", str(number), "-l", str(number))
        assert f"Page {number} of {pages}" in page
        assert "state sha256:" in page


def test_not_approved_on_every_page(ready_gate, people):
    """A stale gate's report carries its verdict on page one and in each footer."""
    sign(ready_gate, people)
    attach(ready_gate, people.owner)
    data = pdf.render(snapshot(ready_gate, people.owner), seconds=SECONDS)
    with pikepdf.open(io.BytesIO(data)) as file:
        pages = len(file.pages)
    for number in range(1, pages + 1):
        assert "Not approved: signatures are stale" in text(data, "-f", str(number), "-l", str(number))


def test_page_one_holds_its_answer(ready_gate, people):
    """However much is in the way: who made the report and how to verify it stand on page one."""
    report = snapshot(ready_gate, people.owner)
    way = {"kind": "failed", "item": "", "title": "Exported accuracy " * 3, "text": "measured " * 30}
    report["verdict"] |= {"state": "blocked", "blockers": [way | {"resolve": "Do again. " * 20}] * 9}
    pages = [text(pdf.render(report, seconds=SECONDS), "-f", str(n), "-l", str(n)) for n in (1, 2)]
    assert "how to verify" in pages[0]
    assert len(pages[1]) > 500


def test_confined(approved):
    """The child that sets the PDF is confined as far as the checks' children are on this machine."""
    payload = {
        "html": "<!doctype html><html lang=en><title>t</title><p>x</p>",
        "fonts": pdf.fonts(),
        "created": "2026-11-21T12:00:00+00:00",
        "attachments": [],
    }
    result = run_in_child(pdf.TASK, payload, limits=ChildLimits(seconds=SECONDS, writes=pdf.WRITES))
    assert result.isolation == isolation()


def test_hostile_report(approved):
    """Bidi, control characters, endless words, other scripts: a report comes out, and says them."""
    item = approved["sections"][1]["items"][0]
    item["title"] = "w" * 10_000
    item["reason"] = "abc\u202egnp.exe \x07 \u4e2d\u6587 \U0001f680 \ue000 " + "[" * 1000
    item["notes"] = [{"text": "\u0633\u0644\u0627\u0645 שלום", "by": "<b>Bo</b>", "at": ""}] * 3
    said = text(pdf.render(approved, seconds=SECONDS))
    assert "[U+202E]gnp.exe [U+0007]" in said
    assert "[U+E000]" in said
    assert "<b>Bo</b>" in said
    assert "8800 more characters in report.json" in said


def test_characters_that_no_font_has(approved):
    """A character beyond every font is named by its number instead of an empty box."""
    approved["sections"][1]["items"][0]["reason"] = "old \U00012000 sign"
    said = text(pdf.render(approved, seconds=SECONDS))
    assert "[U+12000]" in said or "\U00012000" in said


def test_many_items(approved):
    """300 items stay within bounds, and all are there."""
    section = approved["sections"][0]
    section["items"] = [dict(section["items"][0], title=f"Item {n}") for n in range(300)]
    data = pdf.render(approved, seconds=SECONDS * 2)
    assert len(data) < 4_000_000
    assert "Item 299" in text(data)


def test_takes_too_long(approved):
    """Out of time: said so, with what to do; nothing is returned."""
    with pytest.raises(pdf.RenderingError, match=r"0\.3 s.*READINESS_REPORT_SECONDS"):
        pdf.render(approved, seconds=0.3)


def test_missing_font(approved, monkeypatch):
    """A broken installation is named."""
    monkeypatch.setattr(pdf, "FONTS", ("Nowhere.otf",))
    pdf.fonts.cache_clear()
    with pytest.raises(pdf.RenderingError, match=r"Nowhere\.otf"):
        pdf.render(approved, seconds=SECONDS)
    pdf.fonts.cache_clear()


def test_missing_pango(tmp_path):
    """Without Pango the message holds the line that installs it."""
    code = (
        "import cffi, sys; from checklists.reports import typeset\n"
        "def gone(self, *a, **k): raise OSError('cannot load library libpango-1.0-0')\n"
        "cffi.FFI.dlopen = gone\n"
        "try: typeset._weasyprint()\n"
        "except Exception as error: print(error)\n"
    )
    here = html.__file__.rsplit("/checklists/", 1)[0]
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": here},
    )
    assert "libpango-1.0-0" in done.stdout
    assert typeset.INSTALL_PANGO in done.stdout
