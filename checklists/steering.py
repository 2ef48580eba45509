"""The last look at a page: characters that turn a text around or steer a terminal are spelled out.

Escaping keeps texts from being markup. These characters stay text, yet what a reader sees differs from what
stands there, also for what stands beside them.
"""

from __future__ import annotations

import re

_CONTROLS = bytes({*range(0x20), 0x7F} - {*b"\t\n\r"})
# U+202A to U+202E, U+2066 to U+2069
_TURNING = [b"\xe2\x80" + bytes([last]) for last in range(0xAA, 0xAF)]
_TURNING += [b"\xe2\x81" + bytes([last]) for last in range(0xA6, 0xAA)]
_C1 = re.compile(b"\xc2[\x80-\x9f]")
_ANY = re.compile(b"[" + re.escape(_CONTROLS) + b"]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]")


def steerless(page: bytes) -> bytes:
    """A page in UTF-8 with each such character as `[U+202E]`; nearly always the same object."""
    harmless = len(page.translate(None, _CONTROLS)) == len(page)
    if harmless and not _C1.search(page) and not any(mark in page for mark in _TURNING):
        return page
    return _ANY.sub(lambda found: f"[U+{ord(found[0].decode()):04X}]".encode(), page)
