"""`junit`: tests ran, and they passed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element  # the type only; defusedxml parses

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from readiness.engine.errors import BadContent, FileMissing
from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

MAX_SHOWN = 3
MAX_KEPT = 200
_FAILED = {"failure", "error", "failed"}
_SKIPPED = {"skipped", "disabled", "notrun", "suppressed"}


class JunitParams(Params, frozen=True):
    """`file` may be a pattern (`reports/*.xml`). Rates in per cent of the tests that ran, not the skipped."""

    file: str
    min_tests: int = 1
    success_rate_at_least: float = 100.0
    max_skipped: int | None = None


@dataclass(slots=True)
class _Counted:
    passed: int = 0
    failed: int = 0
    names: list[str] = field(default_factory=list)
    skipped: int = 0

    @property
    def ran(self) -> int:
        return self.passed + self.failed


@check("junit", title="Tests passed")
def junit(want: JunitParams, run: RunDirectory) -> Finding:
    """Counts the test cases of JUnit reports: passed, failed, skipped.

    Fails when too few tests ran (none at all is never a pass), when the success rate is too low, or when more
    were skipped than allowed. The cases are counted themselves; stated totals are not believed, and a report
    that states more failures than it shows is refused. Correct what the named tests show, and run all of them
    again.

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
        Measurement(name="Failed", value=counted.failed, source=want.file),
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
        details={"failed": counted.names},
        advice="Correct what the failing tests show, and run all of them again.",
    )


def _count(run: RunDirectory, file: str, counted: _Counted) -> None:
    root = _root(run.read_bytes(file), file)
    _check_totals(root, file)
    for case in _named(root, "testcase"):
        name = ".".join(filter(None, (case.get("classname"), case.get("name")))) or "unnamed"
        # Most writers add an element; some say it in an attribute.
        said = {_tag(child) for child in case} | {
            case.get("status", "").lower(),
            case.get("result", "").lower(),
        }
        if said & _FAILED:
            counted.failed += 1
            counted.names += [name[:200]] if len(counted.names) < MAX_KEPT else []
        elif said & _SKIPPED:
            counted.skipped += 1
        else:
            counted.passed += 1


def _root(content: bytes, file: str) -> Element:
    try:
        root: Element = ElementTree.fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        raise BadContent(f"{file} declares a DTD or entities.", "Write a plain JUnit report.") from None
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise BadContent(f"{file} is not usable XML: {str(error)[:160]}.", "Write a JUnit report.") from None
    if _tag(root) not in ("testsuites", "testsuite"):
        raise BadContent(f"{file} is no JUnit report: its root is <{root.tag[:60]}>.", "Write <testsuites>.")
    return root


def _check_totals(root: Element, file: str) -> None:
    # A suite that broke before its first test may state an error without a case that shows it.
    for suite in (root, *(child for child in root if _tag(child) == "testsuite")):
        stated = sum(int(n) for n in (suite.get("failures"), suite.get("errors")) if n and n.isdecimal())
        shown = sum(1 for case in _named(suite, "testcase") for child in case if _tag(child) in _FAILED)
        if stated > shown:
            raise BadContent(
                f"{file} states {stated} failures and errors, but shows {shown}.",
                "Write the complete report, with the test cases that failed.",
            )


def _named(root: Element, name: str) -> Iterator[Element]:
    return (e for e in root.iter() if _tag(e) == name)


def _tag(element: Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _message(counted: _Counted, measured: list[Measurement]) -> str:
    skipped = f", {counted.skipped} skipped" if counted.skipped else ""
    if not counted.ran:
        return f"No test ran{skipped}"
    if counted.failed:
        names = ", ".join(counted.names[:MAX_SHOWN])
        more = f" and {counted.failed - MAX_SHOWN} more" if counted.failed > MAX_SHOWN else ""
        return f"{counted.failed} of {counted.ran} tests failed: {names}{more}{skipped}"
    bad = [f"; {m.name.lower()} {m.observed}, needs {m.expected}" for m in measured if m.ok is False]
    return f"{counted.passed} of {counted.ran} tests passed{skipped}{''.join(bad)}"
