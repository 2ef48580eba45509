"""Cookies: names and attributes by which no other host or script gets at them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PASSWORD

ROOT = Path(__file__).resolve().parent.parent
NAMES = [
    f"{kind}_COOKIE_{what}"
    for kind in ("SESSION", "CSRF")
    for what in ("NAME", "SECURE", "HTTPONLY", "SAMESITE")
]


def settings_for(public_url: str) -> dict[str, object]:
    """The cookies' settings of an installation with that public address."""
    wanted = f"{{name: getattr(settings, name, None) for name in {NAMES}}}"
    code = f"import json; from readiness import settings; print(json.dumps({wanted}))"
    env = {**os.environ, "READINESS_PUBLIC_URL": public_url}
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("kind", ["SESSION", "CSRF"])
def test_https(kind):
    """With TLS a cookie belongs to this host alone, travels by TLS only, and no script reads it."""
    found = settings_for("https://readiness.example.org")
    assert str(found[f"{kind}_COOKIE_NAME"]).startswith("__Host-")
    assert [found[f"{kind}_COOKIE_{what}"] for what in ("SECURE", "HTTPONLY", "SAMESITE")] == [
        True,
        True,
        "Lax",
    ]


def test_localhost():
    """Without TLS the prefix would make browsers throw the cookie away."""
    found = settings_for("http://localhost:8000")
    assert (found["SESSION_COOKIE_NAME"], found["SESSION_COOKIE_SECURE"]) == (None, False)
    assert found["SESSION_COOKIE_HTTPONLY"] is True


def test_what_is_sent(client, people):
    """Cookies of a signed-in session have neither a domain nor a path below the root."""
    client.get("/accounts/login/")
    client.post("/accounts/login/", {"login": "lead", "password": PASSWORD})
    assert set(client.cookies) >= {"sessionid", "csrftoken"}
    for cookie in client.cookies.values():
        assert (cookie["domain"] or "", cookie["path"]) == ("", "/")
        assert cookie["httponly"], cookie.key
