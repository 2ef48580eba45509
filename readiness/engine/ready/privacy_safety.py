"""Privacy safety: the data was audited for personal data and secrets, and holds none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from readiness.engine.errors import FileMissing, FileRefused
from readiness.engine.outcome import Finding
from readiness.engine.ready import listing, redaction
from readiness.engine.ready.check import finding, readiness_check
from readiness.engine.ready.files import RunFiles
from readiness.engine.ready.layout import CONFIG, ENVIRONMENT, RUN_META
from readiness.engine.ready.status import ReadinessStatus
from readiness.engine.scan import Hit, Scan, scan_run

NONE = "No redaction audit performed"
# An address in a configuration names its author; a key in it opens a door.
_SETTINGS = (CONFIG, ENVIRONMENT, RUN_META, "config.yml", "config.json", ".env")
_SECRETS = ("private_key", "connection_string", "api_key", "jwt", "password")


@readiness_check("privacy_safety")
def check_privacy_safety(files: RunFiles) -> Finding:
    """What the audit says, and what a scan of the data finds whatever the audit says."""
    claimed = redaction.judge(files)
    scan = scan_run(files.run, dict.fromkeys(_paths(files)))
    if scan.counted:
        return _holds("Personal data or secrets in the data", scan.counted, scan.hits, claimed)
    settings = scan_run(files.run, [name for name in _SETTINGS if files.there(name)])
    if secrets := {kind: count for kind, count in settings.by_type.items() if kind in _SECRETS}:
        hits = [hit for hit in settings.hits if hit.type in _SECRETS]
        return _holds("Secrets in the run's settings", secrets, hits, claimed)
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


def _holds(what: str, counts: Mapping[str, int], hits: Sequence[Hit], claimed: Finding | None) -> Finding:
    count = sum(counts.values())
    places = ", ".join(f"{hit.path}:{hit.line} ({hit.type})" for hit in hits[:3])
    many = f"{count} finding{'s' if count > 1 else ''}"
    against = f", but {redaction.FILE} says it passed" if claimed and claimed.outcome.passes else ""
    return finding(
        ReadinessStatus.FAIL, f"{what}: {many} at {places}{against}", redaction.REDACT, dict(counts)
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
