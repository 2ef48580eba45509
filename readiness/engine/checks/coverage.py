"""`coverage`: the tests reach enough of the code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from readiness.engine.errors import BadContent
from readiness.engine.outcome import Chart, Finding, Limit, Measurement, judged, quantity
from readiness.engine.readers import bars, coverage_text, coverage_xml, plain_json
from readiness.engine.readers.coverage_reports import Counts, Report
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory, decode

MAX_SHOWN = 3
MAX_KEPT = 200
MAX_BARS = 20


class CoverageParams(Params, frozen=True):
    """Limits in per cent. `package_at_least` is the lowest line coverage of any one package or folder."""

    file: str
    format: Literal["cobertura", "jacoco", "lcov", "coverage.py"] | None = None
    line_at_least: float = 80.0
    branch_at_least: float | None = None
    package_at_least: float | None = None
    package_branch_at_least: float | None = None
    min_lines: int = 1


@check("coverage", title="Tests reach enough of the code")
def coverage(want: CoverageParams, run: RunDirectory) -> Finding:
    """Reads a coverage report: Cobertura XML, JaCoCo XML, an LCOV tracefile, or coverage.py's JSON.

    Line and branch coverage are counted again from the rows of the report, for everything and per package.
    Fails when a limit is not met, when branch coverage is asked for and was not measured, when no line is
    listed, and when a rate or total that the report states is not the one its rows show. The format is told
    from the content; `format` demands one. To resolve: test what the named packages do, and write the report
    again.

    ```yaml check
    coverage: {file: reports/coverage.xml, line_at_least: 80, branch_at_least: 60, package_at_least: 50}
    ```
    """
    report = _read(run, want.file)
    if want.format and report.format.lower() != want.format:
        raise BadContent(f"{want.file} is in the format {report.format}, expected {want.format}.", "")
    if not report.total.lines:
        raise BadContent(f"{want.file} lists no line of code.", "Measure the code that is released.")
    measured = list(_measurements(want, report))
    tiny = bars.tiny(
        want.line_at_least, want.branch_at_least, want.package_at_least, want.package_branch_at_least
    )
    return judged(
        measured,
        _message(want, report, measured) + (f"; {tiny}" if tiny else ""),
        advice=bars.ADVICE if tiny else "Test what the lowest packages do, and write the report again.",
        charts=_charts(want, report),
        details=_details(report),
        warn=bool(tiny),
    )


def _read(run: RunDirectory, file: str) -> Report:
    content = run.read_bytes(file)
    start = content[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"<", b"\xff\xfe<", b"\xfe\xff\x00<")):
        return coverage_xml.parse(content, file)
    text = decode(content, file)
    if start.startswith(b"{"):
        return coverage_text.parse_json(plain_json.parse(text, file), file)
    if not text.strip():
        raise BadContent(f"{file} is empty.", "Write the coverage report again.")
    return coverage_text.parse_lcov(text, file)


def _measurements(want: CoverageParams, report: Report) -> Iterator[Measurement]:
    total, file = report.total, want.file
    yield _rate("Line coverage", total.line_rate, want.line_at_least, file)
    if total.branches or want.branch_at_least is not None:
        yield _rate("Branch coverage", total.branch_rate, want.branch_at_least, file)
    yield from _lowest("Lowest package", want.package_at_least, file, _lines(report))
    if want.package_branch_at_least is not None:
        yield from _lowest("Lowest package, branches", want.package_branch_at_least, file, _branches(report))
    least = Limit(">=", max(1, want.min_lines))
    yield Measurement(name="Lines", value=total.lines, limit=least, source=file)


def _rate(name: str, value: float | None, least: float | None, source: str) -> Measurement:
    limit = None if least is None else Limit(">=", least)
    return Measurement(name=name, value=value, unit="%", limit=limit, source=source)


def _lowest(name: str, least: float | None, file: str, rates: dict[str, float]) -> Iterator[Measurement]:
    if rates:
        package = min(rates, key=rates.__getitem__)
        yield _rate(name, rates[package], least, f"{file} · {package[:120]}")
    elif least is not None:
        yield _rate(name, None, least, file)


def _lines(report: Report) -> dict[str, float]:
    return {n: c.line_rate for n, c in report.packages.items() if c.line_rate is not None}


def _branches(report: Report) -> dict[str, float]:
    return {n: c.branch_rate for n, c in report.packages.items() if c.branch_rate is not None}


def _message(want: CoverageParams, report: Report, measured: list[Measurement]) -> str:
    total = report.total
    bad = [f"{_named(m)} {m.observed}, needs {m.expected}" for m in measured if m.ok is False]
    if not bad:
        branch = (
            f", {quantity(total.branch_rate, '%')} of {total.branches} branches" if total.branches else ""
        )
        return f"{quantity(total.line_rate, '%')} of {total.lines} lines reached{branch}"
    low = _below(want, report)
    return "; ".join(bad) + (f"; too low: {low}" if low else "")


def _named(measured: Measurement) -> str:
    place = (measured.source or "").partition(" · ")[2]
    return f"{measured.name} {place}".strip()


def _below(want: CoverageParams, report: Report) -> str:
    if want.package_at_least is None:
        return ""
    low = sorted((rate, name) for name, rate in _lines(report).items() if rate < want.package_at_least)
    if len(low) < 2:
        return ""
    shown = ", ".join(f"{name[:80]} {quantity(rate, '%')}" for rate, name in low[:MAX_SHOWN])
    return f"{shown} and {len(low) - MAX_SHOWN} more" if len(low) > MAX_SHOWN else shown


def _charts(want: CoverageParams, report: Report) -> list[Chart]:
    rates = sorted((rate, name) for name, rate in _lines(report).items())[:MAX_BARS]
    limit = None if want.package_at_least is None else Limit(">=", want.package_at_least)
    data = {"labels": [name[:80] for _, name in rates], "values": [rate for rate, _ in rates]}
    return [Chart(kind="bars", title="Line coverage by package", unit="%", data=data, limit=limit)]


def _details(report: Report) -> dict[str, object]:
    kept = sorted(report.packages.items())[:MAX_KEPT]
    return {
        "format": report.format,
        "files": report.files,
        "packages": [{"name": name[:200], **_plain(counts)} for name, counts in kept],
    }


def _plain(counts: Counts) -> dict[str, int]:
    return {
        "lines": counts.lines,
        "covered": counts.covered,
        "branches": counts.branches,
        "taken": counts.taken,
    }
