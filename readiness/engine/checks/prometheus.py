"""`prometheus`: what the monitoring says. Opt-in, and only servers that the operator allows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from msgspec import Meta

from readiness.engine.errors import BadContent, NotAllowed, NotFound
from readiness.engine.outcome import Chart, Finding, Limit, Measurement, Outcome, judged, quantity
from readiness.engine.readers import plain_json
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

if TYPE_CHECKING:
    from readiness.engine.guarded import Ask

_TYPES = ("vector", "scalar")


class PrometheusParams(Params, frozen=True):
    """`server` is the address before `/api/v1`; `query` must give one series. `minutes` asks for that long
    until now, a value each `step` seconds, and every value must hold. Limits are in the query's own unit,
    which `unit` only names.
    """

    server: str
    query: Annotated[str, Meta(min_length=1, max_length=4_000)]
    label: str = ""
    unit: str | None = None
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    below: float | None = None
    minutes: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    step: Annotated[int, Meta(ge=1, le=86_400)] = 60

    def __post_init__(self) -> None:
        if not self.limits():
            raise ValueError("give a limit: `at_least`, `at_most`, `above` or `below`")
        if self.minutes and self.minutes * 60 / self.step > 10_000:
            raise ValueError("`minutes` and `step` ask for more than 10 000 values")

    def limits(self) -> list[Limit]:
        """The declared limits, as values."""
        pairs = ((">=", self.at_least), ("<=", self.at_most), (">", self.above), ("<", self.below))
        return [Limit(op, value) for op, value in pairs if value is not None]


@check("prometheus", title="Monitoring shows a value within its limit")
def prometheus(want: PrometheusParams, run: RunDirectory) -> Finding:
    """Asks a Prometheus server one question and compares the answer with a limit.

    It is skipped, and nothing is sent, when the operator has not allowed the server. It fails on a value
    beyond its limit, on NaN and infinity, on an answer without any series (the metric does not exist, or
    nothing was asked of the service), on several series (write `sum(…)` or `max(…)`), with `minutes` on any
    value beyond the limit and on a series with gaps, and when the server cannot be reached. A warning of the
    server, such as an answer that is not complete, is a warning here.

    A token, where the server wants one, comes from the operator's READINESS_TOKENS (`host:port=token`), never
    from a checklist; over http it is sent only to a port named there.
    To resolve a failure: look at the same query in the server's own page.

    ```yaml check
    - prometheus:
        server: https://prometheus.example.org
        query: sum(rate(http_requests_total{status=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))
        label: Error rate
        at_most: 0.05
    - prometheus:
        server: https://prometheus.example.org
        query: histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))
        label: p95
        unit: s
        at_most: 1
    ```
    """
    # httpx takes a quarter of a second to import, and most runs probe nothing
    from readiness.engine.guarded import Unreachable, fetch

    url = _address(want, run)
    try:
        answer = fetch(
            url,
            allowed_hosts=run.options.allowed_hosts,
            seconds=run.options.http_seconds,
            ask=_ask(want, run),
        )
    except Unreachable as problem:
        return Finding(outcome=Outcome.FAIL, message=problem.message, advice=problem.advice)
    except ValueError as error:
        raise NotAllowed(f"The list of allowed hosts has a bad entry: {error}.", "Correct it.") from None
    said = plain_json.parse(answer.text, want.server)
    series = _series(said, answer.status, want)
    warnings = [str(warning)[:200] for warning in said.get("warnings") or ()][:5]
    measured = [*_measurements(want, series)]
    return judged(
        measured,
        "; ".join([_message(want, measured), *warnings]),
        advice="Look at the same query in the server's own page.",
        charts=_charts(want, series),
        details={"server": want.server, "query": want.query, "address": answer.address},
        warn=bool(warnings),
    )


def _address(want: PrometheusParams, run: RunDirectory) -> str:
    base = want.server.rstrip("/")
    if want.minutes is None:
        return f"{base}/api/v1/query?{urlencode({'query': want.query})}"
    end = (run.options.now or datetime.now(UTC)).timestamp()
    asked = {
        "query": want.query,
        "start": f"{end - 60 * want.minutes:.0f}",
        "end": f"{end:.0f}",
        "step": want.step,
    }
    return f"{base}/api/v1/query_range?{urlencode(asked)}"


def _ask(want: PrometheusParams, run: RunDirectory) -> Ask:
    from readiness.engine.guarded import Ask, token_for

    token = token_for(want.server, run.options.tokens)
    return Ask(headers={"authorization": f"Bearer {token}"} if token else {})


def _series(said: Any, status: int, want: PrometheusParams) -> list[tuple[float, float]]:
    """Times (Unix seconds) and values of the one series. Raises BadContent, NotFound."""
    if not isinstance(said, Mapping) or said.get("status") != "success" or status != 200:
        why = said.get("error") if isinstance(said, Mapping) else None
        raise BadContent(
            f"{want.server} answers {status}: {str(why or 'no success')[:200]}.", "Correct the query."
        )
    data = said.get("data")
    kind, result = (data.get("resultType"), data.get("result")) if isinstance(data, Mapping) else (None, None)
    if not isinstance(result, list) or kind not in (("matrix",) if want.minutes else _TYPES):
        raise BadContent(f"The query gives a {str(kind)[:20]}, not a number.", "Write a query of numbers.")
    if kind == "scalar":
        return [_pair(result)]
    if not result:
        raise NotFound("The query gives no series: nothing was measured.", "See whether the metric exists.")
    if len(result) > 1:
        raise BadContent(
            f"The query gives {len(result)} series.", "Join them, for example with `sum(…)` or `max(…)`."
        )
    only = result[0] if isinstance(result[0], Mapping) else {}
    pairs = only.get("values") if want.minutes else [only.get("value")]
    if not isinstance(pairs, list) or not pairs:
        raise BadContent("The series holds no values.", "See whether the metric exists.")
    return [_pair(pair) for pair in pairs]


def _pair(raw: Any) -> tuple[float, float]:
    # values are text: "0.04", "NaN", "+Inf"
    try:
        at, value = raw
        return float(at), float(value)
    except (TypeError, ValueError):
        raise BadContent(
            f"The server answers {str(raw)[:60]!r} for a value.", "Ask another server."
        ) from None


def _measurements(want: PrometheusParams, series: list[tuple[float, float]]) -> Iterator[Measurement]:
    name, values = want.label or "Value", [value for _, value in series]
    for limit in want.limits():
        worst = _worst(values, limit)
        yield Measurement(
            name=name,
            value=worst,
            unit=want.unit,
            limit=limit,
            source=f"{want.server} · {want.query}",
            volatile=True,
        )
    if want.minutes:
        # both ends are asked for; one value less may be the newest, not yet scraped
        least = max(1, want.minutes * 60 // want.step)
        yield Measurement(name="Values", value=len(values), limit=Limit(">=", least), volatile=True)


def _worst(values: list[float], limit: Limit) -> float:
    odd = next((value for value in values if not math.isfinite(value)), None)
    if odd is not None:
        return odd
    return min(values) if limit.op in (">=", ">") else max(values)


def _message(want: PrometheusParams, measured: list[Measurement]) -> str:
    bad = [m for m in measured if m.ok is False]
    shown = bad or measured[: len(want.limits())]
    said = [f"{m.name} {m.observed}, needs {m.expected}" for m in shown]
    span = f" over {quantity(want.minutes)} min" if want.minutes else ""
    return "; ".join(said) + span


def _charts(want: PrometheusParams, series: list[tuple[float, float]]) -> list[Chart]:
    if len(series) < 2 or not all(math.isfinite(value) for _, value in series):
        return []
    start = series[0][0]
    line = {"x": [at - start for at, _ in series], "series": {want.label or "value": [v for _, v in series]}}
    return [
        Chart(
            kind="line",
            title=want.label or "Value",
            unit=want.unit,
            data=line,
            limit=want.limits()[0],
            volatile=True,
        )
    ]
