"""SARIF 2.1.0: the results of one or several tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers.advisories import objects, soft
from readiness.engine.readers.lint_reports import AGAIN, LEVELS, Issue, Report

_HARMLESS_KINDS = ("pass", "notApplicable", "informational")


def read(data: Mapping[str, Any], file: str) -> Report:
    """The results of all runs. Raises BadContent for other versions, runs without results, failed runs."""
    if data.get("version") != "2.1.0":
        raise BadContent(f"{file} is SARIF {str(data.get('version'))[:20]}, expected 2.1.0.", AGAIN)
    report = Report("SARIF")
    tools = [_run(run, file, report) for run in objects(data, "runs", file)]
    if not tools:
        raise BadContent(f"{file} holds no run of a tool.", "Write the report again.")
    report.tool = ", ".join(dict.fromkeys(tools))[:200]
    return report


def _run(run: Mapping[str, Any], file: str, report: Report) -> str:
    tool = run.get("tool")
    driver = tool.get("driver") if isinstance(tool, Mapping) else None
    name = soft(driver, "name")
    if not name or not isinstance(driver, Mapping):
        raise BadContent(f"{file} holds a run that names no tool.", AGAIN)
    for invocation in objects(run, "invocations", file, needed=False):
        if invocation.get("executionSuccessful") is False:
            raise BadContent(
                f"{file}: {name[:80]} did not end well.", "Correct what it says, and run it again."
            )
    if "results" not in run or "externalPropertyFileReferences" in run:
        raise BadContent(f"{file} does not hold the results of {name[:80]}.", "Write them into one file.")
    rules = {soft(rule, "id"): rule for rule in objects(driver, "rules", file, needed=False)}
    for result in objects(run, "results", file):
        if _is_suppressed(result, file):
            report.suppressed += 1
        elif soft(result, "kind") not in _HARMLESS_KINDS and soft(result, "baselineState") != "absent":
            report.issues += _issue(result, rules, file)
    return name


def _is_suppressed(result: Mapping[str, Any], file: str) -> bool:
    found = list(objects(result, "suppressions", file, needed=False))
    return bool(found) and all(soft(each, "status") in ("", "accepted") for each in found)


def _issue(result: Mapping[str, Any], rules: Mapping[str, Mapping[str, Any]], file: str) -> list[Issue]:
    inner = result.get("rule")
    rule = soft(result, "ruleId") or soft(inner, "id")
    default = rules.get(rule, {}).get("defaultConfiguration")
    level = soft(result, "level") or soft(default, "level") or "warning"
    if level == "none":
        return []
    if level not in LEVELS:
        raise BadContent(f"{file}: the level {level[:40]!r} is not known.", AGAIN)
    path, line = _place(result, file)
    message = result.get("message")
    return [Issue(level, rule or "no rule", path, line, soft(message, "text"))]


def _place(result: Mapping[str, Any], file: str) -> tuple[str, int]:
    first = next(objects(result, "locations", file, needed=False), {})
    physical = first.get("physicalLocation")
    if not isinstance(physical, Mapping):
        return "", 0
    region = physical.get("region")
    line = region.get("startLine") if isinstance(region, Mapping) else None
    return soft(physical.get("artifactLocation"), "uri"), line if type(line) is int and line > 0 else 0
