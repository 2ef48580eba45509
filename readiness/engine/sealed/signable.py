"""What of a check's result a signature covers: the snapshot holds it, and who verifies computes it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def signable(result: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a check result that a signature covers."""
    finding = result["finding"]
    volatile = any(m["volatile"] for m in finding["measurements"])
    return {
        "kind": result["kind"],
        "params": result["params"],
        "outcome": finding["outcome"],
        "message": "" if volatile else finding["message"],
        "measurements": [_measurement(m) for m in finding["measurements"]],
        "files": [{"path": f["path"], "sha256": f["sha256"]} for f in result["files"]],
    }


def _measurement(measurement: Mapping[str, Any]) -> dict[str, Any]:
    kept = {k: measurement[k] for k in ("name", "unit", "limit", "ok")}
    if not measurement["volatile"]:
        kept |= {"value": measurement["value"], "source": measurement["source"]}
    return kept
