"""Sets a report's HTML as PDF/A-3a. Runs in the confined child (engine/child.py), without Django.

It fetches nothing: the HTML carries its style and its drawings, and the fonts come with the order. The only
dates in the file are those of the order, so the same order gives the same bytes.
"""

from __future__ import annotations

import base64
import gc
import importlib
import mimetypes
import os
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

from readiness.engine.errors import CheckProblem

VARIANT = "pdf/a-3a"
SYSTEM_FONTS = (Path("/usr/share/fonts"),)
MOST_SYSTEM_FONTS = 400
# WeasyPrint imports these for variable fonts, web fonts and old HarfBuzz only; they cost a fifth of the time.
RARELY_USED = ("fontTools.subset", "fontTools.varLib.instancer", "fontTools.ttLib.woff2")
NO_PANGO = "The libraries that set the PDF's text (Pango, HarfBuzz) cannot be loaded on this machine: {}."
INSTALL_PANGO = (
    "Install them with: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
    " (Alpine: apk add pango harfbuzz-subset; macOS: brew install pango)."
)


def typeset(payload: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """`{pdf (base64), pages, refused: [url]}` of `{html, fonts: [{name, data}], created, attachments}`.

    `fonts` are OpenType files in base64; `created` is an ISO moment with zone; `attachments` are
    `{name, description, relationship, media_type, data}` with data in base64. `refused` names what the HTML
    asked to be fetched. Raises CheckProblem.
    """
    del fds
    gc.disable()  # one document, then the process ends: collecting its boxes costs a tenth of the time
    folder = _keep_fonts(payload["fonts"])
    html, strange = payload["html"], _uncovered(payload["html"], folder)
    _configure_fonts([folder, *(SYSTEM_FONTS if strange else ())])
    if strange:
        html = _spelled_out(html, strange - _covered(_system_fonts()))
    return _write(html, payload)


def _write(html: str, payload: dict[str, Any]) -> dict[str, Any]:
    weasyprint = _weasyprint()
    fetcher = _refusing_fetcher(weasyprint)
    created = datetime.fromisoformat(payload["created"]).astimezone(UTC)
    attachments = [_attachment(weasyprint, file, created, fetcher) for file in _in_order(payload)]
    options = {"pdf_variant": VARIANT, "attachments": attachments}
    document = weasyprint.HTML(string=html, url_fetcher=fetcher).render(**options)
    data = document.write_pdf(finisher=_finish, **options)
    return {
        "pdf": base64.b64encode(data).decode("ascii"),
        "pages": len(document.pages),
        "refused": fetcher.refused,
    }


def _in_order(payload: dict[str, Any]) -> list[dict[str, str]]:
    """By name: a PDF finds its files by a sorted tree of names."""
    return sorted(payload["attachments"], key=lambda file: str(file["name"]).encode())


def _attachment(weasyprint: Any, file: dict[str, str], created: datetime, fetcher: Any) -> Any:
    if file["media_type"]:
        ending = Path(file["name"]).suffix
        weasyprint.pdf.anchors.MIMETYPES.add_type(file["media_type"], ending)
    return weasyprint.Attachment(
        file_obj=BytesIO(base64.b64decode(file["data"])),
        name=file["name"],
        description=file["description"],
        created=created,
        modified=created,
        relationship=file["relationship"],
        url_fetcher=fetcher,
    )


def _weasyprint() -> Any:
    # Late: its import loads Pango, which must find this process's fonts, and may not be there at all.
    mimetypes.knownfiles = []  # the machine's own tables may be out of reach, and would differ
    for name in RARELY_USED:
        sys.modules.setdefault(name, _Later(name))
    try:
        import weasyprint
    except OSError as error:
        if error.errno is not None:
            raise  # a file of this machine, not a library that is missing
        said = str(error).partition("\n")[0][:200]
        raise CheckProblem(NO_PANGO.format(said), INSTALL_PANGO) from error
    return weasyprint


class _Later(ModuleType):
    """A module that is imported when the first of its functions is called."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*args: Any, **kwargs: Any) -> Any:
            if sys.modules.get(self.__name__) is self:
                del sys.modules[self.__name__]
            return getattr(importlib.import_module(self.__name__), name)(*args, **kwargs)

        return call


def _refusing_fetcher(weasyprint: Any) -> Any:
    class Refusing(weasyprint.URLFetcher):  # type: ignore[misc]  # the library has no types
        """Fetches nothing, from nowhere."""

        def __init__(self) -> None:
            super().__init__(timeout=0, allowed_protocols=(), allow_redirects=False)
            self.refused: list[str] = []

        def fetch(self, url: str, headers: object = None) -> Any:
            """Refuse, and remember what was asked for."""
            self.refused.append(url[:200])
            raise ValueError("a report fetches nothing")

    return Refusing()


def _finish(document: Any, pdf: Any) -> None:
    _say_what_headers_head(document)
    catalog = pdf.catalog
    if "AF" in catalog:  # WeasyPrint 70 names each embedded file twice
        catalog["AF"][:] = dict.fromkeys(catalog["AF"])
    catalog["ViewerPreferences"] = b"<</DisplayDocTitle true>>"
    catalog["PageMode"] = "/UseOutlines"


def _say_what_headers_head(document: Any) -> None:
    """Header cells with their scope, as the HTML says it: WeasyPrint 70 leaves it out."""
    words = {"col": "/Column", "row": "/Row"}
    for page in document.pages:
        for box in page._page_box.descendants():  # noqa: SLF001  # no public way to the boxes
            mark = getattr(box, "mark", None)
            if mark and box.element_tag == "th":
                mark["A"]["Scope"] = words.get(box.element.get("scope"), "/Column")


# --- Fonts: the bundled ones alone, so that a report looks alike on any machine -------------------------
# Only where a text has characters that they lack do the machine's own fonts help out.


def _keep_fonts(fonts: Iterable[dict[str, str]]) -> Path:
    folder = Path.cwd() / "fonts"
    folder.mkdir()
    for font in fonts:
        (folder / Path(font["name"]).name).write_bytes(base64.b64decode(font["data"]))
    return folder


def _configure_fonts(folders: Iterable[Path]) -> None:
    rows = "".join(f"<dir>{folder}</dir>" for folder in folders)
    conf = Path.cwd() / "fonts.conf"
    conf.write_text(
        f'<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig>{rows}'
        f"<cachedir>{Path.cwd() / 'font-cache'}</cachedir></fontconfig>",
        encoding="utf-8",
    )
    os.environ["FONTCONFIG_FILE"] = str(conf)


def _uncovered(html: str, folder: Path) -> set[int]:
    needed = {ord(c) for c in set(html) if not c.isspace()}
    return needed - _covered(sorted(folder.iterdir()))


def _covered(files: Iterable[Path]) -> set[int]:
    # Late: fontTools is part of what WeasyPrint needs, and of nothing else.
    from fontTools.ttLib import TTFont, TTLibError

    found: set[int] = set()
    for file in files:
        try:
            with TTFont(file, lazy=True, fontNumber=0) as font:
                # Names of its own, or it would read them from the outlines: a tenth of the whole time.
                font.setGlyphOrder([f"glyph{number}" for number in range(font["maxp"].numGlyphs)])
                found |= (font.getBestCmap() or {}).keys()
        except (TTLibError, OSError, AssertionError, KeyError):
            continue
    return found


@cache
def _system_fonts() -> list[Path]:
    known = (p for place in SYSTEM_FONTS for p in sorted(place.rglob("*")))
    fonts = [p for p in known if p.suffix.lower() in {".ttf", ".otf", ".ttc"}]
    return fonts[:MOST_SYSTEM_FONTS]


def _spelled_out(html: str, missing: set[int]) -> str:
    """Characters that no font can draw as `[U+4E2D]`: ugly, but a reader can look them up."""
    if not missing:
        return html
    drawn = {number: f"[U+{number:04X}]" for number in missing}
    # Not inside a tag: attributes are read by machines, which can read any character.
    return re.sub(r"[^<>]+(?=<)", lambda text: text[0].translate(drawn), html)
