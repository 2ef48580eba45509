"""JSON text of plain data, for the report and the history."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def dump(data: Any, indent: int = 2) -> str:
    """Indented JSON without NaN and infinities (they become text)."""
    text = json.dumps(_finite(data), indent=indent, ensure_ascii=False, allow_nan=False)
    return text.encode(errors="backslashreplace").decode()  # names of files may be no text


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
