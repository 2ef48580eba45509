"""Metrics of a run beside those of its baseline, and which of them got worse."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readiness.engine.ready import shape
from readiness.engine.ready.files import RunFiles
from readiness.engine.ready.layout import EVALUATION, RUN_META
from readiness.engine.ready.listing import DECISION

_TABLES = ("overall", "metrics", "aggregate", "results", "scores")
_BASELINES = ("baseline_metrics", "baseline", "previous", "previous_metrics", "baseline_results", "reference")
_LOWER = ("loss", "error", "latency", "perplexity", "mae", "mse", "rmse", "wer", "cer", "fpr", "fnr", "ece")
_TIMES = ("latency", "duration", "seconds", "_ms", "_s", "time", "runtime", "throughput")
_NOT_METRICS = (
    "num_examples",
    "n",
    "count",
    "samples",
    "seed",
    "epoch",
    "step",
    "steps",
    "support",
    "exit_code",
)
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Change:
    """A metric that got worse: before and after, and the words for how much."""

    name: str
    before: float
    after: float

    @property
    def words(self) -> str:
        """In points for fractions ("accuracy dropped 5%"), else relative to the value before."""
        if _fraction(self.before) and _fraction(self.after):
            amount = abs(self.after - self.before) * 100
        else:
            amount = abs(self.after - self.before) / abs(self.before or 1) * 100
        verb = "dropped" if self.after < self.before else "rose"
        return f"{self.name} {verb} {amount:.3g}% ({self.before:g} → {self.after:g})"


def of_run(files: RunFiles) -> dict[str, float]:
    """The metrics of a run by name: from the evaluation, the decision, or the run's metadata."""
    for name in (EVALUATION, DECISION, RUN_META):
        raw = files.object(name)
        if raw is not None and (found := current(raw, name)):
            return found
    return {}


def current(raw: Mapping[str, Any], name: str) -> dict[str, float]:
    """The metrics that a result file states. Raises BadContent for numbers as text."""
    for table in _TABLES:
        if raw.get(table) is not None:
            return dict(flat(shape.as_object(raw[table], f"{name} · {table}"), f"{name} · {table}"))
    if name in (DECISION, RUN_META):
        return {}
    top = {k: v for k, v in raw.items() if isinstance(v, int | float) and not isinstance(v, bool)}
    return dict(flat(top, name))


def baseline(raw: Mapping[str, Any], name: str) -> dict[str, float] | None:
    """The metrics of the baseline that a result file names, or None."""
    for key in _BASELINES:
        value = raw.get(key)
        if isinstance(value, dict):
            inner = next((value[t] for t in _TABLES if isinstance(value.get(t), dict)), value)
            numbers = {k: v for k, v in inner.items() if isinstance(v, int | float | dict)}
            return dict(flat(numbers, f"{name} · {key}"))
    return None


def flat(table: Mapping[str, Any], place: str, prefix: str = "") -> Iterator[tuple[str, float]]:
    """Numbers of a table by dotted name; text and lists are no metrics. Raises BadContent for NaN."""
    for count, (key, value) in enumerate(table.items()):
        if count > _MOST:
            return
        if isinstance(value, dict):
            yield from flat(value, f"{place}.{key}", f"{prefix}{key}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            if key not in _NOT_METRICS:
                yield f"{prefix}{key}", float(shape.as_number(value, f"{place}.{key}"))
        elif isinstance(value, str) and _looks_numeric(value):
            raise shape.wrong(f"{place}.{key}", value, "a number")


def worse(before: Mapping[str, float], after: Mapping[str, float]) -> list[Change]:
    """What got worse by more than noise, in the order of `after`.

    Noise is 0.1 points for fractions, 1 % for other numbers, 10 % for times.
    """
    return [
        Change(name, before[name], value)
        for name, value in after.items()
        if name in before and _worse(name, before[name], value)
    ]


def _worse(name: str, before: float, after: float) -> bool:
    small = name.casefold()
    lower = any(word in small for word in _LOWER) or (_timed(small) and "throughput" not in small)
    loss = after - before if lower else before - after
    if _timed(small):
        return loss > abs(before) * 0.1
    if _fraction(before) and _fraction(after):
        return loss > 0.001 + 1e-9
    return loss > abs(before) * 0.01


def _timed(name: str) -> bool:
    return any(name.endswith(word) or (len(word) > 2 and word in name) for word in _TIMES)


def _fraction(value: float) -> bool:
    return 0 <= value <= 1


def _looks_numeric(text: str) -> bool:
    try:
        return not math.isnan(float(text.strip().rstrip("%")))
    except ValueError:
        return False
