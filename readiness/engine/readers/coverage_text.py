"""Coverage as LCOV tracefiles and as coverage.py's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers.coverage_reports import Counts, Report, folder, same_count, same_rate

# Functions are not judged; the others only tell of the test and the version.
_IGNORED = frozenset({"TN", "VER", "FN", "FNL", "FNA", "FNDA", "FNF", "FNH"})
_STATED = frozenset({"LF", "LH", "BRF", "BRH"})
_DIGITS = 15


@dataclass(slots=True)
class _Source:
    path: str
    lines: dict[str, int] = field(default_factory=dict)
    branches: dict[tuple[str, str, str], int] = field(default_factory=dict)
    stated: dict[str, int] = field(default_factory=dict)

    def counts(self) -> Counts:
        return Counts(
            lines=len(self.lines),
            covered=sum(hits > 0 for hits in self.lines.values()),
            branches=len(self.branches),
            taken=sum(hits > 0 for hits in self.branches.values()),
        )


def parse_lcov(text: str, file: str) -> Report:
    """The counts of an LCOV tracefile; several tests of one source are added up.

    Raises BadContent naming the line for unknown records, negative counts, totals that disagree, a cut file.
    """
    sources: dict[str, _Source] = {}
    current: _Source | None = None
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if current is None:
            current = _opened(line, file, number)
        elif line == "end_of_record":
            _check(current, file)
            _merge(sources.setdefault(current.path, _Source(current.path)), current)
            current = None
        else:
            _record(current, line, file, number)
    if current is not None:
        raise BadContent(f"{file} ends within the record of {current.path[:120]}.", "Write it again.")
    report = Report("LCOV")
    for source in sources.values():
        report.add(folder(source.path), source.counts())
    return report


def _opened(line: str, file: str, number: int) -> _Source | None:
    kind, _, value = line.partition(":")
    if kind == "SF" and value:
        return _Source(value)
    if kind in _IGNORED:
        return None
    raise _unknown(line, file, number)


def _record(source: _Source, line: str, file: str, number: int) -> None:
    kind, _, value = line.partition(":")
    if kind == "DA":
        at, hits, *_ = (*value.split(","), "", "")
        key = str(_whole(at, file, number))
        source.lines[key] = source.lines.get(key, 0) + _whole(hits, file, number)
    elif kind == "BRDA":
        # the branch may be a sentence with commas; the count stands last
        rest, _, hits = value.rpartition(",")
        at, block, branch = (*rest.split(",", 2), "", "", "")[:3]
        place = (str(_whole(at, file, number)), block, branch)
        taken = 0 if hits == "-" else _whole(hits, file, number)
        source.branches[place] = source.branches.get(place, 0) + taken
    elif kind in _STATED:
        source.stated[kind] = _whole(value, file, number)
    elif kind not in _IGNORED:
        raise _unknown(line, file, number)


def _whole(raw: str, file: str, number: int) -> int:
    if not (raw.isascii() and raw.isdecimal() and len(raw) <= _DIGITS):
        raise BadContent(
            f"{file} line {number}: {raw[:40]!r} is no count, expected a whole number from 0.",
            "Write it again.",
        )
    return int(raw)


def _unknown(line: str, file: str, number: int) -> BadContent:
    return BadContent(f"{file} line {number} is no LCOV record: {line[:60]!r}.", "Write an LCOV tracefile.")


def _check(source: _Source, file: str) -> None:
    counts = source.counts()
    shown = {"LF": counts.lines, "LH": counts.covered, "BRF": counts.branches, "BRH": counts.taken}
    for name, stated in source.stated.items():
        same_count(file, f"{name} for {source.path[:120]}", stated, shown[name])


def _merge(into: _Source, other: _Source) -> None:
    for line, hits in other.lines.items():
        into.lines[line] = into.lines.get(line, 0) + hits
    for place, hits in other.branches.items():
        into.branches[place] = into.branches.get(place, 0) + hits


def parse_json(data: Any, file: str) -> Report:
    """The counts of coverage.py's `coverage json`, from its lists of lines and branches.

    Raises BadContent for other JSON, and where summaries and lists disagree.
    """
    files = data.get("files") if isinstance(data, Mapping) else None
    meta = data.get("meta") if isinstance(data, Mapping) else None
    if not isinstance(files, Mapping) or not isinstance(meta, Mapping) or "version" not in meta:
        raise BadContent(f"{file} is not coverage.py's JSON.", "Write it with `coverage json`.")
    report = Report("coverage.py")
    for path, entry in files.items():
        counts = _file(entry, path, file, branches=meta.get("branch_coverage") is True)
        report.add(folder(path), counts)
    _check_summary(data.get("totals"), report.total, file, "the totals")
    return report


def _file(entry: Any, path: str, file: str, *, branches: bool) -> Counts:
    place = f"{file} · {path[:120]}"
    executed, missing = _rows(entry, "executed_lines", place), _rows(entry, "missing_lines", place)
    counts = _both(executed, missing, place)
    own = Counts(lines=counts[0], covered=counts[1])
    if branches:
        taken, left = _rows(entry, "executed_branches", place), _rows(entry, "missing_branches", place)
        own.branches, own.taken = _both(taken, left, place)
    _check_summary(entry.get("summary"), own, file, path[:120])
    return own


def _rows(entry: Any, name: str, place: str) -> set[Any]:
    listed = entry.get(name) if isinstance(entry, Mapping) else None
    if not isinstance(listed, list) or not all(_is_row(row) for row in listed):
        raise BadContent(f"{place} has no usable list {name}.", "Write it with `coverage json`.")
    return {tuple(row) if isinstance(row, list) else row for row in listed}


def _is_row(row: Any) -> bool:
    # a branch is a pair of lines; leaving a function is written as a negative line
    numbers = row if isinstance(row, list) else [row]
    return len(numbers) in (1, 2) and all(type(n) is int for n in numbers)


def _both(reached: set[Any], missed: set[Any], place: str) -> tuple[int, int]:
    if reached & missed:
        raise BadContent(f"{place} lists the same place as reached and missed.", "Write it again.")
    return len(reached) + len(missed), len(reached)


def _check_summary(summary: Any, counts: Counts, file: str, where: str) -> None:
    if not isinstance(summary, Mapping):
        raise BadContent(f"{file} has no summary for {where}.", "Write it with `coverage json`.")
    pairs = [("num_statements", counts.lines), ("covered_lines", counts.covered)]
    if counts.branches or "num_branches" in summary:
        pairs += [("num_branches", counts.branches), ("covered_branches", counts.taken)]
    for name, counted in pairs:
        stated = summary.get(name)
        if type(stated) is not int:
            raise BadContent(f"{file}: {name} of {where} is not a whole number.", "Write it again.")
        same_count(file, f"{name} for {where}", stated, counted)
    percent = summary.get("percent_covered")
    if percent is not None:
        share = str(percent / 100) if type(percent) in (int, float) else str(percent)
        reached, whole = counts.covered + counts.taken, counts.lines + counts.branches
        same_rate(file, f"percent_covered of {where}", share, reached, whole)
