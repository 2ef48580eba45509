"""Limits in per cent that were most likely meant as a fraction: 0.8 % is met by everything."""

from __future__ import annotations

from readiness.engine.outcome import quantity

ADVICE = "Limits are in per cent: write 80 for 80 %, not 0.8."


def tiny(*limits: float | None) -> str:
    """A question about the first lower limit over 0 and up to 1 %, or ""."""
    low = next((limit for limit in limits if limit is not None and 0 < limit <= 1), None)
    if low is None:
        return ""
    return f"the limit is {quantity(low, '%')}: was {quantity(round(low * 100, 6), '%')} meant?"
