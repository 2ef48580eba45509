"""`redaction_audit.json`: what somebody's audit of the data says, and whether it says one thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from readiness.engine.errors import BadContent, FileMissing, FileRefused
from readiness.engine.outcome import Finding
from readiness.engine.ready import shape, words
from readiness.engine.ready.check import finding
from readiness.engine.ready.files import RunFiles
from readiness.engine.ready.status import ReadinessStatus
from readiness.engine.ready.words import Word

FILE = "redaction_audit.json"
PASSED = "Redaction audit passed"
FAILED = "Redaction audit failed: {count} findings"
AGAIN = "Run `readiness audit --run DIR`."
REDACT = "Redact the data, then audit again: `readiness audit --run DIR`."
_STATUS = ("status", "passed", "result")
_COUNTS = ("findings_count", "total_findings", "findings", "high_severity", "findings_by_type")


def judge(files: RunFiles) -> Finding | None:
    """What the audit says; None when there is none. Raises BadContent."""
    audit = files.object(FILE)
    if audit is None:
        return None
    said = [audit[key] for key in _STATUS if audit.get(key) is not None]
    word = words.together(words.read(value) for value in said)
    by_type = _by_type(audit)
    count = _count(audit, by_type)
    if word in (Word.TWO, Word.UNKNOWN):
        stated = ", ".join(map(_claim, said)) or "none"
        raise BadContent(f"{FILE} has no status that is known: {stated}.", "Write PASS or FAIL.")
    if word is Word.FAIL:
        return finding(ReadinessStatus.FAIL, FAILED.format(count=count or 0), REDACT, by_type)
    if count:
        what = f"The audit says {_claim(said[0])} beside {count} finding{'s' if count > 1 else ''}"
        return finding(ReadinessStatus.FAIL, what, REDACT, by_type)
    if doubt := _doubt(files, audit, word, count):
        return finding(ReadinessStatus.WARN, doubt, AGAIN)
    return finding(ReadinessStatus.PASS, PASSED, details={"findings": 0})


def _doubt(files: RunFiles, audit: Mapping[str, Any], word: Word, count: int | None) -> str:
    """Why an audit without findings is not enough, or an empty string."""
    if word is not Word.PASS:
        return f"Redaction audit: {_claim(audit.get('status', audit.get('result')))}"
    if count is None:
        return f"{FILE} does not say how many findings there were"
    if audit.get("files_scanned") is not None and not _size(audit["files_scanned"], "files_scanned"):
        return "The redaction audit looked at no file"
    entries = audit.get("files")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and _other_bytes(files, entry):
            return f"{entry['path'][:200]} is not what the redaction audit looked at"
    return ""


def _other_bytes(files: RunFiles, entry: Mapping[str, Any]) -> bool:
    path, digest = entry.get("path"), entry.get("sha256")
    if not isinstance(path, str) or not isinstance(digest, str):
        return False
    try:
        return files.sha256(path) != digest.lower().removeprefix("sha256:")
    except (FileMissing, FileRefused):
        return True


def _claim(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value[:40] if isinstance(value, str) else shape.kind(value)


def _by_type(audit: Mapping[str, Any]) -> dict[str, int]:
    """Findings by type, from `summary` or the top level; zeros left out. Raises BadContent."""
    counts: dict[str, int] = {}
    for prefix, table in _tables(audit):
        value, place = table.get("findings_by_type"), f"{prefix}findings_by_type"
        if isinstance(value, list):
            counts |= {"findings": len(value)}
        elif value is not None:
            entries = shape.as_object(value, f"{FILE} · {place}").items()
            counts |= {kind: _size(entry, f"{place}.{kind}") for kind, entry in entries}
    return {kind: count for kind, count in counts.items() if count}


def _count(audit: Mapping[str, Any], by_type: Mapping[str, int]) -> int | None:
    """How many findings the audit names: the largest of its counts; None when it names none."""
    counts = [sum(by_type.values())] if by_type else []
    for prefix, table in _tables(audit):
        for key in _COUNTS:
            if table.get(key) is not None:
                counts.append(0 if key == "findings_by_type" else _size(table[key], f"{prefix}{key}"))
    return max(counts, default=None)


def _tables(audit: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    summary = audit.get("summary")
    if summary is None or isinstance(summary, str):
        return [("", audit)]
    return [("", audit), ("summary.", shape.as_object(summary, f"{FILE} · summary"))]


def _size(value: Any, place: str) -> int:
    return len(value) if isinstance(value, list | dict) else shape.as_count(value, f"{FILE} · {place}")
