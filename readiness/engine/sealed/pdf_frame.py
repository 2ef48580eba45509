"""The signature of a PDF, byte for byte: what it covers, and that it stands in the one form we write.

A PDF signature leaves room for itself, and readers look neither at what fills that room nor at how the
signature is encoded. So a byte there could be changed unseen. Here the signature is built anew from its parts
and must be the same bytes. Reads only the bytes around the signature; the PDF itself is pdf_read.py's.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from readiness.engine.errors import BadContent

MAX_CMS = 1 << 18
MAX_CERTIFICATES = 10
_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
_HEX = re.compile(rb"[0-9a-f]+")
ADVICE = "Verify the file as it was downloaded."


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the signature stands: `before` bytes, then `<hex>`, then `after` bytes from `resumes` on."""

    before: int
    resumes: int
    after: int
    der: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A PDF whose own signature is right. `certificates` are SHA-256 in hex, the signer's own first.

    Whose certificate that is, nobody said yet.
    """

    certificates: tuple[str, ...]
    valid_from: datetime
    valid_to: datetime
    frame: Frame


def frame(data: bytes | memoryview) -> Frame:
    """The one signature that covers the file to its last byte. Raises BadContent."""
    found = {tuple(map(int, match.groups())) for match in _RANGE.finditer(data)}
    whole = [r for r in found if r[0] == 0 and r[2] + r[3] == len(data) and 0 < r[1] < r[2]]
    if not found:
        raise BadContent("The file is no signed PDF.", "Name a report or an audit bundle.")
    if len(whole) != 1:
        raise BadContent(
            "Its signature does not cover the file to the last byte: something follows it, or is gone.",
            ADVICE,
        )
    _, before, resumes, after = whole[0]
    room = bytes(data[before:resumes])
    if len(room) > 2 * MAX_CMS + 2 or room[:1] + room[-1:] != b"<>" or not _HEX.fullmatch(room[1:-1]):
        raise BadContent("The place of its signature is not in the canonical form.", ADVICE)
    if len(room) % 2:
        raise BadContent("The place of its signature is not in the canonical form.", ADVICE)
    return Frame(before, resumes, after, _der(bytes.fromhex(room[1:-1].decode("ascii"))))


def _der(raw: bytes) -> bytes:
    """The signature without the zeros that fill its place."""
    size = _length(raw)
    if size is None or any(raw[size:]):
        raise BadContent("The place of its signature is filled with something else than zeros.", ADVICE)
    return raw[:size]


def _length(raw: bytes) -> int | None:
    """The length of the DER sequence at the beginning, with its head; None when there is none."""
    if len(raw) < 2 or raw[0] != 0x30:
        return None
    if raw[1] < 0x80:
        return 2 + raw[1]
    count = raw[1] & 0x7F
    if not 1 <= count <= 3 or len(raw) < 2 + count:
        return None
    total = 2 + count + int.from_bytes(raw[2 : 2 + count], "big")
    return total if total <= len(raw) else None


def digest(data: bytes | memoryview, at: Frame) -> bytes:
    """The SHA-256 of what the signature covers."""
    view, found = memoryview(data), hashlib.sha256()
    found.update(view[: at.before])
    found.update(view[at.resumes :])
    return found.digest()
