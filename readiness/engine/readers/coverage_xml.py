"""Coverage in XML: Cobertura (coverage.py, gcovr, istanbul, coverlet) and JaCoCo."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element  # the type only; defusedxml parses

from readiness.engine.errors import BadContent
from readiness.engine.readers import xml
from readiness.engine.readers.coverage_reports import Counts, Report, same_count, same_rate

_CONDITIONS = re.compile(r"[0-9.]+ ?% \(([0-9]{1,9})/([0-9]{1,9})\)")


def parse(content: bytes, file: str) -> Report:
    """The counts of a Cobertura or JaCoCo report. Raises BadContent for anything else."""
    root = xml.parse(
        content, file, roots=("coverage", "report"), what="a Cobertura or JaCoCo report", dtd=True
    )
    return _cobertura(root, file) if xml.tag(root) == "coverage" else _jacoco(root, file)


def _cobertura(root: Element, file: str) -> Report:
    report = Report("Cobertura")
    for package in xml.below(root, "package"):
        own = Counts()
        for classes in xml.children(package, "classes"):
            for each in xml.children(classes, "class"):
                counts = _class(each, file)
                own.add(counts)
                report.add(package.get("name") or ".", counts)
        _check_rates(package, own, file, f" of the package {package.get('name', '')[:80]!r}")
    total = report.total
    _check_rates(root, total, file, "")
    stated = (
        ("lines-valid", total.lines),
        ("lines-covered", total.covered),
        ("branches-valid", total.branches),
        ("branches-covered", total.taken),
    )
    for name, counted in stated:
        if root.get(name) is not None:
            same_count(file, name, xml.whole(root, name, file), counted)
    return report


def _check_rates(element: Element, counts: Counts, file: str, where: str) -> None:
    same_rate(file, f"line-rate{where}", element.get("line-rate"), counts.covered, counts.lines)
    same_rate(file, f"branch-rate{where}", element.get("branch-rate"), counts.taken, counts.branches)


def _class(each: Element, file: str) -> Counts:
    # The lines of the methods stand a second time under the class: only those count.
    counts, seen = Counts(), set()
    for lines in xml.children(each, "lines"):
        for line in xml.children(lines, "line"):
            number = xml.whole(line, "number", file)
            if number in seen:
                raise BadContent(
                    f"{file} lists line {number} of {each.get('filename', '')[:120]!r} twice.",
                    "Write the report again.",
                )
            seen.add(number)
            counts.add(_line(line, number, file))
    return counts


def _line(line: Element, number: int, file: str) -> Counts:
    counts = Counts(lines=1, covered=int(xml.whole(line, "hits", file) > 0))
    if line.get("branch", "false").lower() == "true":
        said = line.get("condition-coverage", "")
        match = _CONDITIONS.fullmatch(said.strip())
        if match is None or int(match[1]) > int(match[2]):
            raise BadContent(
                f"{file} line {number}: condition-coverage is {said[:40]!r}, expected such as '50% (1/2)'.",
                "",
            )
        counts.taken, counts.branches = int(match[1]), int(match[2])
    return counts


def _jacoco(root: Element, file: str) -> Report:
    report = Report("JaCoCo")
    for package in xml.below(root, "package"):  # modules of an aggregated report are groups of packages
        name = (package.get("name") or ".").replace("/", ".")
        own = Counts()
        for source in xml.children(package, "sourcefile"):
            counts = _sourcefile(source, file)
            own.add(counts)
            report.add(name, counts)
        if not own.lines and any(c.get("type") == "INSTRUCTION" for c in xml.children(package, "counter")):
            raise BadContent(
                f"{file}: the package {name[:80]} has code, but no lines.", "Compile with line numbers."
            )
        report.packages.setdefault(name, Counts()).add(_beyond(package, own, file, name))
    left = _beyond(root, report.total, file, "the report")
    if left.lines or left.branches:
        raise BadContent(f"{file} misses more as a whole than its packages show.", "Write the report again.")
    return report


def _sourcefile(source: Element, file: str) -> Counts:
    counts = Counts()
    for line in xml.children(source, "line"):
        # the DTD, which is never fetched, says that what is left out is 0
        _, reached, missed, taken = (xml.whole(line, n, file, "0") for n in ("mi", "ci", "mb", "cb"))
        counts.add(Counts(lines=1, covered=int(reached > 0), branches=missed + taken, taken=taken))
    return counts


def _beyond(element: Element, counts: Counts, file: str, where: str) -> Counts:
    """What the counters know to be missed beyond the rows; they may not know of less than the rows show.

    Branches of code without a line number, and all of a class without a source file, stand in no row. What
    is covered there is not taken in: only rows show that.
    """
    unnamed = any(each.get("sourcefilename") is None for each in xml.below(element, "class"))
    shown = {"LINE": (counts.lines, counts.covered), "BRANCH": (counts.branches, counts.taken)}
    more = {"LINE": 0, "BRANCH": 0}
    for counter in xml.children(element, "counter"):
        kind = counter.get("type", "")
        if kind in shown:
            missed, covered = (xml.whole(counter, n, file, "0") for n in ("missed", "covered"))
            total, reached = shown[kind]
            words = f"{kind.lower()} counts for {where[:80]}"
            if missed < total - reached or covered < reached or (kind == "LINE" and not unnamed):
                same_count(file, words, missed + covered, total)
                same_count(file, f"covered {words}", covered, reached)
            more[kind] = missed - (total - reached)
    return Counts(lines=more["LINE"], branches=more["BRANCH"])
