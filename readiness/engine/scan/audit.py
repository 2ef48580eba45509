"""The redaction audit of a run: which data was looked at, what was found, and the file that says so."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from readiness import __version__
from readiness.engine import atomic
from readiness.engine.errors import CheckProblem
from readiness.engine.scan import scan_run
from readiness.engine.scan.values import Scan
from readiness.engine.target import RunDirectory

AUDIT = "redaction_audit.json"
SCHEMA_VERSION = 1


def data_paths(run: RunDirectory) -> list[str]:
    """The data of a run: the datasets that `manifest.json` lists, and what looks like data.

    Raises BadContent for a manifest that cannot be read: what it lists would not be looked at.
    """
    from readiness.engine.ready import listing
    from readiness.engine.ready.files import RunFiles

    files = RunFiles(run)
    listed = [entry.path for entry in listing.manifest(files) if entry.what == "dataset"]
    return list(dict.fromkeys([*listed, *files.data_files()]))


def audit(run: RunDirectory, paths: Iterable[str]) -> dict[str, Any]:
    """`{schema_version, tool, version, run_id, generated_at, status, findings_count, summary, files_scanned,
    bytes_scanned, files[], skipped{}, locations[]}`.

    `status` is FAIL with findings, INCOMPLETE when a file could not be looked at or nothing was, else PASS.
    `files` holds `{path, size, sha256}` of what was looked at; `locations` the first 200 hits, masked.
    """
    wanted = [path for path in paths if path != AUDIT]
    scan = scan_run(run, wanted)
    looked_at = [run.used[p] for p in map(_name, wanted) if p in run.used]
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": "readiness audit",
        "version": __version__,
        "run_id": _run_id(run),
        "generated_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "status": status(scan),
        "findings_count": sum(scan.counted.values()),
        "summary": {"findings_by_type": scan.counted, "not_counted_by_type": scan.not_counted},
        "files_scanned": scan.files,
        "bytes_scanned": scan.size,
        "files": [
            {"path": e.path, "size": e.size, "sha256": e.sha256}
            for e in dict.fromkeys(looked_at)
            if e.path not in scan.skipped
        ],
        "skipped": scan.skipped,
        "locations": [
            {"type": h.type, "severity": h.severity, "path": h.path, "line": h.line, "preview": h.preview}
            for h in scan.hits
        ],
    }


def status(scan: Scan) -> str:
    """FAIL with findings; PASS only when there was something to look at and all of it was looked at."""
    if scan.counted:
        return "FAIL"
    return "INCOMPLETE" if scan.skipped or not scan.size else "PASS"


def write(run: RunDirectory, document: dict[str, Any]) -> Path:
    """Put the audit into the run: a whole file or none. Raises RunDirectoryError."""
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return atomic.write(run.root, AUDIT, text.encode(errors="backslashreplace"))


def _name(path: str) -> str:
    return Path(path).as_posix()


def _run_id(run: RunDirectory) -> str:
    """The name that the run gives itself, else that of its directory."""
    from readiness.engine.ready import layout, listing
    from readiness.engine.ready.files import RunFiles

    for name in (listing.MANIFEST, layout.RUN_META):
        try:
            stated = (RunFiles(run).object(name) or {}).get("run_id")
        except CheckProblem:  # `ready` says what is wrong with it
            continue
        if isinstance(stated, str) and stated:
            return stated
    return run.root.name
