"""Checkpoints as people keep them: one signed note, or many in one file, a saved mail among them."""

from __future__ import annotations

import json
import re

from readiness.engine.errors import BadContent
from readiness.engine.sealed import checkpoint

MAX_BYTES = 64 << 20
_NOTE = re.compile(
    r"^[^\n]{1,300}/audit/[^\n]{1,60}\n[0-9]{1,20}\n[A-Za-z0-9+/=]{44}\n"
    r"time [^\n]{1,60}\n\n— [^\n]{1,400}\n",
    re.MULTILINE,
)
_ORIGIN = re.compile(r"^[^\s/]+/audit/\S+$", re.MULTILINE)


def read(data: bytes, place: str) -> list[checkpoint.Note]:
    """Every checkpoint of a file, or of the `note` of a webhook's body. Verifies no signature.

    Raises BadContent for a file without one, and for one that holds a damaged one.
    """
    if len(data) > MAX_BYTES:
        raise BadContent(f"{place} is larger than {MAX_BYTES >> 20} MB.", "Name a file of checkpoints.")
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise BadContent(f"{place} is not UTF-8 text.", "Name the file as it was delivered.") from None
    text = _of_webhook(text) or text
    found = [checkpoint.read(match[0].encode(), place) for match in _NOTE.finditer(text)]
    if not found:
        raise BadContent(f"{place} holds no checkpoint.", "Name the file as it was delivered.")
    if len(found) != len(_ORIGIN.findall(text)):
        raise BadContent(f"{place} holds a checkpoint that is damaged.", "Name the file as it was delivered.")
    return found


def _of_webhook(text: str) -> str:
    if not text.lstrip().startswith("{"):
        return ""
    try:
        note = json.loads(text)["data"]["note"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return note if isinstance(note, str) else ""
