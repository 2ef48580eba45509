"""SARIF 2.1.0: the results of one or several tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers.advisories import objects, soft
from readiness.engine.readers.lint_reports import AGAIN, LEVELS, Issue, Report

_HARMLESS_KINDS = ("pass", "notApplicable", "informational")


@dataclass(frozen=True, slots=True)
class _Rules:
    """Default levels by a rule's id, and the driver's ids in order."""

    levels: Mapping[str, str]
    own: Sequence[str]

    def name(self, result: Mapping[str, Any]) -> str:
        inner = result.get("rule")
        said, index = soft(result, "ruleId") or soft(inner, "id"), result.get("ruleIndex")
        if said or not isinstance(index, int) or not 0 <= index < len(self.own):
            return said
        return self.own[index]

    def level(self, rule: str) -> str:
        # `CA1001/2` is a part of the rule `CA1001`
        while rule not in self.levels and "/" in rule:
            rule = rule.rpartition("/")[0]
        return self.levels.get(rule, "warning")


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
    rules = _rules(tool, driver, file)
    for result in objects(run, "results", file):
        if _is_suppressed(result, file):
            report.suppressed += 1
        elif soft(result, "kind") not in _HARMLESS_KINDS and soft(result, "baselineState") != "absent":
            report.issues += _issue(result, rules, file)
    return name


def _rules(tool: Any, driver: Mapping[str, Any], file: str) -> _Rules:
    own = list(objects(driver, "rules", file, needed=False))
    more = objects(tool, "extensions", file, needed=False)
    every = [*own, *(rule for part in more for rule in objects(part, "rules", file, needed=False))]
    levels: dict[str, str] = {}
    for rule in every:
        # several plug-ins may use one id: the worst of their levels holds
        name, level = soft(rule, "id"), soft(rule.get("defaultConfiguration"), "level") or "warning"
        levels[name] = min(levels.get(name, level), level, key=_rank)
    return _Rules(levels, [soft(rule, "id") for rule in own])


def _rank(level: str) -> int:
    order = (*LEVELS, "none")
    return order.index(level) if level in order else -1


def _is_suppressed(result: Mapping[str, Any], file: str) -> bool:
    found = list(objects(result, "suppressions", file, needed=False))
    # drafts of the format say `state`
    return bool(found) and all((soft(e, "status") or soft(e, "state")) in ("", "accepted") for e in found)


def _issue(result: Mapping[str, Any], rules: _Rules, file: str) -> list[Issue]:
    rule = rules.name(result)
    level = soft(result, "level") or rules.level(rule)
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
