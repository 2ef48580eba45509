"""Many small files as one stream: a line `sha256 size`, then that many bytes, again and again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from readiness.engine.errors import ReadinessError

MAX_FRAME = 4 << 20
_HEAD = re.compile(rb"([0-9a-f]{64}) (0|[1-9][0-9]{0,9})\n")
_HEAD_LENGTH = 64 + 1 + 10 + 1


class FramesBroken(ReadinessError):
    """The stream is not made of frames, or ends inside one."""


def head(sha256: str, size: int) -> bytes:
    """The line that stands before a file's bytes."""
    return b"%s %d\n" % (sha256.encode(), size)


def frames(read: Callable[[int], bytes]) -> Iterator[tuple[str, bytes]]:
    """Digest (as written, not yet compared) and bytes of each file. `read(n)` gives at most n bytes.

    Raises FramesBroken for anything else than whole frames of at most 4 MB; those before it came whole.
    """
    held = b""
    while True:
        while b"\n" not in held[:_HEAD_LENGTH] and len(held) < _HEAD_LENGTH and (part := read(1 << 16)):
            held += part
        if not held:
            return
        found = _HEAD.match(held)
        if not found:
            raise FramesBroken("A batch is made of lines `sha256 size`, each before the bytes of a file.")
        size = int(found[2])
        if size > MAX_FRAME:
            raise FramesBroken(f"A file of a batch has more than {MAX_FRAME >> 20} MB.", "Send it by itself.")
        parts, missing = [held[found.end() :]], size - (len(held) - found.end())
        while missing > 0 and (part := read(min(missing, 1 << 20))):
            parts.append(part)
            missing -= len(part)
        if missing > 0:
            raise FramesBroken("The batch ended inside a file.", "Send what is missing again.")
        data = b"".join(parts)
        yield found[1].decode(), data[:size]
        held = data[size:]
