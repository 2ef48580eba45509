"""Privacy safety: the data was audited for personal data and secrets, and holds none."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.engine.errors import FileMissing, FileRefused
from readiness.engine.outcome import Finding
from readiness.engine.ready import listing, redaction
from readiness.engine.ready.check import finding, readiness_check
from readiness.engine.ready.files import RunFiles
from readiness.engine.ready.status import ReadinessStatus
from readiness.engine.scan import Scan, scan_run

NONE = "No redaction audit performed"


@readiness_check("privacy_safety")
def check_privacy_safety(files: RunFiles) -> Finding:
    """What the audit says, and what a scan of the data finds whatever the audit says."""
    claimed = redaction.judge(files)
    scan = scan_run(files.run, dict.fromkeys(_paths(files)))
    if scan.counted:
        return _holds(scan, claimed)
    if claimed and not claimed.outcome.passes:
        return claimed
    if scan.skipped:
        return _unread(scan, claimed)
    return claimed or finding(ReadinessStatus.WARN, NONE, redaction.AGAIN, {"files_scanned": scan.files})


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


def _holds(scan: Scan, claimed: Finding | None) -> Finding:
    count = sum(scan.counted.values())
    places = ", ".join(f"{hit.path}:{hit.line} ({hit.type})" for hit in scan.hits[:3])
    many = f"{count} finding{'s' if count > 1 else ''}"
    against = f", but {redaction.FILE} says it passed" if claimed and claimed.outcome.passes else ""
    return finding(
        ReadinessStatus.FAIL,
        f"Personal data or secrets in the data: {many} at {places}{against}",
        redaction.REDACT,
        scan.counted,
    )


def _unread(scan: Scan, claimed: Finding | None) -> Finding:
    path, why = next(iter(scan.skipped.items()))
    more = f" and {len(scan.skipped) - 1} more" if len(scan.skipped) > 1 else ""
    return finding(
        ReadinessStatus.WARN,
        f"{claimed.message if claimed else NONE}; not searched: {path}{more} ({why.rstrip('.')})",
        "Write the data as CSV or JSON Lines too, or look at it yourself.",
        {"skipped": dict(list(scan.skipped.items())[:20])},
    )
