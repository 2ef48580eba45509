"""The status of one readiness check, and of a whole report."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from readiness.engine.outcome import Outcome, worst


class ReadinessStatus(StrEnum):
    """PASS < WARN < FAIL = ERROR. ERROR means that the check itself broke, so nothing is known."""

    PASS = "PASS"  # noqa: S105  # not a password
    WARN = "WARN"
    FAIL = "FAIL"
    ERROR = "ERROR"

    @property
    def outcome(self) -> Outcome:
        """The same as the outcome of a checklist's check."""
        return Outcome(self.value)

    @property
    def passes(self) -> bool:
        """True for PASS and WARN."""
        return self.outcome.passes


def worst_of(statuses: Iterable[ReadinessStatus]) -> ReadinessStatus:
    """The status that decides for all; FAIL is named before ERROR. None at all is ERROR: nothing is known."""
    outcome = worst(status.outcome for status in statuses)
    return ReadinessStatus.ERROR if outcome is Outcome.SKIP else ReadinessStatus(outcome.value)
