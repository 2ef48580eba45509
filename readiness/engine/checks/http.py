"""The kind `http`: a service answers as it should. Opt-in, and only to hosts that the operator allows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from readiness.engine.errors import NotAllowed
from readiness.engine.outcome import Finding, Limit, Measurement, Outcome, Scalar, judged, quantity
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

if TYPE_CHECKING:
    from readiness.engine.guarded import Answer


class HttpParams(Params, frozen=True):
    """`json` maps dotted keys of the answer to expected values; `contains` is text that must occur."""

    url: str
    expect_status: int = 200
    json: dict[str, Scalar] = {}
    contains: str | None = None
    max_seconds: float | None = None


@check("http", title="A service answers as it should", short="url")
def http(want: HttpParams, run: RunDirectory) -> Finding:
    """Asks a web address once and judges the answer: status, text, JSON values, time.

    It is skipped, and nothing is sent, when the operator has not allowed the host, or when an allowed name
    leads to a private address. It fails when the service cannot be reached, when status or content differ,
    or when the answer takes longer than `max_seconds`.

    To resolve a skip: the operator adds the host to the allowed hosts (`staging.example.org`, or
    `internal.example:8080+private` for a private network). To resolve a failure: look at the service.

    ```yaml check
    http: {url: $staging_url, json: {status: healthy}, max_seconds: 2}
    when: $staging_url
    ```
    """
    # httpx takes a quarter of a second to import, and most runs probe nothing
    from readiness.engine.guarded import Unreachable, fetch

    seconds = run.options.http_seconds
    try:
        answer = fetch(want.url, allowed_hosts=run.options.allowed_hosts, seconds=seconds)
    except Unreachable as problem:
        return Finding(outcome=Outcome.FAIL, message=problem.message, advice=problem.advice)
    except ValueError as error:
        raise NotAllowed(f"The list of allowed hosts has a bad entry: {error}.", "Correct it.") from None
    measurements = tuple(_measurements(want, answer))
    return judged(
        measurements,
        _message(want, answer, measurements),
        advice="Look at the service and its log.",
        details={"url": answer.url, "address": answer.address},
    )


def _measurements(want: HttpParams, answer: Answer) -> Iterator[Measurement]:
    source = answer.url
    yield Measurement(
        name="Status",
        value=answer.status,
        limit=Limit("==", want.expect_status),
        source=source,
        volatile=True,
    )
    limit = None if want.max_seconds is None else Limit("<=", want.max_seconds)
    seconds = round(answer.seconds, 3)
    yield Measurement(name="Time", value=seconds, unit="s", limit=limit, source=source, volatile=True)
    if want.contains is not None:
        found = want.contains in answer.text
        name = f"Contains {want.contains[:60]!r}"
        yield Measurement(name=name, value=found, limit=Limit("==", True), source=source, volatile=True)
    for key, value in _values(want, answer.text).items():
        limit = Limit("==", want.json[key])
        yield Measurement(name=key, value=value, limit=limit, source=source, volatile=True)


def _values(want: HttpParams, text: str) -> dict[str, Scalar]:
    """The answer's values under the wanted keys; None where there is none."""
    if not want.json:
        return {}
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    return {key: _under(data, key) for key in want.json}


def _under(data: Any, key: str) -> Scalar:
    for part in key.split("."):
        data = data.get(part) if isinstance(data, dict) else None
    return data if isinstance(data, bool | int | float | str) else None


def _message(want: HttpParams, answer: Answer, measurements: tuple[Measurement, ...]) -> str:
    wrong = [m for m in measurements if m.ok is False]
    if wrong:
        return "; ".join(f"{m.name}: {m.observed[:80]}, needs {m.expected}" for m in wrong) + f" ({want.url})"
    return f"{want.url} answers {answer.status} in {quantity(round(answer.seconds * 1000, 1), 'ms')}"
