"""A sheet as JUnit XML, as Jenkins, GitLab and GitHub's reporters read it.

FAIL is a failure, ERROR an error, SKIP skipped; WARN passes and says so in `system-out`. Items left to
people are skipped cases of a suite of their own, so that no total claims more than was checked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring  # writes, never reads

from readiness.engine.outcome import Outcome
from readiness.engine.render.sheet import Line, Sheet

LEFT = "Left to people"
_TAGS = {Outcome.FAIL: "failure", Outcome.ERROR: "error", Outcome.SKIP: "skipped"}
# what XML 1.0 cannot carry, not even as a reference, and what steers a terminal
_ILLEGAL = re.compile(
    "[^\t\n -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    "|[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


def render(sheet: Sheet) -> str:
    """The XML document: one suite per group, one case per check; `classname` is the check's stable name."""
    root = Element("testsuites", {"name": _legal(f"{sheet.title} · {sheet.run_id}")})
    for group in dict.fromkeys(line.group for line in sheet.lines):
        _suite(root, group or sheet.title, [line for line in sheet.lines if line.group == group])
    if sheet.left:
        suite = SubElement(root, "testsuite", {"name": LEFT, **_totals([], skipped=len(sheet.left))})
        for number, text in enumerate(sheet.left, 1):
            case = SubElement(
                suite,
                "testcase",
                {"classname": f"left-to-people.{number}", "name": _legal(text), "time": "0"},
            )
            SubElement(case, "skipped", {"message": "A person decides this."})
    root.attrib.update(_totals(sheet.lines, skipped=len(sheet.left)))
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}'


def _suite(root: Element, name: str, lines: Sequence[Line]) -> None:
    suite = SubElement(root, "testsuite", {"name": _legal(name), **_totals(lines)})
    for line in lines:
        case = SubElement(
            suite,
            "testcase",
            {
                "classname": _legal(line.name),
                "name": _legal(line.title),
                "time": f"{line.duration_s:.3f}",
                **({"file": _legal(line.files[0])} if line.files else {}),
            },
        )
        if tag := _TAGS.get(line.outcome):
            kind = {"type": _legal(line.kind)} if line.outcome is not Outcome.SKIP else {}
            body = SubElement(case, tag, {"message": _legal(line.message), **kind})
            body.text = _legal(_text(line))
        else:
            SubElement(case, "system-out").text = _legal(f"{line.outcome}: {_text(line)}")


def _totals(lines: Sequence[Line], skipped: int = 0) -> dict[str, str]:
    outcomes = [line.outcome for line in lines]
    return {
        "tests": str(len(lines) + skipped),
        "failures": str(outcomes.count(Outcome.FAIL)),
        "errors": str(outcomes.count(Outcome.ERROR)),
        "skipped": str(outcomes.count(Outcome.SKIP) + skipped),
        "time": f"{sum(line.duration_s for line in lines):.3f}",
    }


def _text(line: Line) -> str:
    measured = (
        f"{m.name}: {m.observed}{f', expected {m.expected}' if m.expected else ''}" for m in line.measurements
    )
    read = f"Read: {', '.join(line.files)}" if line.files else ""
    return "\n".join(filter(None, [line.message, *measured, line.advice, read]))


def _legal(text: str) -> str:
    return _ILLEGAL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
