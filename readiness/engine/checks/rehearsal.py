"""`rehearsal`: somebody has tried the way back, recently, and it worked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from readiness.engine.deploy import dates, words
from readiness.engine.errors import BadContent, CheckProblem, FileMissing, ParameterError
from readiness.engine.outcome import Finding, Limit, Measurement, judged, quantity
from readiness.engine.readers import data
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

SKEW = timedelta(minutes=5)  # that two clocks may differ
DAY = 86_400
_KEYS = {
    "performed_at": ("performed_at", "performedAt", "rehearsed_at", "date"),
    "environment": ("environment",),
    "from_version": ("from_version", "fromVersion", "from"),
    "to_version": ("to_version", "toVersion", "to", "target_version"),
    "duration_s": ("duration_s", "duration_seconds"),
    "outcome": ("outcome", "result", "status"),
    "gaps": ("gaps", "findings"),
    "log": ("log", "log_path", "evidence"),
    "sha256": ("sha256", "log_sha256"),
    "remediation": ("remediation", "remediated"),
    "performed_by": ("performed_by", "performedBy", "by", "who"),
}


class RehearsalParams(Params, frozen=True):
    """`environment`, `from_version` and `to_version` are what it must have been, where they are given.

    `max_age_days` counts days of 24 hours, to the second; `max_duration_s` bounds how long going back took.
    """

    file: str
    max_age_days: float = 30.0
    environment: str = ""
    from_version: str = ""
    to_version: str = ""
    max_duration_s: float | None = None


@check("rehearsal", title="The rollback was rehearsed", short="file")
def rehearsal(want: RehearsalParams, run: RunDirectory) -> Finding:
    """Reads the record of a rollback rehearsal, JSON or YAML: `performed_at`, `environment`, `from_version`,
    `to_version`, `duration_s`, `outcome` (passed or failed), `gaps`, `log` (a file of the run, beside the
    record or from its root) and its `sha256`, `remediation`, `performed_by`.

    Fails when it failed and no remediation is written; when it was longer ago than `max_age_days`, to the
    second, or lies in the future; when it does not say when, where, from what and to what, or how long it
    took; and when its log is not in the run, is empty, or has another SHA-256. A date without a time counts
    from its first moment, one without a time zone is UTC. A failed rehearsal with a remediation, and a passed
    one with gaps, are warnings. Rehearse the way back again, and record it.

    ```yaml check
    rehearsal: {file: docs/rollback-rehearsal.yml, environment: staging, max_age_days: 30}
    ```
    """
    if not 0 <= want.max_age_days <= 36500:
        raise ParameterError(f"max_age_days is {want.max_age_days:g}.", "Write a number of days.")
    record = _record(data.load(run, want.file), want.file)
    moment = dates.read(str(record["performed_at"] or ""))
    if moment is None:
        shown = words.shown(str(record["performed_at"] or "nothing"))
        raise BadContent(f"{want.file}: performed_at is {shown}, not a time.", dates.HOW)
    now = run.options.now or datetime.now(UTC)
    measured = [
        *_when(want, moment.at, now), *_what(want, record), *_log(want, record, run), *_outcome(want, record)
    ]  # fmt: skip
    gaps = _gaps(record["gaps"])
    failed = _failed(record, want.file)
    return judged(
        measured,
        _message(want, measured, moment.at, gaps, failed=failed),
        advice="Rehearse the way back again, and record it.",
        details={"gaps": gaps[:20], "remediation": words.shown(str(record["remediation"] or ""))},
        warn=failed or bool(gaps),
    )


def _record(loaded: Any, file: str) -> dict[str, Any]:
    """The record under its known names. Raises BadContent for two names of one thing and for no record."""
    holder = loaded.get("rehearsal", loaded) if isinstance(loaded, Mapping) else loaded
    if not isinstance(holder, Mapping):
        raise BadContent(f"{file} is no record of a rehearsal.", "Write performed_at, outcome and the rest.")
    found: dict[str, Any] = {}
    for key, names in _KEYS.items():
        said = [name for name in names if name in holder]
        if len(said) > 1:
            raise BadContent(f"{file} has both {said[0]} and {said[1]}.", "Keep one of them.")
        found[key] = holder[said[0]] if said else None
    return found


def _when(want: RehearsalParams, at: datetime, now: datetime) -> Iterator[Measurement]:
    age, source = max((now - at).total_seconds() / DAY, 0.0), f"{want.file} · performed_at"
    limit = Limit("<=", want.max_age_days)
    yield Measurement(name="Age", value=age, unit="days", limit=limit, source=source, volatile=True)
    no = Limit("==", value=False)
    yield Measurement(name="In the future", value=at - now > SKEW, limit=no, source=source)


def _what(want: RehearsalParams, record: Mapping[str, Any]) -> Iterator[Measurement]:
    for key in ("environment", "from_version", "to_version"):
        raw = record[key]
        text = str(raw) if isinstance(raw, str | int | float) and not isinstance(raw, bool) else ""
        value = text.strip() if words.real(text) else None
        wanted = getattr(want, key) or value or "a name"
        label = key.replace("_", " ").capitalize()
        yield Measurement(name=label, value=value, limit=Limit("==", wanted), source=want.file)
    raw = record["duration_s"]
    known = isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw)
    seconds = float(raw) if known else None
    limit = Limit(">", 0) if want.max_duration_s is None else Limit("<=", want.max_duration_s)
    if seconds is not None and seconds <= 0:
        raise BadContent(f"{want.file}: duration_s is {seconds:g}.", "Write how many seconds it took.")
    yield Measurement(name="Duration", value=seconds, unit="s", limit=limit, source=want.file, volatile=True)


def _log(want: RehearsalParams, record: Mapping[str, Any], run: RunDirectory) -> Iterator[Measurement]:
    path, source = record["log"], f"{want.file} · log"
    digest = _found(want.file, path, run) if isinstance(path, str) and words.real(path) else ""
    yield Measurement(name="Log", value=bool(digest), limit=Limit("==", value=True), source=source)
    if (listed := record["sha256"]) is not None:
        wanted = str(listed).strip().lower().removeprefix("sha256:")
        same = Limit("==", wanted)
        yield Measurement(name="SHA-256 of the log", value=digest or None, limit=same, source=source)


def _found(file: str, path: str, run: RunDirectory) -> str:
    """The hash of the log, which lies beside the record or is named from the root; empty without one."""
    folder = file.rpartition("/")[0]
    for place in dict.fromkeys((f"{folder}/{path}" if folder else path, path)):
        try:
            with run.open(place) as opened:
                return run.used[opened.path].sha256 if opened.size else ""
        except FileMissing:
            continue
        except CheckProblem as problem:
            raise BadContent(f"{file}: its log: {problem.message}", problem.advice) from None
    return ""


def _failed(record: Mapping[str, Any], file: str) -> bool:
    said = record["outcome"]
    word = words.word(said) if isinstance(said, str) else ""
    if word not in words.PASSED | words.FAILED:
        raise BadContent(f"{file}: the outcome is {words.shown(str(said))}.", "Write passed or failed.")
    return word in words.FAILED


def _outcome(want: RehearsalParams, record: Mapping[str, Any]) -> Iterator[Measurement]:
    failed = _failed(record, want.file)
    source = f"{want.file} · outcome"
    yield Measurement(
        name="Outcome", value="failed" if failed else "passed", source=source,
        limit=Limit("in", ("passed", "failed") if failed else ("passed",)),
    )  # fmt: skip
    if failed:
        said = record["remediation"]
        written = isinstance(said, str) and words.real(said)
        yes = Limit("==", value=True)
        yield Measurement(name="Remediation", value=written, limit=yes, source=f"{want.file} · remediation")


def _gaps(raw: Any) -> list[str]:
    listed = raw if isinstance(raw, list) else [raw]
    return [words.shown(str(each)) for each in listed if each and words.real(str(each))]


def _message(
    want: RehearsalParams, measured: list[Measurement], at: datetime, gaps: list[str], *, failed: bool
) -> str:
    bad = [m for m in measured if m.ok is False]
    if bad:
        return "; ".join(f"{m.name} is {m.observed}, needs {m.expected}" for m in bad)
    by_name = {m.name: m for m in measured}
    how = "failed, with a remediation" if failed else "passed"
    said = (
        f"Rollback to {words.shown(str(by_name['To version'].value))} rehearsed on {dates.words(at)}: {how}"
    )
    said += f", {by_name['Duration'].observed}"
    return f"{said}; {quantity(len(gaps))} gaps: {words.listed(gaps, 3)}" if gaps else said
