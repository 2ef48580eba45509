"""`vulnerabilities`: nothing open that would have to be mended first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal

from readiness.engine.errors import BadContent, ParameterError
from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.readers import plain_json, scans, vex
from readiness.engine.readers.advisories import SEVERITIES, Advisory, Scan
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

MAX_SHOWN = 3
MAX_KEPT = 200
Tool = Literal["pip-audit", "trivy", "grype", "osv-scanner", "cyclonedx"]

_UPDATE = "Update the named packages, or accept the risk with a reason and a day in the checklist."
_LEFT_OUT = "Look at what was left out, or say with `max_skipped` or `max_set_aside` how much may be."


class Accepted(Params, frozen=True):
    """A known risk: `id`, why it is borne, the last day on which that holds (UTC), the package."""

    id: str
    reason: str
    expires: str
    package: str = ""


class VulnerabilitiesParams(Params, frozen=True):
    """`accepted` lists known risks with `id`, `reason`, `expires` (YYYY-MM-DD, the last valid day, UTC) and
    optionally `package`; only severities up to `accept_up_to`, and unknown ones, can be accepted. `vex` names
    OpenVEX or CycloneDX files in the run, `product` the name that they give to what is released.
    """

    file: str
    format: Tool | None = None
    max_critical: int = 0
    max_high: int = 0
    max_medium: int = 0
    max_low: int | None = None
    max_unknown: int = 0
    max_skipped: int | None = None
    max_set_aside: int | None = None
    accepted: tuple[Accepted, ...] = ()
    accept_up_to: Literal["medium", "high", "critical"] = "medium"
    vex: tuple[str, ...] = ()
    product: str = ""


@dataclass(slots=True)
class _Sorted:
    open: list[Advisory] = field(default_factory=list)
    accepted: list[tuple[Advisory, Accepted]] = field(default_factory=list)
    expired: list[tuple[Advisory, Accepted]] = field(default_factory=list)
    set_aside: list[tuple[Advisory, str]] = field(default_factory=list)

    def count(self, severity: str) -> int:
        return sum(each.severity == severity for each in self.open)


@check("vulnerabilities", title="No open vulnerability stands in the way")
def vulnerabilities(want: VulnerabilitiesParams, run: RunDirectory) -> Finding:
    """Counts what a scanner found: JSON of pip-audit, Trivy, Grype or OSV-Scanner, or a CycloneDX document
    with vulnerabilities.

    Fails on any open one of critical, high, medium or unknown severity (pip-audit says none, so each of its
    findings counts as unknown), unless a limit allows it. A medium or unknown one passes when it is listed in
    `accepted` with a reason and a day that is not over; a critical or high one only if `accept_up_to` says
    so. A VEX statement with a justification sets one aside; it must name the package, or the `product`; the
    latest statement counts. What the report itself sets aside is named, and judged by `max_set_aside`;
    without that limit an ignore file or rule is a warning (Trivy tells of it with `--show-suppressed`). A
    report that looked at nothing fails (older Trivy names clean lock files only with `--list-all-pkgs`); what
    the scanner skipped is a warning, or judged by `max_skipped`, and so is a system that its makers no longer
    support. An empty list of OSV-Scanner is believed only with `format: osv-scanner`, one in CycloneDX only
    with `format: cyclonedx` and never from Trivy: it may have been written without looking.

    To resolve: update the named packages, or decide that the risk is borne, and until when.

    ```yaml check
    vulnerabilities:
      file: reports/pip-audit.json
      accepted:
        - {id: PYSEC-2021-66, reason: templates are our own, expires: 2027-01-31}
    ```
    """
    days = [_day(each) for each in want.accepted]
    scan = scans.read(plain_json.parse(run.read_text(want.file), want.file), want.file)
    _check_scan(want, scan)
    statements = [s for f in want.vex for s in vex.read(plain_json.parse(run.read_text(f), f), f)]
    sorted_ = _Sorted(set_aside=list(scan.set_aside))
    known = list(zip(want.accepted, days, strict=True))
    for advisory in scan.advisories:
        reason = vex.verdict(advisory, statements, want.product)
        if reason:
            sorted_.set_aside.append((advisory, reason))
        else:
            _sort(want, advisory, known, _today(run), sorted_)
    measured = list(_measurements(want, scan, sorted_))
    return judged(
        measured,
        _message(scan, sorted_, measured),
        advice=_UPDATE if any(m.ok is False for m in measured) else _LEFT_OUT,
        details=_details(scan, sorted_),
        warn=_doubtful(want, scan),
    )


def _doubtful(want: VulnerabilitiesParams, scan: Scan) -> bool:
    """Whether no limit judges what was left out. What a scanner was told to ignore nobody waived."""
    ignored = any(each.severity != "low" and why.startswith("ignored") for each, why in scan.set_aside)
    return (bool(scan.skipped) and want.max_skipped is None) or (ignored and want.max_set_aside is None)


def _day(accepted: Accepted) -> date:
    if not accepted.id.strip() or not accepted.reason.strip():
        raise ParameterError("Each entry of `accepted` needs an id and a reason.", "Write why it is borne.")
    try:
        return date.fromisoformat(accepted.expires)
    except ValueError:
        raise ParameterError(
            f"`accepted` {accepted.id[:80]} expires on {accepted.expires[:40]!r}, which is no day.",
            "Write it as 2027-01-31.",
        ) from None


def _today(run: RunDirectory) -> date:
    return (run.options.now or datetime.now(UTC)).astimezone(UTC).date()


def _check_scan(want: VulnerabilitiesParams, scan: Scan) -> None:
    if want.format and scan.tool.lower() != want.format:
        raise BadContent(f"{want.file} was written by {scan.tool}, expected {want.format}.", "")
    if scan.unproven and scan.scanned and want.format is None:
        raise BadContent(
            f"{want.file} lists no vulnerability, and does not say that anybody looked for any.",
            "Write `format: cyclonedx` if a scanner wrote it, or scan it.",
        )
    if scan.tool == "OSV-Scanner" and not scan.scanned:
        if want.format is None:
            raise BadContent(
                f"{want.file} has no result, and does not say which tool looked.",
                "Write `format: osv-scanner` if that tool wrote it, or scan with `--all-packages`.",
            )
        scan.scanned = None


def _sort(
    want: VulnerabilitiesParams,
    advisory: Advisory,
    known: list[tuple[Accepted, date]],
    today: date,
    sorted_: _Sorted,
) -> None:
    ids, package = {name.lower() for name in advisory.ids}, advisory.package.lower()
    meant = [(e, day) for e, day in known if e.id.lower() in ids and e.package.lower() in ("", package)]
    valid = [each for each, day in meant if day >= today]
    sorted_.expired += [(advisory, each) for each, day in meant if day < today and not valid]
    worst_allowed = SEVERITIES.index(want.accept_up_to)
    if valid and SEVERITIES.index(advisory.severity) >= worst_allowed:
        sorted_.accepted.append((advisory, valid[0]))
    else:
        sorted_.open.append(advisory)


def _measurements(want: VulnerabilitiesParams, scan: Scan, sorted_: _Sorted) -> Iterator[Measurement]:
    limits = {
        "critical": want.max_critical,
        "high": want.max_high,
        "medium": want.max_medium,
        "low": want.max_low,
        "unknown": want.max_unknown,
    }
    for severity in SEVERITIES:
        most = limits[severity]
        limit = None if most is None else Limit("<=", most)
        name = "Unknown severity" if severity == "unknown" else severity.capitalize()
        yield Measurement(name=name, value=sorted_.count(severity), limit=limit, source=want.file)
    yield Measurement(name="Accepted", value=len(sorted_.accepted), source=want.file)
    aside = None if want.max_set_aside is None else Limit("<=", want.max_set_aside)
    yield Measurement(name="Set aside", value=len(sorted_.set_aside), limit=aside, source=want.file)
    if scan.scanned is not None:
        yield Measurement(name="Looked at", value=scan.scanned, limit=Limit(">=", 1), source=want.file)
    skipped = None if want.max_skipped is None else Limit("<=", want.max_skipped)
    yield Measurement(name="Skipped", value=len(scan.skipped), limit=skipped, source=want.file)


def _message(scan: Scan, sorted_: _Sorted, measured: list[Measurement]) -> str:
    found = sorted_.open
    parts = [f"{_levels(found)} open: {_named(found)}" if found else "No open vulnerability"]
    bad = [m for m in measured if m.ok is False and m.name in ("Looked at", "Skipped", "Set aside")]
    parts += [f"{m.name.lower()} {m.observed}, needs {m.expected}" for m in bad]
    if sorted_.accepted:
        first = min(each.expires for _, each in sorted_.accepted)
        parts.append(f"{len(sorted_.accepted)} accepted (until {first})")
    if sorted_.expired:
        parts.append(f"no longer accepted: {_named([each for each, _ in sorted_.expired])}")
    if sorted_.set_aside:
        left = [each for each, _ in sorted_.set_aside]
        parts.append(f"{len(left)} set aside ({_levels(left)}): {_named(left)}")
    if scan.skipped:
        parts.append(f"{scan.tool} skipped {len(scan.skipped)}: {scan.skipped[0][:160]}")
    return "; ".join(parts)


def _levels(advisories: list[Advisory]) -> str:
    counts = Counter(each.severity for each in advisories)
    return ", ".join(f"{counts[level]} {level}" for level in SEVERITIES if counts[level])


def _named(advisories: list[Advisory]) -> str:
    ranked = sorted(advisories, key=lambda each: SEVERITIES.index(each.severity))
    shown = [f"{each.id[:60]} ({f'{each.package[:80]} {each.version[:40]}'.strip()})" for each in ranked]
    more = f" and {len(shown) - MAX_SHOWN} more" if len(shown) > MAX_SHOWN else ""
    return f"{', '.join(shown[:MAX_SHOWN])}{more}"


def _details(scan: Scan, sorted_: _Sorted) -> dict[str, Any]:
    return {
        "tool": scan.tool,
        "open": [_plain(each) for each in sorted_.open[:MAX_KEPT]],
        "accepted": [
            _plain(each) | {"reason": why.reason[:500], "expires": why.expires}
            for each, why in sorted_.accepted[:MAX_KEPT]
        ],
        "set_aside": [_plain(each) | {"reason": why[:500]} for each, why in sorted_.set_aside[:MAX_KEPT]],
        "skipped": [each[:300] for each in scan.skipped[:MAX_KEPT]],
    }


def _plain(advisory: Advisory) -> dict[str, str]:
    return {
        "id": advisory.id[:100],
        "severity": advisory.severity,
        "package": advisory.package[:200],
        "version": advisory.version[:100],
        "fixed": advisory.fixed[:200],
    }
