"""A checklist's report as a sheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from readiness.engine import registry
from readiness.engine.checklist import Item
from readiness.engine.render.sheet import Line, Sheet
from readiness.engine.report import Report
from readiness.engine.runner import CheckResult


def sheet(value: Report, run_path: str, exit_code: int | None = None) -> Sheet:
    """The report's checks as lines. `run_path` is the run as seen from the repository's root."""
    groups = {item.id: section.title for section in value.checklist.sections for item in section.items}
    lines = tuple(
        _line(name, groups.get(item.id, ""), item, result) for name, item, result in named(value.checks)
    )
    found = {line.kind: registry.declared(line.kind) for line in lines}
    return Sheet(
        title=f"{value.checklist.title} {value.checklist.version}",
        run_id=value.run_id,
        run_path=run_path,
        overall=value.overall,
        lines=lines,
        left=tuple(f"{item.text}: {item.why}" for item in value.open_items),
        helps={name: f"{kind.title}.\n\n{kind.doc}" for name, kind in found.items() if kind},
        exit_code=exit_code,
    )


def named(checks: Iterable[tuple[Item, CheckResult]]) -> Iterator[tuple[str, Item, CheckResult]]:
    """Every check with its stable name: `item.kind`, with `-2` … when an item uses a kind again."""
    uses: Counter[str] = Counter()
    for item, result in checks:
        name = f"{item.id}.{result.kind}"
        uses[name] += 1
        yield name if uses[name] == 1 else f"{name}-{uses[name]}", item, result


def _line(name: str, group: str, item: Item, result: CheckResult) -> Line:
    finding = result.finding
    files = [entry.path for entry in result.files]
    place = next(_places(finding.details), None)
    if place and place[0] in files:
        files.sort(key=lambda path: path != place[0])
    return Line(
        name=name,
        group=group,
        title=item.text,
        kind=result.kind,
        outcome=finding.outcome,
        message=finding.message,
        advice=finding.advice,
        measurements=finding.measurements,
        files=tuple(files),
        at_line=place[1] if place and files[:1] == [place[0]] else None,
        duration_s=result.duration_s,
    )


def _places(details: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Files and lines that a finding's details name: entries with `file` and `line`."""
    for value in (details, *details.values()):
        for entry in value if isinstance(value, list | tuple) else (value,):
            if isinstance(entry, Mapping) and isinstance(entry.get("file"), str):
                line = entry.get("line")
                if isinstance(line, int) and line > 0:
                    yield entry["file"], line
