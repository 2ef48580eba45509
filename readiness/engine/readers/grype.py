"""Grype's JSON: matches, ignored matches with the rules that ignored them, alerts for packages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers.advisories import AGAIN, Advisory, Scan, objects, severity, soft, text, texts

_RULE = (
    ("reason", "{}"),
    ("vex-status", "{}"),
    ("vex-justification", "{}"),
    ("vulnerability", "for {}"),
    ("fix-state", "with the fix state {}"),
    ("match-type", "for matches of the type {}"),
    ("namespace", "in the namespace {}"),
)


def read(data: Mapping[str, Any], file: str) -> Scan:
    """The advisories of a report. Raises BadContent for wrong shapes."""
    if soft(data["descriptor"], "name") != "grype" or not isinstance(data.get("source"), Mapping):
        raise BadContent(f"{file} does not say that Grype wrote it, and what it looked at.", AGAIN)
    scan = Scan("Grype")
    scan.advisories = [_match(match, file) for match in objects(data, "matches", file)]
    for match in objects(data, "ignoredMatches", file, needed=False):
        rules = list(objects(match, "appliedIgnoreRules", file, needed=False))
        why = "; ".join(filter(None, map(_rule, rules))) or "no reason given"
        scan.set_aside.append((_match(match, file), f"ignored by a rule: {why}"))
    for entry in objects(data, "alertsByPackage", file, needed=False):
        scan.skipped += _alerts(entry, file)
    return scan


def _rule(rule: Mapping[str, Any]) -> str:
    package = soft(rule.get("package"), "name")
    said = [words.format(value) for name, words in _RULE if (value := soft(rule, name))]
    return ", ".join(said + ([f"for the package {package}"] if package else []))


def _alerts(entry: Mapping[str, Any], file: str) -> list[str]:
    """Packages of a distribution that nobody maintains, or that is not matched: they were not really seen."""
    name = soft(entry.get("package"), "name") or "unnamed package"
    alerts = objects(entry, "alerts", file, needed=False)
    return [f"{name}: {soft(each, 'message') or soft(each, 'type')}" for each in alerts]


def _match(match: Mapping[str, Any], file: str) -> Advisory:
    found, artifact = match.get("vulnerability"), match.get("artifact")
    if not isinstance(found, Mapping) or not isinstance(artifact, Mapping):
        raise BadContent(f"{file} holds a match without vulnerability or artifact.", AGAIN)
    related = [soft(other, "id") for other in objects(match, "relatedVulnerabilities", file, needed=False)]
    fix = found.get("fix")
    fixed = ", ".join(texts(fix, "versions")) if isinstance(fix, Mapping) else ""
    return Advisory(
        tuple(dict.fromkeys((text(found, "id", file), *filter(None, related)))),
        severity(found.get("severity")),
        soft(artifact, "name"),
        soft(artifact, "version"),
        fixed,
        soft(artifact, "purl"),
    )
