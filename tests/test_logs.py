"""Log lines: one JSON object each, whatever is in them; passwords in addresses are not printed."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from checklists.logs import JsonFormatter


def line(message: str, *arguments: object, error: bool = False) -> str:
    """One formatted record."""
    info = sys.exc_info() if error else None
    return JsonFormatter().format(
        logging.LogRecord("x", logging.WARNING, "f.py", 1, message, arguments, info)
    )


@pytest.mark.parametrize("mark", ["\n", "\r\n", "\x1b[2K", "\0", '"}\n{"level": "info"'])
def test_nobody_forges_a_line(mark):
    """Line ends and control characters of a message stay inside its string."""
    written = line("Not Found: %s", f"/a{mark}b")
    assert written.isprintable()
    assert json.loads(written)["message"] == f"Not Found: /a{mark}b"


@pytest.mark.parametrize(
    "address", ["redis://:s3cret@broker:6379/0", "postgresql://me:s3c:r/et@db/x", "rediss://me:s3cret@b"]
)
def test_passwords_are_not_printed(address):
    """Neither in a message nor in a traceback; the rest of the address is."""
    try:
        raise ConnectionError(f"cannot reach {address}")  # noqa: TRY301  # the traceback is the point
    except ConnectionError:
        written = line("The broker %s is away", address, error=True)
    assert "s3c" not in written
    assert written.count("***@") >= 2
    assert "ConnectionError" in json.loads(written)["error"]


def test_links_of_invitations_are_not_printed():
    """Whoever has the link may accept, so a refused or failed request for it prints only what it was."""
    secret = "aB3-_" * 8 + "xyz"
    written = line("Forbidden (CSRF cookie not set.): %s", f"/invitations/{secret}")
    assert json.loads(written)["message"] == "Forbidden (CSRF cookie not set.): /invitations/…"
