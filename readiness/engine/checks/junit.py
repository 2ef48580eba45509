"""`junit`: tests ran, and they passed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from readiness.engine.errors import BadContent, FileMissing
from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

MAX_SHOWN = 3


class JunitParams(Params, frozen=True):
    """`file` may be a pattern (`reports/*.xml`). Rates in per cent of the tests that ran, not the skipped."""

    file: str
    min_tests: int = 1
    success_rate_at_least: float = 100.0
    max_skipped: int | None = None


@dataclass(slots=True)
class _Counted:
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: int = 0

    @property
    def ran(self) -> int:
        return self.passed + len(self.failed)


@check("junit", title="Tests passed")
def junit(want: JunitParams, run: RunDirectory) -> Finding:
    """Counts the test cases of JUnit reports: passed, failed, skipped.

    Fails when too few tests ran (none at all is never a pass), when the success rate is too low, or when more
    were skipped than allowed. The cases are counted themselves; the totals that the file states are not
    believed. Correct what the named tests show, and run all of them again.

    ```yaml check
    junit: {file: staging/smoke-tests.xml, min_tests: 5}
    ```
    """
    files = run.glob(want.file) if any(c in want.file for c in "*?[") else [want.file]
    if not files:
        raise FileMissing(f"No file matches {want.file}.", "Write the test report there.")
    counted = _Counted()
    for file in files:
        _count(run, file, counted)
    rate = 100 * counted.passed / counted.ran if counted.ran else None
    measured = [
        Measurement(
            name="Tests run", value=counted.ran, limit=Limit(">=", max(1, want.min_tests)), source=want.file
        ),
        Measurement(
            name="Success rate",
            value=rate,
            unit="%",
            limit=Limit(">=", want.success_rate_at_least),
            source=want.file,
        ),
        Measurement(name="Failed", value=len(counted.failed), source=want.file),
        Measurement(
            name="Skipped",
            value=counted.skipped,
            limit=None if want.max_skipped is None else Limit("<=", want.max_skipped),
            source=want.file,
        ),
    ]
    return judged(
        measured,
        _message(counted, measured),
        details={"failed": counted.failed[:200]},
        advice="Correct what the failing tests show, and run all of them again.",
    )


def _count(run: RunDirectory, file: str, counted: _Counted) -> None:
    for case in _cases(run.read_bytes(file), file):
        name = ".".join(filter(None, (case.get("classname"), case.get("name")))) or "unnamed"
        tags = {child.tag.rsplit("}", 1)[-1] for child in case}
        if tags & {"failure", "error"}:
            counted.failed.append(name[:200])
        elif "skipped" in tags:
            counted.skipped += 1
        else:
            counted.passed += 1


def _cases(content: bytes, file: str) -> Iterator[Any]:
    try:
        root = ElementTree.fromstring(content, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise BadContent(f"{file} is not usable XML: {str(error)[:160]}.", "Write a JUnit report.") from None
    if root.tag.rsplit("}", 1)[-1] not in ("testsuites", "testsuite"):
        raise BadContent(f"{file} is no JUnit report: its root is <{root.tag[:60]}>.", "Write <testsuites>.")
    return (e for e in root.iter() if isinstance(e.tag, str) and e.tag.rsplit("}", 1)[-1] == "testcase")


def _message(counted: _Counted, measured: list[Measurement]) -> str:
    skipped = f", {counted.skipped} skipped" if counted.skipped else ""
    if not counted.ran:
        return f"No test ran{skipped}"
    if counted.failed:
        names = ", ".join(counted.failed[:MAX_SHOWN])
        more = f" and {len(counted.failed) - MAX_SHOWN} more" if len(counted.failed) > MAX_SHOWN else ""
        return f"{len(counted.failed)} of {counted.ran} tests failed: {names}{more}{skipped}"
    bad = [f"; {m.name.lower()} {m.observed}, needs {m.expected}" for m in measured if m.ok is False]
    return f"{counted.passed} of {counted.ran} tests passed{skipped}{''.join(bad)}"
