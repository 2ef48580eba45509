"""The child's side of `safetensors`: headers of one file or of many shards (run by engine/child.py)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from readiness.engine.errors import ExtraMissing
from readiness.engine.safetensors_file import Stored, read_header

if TYPE_CHECKING:
    import numpy as np

_CHUNK = 1 << 24
_FLOATS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "C64": "<f4"}
# Types that NumPy does not know: as integers, with the bits that are all set in NaN and infinity.
_BITS = {"BF16": ("<u2", 0x7F80), "F8_E5M2": ("u1", 0x7C), "F8_E4M3": ("u1", 0x7F)}


def inspect(payload: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """What the files hold. `payload`: names (one per descriptor), wanted (tensor names), finite (scan).

    Returns `{files: [[tensor names]], count, parameters, bytes, dtypes, shapes {wanted name: [..] or None},
    metadata, broken (tensors with NaN or infinity, None when not scanned)}`. Raises BadContent,
    LimitExceeded, ExtraMissing.
    """
    read = [read_header(fd, name) for fd, name in zip(fds, payload["names"], strict=True)]
    tensors = {name: stored for held, _ in read for name, stored in held.items()}
    return {
        "files": [list(held) for held, _ in read] if payload["mapped"] else [],
        "count": sum(len(held) for held, _ in read),
        "parameters": sum(stored.numbers for held, _ in read for stored in held.values()),
        "bytes": sum(stored.end - stored.start for held, _ in read for stored in held.values()),
        "dtypes": sorted({stored.dtype for stored in tensors.values()}),
        "shapes": {name: list(tensors[name].shape) for name in payload["wanted"] if name in tensors},
        "names": list(tensors)[:100],
        "metadata": {key[:80]: text[:200] for _, told in read for key, text in list(told.items())[:50]},
        "broken": _broken(fds, [held for held, _ in read]) if payload["finite"] else None,
    }


def _broken(fds: list[int], held: list[dict[str, Stored]]) -> list[str]:
    found = (name for fd, tensors in zip(fds, held, strict=True) for name in _not_finite(fd, tensors))
    return [name[:80] for name, _ in zip(found, range(20), strict=False)]


def _not_finite(fd: int, tensors: dict[str, Stored]) -> list[str]:
    try:
        import numpy as np  # heavy: only in the child
    except ImportError:
        raise ExtraMissing("numpy", "models") from None

    def bad(part: bytes, dtype: str) -> bool:
        if dtype in _FLOATS:
            numbers: np.ndarray = np.frombuffer(part, _FLOATS[dtype])
            return not bool(np.isfinite(numbers).all())
        kind, mask = _BITS[dtype]
        return bool(((np.frombuffer(part, kind) & mask) == mask).any())

    scanned = {name: stored for name, stored in tensors.items() if stored.dtype in (*_FLOATS, *_BITS)}
    return [
        name
        for name, stored in scanned.items()
        if any(
            bad(os.pread(fd, min(_CHUNK, stored.end - at), at), stored.dtype)
            for at in range(stored.start, stored.end, _CHUNK)
        )
    ]
