"""Trivy's JSON: version 2 (an object with `Results`) and 1 (the list of results, before Trivy 0.20)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers.advisories import AGAIN, Advisory, Scan, objects, severity, soft, text, texts

_PACKAGES = ("os-pkgs", "lang-pkgs")
# What `.trivyignore`, a policy or a VEX document may have settled; another status settles nothing.
_SETTLED = ("ignored", "not_affected", "fixed")


def is_first_version(data: Any) -> bool:
    """Whether it is a list of targets, as Trivy wrote it at first."""
    return (
        bool(data) and isinstance(data, list) and all(isinstance(e, Mapping) and "Target" in e for e in data)
    )


def read(data: Any, file: str) -> Scan:
    """The advisories of a report. Raises BadContent for versions that are not known, and wrong shapes."""
    first = isinstance(data, list)
    version = 1 if first else data["SchemaVersion"]
    if version not in (1, 2) or isinstance(version, bool):
        raise BadContent(f"{file} is Trivy's schema {str(version)[:20]}, known are 1 and 2.", AGAIN)
    scan = Scan("Trivy", scanned=0, skipped=[] if first else _unsupported(data))
    for target in objects({"Results": data} if first else data, "Results", file, needed=False):
        found = list(objects(target, "Vulnerabilities", file, needed=False))
        modified = list(objects(target, "ExperimentalModifiedFindings", file, needed=False))
        of_packages = soft(target, "Class") in _PACKAGES or ("Class" not in target and "Type" in target)
        # a target whose packages nobody looked at may still carry findings: they count
        scan.scanned = (scan.scanned or 0) + int(of_packages or bool(found))
        scan.advisories += [_advisory(each, file) for each in found]
        for each in modified:
            _modified(each, scan, file)
    return scan


def _unsupported(data: Mapping[str, Any]) -> list[str]:
    metadata = data.get("Metadata")
    system = metadata.get("OS") if isinstance(metadata, Mapping) else None
    if not isinstance(system, Mapping) or system.get("EOSL") is not True:
        return []
    name = f"{soft(system, 'Family')} {soft(system, 'Name')}".strip()
    return [f"{name}: no longer supported, so that its advisories are incomplete"]


def _advisory(found: Mapping[str, Any], file: str) -> Advisory:
    return Advisory(
        (text(found, "VulnerabilityID", file), *texts(found, "VendorIDs")),
        severity(found.get("Severity")),
        soft(found, "PkgName"),
        soft(found, "InstalledVersion"),
        soft(found, "FixedVersion"),
        soft(found.get("PkgIdentifier"), "PURL"),
    )


def _modified(entry: Mapping[str, Any], scan: Scan, file: str) -> None:
    """What `--show-suppressed` lists; secrets, licences and configurations are not ours."""
    if soft(entry, "Type") not in ("vulnerability", ""):
        return
    finding = entry.get("Finding")
    if not isinstance(finding, Mapping):
        raise BadContent(f"{file} holds a modified finding without Finding.", AGAIN)
    advisory, status = _advisory(finding, file), soft(entry, "Status")
    if status not in _SETTLED:
        scan.advisories.append(advisory)
        return
    why = ", ".join(filter(None, (soft(entry, "Statement"), soft(entry, "Source"))))
    scan.set_aside.append((advisory, f"{status}: {why}" if why else status))
