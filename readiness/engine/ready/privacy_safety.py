"""Privacy safety: the data was audited for personal data and secrets, and holds none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from readiness.engine.errors import BadContent, FileMissing, FileRefused
from readiness.engine.outcome import Finding
from readiness.engine.ready import listing, shape, words
from readiness.engine.ready.check import finding, readiness_check
from readiness.engine.ready.files import RunFiles
from readiness.engine.ready.status import ReadinessStatus
from readiness.engine.ready.words import Word
from readiness.engine.scan import Scan, scan_run

AUDIT = "redaction_audit.json"
PASSED = "Redaction audit passed"
NONE = "No redaction audit performed"
FAILED = "Redaction audit failed: {count} findings"


@readiness_check("privacy_safety")
def check_privacy_safety(files: RunFiles) -> Finding:
    """What the audit says, and what a scan of the data finds whatever the audit says."""
    claimed = _audit(files)
    scan = scan_run(files.run, list(dict.fromkeys(_paths(files))))
    found = scan.counted
    if found:
        return _holds(scan, found, claimed)
    if claimed and claimed.outcome is ReadinessStatus.FAIL.outcome:
        return claimed
    if scan.skipped:
        return _unread(scan, claimed)
    return claimed or finding(
        ReadinessStatus.WARN, NONE, "Run `readiness audit --run DIR`.", {"files_scanned": scan.files}
    )


def _audit(files: RunFiles) -> Finding | None:
    """What `redaction_audit.json` says; None when there is none. Raises BadContent."""
    audit = files.object(AUDIT)
    if audit is None:
        return None
    word = words.together(
        words.read(audit[k]) for k in ("status", "passed", "result") if audit.get(k) is not None
    )
    by_type = _by_type(audit)
    count = _count(audit, by_type)
    if word is Word.FAIL:
        what = FAILED.format(count=count or 0)
        return finding(ReadinessStatus.FAIL, what, "Redact the data, then audit again.", by_type)
    if word in (Word.TWO, Word.UNKNOWN):
        raise BadContent(f"{AUDIT} has no status that is known: {_said(audit)}.", "Write PASS or FAIL.")
    if count:
        what = f"The audit says {_said(audit)} beside {count} finding{'s' if count > 1 else ''}"
        return finding(ReadinessStatus.FAIL, what, "Redact the data, then audit again.", by_type)
    if word is not Word.PASS:
        return finding(
            ReadinessStatus.WARN, f"Redaction audit: {_said(audit)}", "Run `readiness audit --run DIR`."
        )
    if count is None:
        what = f"{AUDIT} does not say how many findings there were"
        return finding(ReadinessStatus.WARN, what, "Run `readiness audit --run DIR`.")
    if audit.get("files_scanned") is not None and not _size(audit["files_scanned"], "files_scanned"):
        return finding(
            ReadinessStatus.WARN, "The redaction audit looked at no file", "Run `readiness audit --run DIR`."
        )
    return finding(ReadinessStatus.PASS, PASSED, details={"findings": 0})


def _said(audit: Mapping[str, Any]) -> str:
    value = audit.get("status", audit.get("passed", audit.get("result")))
    return (
        value[:40]
        if isinstance(value, str)
        else str(value).lower()[:40]
        if isinstance(value, bool)
        else shape.kind(value)
    )


def _by_type(audit: Mapping[str, Any]) -> dict[str, int]:
    """Findings by type, from `summary.findings_by_type` or the top level; zeros left out. Raises BadContent."""
    summary = audit.get("summary")
    tables = [("", audit)]
    if summary is not None and not isinstance(summary, str):
        tables.append(("summary.", shape.as_object(summary, f"{AUDIT} · summary")))
    counts: dict[str, int] = {}
    for prefix, table in tables:
        value = table.get("findings_by_type")
        if value is None:
            continue
        place = f"{prefix}findings_by_type"
        if isinstance(value, list):
            counts.update({"findings": len(value)} if value else {})
        else:
            entries = shape.as_object(value, f"{AUDIT} · {place}").items()
            counts.update({kind: _size(entry, f"{place}.{kind}") for kind, entry in entries})
    return {kind: count for kind, count in counts.items() if count}


def _count(audit: Mapping[str, Any], by_type: Mapping[str, int]) -> int | None:
    """How many findings the audit names: the largest of its counts; None when it names none."""
    summary = audit.get("summary")
    counts = [sum(by_type.values())] if by_type else []
    for prefix, table in (("", audit), ("summary.", summary if isinstance(summary, dict) else {})):
        for key in ("findings_count", "total_findings", "findings", "high_severity", "findings_by_type"):
            if table.get(key) is not None:
                counts.append(0 if key == "findings_by_type" else _size(table[key], f"{prefix}{key}"))
    return max(counts, default=None)


def _size(value: Any, place: str) -> int:
    return len(value) if isinstance(value, list | dict) else shape.as_count(value, f"{AUDIT} · {place}")


def _paths(files: RunFiles) -> Iterator[str]:
    """The data of the run: what the manifest lists as datasets, and what looks like data."""
    for entry in listing.manifest(files):
        if entry.what == "dataset" and _readable(files, entry.path):
            yield entry.path
    yield from files.data_files()


def _readable(files: RunFiles, path: str) -> bool:
    try:
        files.sha256(path)
    except (FileMissing, FileRefused):
        return False  # the hash chain fails for it
    return True


def _holds(scan: Scan, found: Mapping[str, int], claimed: Finding | None) -> Finding:
    count = sum(found.values())
    places = ", ".join(f"{hit.path}:{hit.line} ({hit.type})" for hit in scan.hits[:3])
    many = f"{count} finding{'s' if count > 1 else ''}"
    against = f", but {AUDIT} says it passed" if claimed and claimed.outcome.passes else ""
    return finding(
        ReadinessStatus.FAIL,
        f"Personal data or secrets in the data: {many} at {places}{against}",
        "Redact the data, then run `readiness audit --run DIR`.",
        found,
    )


def _unread(scan: Scan, claimed: Finding | None) -> Finding:
    path, why = next(iter(scan.skipped.items()))
    more = f" and {len(scan.skipped) - 1} more" if len(scan.skipped) > 1 else ""
    said = PASSED if claimed and claimed.outcome.passes else NONE
    return finding(
        ReadinessStatus.WARN,
        f"{said}; not searched: {path}{more} ({why})",
        "Write the data as CSV or JSON Lines too, or look at it yourself.",
        {"skipped": dict(list(scan.skipped.items())[:20])},
    )
