"""Vulnerability reports: pip-audit, Trivy, Grype, OSV-Scanner and CycloneDX, as one list of advisories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers.advisories import (
    AGAIN,
    SEVERITIES,
    Advisory,
    Scan,
    components_of,
    objects,
    settled,
    severity,
    soft,
    text,
    texts,
)

MAX_ADVISORIES = 100_000


def read(data: Any, file: str) -> Scan:
    """The advisories of a report, its tool told from the content. Raises BadContent for anything else."""
    for fits, reader in _READERS:
        if fits(data):
            scan = reader(data, file)
            scan.advisories = list(dict.fromkeys(scan.advisories))
            if len(scan.advisories) > MAX_ADVISORIES:
                raise BadContent(f"{file} lists more than {MAX_ADVISORIES} vulnerabilities.", "")
            return scan
    raise BadContent(
        f"{file} is no report of pip-audit, Trivy, Grype or OSV-Scanner, and no CycloneDX.", AGAIN
    )


def _pip_audit(data: Any, file: str) -> Scan:
    holder = {"dependencies": data} if isinstance(data, list) else data
    scan = Scan("pip-audit", scanned=0)
    for entry in objects(holder, "dependencies", file):
        name = text(entry, "name", file)
        if "skip_reason" in entry:
            scan.skipped.append(f"{name}: {soft(entry, 'skip_reason')}")
            continue
        version = text(entry, "version", file)
        scan.scanned = (scan.scanned or 0) + 1
        for found in objects(entry, "vulns", file):
            ids = (text(found, "id", file), *texts(found, "aliases"))
            fixed = ", ".join(texts(found, "fix_versions"))
            word = soft(found, "severity")  # pip-audit gives none yet
            purl = f"pkg:pypi/{name}@{version}"
            scan.advisories.append(Advisory(ids, severity(word), name, version, fixed, purl))
    return scan


def _trivy(data: Any, file: str) -> Scan:
    scan = Scan("Trivy", scanned=0)
    for target in objects(data, "Results", file, needed=False):
        if soft(target, "Class") not in ("os-pkgs", "lang-pkgs"):
            continue
        scan.scanned = (scan.scanned or 0) + 1
        for found in objects(target, "Vulnerabilities", file, needed=False):
            purl = soft(found.get("PkgIdentifier"), "PURL")
            scan.advisories.append(
                Advisory(
                    (text(found, "VulnerabilityID", file), *texts(found, "VendorIDs")),
                    severity(found.get("Severity")),
                    soft(found, "PkgName"),
                    soft(found, "InstalledVersion"),
                    soft(found, "FixedVersion"),
                    purl,
                )
            )
        for left in objects(target, "ExperimentalModifiedFindings", file, needed=False):
            finding = left.get("Finding")
            ids = (soft(finding, "VulnerabilityID") or "unnamed",)
            reason = f"{soft(left, 'Status')}: {soft(left, 'Statement')}"
            scan.set_aside.append((Advisory(ids, "unknown", soft(finding, "PkgName")), reason))
    return scan


def _grype(data: Any, file: str) -> Scan:
    if soft(data["descriptor"], "name") != "grype" or not isinstance(data.get("source"), Mapping):
        raise BadContent(f"{file} does not say that Grype wrote it, and what it looked at.", AGAIN)
    scan = Scan("Grype")
    scan.advisories = [_match(match, file) for match in objects(data, "matches", file)]
    for match in objects(data, "ignoredMatches", file, needed=False):
        scan.set_aside.append((_match(match, file), "ignored by Grype's configuration"))
    return scan


def _match(match: Mapping[str, Any], file: str) -> Advisory:
    found, artifact = match.get("vulnerability"), match.get("artifact")
    if not isinstance(found, Mapping) or not isinstance(artifact, Mapping):
        raise BadContent(f"{file} holds a match without vulnerability or artifact.", AGAIN)
    related = [soft(other, "id") for other in objects(match, "relatedVulnerabilities", file, needed=False)]
    fix = found.get("fix")
    fixed = ", ".join(texts(fix, "versions")) if isinstance(fix, Mapping) else ""
    ids = (text(found, "id", file), *filter(None, related))
    return Advisory(
        ids,
        severity(found.get("severity")),
        soft(artifact, "name"),
        soft(artifact, "version"),
        fixed,
        soft(artifact, "purl"),
    )


def _osv(data: Any, file: str) -> Scan:
    scan = Scan("OSV-Scanner", scanned=0)
    for result in objects(data, "results", file):
        for entry in objects(result, "packages", file):
            scan.scanned = (scan.scanned or 0) + 1
            scan.advisories += _osv_package(entry, file)
    return scan


def _osv_package(entry: Mapping[str, Any], file: str) -> Iterator[Advisory]:
    package = entry.get("package")
    if not isinstance(package, Mapping):
        raise BadContent(f"{file} holds an entry without package.", AGAIN)
    name, version = text(package, "name", file), soft(package, "version")
    found = {text(each, "id", file): each for each in objects(entry, "vulnerabilities", file, needed=False)}
    grouped: set[str] = set()
    for group in objects(entry, "groups", file, needed=False):
        ids = tuple(dict.fromkeys([*texts(group, "ids"), *texts(group, "aliases")]))
        if not ids:
            raise BadContent(f"{file} holds a group of vulnerabilities without ids.", AGAIN)
        grouped.update(ids)
        words = [soft(found[i].get("database_specific"), "severity") for i in ids if i in found]
        yield Advisory(ids, severity(next(filter(None, words), ""), group.get("max_severity")), name, version)
    for key, each in found.items():
        if key not in grouped:
            word = soft(each.get("database_specific"), "severity")
            yield Advisory((key, *texts(each, "aliases")), severity(word), name, version)


def _cyclonedx(data: Any, file: str) -> Scan:
    components = components_of(data, file)
    scan = Scan("CycloneDX", scanned=len(components))
    if "vulnerabilities" not in data:
        raise BadContent(
            f"{file} is a bill of materials without `vulnerabilities`: nobody looked for any.",
            "Scan it, for example with `grype sbom:` or `trivy sbom`.",
        )
    for found in objects(data, "vulnerabilities", file):
        worst = _worst(objects(found, "ratings", file, needed=False))
        ids = (
            text(found, "id", file),
            *(soft(r, "id") for r in objects(found, "references", file, needed=False)),
        )
        reason = settled(found.get("analysis"))
        for ref in _refs(found, file):
            part = components.get(ref, {})
            advisory = Advisory(
                tuple(filter(None, ids)),
                worst,
                soft(part, "name") or ref,
                soft(part, "version"),
                purl=soft(part, "purl"),
                ref=ref,
            )
            if reason:
                scan.set_aside.append((advisory, reason))
            else:
                scan.advisories.append(advisory)
    return scan


def _refs(found: Mapping[str, Any], file: str) -> list[str]:
    refs = [soft(each, "ref") for each in objects(found, "affects", file, needed=False)]
    return list(dict.fromkeys(refs)) or [""]


def _worst(ratings: Iterator[Mapping[str, Any]]) -> str:
    seen = {severity(rating.get("severity"), rating.get("score")) for rating in ratings}
    return next((name for name in SEVERITIES if name in seen), "unknown")


def _holds(*names: str) -> Callable[[Any], bool]:
    return lambda data: isinstance(data, Mapping) and all(name in data for name in names)


def _is_pip_audit_list(data: Any) -> bool:
    return bool(data) and isinstance(data, list) and all(isinstance(e, Mapping) and "name" in e for e in data)


_READERS: tuple[tuple[Callable[[Any], bool], Callable[[Any, str], Scan]], ...] = (
    (lambda data: isinstance(data, Mapping) and data.get("bomFormat") == "CycloneDX", _cyclonedx),
    (_holds("SchemaVersion", "ArtifactName"), _trivy),
    (_holds("matches", "descriptor"), _grype),
    (_holds("dependencies", "fixes"), _pip_audit),
    (_is_pip_audit_list, _pip_audit),
    (_holds("results"), _osv),
)
