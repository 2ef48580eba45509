"""`metric`: a value found in a file, against its limit."""

from __future__ import annotations

from readiness.engine.errors import BadContent
from readiness.engine.outcome import Finding, Limit, Measurement, Scalar, judged, quantity
from readiness.engine.readers import metrics
from readiness.engine.readers.metrics import Pick, Wanted
from readiness.engine.readers.numbers import PERCENT, Scale
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory


class MetricParams(Params, frozen=True):
    """`key` (or several `keys`) in `file`; limits in `unit`; `scale` says how the file writes shares."""

    file: str
    key: str = ""
    keys: tuple[str, ...] = ()
    label: str = ""
    unit: str | None = None
    scale: Scale | None = None
    pick: Pick | None = None
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    below: float | None = None
    equals: Scalar = None
    one_of: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.named:
            raise ValueError("it needs `key` or `keys`, for example `key: test.accuracy`")

    @property
    def named(self) -> tuple[str, ...]:
        """The keys that are looked for."""
        return self.keys or ((self.key,) if self.key else ())

    def limits(self) -> list[Limit]:
        """The declared limits, as values."""
        pairs = ((">=", self.at_least), ("<=", self.at_most), (">", self.above), ("<", self.below))
        found = [Limit(op, value) for op, value in pairs if value is not None]
        if self.equals is not None:
            found.append(Limit("==", self.equals))
        return [*found, Limit("in", self.one_of)] if self.one_of else found


def label_of(key: str) -> str:
    """A key for people: "test.accuracy" becomes "Test accuracy", "val.f1" "Val F1"."""
    words = key.replace(".", " ").replace("_", " ").split()
    short = {"f1": "F1", "auc": "AUC", "roc": "ROC", "p95": "p95"}
    text = " ".join(short.get(w.lower(), w) for w in words)
    return text[:1].upper() + text[1:]


@check("metric", title="A value meets its limit")
def metric(want: MetricParams, run: RunDirectory) -> Finding:
    """Reads one value (`key`) or several (`keys`) from what a tool wrote, and compares.

    - JSON, YAML, TOML: dotted keys (`test.accuracy`); in a list of objects (`log_history` of
      `trainer_state.json`, or JSON Lines) the key is that of the objects (`log_history.eval_accuracy`).
    - CSV, TSV: a column; empty cells are passed over, as in Lightning's `metrics.csv`.
    - Markdown, text: a table's row or a line `Name: value`; `model-index.accuracy` (or
      `model-index.<dataset>.accuracy`) of a model card; `macro avg.f1-score` of scikit-learn's report.
    - MLflow: `file` is the run's directory (`mlruns/<experiment>/<run>`); the key is that of the metric
      (`val/acc`), or `params/…`, `tags/…`, `meta/status`.

    Several values under one key (one for each epoch) need `pick`. Limits are `at_least`, `at_most`, `above`,
    `below`, `equals`, `one_of`; without any, the value only has to be there. With `unit: "%"` the values
    0.828 and "82.8 %" are the same; how a bare number was read is said in the finding. Text, NaN, infinity,
    a missing key and a Git LFS pointer never pass, and what a file says twice, differently, is never chosen.

    ```yaml check
    metric: {file: results/production/metrics.json, key: test.accuracy, unit: "%", at_least: 80}
    ```
    """
    measured = [m for key in want.named for m in _measure(want, key, run)]
    tiny = _tiny_bar(want)
    return judged(
        measured,
        _message(want, measured) + (f"; {tiny}" if tiny else ""),
        advice="Improve the value, or look into the file it came from."
        if not tiny
        else "Limits are in the unit of the check: write 80 for 80 %, not 0.8.",
        warn=bool(tiny),
    )


def _tiny_bar(want: MetricParams) -> str:
    # A bar of 0.8 % is met by everything: most likely 80 % was meant.
    bars = [bar for bar in (want.at_least, want.above) if bar is not None and 0 < bar <= 1]
    return (
        f"the limit is {quantity(bars[0], '%')}: was {quantity(bars[0] * 100, '%')} meant?"
        if bars and want.unit == "%"
        else ""
    )


def _measure(want: MetricParams, key: str, run: RunDirectory) -> list[Measurement]:
    name = (want.label if len(want.keys) <= 1 else "") or label_of(key)
    if isinstance(want.equals, str | bool) or want.one_of:
        value, source = _word(run, want, key), f"{want.file} · {key}"
    else:
        wanted = Wanted(file=want.file, key=key, unit=want.unit, scale=want.scale, pick=want.pick)
        reading = metrics.read(run, wanted)
        value, source = reading.value, reading.source
    limits: list[Limit | None] = [*want.limits()] or [None]
    return [Measurement(name=name, value=value, unit=want.unit, limit=lim, source=source) for lim in limits]


def _word(run: RunDirectory, want: MetricParams, key: str) -> Scalar:
    value = metrics.value(run, want.file, key)
    if not isinstance(value, str | bool | int | float):
        raise BadContent(f"{want.file} · {key} is not a single value.", "Write one word or number there.")
    return value


def _message(want: MetricParams, measured: list[Measurement]) -> str:
    first = measured[0]
    if len({m.name for m in measured}) > 1:
        bad = [m for m in measured if m.ok is False]
        shown = bad or measured
        return ", ".join(f"{m.name} {m.observed}" + (f" (needs {m.expected})" if bad else "") for m in shown)
    needs = " and ".join(m.expected for m in measured if m.limit)
    said = f"{first.name} {first.observed}" + (f", needs {needs}" if needs else "")
    return said + _margin(first) if len(measured) == 1 else said


def _margin(measurement: Measurement) -> str:
    limit, value = measurement.limit, measurement.value
    if limit is None or not isinstance(value, float) or not isinstance(limit.value, int | float):
        return ""
    if limit.op not in (">=", ">") or measurement.unit not in PERCENT:
        return ""
    margin = value - limit.value
    return f" (margin {'+' if margin >= 0 else '−'}{quantity(round(abs(margin), 2))})"
