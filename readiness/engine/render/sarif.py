"""A sheet as SARIF 2.1.0, for code scanning: one rule per kind, one result per check that did not pass."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from readiness import __version__
from readiness.engine.outcome import Outcome
from readiness.engine.render.places import fingerprint, place
from readiness.engine.render.sheet import Line, Sheet

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
SHOWN = 10  # measurements of one message
# code hosts put relative paths beneath this name
ROOT = "%SRCROOT%"
_LEVELS = {
    Outcome.FAIL: "error",
    Outcome.ERROR: "error",
    Outcome.WARN: "warning",
    Outcome.SKIP: "note",
}


def render(sheet: Sheet) -> str:
    """The SARIF log as indented JSON. Passed checks are no results: a code host would show them as alerts."""
    rules = {kind: index for index, kind in enumerate(dict.fromkeys(line.kind for line in sheet.lines))}
    run = {
        "tool": {
            "driver": {
                "name": "Readiness",
                "semanticVersion": __version__,
                "rules": [_rule(sheet, kind) for kind in rules],
            }
        },
        "automationDetails": {"id": f"readiness/{sheet.run_id}"},
        "invocations": [
            {
                "executionSuccessful": not any(line.outcome is Outcome.ERROR for line in sheet.lines),
                "exitCode": sheet.code,
                "toolExecutionNotifications": list(_notifications(sheet)),
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(sheet, line, rules[line.kind]) for line in sheet.lines if line.outcome in _LEVELS
        ],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(_unicode(log), indent=2, ensure_ascii=False, allow_nan=False)


def _rule(sheet: Sheet, kind: str) -> dict[str, Any]:
    text = sheet.helps.get(kind) or next(line.title for line in sheet.lines if line.kind == kind)
    title, _, rest = text.partition("\n")
    return {
        "id": kind,
        "name": kind,
        "shortDescription": {"text": title or kind},
        "fullDescription": {"text": rest.strip().partition("\n\n")[0] or title or kind},
        "help": {"text": text or kind, "markdown": text or kind},
    }


def _result(sheet: Sheet, line: Line, rule: int) -> dict[str, Any]:
    where = place(sheet, line)
    artifact = {"uri": where.uri, **({"uriBaseId": ROOT} if where.inside else {})}
    physical = {"artifactLocation": artifact, "region": {"startLine": line.at_line or 1}}
    return {
        "ruleId": line.kind,
        "ruleIndex": rule,
        "kind": "fail",
        "level": _LEVELS[line.outcome],
        "message": {"text": _message(line)},
        "locations": [{"physicalLocation": physical, "logicalLocations": [{"name": line.name}]}],
        "partialFingerprints": _fingerprints(sheet, line),
        "properties": {"outcome": line.outcome.value, "item": line.title, "section": line.group},
    }


def _message(line: Line) -> str:
    missed = [m for m in line.judged if not m.ok]
    words = [f"{m.name}: {m.observed}, expected {m.expected}" for m in missed[:SHOWN]]
    if len(missed) > SHOWN:
        words.append(f"{len(missed) - SHOWN} more")
    measured = f" ({'; '.join(words)})" if words else ""
    # "[text](address)" in a message is a link, also where a run wrote it
    return f"{line.title}: {line.told}{measured}".replace("](", "] (")


def _fingerprints(sheet: Sheet, line: Line) -> dict[str, str]:
    digest = fingerprint(sheet, line)
    return {"readinessCheck/v1": digest, "primaryLocationLineHash": f"{digest[:16]}:1"}


def _notifications(sheet: Sheet) -> Iterator[dict[str, Any]]:
    for text in sheet.left:
        yield {"level": "note", "message": {"text": f"Left to people: {text}"}}


def _unicode(value: Any) -> Any:
    """Lone surrogates, which UTF-8 cannot carry, as escapes."""
    if isinstance(value, dict):
        return {_unicode(key): _unicode(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_unicode(entry) for entry in value]
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
