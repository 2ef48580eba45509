"""JUnit reports: the test cases themselves, with what they cost and whether they were tried again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element  # the type only; defusedxml parses

from readiness.engine.errors import BadContent
from readiness.engine.readers import xml
from readiness.engine.target import RunDirectory

_FAILED = frozenset({"failure", "error", "failed", "rerunfailure", "rerunerror"})
_ASSERTED = frozenset({"failure", "failed", "rerunfailure"})
_SKIPPED = frozenset({"skipped", "disabled", "notrun", "suppressed"})
# Surefire's words for a try that failed before one that passed.
_FLAKY = frozenset({"flakyfailure", "flakyerror"})
_SECONDS = re.compile(r"[0-9][0-9,]*(\.[0-9]+)?(e-?[0-9]{1,2})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Case:
    """One test case as written: `failed`, `skipped` or neither; `flaky` when it says that a try failed.

    `key` is equal for the tries of one test; `seconds` is None where no time is written. `errored`: it failed
    because it broke, not by what it asserted.
    """

    name: str
    key: tuple[str, str, str]
    failed: bool
    skipped: bool
    flaky: bool
    seconds: float | None
    errored: bool = False


def tests(cases: Iterable[Case]) -> Iterator[Case]:
    """One case per test: its last try. A re-run has a reason, also where the first try is not shown to fail
    (pytest-rerunfailures writes it without a failure).
    """
    tries: dict[tuple[str, str, str], list[Case]] = {}
    for case in cases:
        tries.setdefault(case.key, []).append(case)
    for of_one in tries.values():
        last, again = of_one[-1], len(of_one) > 1
        failed = last.failed or (last.skipped and any(case.failed for case in of_one))
        skipped = last.skipped and not failed
        flaky = last.flaky or (again and not failed and not skipped)
        errored = failed and any(case.errored for case in of_one)
        yield Case(
            last.name, last.key, failed=failed, skipped=skipped, flaky=flaky, seconds=None, errored=errored
        )


def read(run: RunDirectory, file: str) -> list[Case]:
    """The cases of one report, in order.

    Raises BadContent for anything but a JUnit report, for totals that state more tests or failures than are
    shown, for times that cannot be.
    """
    root = xml.parse(run.read_bytes(file), file, roots=("testsuites", "testsuite"), what="a JUnit report")
    _check_totals(root, file)
    return list(_cases(root, "", file))


def _cases(element: Element, suite: str, file: str) -> Iterator[Case]:
    for child in element:
        if xml.tag(child) == "testcase":
            yield _case(child, suite, file)
        else:
            own = child.get("name", "") if xml.tag(child) == "testsuite" else suite
            yield from _cases(child, own, file)


def _case(case: Element, suite: str, file: str) -> Case:
    classname, name = case.get("classname") or "", case.get("name") or ""
    shown = ".".join(filter(None, (classname, name))) or "unnamed"
    # Most writers add an element; some say it in an attribute.
    said = {xml.tag(child).lower() for child in case}
    said |= {case.get("status", "").lower(), case.get("result", "").lower()}
    failed = bool(said & _FAILED)
    return Case(
        name=shown,
        key=(suite, classname, name),
        failed=failed,
        skipped=not failed and bool(said & _SKIPPED),
        flaky=not failed and bool(said & _FLAKY),
        seconds=_seconds(case, shown, file),
        errored=failed and not said & _ASSERTED,
    )


def _seconds(case: Element, name: str, file: str) -> float | None:
    raw = case.get("time", "").strip()
    if not raw:
        return None
    if not _SECONDS.fullmatch(raw):
        raise BadContent(
            f"{file}: the time of {name[:120]} is {raw[:40]!r}, expected seconds from 0.",
            "Run the tests again.",
        )
    return float(raw.replace(",", ""))


def _check_totals(root: Element, file: str) -> None:
    # A suite that broke before its first test may state an error without a case that shows it.
    for suite in (root, *xml.children(root, "testsuite")):
        cases = list(xml.below(suite, "testcase"))
        said = [xml.tag(child) for case in cases for child in case]
        bad = sum(word.lower() in _FAILED for word in said)
        stated = _stated(suite, "failures", file) + _stated(suite, "errors", file)
        if stated > bad:
            raise _incomplete(file, f"{stated} failures and errors", bad)
        # pytest counts a test that passed and whose teardown broke twice
        tests, most = _stated(suite, "tests", file), len(cases) + said.count("error")
        if cases and tests > most:
            raise _incomplete(file, f"{tests} tests", len(cases))


def _stated(suite: Element, name: str, file: str) -> int:
    return xml.whole(suite, name, file) if suite.get(name) else 0


def _incomplete(file: str, stated: str, shown: int) -> BadContent:
    return BadContent(
        f"{file} states {stated}, but shows {shown}.", "Write the complete report, with every test case."
    )
