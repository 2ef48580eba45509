"""Vulnerability reports: pip-audit, Trivy, Grype, OSV-Scanner and CycloneDX, as one list of advisories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers import grype, trivy
from readiness.engine.readers.advisories import (
    AGAIN,
    Advisory,
    Scan,
    components_of,
    objects,
    settled,
    severity,
    soft,
    text,
    texts,
    versions_of,
    worst,
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
    # a vendored checkout is known by its commit only
    name, version = soft(package, "name"), soft(package, "version") or soft(package, "commit")
    if not (name or version):
        raise BadContent(f"{file} holds a package without name and commit.", AGAIN)
    found = {text(each, "id", file): each for each in objects(entry, "vulnerabilities", file, needed=False)}
    grouped: set[str] = set()
    for group in objects(entry, "groups", file, needed=False):
        ids = tuple(dict.fromkeys([*texts(group, "ids"), *texts(group, "aliases")]))
        if not ids:
            raise BadContent(f"{file} holds a group of vulnerabilities without ids.", AGAIN)
        grouped.update(ids)
        words = [_osv_severity(found[i]) for i in ids if i in found]
        level = worst([*words, severity(None, group.get("max_severity"))])
        yield Advisory(ids, level, name, version)
    for key, each in found.items():
        if key not in grouped:
            yield Advisory((key, *texts(each, "aliases")), _osv_severity(each), name, version)


def _osv_severity(found: Mapping[str, Any]) -> str:
    # GitHub's word, or a distribution's; the other scores are vectors, which the group sums up
    listed = found.get("severity")
    scores = [soft(each, "score") for each in listed] if isinstance(listed, list) else []
    return worst([severity(soft(found.get("database_specific"), "severity")), *map(severity, scores)])


def _cyclonedx(data: Any, file: str) -> Scan:
    components = components_of(data, file)
    scan = Scan("CycloneDX", scanned=len(components))
    if "vulnerabilities" not in data:
        raise BadContent(
            f"{file} is a bill of materials without `vulnerabilities`: nobody looked for any.",
            "Scan it, for example with `grype sbom:` or `trivy sbom`.",
        )
    listed = list(objects(data, "vulnerabilities", file))
    if not listed and components and "trivy" in _makers(data):
        raise BadContent(
            f"{file} is Trivy's, whose list of vulnerabilities is empty also where it did not look for any.",
            "Scan with `trivy --format json`, or this document with `trivy sbom --format json`.",
        )
    scan.unproven = not listed
    for found in listed:
        ratings = objects(found, "ratings", file, needed=False)
        level = worst(severity(each.get("severity"), each.get("score")) for each in ratings)
        ids = (
            text(found, "id", file),
            *(soft(r, "id") for r in objects(found, "references", file, needed=False)),
        )
        reason = settled(found.get("analysis"))
        for ref, cleared in _refs(found, file):
            part = components.get(ref, {})
            advisory = Advisory(
                tuple(filter(None, ids)),
                level,
                soft(part, "name") or ref,
                soft(part, "version"),
                purl=soft(part, "purl"),
                ref=ref,
            )
            if reason and (cleared is None or advisory.version in cleared):
                scan.set_aside.append((advisory, reason))
            else:
                scan.advisories.append(advisory)
    return scan


def _makers(data: Mapping[str, Any]) -> set[str]:
    """The tools that a CycloneDX document names, in small letters."""
    metadata = data.get("metadata")
    tools = metadata.get("tools") if isinstance(metadata, Mapping) else None
    listed = tools.get("components") if isinstance(tools, Mapping) else tools  # a list up to 1.4
    return {soft(each, "name").lower() for each in listed} if isinstance(listed, list) else set()


def _refs(found: Mapping[str, Any], file: str) -> list[tuple[str, tuple[str, ...] | None]]:
    refs = [(soft(e, "ref"), versions_of(e, file)) for e in objects(found, "affects", file, needed=False)]
    return list(dict.fromkeys(refs)) or [("", None)]


def _holds(*names: str) -> Callable[[Any], bool]:
    return lambda data: isinstance(data, Mapping) and all(name in data for name in names)


def _is_pip_audit_list(data: Any) -> bool:
    return bool(data) and isinstance(data, list) and all(isinstance(e, Mapping) and "name" in e for e in data)


_READERS: tuple[tuple[Callable[[Any], bool], Callable[[Any, str], Scan]], ...] = (
    (lambda data: isinstance(data, Mapping) and data.get("bomFormat") == "CycloneDX", _cyclonedx),
    (_holds("SchemaVersion", "ArtifactName"), trivy.read),
    (trivy.is_first_version, trivy.read),
    (_holds("matches", "descriptor"), grype.read),
    (_holds("dependencies", "fixes"), _pip_audit),
    (_is_pip_audit_list, _pip_audit),
    (_holds("results"), _osv),
)
