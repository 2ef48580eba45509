"""What a scan says: hits with a masked preview, counts by type, and what was not looked at."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["high", "low"]
MOST_HITS = 200
NOT_COUNTED = ("ip_address",)


@dataclass(frozen=True, slots=True)
class Hit:
    """One place that holds personal data or a secret; `preview` never holds the value itself.

    `severity` is low for placeholders ("user@example.com", AWS's documented example key) and for public
    IP addresses. `line` is 1-based.
    """

    type: str
    severity: Severity
    path: str
    line: int
    preview: str


@dataclass(slots=True)
class Scan:
    """What was found in the files of a run.

    `by_type` counts every hit of high severity, `low_by_type` those of low severity. `hits` holds the first
    200, high ones before low ones. `files` and `size` (decoded bytes) say what was looked at; `skipped` maps
    a path to why it was not, or not to its end.
    """

    by_type: dict[str, int] = field(default_factory=dict)
    low_by_type: dict[str, int] = field(default_factory=dict)
    hits: tuple[Hit, ...] = ()
    files: int = 0
    size: int = 0
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def counted(self) -> dict[str, int]:
        """What speaks against the data, by type: all hits, placeholders too, but public IP addresses."""
        kinds = [kind for kind in (*self.by_type, *self.low_by_type) if kind not in NOT_COUNTED]
        return {k: self.by_type.get(k, 0) + self.low_by_type.get(k, 0) for k in kinds}

    @property
    def not_counted(self) -> dict[str, int]:
        """What is only told: public IP addresses."""
        return {kind: count for kind, count in self.low_by_type.items() if kind in NOT_COUNTED}


class Tally:
    """Collects hits in constant memory: all are counted, the first ones kept."""

    def __init__(self) -> None:
        self._counts: dict[Severity, Counter[str]] = {"high": Counter(), "low": Counter()}
        self._kept: dict[Severity, list[Hit]] = {"high": [], "low": []}

    def add(self, hit: Hit) -> None:
        """Count a hit; keep it when there is room."""
        self._counts[hit.severity][hit.type] += 1
        if not self.full(hit.severity):
            self._kept[hit.severity].append(hit)

    def full(self, severity: Severity) -> bool:
        """Whether no more hits of that severity are kept."""
        return len(self._kept[severity]) >= MOST_HITS

    def count(self, kind: str, severity: Severity, more: int = 1) -> None:
        """Count hits that are not kept."""
        if more:
            self._counts[severity][kind] += more

    def counts(self, severity: Severity) -> dict[str, int]:
        """Hits of one severity by type, most frequent first."""
        return dict(self._counts[severity].most_common())

    def hits(self) -> tuple[Hit, ...]:
        """The kept hits, high ones first."""
        return tuple([*self._kept["high"], *self._kept["low"]][:MOST_HITS])
