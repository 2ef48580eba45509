r"""Escapes that hide plain characters: \u0040, %40, &#64;."""

from __future__ import annotations

from typing import Any

from readiness.engine.scan import patterns
from readiness.engine.scan.blocks import Block


def unescaped(block: Block) -> Block:
    """The block with plain characters in place of their escapes; line ends stay where they are."""
    before, within, after = (
        _plain(part)
        for part in (
            block.data[: block.low], block.data[block.low : block.high], block.data[block.high :]
        )
    )  # fmt: skip
    low = len(before)
    return Block(before + within + after, low, low + len(within), block.line)


def _plain(data: bytes) -> bytes:
    made: bytes = patterns.escaped().sub(_character, data)
    return made


def _character(match: Any) -> bytes:
    text: bytes = match[0]
    if text.startswith(b"\\u"):
        return bytes([int(text[4:6], 16)])
    return b"@" + (text[3:] if text.startswith(b"%") else b"")
