"""SHA-256 as producers write it, and the chain hash over a table of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.ready import shape

_HEX = re.compile(r"[0-9a-f]{64}")
_PREFIX = re.compile(r"sha-?256[:=-]", re.IGNORECASE)


def normal(value: Any, place: str) -> str:
    """64 lower-case hex digits, without a `sha256:` prefix. Raises BadContent for anything else."""
    text = shape.as_text(value, place).strip()
    digits = _PREFIX.sub("", text, count=1) if _PREFIX.match(text) else text
    if not _HEX.fullmatch(digits.lower()):
        raise BadContent(
            f"{place} is {text[:80]!r}; expected a SHA-256 of 64 hex digits.", "Write the file's SHA-256."
        )
    return digits.lower()


def chain(files: Mapping[str, str]) -> str:
    """The SHA-256 of the sorted `name=hash` entries joined by `|`."""
    entries = "|".join(sorted(f"{name}={digest}" for name, digest in files.items()))
    return hashlib.sha256(entries.encode(errors="surrogatepass")).hexdigest()
