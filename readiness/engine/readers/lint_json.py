"""Linters' JSON: ruff, pylint, ESLint and Bandit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers.advisories import objects, soft, text
from readiness.engine.readers.lint_reports import AGAIN, Issue, Report

_PYLINT = {"fatal": "error", "error": "error", "warning": "warning"}
_BANDIT = {"HIGH": "error", "MEDIUM": "warning", "LOW": "note"}
_ESLINT = {2: "error", 1: "warning"}


def read(data: Any, file: str, wanted: str | None) -> Report:
    """The issues of a JSON report, its tool told from the content; an empty list needs `wanted`.

    Raises BadContent for anything else.
    """
    if isinstance(data, list):
        return _listed(data, file, wanted)
    if isinstance(data, Mapping) and "metrics" in data and "results" in data:
        return _bandit(data, file)
    if isinstance(data, Mapping) and "metadata" in data and "results" in data:
        return _eslint(objects(data, "results", file), file)  # its `json-with-metadata`
    if isinstance(data, Mapping) and "messages" in data and "statistics" in data:
        return _pylint2(data, file)
    raise BadContent(f"{file} is no report of ruff, pylint, ESLint, Bandit or SARIF.", AGAIN)


def _listed(data: list[Any], file: str, wanted: str | None) -> Report:
    if not data:
        if wanted in ("ruff", "pylint"):
            return Report(wanted)
        raise BadContent(
            f"{file} is an empty list, which does not say that a linter ran.",
            "Write `format: ruff` or `format: pylint` if one of them wrote it.",
        )
    entries = list(objects({"issues": data}, "issues", file))
    for name, reader in (("filePath", _eslint), ("message-id", _pylint), ("filename", _ruff)):
        if all(name in entry for entry in entries):
            return reader(entries, file)
    raise BadContent(f"{file} is no report of ruff, pylint or ESLint.", AGAIN)


def _whole(holder: Any, name: str, file: str) -> int:
    value = holder.get(name) if isinstance(holder, Mapping) else None
    if type(value) is not int or value < 0:
        raise BadContent(f"{file}: {name} is {str(value)[:40]}, expected a whole number from 0.", AGAIN)
    return value


def _ruff(entries: Iterable[Mapping[str, Any]], file: str) -> Report:
    report = Report("ruff")
    for entry in entries:
        code = soft(entry, "code") or "invalid-syntax"
        line = _whole(entry.get("location"), "row", file)
        level = "warning" if soft(entry, "severity") == "warning" else "error"
        report.issues.append(Issue(level, code, text(entry, "filename", file), line, soft(entry, "message")))
    return report


def _pylint(entries: Iterable[Mapping[str, Any]], file: str) -> Report:
    report = Report("pylint")
    for entry in entries:
        level = _PYLINT.get(text(entry, "type", file), "note")
        rule = soft(entry, "message-id") or text(entry, "messageId", file)
        line = _whole(entry, "line", file)
        report.issues.append(Issue(level, rule, soft(entry, "path"), line, soft(entry, "message")))
    return report


def _pylint2(data: Mapping[str, Any], file: str) -> Report:
    report = _pylint(objects(data, "messages", file), file)
    statistics = data["statistics"]
    stated = statistics.get("messageTypeCount") if isinstance(statistics, Mapping) else None
    report.looked_at = _whole(statistics, "modulesLinted", file)
    total = sum(_whole(stated, name, file) for name in stated) if isinstance(stated, Mapping) else -1
    _same(file, total, len(report.issues))
    return report


def _eslint(entries: Iterable[Mapping[str, Any]], file: str) -> Report:
    report = Report("ESLint", looked_at=0)
    for entry in entries:
        path = text(entry, "filePath", file)
        own = [_eslint_issue(each, path, file) for each in objects(entry, "messages", file)]
        for level, name in (("error", "errorCount"), ("warning", "warningCount")):
            _same(
                file,
                _whole(entry, name, file),
                sum(issue.level == level for issue in own),
                f" for {path[:120]}",
            )
        report.issues += own
        report.suppressed += len(list(objects(entry, "suppressedMessages", file, needed=False)))
        # a file named on the command line that the configuration ignores is listed, with a warning only
        ignored = len(own) == 1 and own[0].text.startswith("File ignored")
        report.looked_at = (report.looked_at or 0) + int(not ignored)
    return report


def _eslint_issue(entry: Mapping[str, Any], path: str, file: str) -> Issue:
    level = _ESLINT.get(_whole(entry, "severity", file))
    if level is None:
        raise BadContent(f"{file}: a severity is neither 1 nor 2.", AGAIN)
    line = entry.get("line")
    return Issue(
        level,
        soft(entry, "ruleId") or ("parse error" if entry.get("fatal") is True else "no rule"),
        path,
        line if type(line) is int and line > 0 else 0,
        soft(entry, "message"),
    )


def _bandit(data: Mapping[str, Any], file: str) -> Report:
    metrics = data["metrics"]
    totals = metrics.get("_totals") if isinstance(metrics, Mapping) else None
    report = Report("Bandit", looked_at=_whole(totals, "loc", file))
    for entry in objects(data, "results", file):
        level = _BANDIT.get(text(entry, "issue_severity", file), "warning")
        line = _whole(entry, "line_number", file)
        rule, path = text(entry, "test_id", file), text(entry, "filename", file)
        report.issues.append(Issue(level, rule, path, line, soft(entry, "issue_text")))
    for severity in ("HIGH", "MEDIUM"):
        shown = report.count(_BANDIT[severity])
        _same(file, _whole(totals, f"SEVERITY.{severity}", file), shown, f" of the severity {severity}")
    for entry in objects(data, "errors", file):
        report.issues.append(Issue("error", "not scanned", soft(entry, "filename"), 0, soft(entry, "reason")))
    return report


def _same(file: str, stated: int, shown: int, where: str = "") -> None:
    if stated != shown:
        raise BadContent(
            f"{file} states {stated} findings{where}, but shows {shown}.", "Write the complete report."
        )
