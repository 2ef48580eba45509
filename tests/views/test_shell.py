"""What every page shares: small, local, and without anything inline that the policy forbids."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from checklists import staticfiles

ROOT = Path(staticfiles.__file__).parents[1]
TEMPLATES = [p for p in sorted((ROOT / "templates").rglob("*.html")) if "reports" not in p.parts]
FIRST_PAGE_LIMIT = 200_000
INLINE = re.compile(r"""\sstyle=|\son[a-z]+=["']|<style|javascript:|<script(?![^>]*\ssrc=)""")


def _assets(page: str) -> set[str]:
    found = set(re.findall(r'(?:href|src)="/static/([^"#]+)', page))
    for name in list(found):
        if name.endswith(".css"):
            css = Path(str(finders.find(name))).read_text()
            urls = re.findall(r"""url\("?((?!data:)[^")]+)""", css)
            found |= {str(Path(name).parent / url) for url in urls}
    return found


def _sent(name: str) -> int:
    data = Path(str(finders.find(name))).read_bytes()
    return len(data) if name.endswith(".woff2") else len(gzip.compress(data, 9))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT / "templates")))
def test_nothing_inline(path):
    """No template holds a style, a handler or a script of its own: the policy would refuse it."""
    assert not INLINE.search(path.read_text())


def test_first_page_is_small(client, people, gate):
    """The gate page with everything it loads stays under 200 kB as sent, and all of it is ours."""
    client.force_login(people.lead)
    page = client.get(f"/gates/{gate.pk}/").content.decode()
    assets = _assets(page)
    assert {"vendor/tabler.min.css", "fonts/inter-latin.woff2", "app.css"} <= assets
    assert len(page.encode()) + sum(_sent(name) for name in assets) < FIRST_PAGE_LIMIT
    assert not re.search(r'(?:src|<link[^>]*href)="(?:https?:)?//', page)


def test_policy_and_headers(client, people):
    """Strict policy, nothing kept by caches between, fragments apart from pages."""
    client.force_login(people.lead)
    answer = client.get("/")
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "HX-Request" in answer["Vary"]
    assert answer["Cache-Control"] == "private, no-store"


def test_keyboard_and_token(client, people):
    """A skip link leads to the content; fragments carry the token; signing out is a form."""
    client.force_login(people.lead)
    page = client.get("/").content.decode()
    assert '<a class="skip" href="#main">' in page
    assert 'id="main"' in page
    assert 'hx-headers=\'{"X-CSRFToken"' in page
    assert '<form method="post" action="/accounts/logout/">' in page
    assert 'aria-current="page">Home' in page
    assert '"allowEval": false' in page


def test_every_icon_that_is_used_exists():
    """A misspelt icon would be an empty square."""
    known = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static" / "icons.svg").read_text()))
    used = {name for p in TEMPLATES for name in re.findall(r'{% icon "([^"]+)" %}', p.read_text())}
    assert used
    assert used <= known
