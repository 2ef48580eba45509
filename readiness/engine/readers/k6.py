"""Summaries of k6: `--summary-export`, `handleSummary`, and the machine-readable one of version 1.0.0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from readiness.engine.errors import BadContent, NotFound

_VERSION = "1."  # of the machine-readable summary; k6 writes it from 1.5 on when asked to
_CLOSE = 0.0011  # a rate may be rounded to three decimals


def is_summary(loaded: Any) -> bool:
    """Whether it looks like a summary of an HTTP test, in any of the three forms."""
    if not isinstance(loaded, dict):
        return False
    metrics, results = loaded.get("metrics"), loaded.get("results")
    listed = results.get("metrics") if isinstance(results, dict) else None
    named = isinstance(listed, list) and any(
        isinstance(e, dict) and e.get("name") == "http_reqs" for e in listed
    )
    return named or (isinstance(metrics, dict) and "http_reqs" in metrics)


def values(loaded: Any, name: str, file: str) -> Mapping[str, Any]:
    """The values of a metric. Raises NotFound, and BadContent for other versions and a repeated one."""
    if isinstance(loaded, dict) and "results" in loaded:
        found = _listed(loaded, name, file)
    else:
        metrics = loaded.get("metrics") if isinstance(loaded, dict) else None
        found = metrics.get(name) if isinstance(metrics, dict) else None
    if isinstance(found, dict) and isinstance(found.get("values"), dict):
        found = found["values"]
    if not isinstance(found, dict):
        raise NotFound(f"{file} has no metrics.{name}.", "Export the summary of an HTTP test of k6.")
    return found


def _listed(loaded: Mapping[str, Any], name: str, file: str) -> Any:
    version = loaded.get("version")
    if not isinstance(version, str) or not version.startswith(_VERSION):
        raise BadContent(f"{file} is k6's summary of the version {str(version)[:20]}, known is 1.", "")
    results = loaded["results"]
    listed = results.get("metrics") if isinstance(results, dict) else None
    found = (
        [e for e in listed if isinstance(e, dict) and e.get("name") == name]
        if isinstance(listed, list)
        else []
    )
    if len(found) > 1:
        raise BadContent(f"{file} gives {name} twice.", "Export the summary again.")
    return found[0] if found else None


def failed_of(rate: Mapping[str, Any]) -> tuple[str, str] | None:
    """Which keys of `http_req_failed` count its true events and all events, or None for the older pair.

    The older pair counts failed requests as `passes`, because there the rate was true.
    """
    return ("matches", "total") if "matches" in rate or "total" in rate else None


def agrees(rate: Mapping[str, Any], bad: float, count: float) -> bool:
    """Whether the stated rate, if there is one, is that of the counts."""
    stated = rate.get("rate", rate.get("value"))
    if stated is None:
        return True
    return type(stated) in (int, float) and bool(count) and abs(stated - bad / count) <= _CLOSE
