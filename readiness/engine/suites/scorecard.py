"""`readiness-scorecard.json`: what a run of the suites says about a release. Read strictly, written once.

Scorecards of others in the bare form, without `schema_version`, are read too: there a release has passed when
every suite has. What contradicts itself is refused.
"""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from readiness.engine.deploy import dates
from readiness.engine.errors import BadContent, ResultError
from readiness.engine.mismatch import explained
from readiness.engine.readers import plain_json
from readiness.engine.target import decode

SCHEMA_VERSION = 1
MAX_BYTES = 4 << 20
MAX_SUITES = 1000
FILE = "readiness-scorecard.json"
_FIGURES = ("duration", "p95_latency_ms", "success_rate", "flake_rate", "error_rate")
_AGAIN = "Write it with `readiness run`."
Text = Annotated[str, Meta(max_length=4000)]
Said = Annotated[str, Meta(min_length=1, max_length=200)]
Ratio = Annotated[float, Meta(ge=0, le=1)]
Amount = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class SuiteScore(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One suite of a scorecard. Durations in seconds, latency in milliseconds, rates as fractions of 1."""

    name: Said
    status: Literal["passed", "failed", "error", "interrupted", "not-run"]
    kind: Text = ""
    blocking: bool = True
    duration: Amount | None = None
    attempts: Count | None = None
    tests: Count | None = None
    success_rate: Ratio | None = None
    flake_rate: Ratio | None = None
    flaky: tuple[Text, ...] = ()
    p95_latency_ms: Amount | None = None
    error_rate: Ratio | None = None
    findings: dict[str, Count] | None = None
    reasons: tuple[Text, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it ended with "passed"."""
        return self.status == "passed"


class WaiverNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A waiver that the run knew: a dated permission to pass without something."""

    reason: Text = ""
    owner: Text = ""
    approved_by: Text = ""
    expires_at: Text = ""
    rule: Text = ""
    suite: Text = ""
    findings: tuple[Text, ...] = ()
    risk: Text = ""
    mitigation: Text = ""
    scope: Text = ""
    requested_by: Text = ""
    approved_role: Text = ""
    approved_at: Text = ""


class Scorecard(msgspec.Struct, frozen=True, kw_only=True):
    """A scorecard. `overall_passed`: every blocking suite ran and passed, and the run came to its end.

    `partial`: not all suites were asked for; `interrupted`: the run did not end by itself. `generated_at` as
    written, `at` as a moment.
    """

    release: Said
    suites: Annotated[tuple[SuiteScore, ...], Meta(max_length=MAX_SUITES)]
    generated_at: Said
    owner: Text = ""
    waivers: tuple[WaiverNote, ...] = ()
    schema_version: Literal[1] = 1
    run_id: Text = ""
    environment: Text = ""
    overall_passed: bool
    partial: bool = False
    interrupted: bool = False
    trace_id: Text = ""

    @property
    def at(self) -> datetime:
        """When it was written, in UTC; without a zone UTC was meant."""
        found = dates.read(self.generated_at)
        if found is None:
            raise BadContent(f"generated_at is {self.generated_at[:40]!r}, no time.", _AGAIN)
        return found.at

    @property
    def flake_rate(self) -> float | None:
        """The highest flake rate of a suite; None when none is known."""
        return max((s.flake_rate for s in self.suites if s.flake_rate is not None), default=None)

    @property
    def p95_latency_ms(self) -> float | None:
        """The highest p95 of a suite; None when none is known."""
        return max((s.p95_latency_ms for s in self.suites if s.p95_latency_ms is not None), default=None)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, in the order of the fields; of suites and waivers only what is known."""
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return plain


def would_pass(suites: tuple[SuiteScore, ...], *, interrupted: bool) -> bool:
    """Whether these suites make a release pass: all blocking ones did, and there is one."""
    blocking = [each for each in suites if each.blocking]
    return bool(blocking) and all(each.passed for each in blocking) and not interrupted


def read_scorecard(data: bytes, name: str = FILE) -> Scorecard:
    """The scorecard in these bytes.

    Raises BadContent for whatever is not one or contradicts itself, ResultError for a newer schema version.
    """
    document = _object(data, name)
    bare = "schema_version" not in document
    if not bare:
        _check_version(document["schema_version"], name)
    elif "overall_passed" not in document:
        document = {**document, "overall_passed": _all_passed(document.get("suites"))}
    try:
        card = msgspec.convert(document, Scorecard)
    except msgspec.ValidationError as error:
        raise BadContent(f"{name}: {explained(error, Scorecard)[0]}.", _AGAIN) from None
    _check(card, name)
    return card


def _object(data: bytes, name: str) -> dict[str, Any]:
    if len(data) > MAX_BYTES:
        raise BadContent(f"{name} is larger than {MAX_BYTES >> 20} MiB.", "Name the right file.")
    document = plain_json.parse(decode(data, name), name)
    if not isinstance(document, dict):
        raise BadContent(f"{name} is no scorecard: not an object.", _AGAIN)
    return document


def _check_version(version: Any, name: str) -> None:
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise BadContent(f"{name}: schema_version is {str(version)[:40]!r}, no version.", _AGAIN)
    if version > SCHEMA_VERSION:
        raise ResultError(
            f"{name} has the schema version {version}; this version reads up to {SCHEMA_VERSION}.",
            "Update Readiness on this machine.",
        )


def _all_passed(suites: Any) -> bool:
    listed = suites if isinstance(suites, list) else []
    return bool(listed) and all(isinstance(s, Mapping) and s.get("status") == "passed" for s in listed)


def _check(card: Scorecard, name: str) -> None:
    """Raise BadContent for what no run can have written."""
    names = [each.name for each in card.suites]
    if len(set(names)) < len(names):
        raise BadContent(f"{name} names a suite twice.", _AGAIN)
    if dates.read(card.generated_at) is None:
        raise BadContent(f"{name}: generated_at is {card.generated_at[:40]!r}, no time.", _AGAIN)
    for suite in card.suites:
        numbers = (
            suite.duration,
            suite.p95_latency_ms,
            suite.success_rate,
            suite.flake_rate,
            suite.error_rate,
        )
        if any(number is not None and not math.isfinite(number) for number in numbers):
            raise BadContent(f"{name}: suite {suite.name[:80]} has a figure that is no number.", _AGAIN)
    shown = would_pass(card.suites, interrupted=card.interrupted)
    if card.overall_passed and not shown:
        raise BadContent(f"{name} says that the release passed, and its suites say that it did not.", _AGAIN)


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of the file as it is written, made from the classes that read it."""
    made = msgspec.json.schema(Scorecard)
    for part in made["$defs"].values():
        part["description"] = inspect.cleandoc(part["description"])
    made["$defs"]["Scorecard"]["required"] += ["schema_version", "run_id", "environment", "owner"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:readiness:scorecard:v{SCHEMA_VERSION}",
        "title": "Readiness scorecard",
        "$ref": made["$ref"],
        "$defs": made["$defs"],
    }


def dump_schema() -> str:
    """The text of the published file, docs/schemas/readiness-scorecard.schema.json."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def figures(card: Scorecard) -> dict[str, float]:
    """What the suites measured, the worst of each: what they did not measure is left out."""
    rates = [suite.error_rate for suite in card.suites if suite.error_rate is not None]
    found = {
        "p95_ms": card.p95_latency_ms,
        "flake_rate": card.flake_rate,
        "error_rate": max(rates, default=None),
    }
    return {name: value for name, value in found.items() if value is not None}
