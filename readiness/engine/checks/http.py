"""The kind `http`: a service answers as it should. Opt-in, and only to hosts that the operator allows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

import re2

from readiness.engine.errors import BadContent, NotAllowed, NotFound, ParameterError
from readiness.engine.outcome import Finding, Limit, Measurement, Outcome, Scalar, judged, quantity
from readiness.engine.readers import data, plain_json
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

if TYPE_CHECKING:
    from readiness.engine.guarded import Answer, Ask

MAX_BODY = 1 << 20
_NAME = re2.compile(r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,60}$")
_OURS = {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "upgrade", "te"}
_SECRET = {"authorization", "cookie", "proxy-authorization", "x-api-key", "x-auth-token"}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "number": (int, float),
    "integer": (int,),
    "text": (str,),
    "boolean": (bool,),
    "list": (list,),
    "object": (dict,),
}
_NAMES = {int: "integer", float: "number", str: "text", list: "list", dict: "object"}


class Expected(Params, frozen=True):
    """What a value must be; `type` is number, integer, text, boolean, list or object."""

    at_least: float | None = None
    at_most: float | None = None
    one_of: tuple[str | int | float, ...] = ()
    type: Literal["number", "integer", "text", "boolean", "list", "object"] | None = None

    def limits(self) -> list[Limit]:
        """The limits on the value itself, without its type."""
        pairs = ((">=", self.at_least), ("<=", self.at_most))
        found = [Limit(op, value) for op, value in pairs if value is not None]
        return [*found, Limit("in", self.one_of)] if self.one_of else found


class HttpParams(Params, frozen=True):
    """`json` maps dotted keys of the answer to a value, or to `{at_least, at_most, one_of, type}`; `schema`
    is a JSON Schema, or the file of one (needed where it has a `$ref`); `contains` is text that must occur.
    `body` is a file of the run. A header from a `$parameter` stands in the results: no lasting secret.
    """

    url: str
    method: Literal["GET", "HEAD", "POST", "PUT"] = "GET"
    headers: dict[str, str] = {}
    body: str | None = None
    expect_status: int | tuple[int, ...] = 200
    json: dict[str, Scalar | Expected] = {}
    schema: str | dict[str, Any] | None = None
    contains: str | None = None
    max_seconds: float | None = None

    def __post_init__(self) -> None:
        if self.body is not None and self.method not in ("POST", "PUT"):
            raise ValueError("a `body` needs `method: POST` or `PUT`")
        if self.schema in ({}, ""):
            raise ValueError("an empty `schema` would accept everything")
        for name, value in self.headers.items():
            if not _NAME.match(name) or name.lower() in _OURS or not value.isprintable():
                raise ValueError(f"the header {name[:60]!r} cannot be set")


def no_secrets(written: Any, values: Mapping[str, Any]) -> None:
    """A checklist is read by many: a header that identifies somebody must come from a `$parameter`."""
    del values
    headers = written.get("headers") if isinstance(written, Mapping) else None
    for name, value in headers.items() if isinstance(headers, Mapping) else ():
        if str(name).lower() in _SECRET and "$" not in str(value):
            raise ParameterError(
                f"The header {name} is a secret and stands in the checklist.", "Use a `$parameter`."
            )


@check("http", title="A service answers as it should", short="url", written=no_secrets)
def http(want: HttpParams, run: RunDirectory) -> Finding:
    """Asks a web address once and judges the answer: status, text, JSON values, JSON Schema, time.

    It is skipped, and nothing is sent, when the operator has not allowed the host, or when an allowed name
    leads to a private address. It fails when the service cannot be reached, when status or content differ,
    when the JSON holds NaN or infinity under a schema, or when the answer takes longer than `max_seconds`.
    With POST and PUT a redirect is not followed: nothing is sent twice.

    To resolve a skip: the operator adds the host to the allowed hosts (`staging.example.org`, or
    `internal.example:8080+private` for a private network). To resolve a failure: look at the service.

    ```yaml check
    http:
      url: $staging_url
      method: POST
      body: staging/request.json
      json: {status: ok, predictions.0: {at_least: 0, at_most: 1}}
      schema: {type: object, required: [predictions]}
      max_seconds: 2
    when: $staging_url
    ```
    """
    # httpx takes a quarter of a second to import, and most runs probe nothing
    from readiness.engine.guarded import Unreachable, fetch

    ask = ask_of(run, method=want.method, headers=want.headers, body=want.body)
    if isinstance(want.schema, str):
        run.read_bytes(want.schema)  # one that is missing is told before anything is sent
    try:
        answer = fetch(
            want.url, allowed_hosts=run.options.allowed_hosts, seconds=run.options.http_seconds, ask=ask
        )
    except Unreachable as problem:
        return Finding(outcome=Outcome.FAIL, message=problem.message, advice=problem.advice)
    except ValueError as error:
        raise NotAllowed(f"The list of allowed hosts has a bad entry: {error}.", "Correct it.") from None
    measurements = list(_measurements(want, answer))
    details: dict[str, Any] = {"url": answer.url, "address": answer.address}
    if want.schema is not None:
        broken = _broken(want.schema, answer, run, details)
        measurements.append(_measured("JSON Schema held", not broken, Limit("==", True), answer))
    return judged(
        measurements,
        _message(want, answer, measurements, details),
        advice="Look at the service and its log.",
        details=details,
    )


def ask_of(
    run: RunDirectory, *, method: str, body: str | None, headers: Mapping[str, str] | None = None
) -> Ask:
    """What to send; `body` is a file of the run, and one that ends with `.json` is sent as JSON."""
    from readiness.engine.guarded import Ask  # late, as above

    sent = dict(headers or {})
    if PurePosixPath(body or "").suffix.lower() == ".json" and "content-type" not in map(str.lower, sent):
        sent["content-type"] = "application/json"
    return Ask(method=method, headers=sent, body=None if body is None else run.read_bytes(body, MAX_BODY))


def _broken(schema: str | dict[str, Any], answer: Answer, run: RunDirectory, details: dict[str, Any]) -> bool:
    from readiness.engine.readers import json_schema  # it starts a process, and most checks need none

    try:
        loaded = plain_json.parse(answer.text, "the answer")
        _refuse_endless_numbers(loaded)
    except BadContent as problem:
        details["schema_faults"] = [problem.message]
        return True
    found, details["isolation"] = json_schema.violations(run, loaded, schema)
    details["schema_faults"] = [f"{fault.place or 'the answer'} {fault.said}" for fault in found[:20]]
    return bool(found)


def _refuse_endless_numbers(loaded: Any) -> None:
    left = [loaded]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += value.values()
        elif isinstance(value, list):
            left += value
        elif isinstance(value, float) and not math.isfinite(value):
            raise BadContent(f"the answer holds a number that is not finite ({value}).", "")


def _measured(name: str, value: Scalar, limit: Limit | None, answer: Answer) -> Measurement:
    return Measurement(name=name, value=value, limit=limit, source=answer.url, volatile=True)


def _measurements(want: HttpParams, answer: Answer) -> Iterator[Measurement]:
    status = want.expect_status
    accepted = Limit("in", status) if isinstance(status, tuple) else Limit("==", status)
    yield _measured("Status", answer.status, accepted, answer)
    limit = None if want.max_seconds is None else Limit("<=", want.max_seconds)
    seconds = round(answer.seconds, 3)
    yield Measurement(name="Time", value=seconds, unit="s", limit=limit, source=answer.url, volatile=True)
    if want.contains is not None:
        name = f"Contains {want.contains[:60]!r}"
        yield _measured(name, want.contains in answer.text, Limit("==", True), answer)
    if want.json:
        loaded = _loaded(answer)
        for key, wanted in want.json.items():
            yield from _under_key(key, wanted, _under(loaded, key), answer)


def _under_key(key: str, wanted: Scalar | Expected, value: Any, answer: Answer) -> Iterator[Measurement]:
    single = value if isinstance(value, bool | int | float | str) else None
    if not isinstance(wanted, Expected):
        yield _measured(key, single, Limit("==", wanted), answer)
        return
    for limit in wanted.limits():
        yield _measured(key, single, limit, answer)
    if wanted.type or not wanted.limits():
        yield _measured(
            f"{key}, type", _type(value, wanted.type), Limit("==", wanted.type or "a value"), answer
        )


def _type(value: Any, wanted: str | None) -> str | None:
    """The name of a value's type as an author writes it; the wanted one when it fits that."""
    if value is None:
        return None
    if wanted is None:
        return "a value"
    if isinstance(value, _TYPES[wanted]) and isinstance(value, bool) == (wanted == "boolean"):
        return wanted
    return "boolean" if isinstance(value, bool) else _NAMES.get(type(value), "something else")


def _loaded(answer: Answer) -> Any:
    try:
        return plain_json.parse(answer.text, answer.url)
    except BadContent:
        return None


def _under(loaded: Any, key: str) -> Any:
    try:
        return data.lookup(loaded, key, "the answer")
    except (NotFound, BadContent):
        return None


def _message(
    want: HttpParams, answer: Answer, measured: list[Measurement], details: Mapping[str, Any]
) -> str:
    wrong = [f"{m.name}: {m.observed[:80]}, needs {m.expected}" for m in measured if m.ok is False]
    wrong += [f"schema: {fault}" for fault in details.get("schema_faults", ())[:3]]
    if wrong:
        return "; ".join(wrong) + f" ({want.url})"
    return f"{want.url} answers {answer.status} in {quantity(round(answer.seconds * 1000, 1), 'ms')}"
