"""`vulnerabilities`: the shapes that Trivy, Grype, OSV-Scanner, OpenVEX and CycloneDX document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures" / "vulnerabilities"
FILE = {"file": "v.json"}
NO_LIMITS = {f"max_{level}": 99 for level in ("critical", "high", "medium", "low", "unknown")}


def shape(name):
    """A fixture as a value that a test may change."""
    return json.loads((FIXTURES / name).read_text())


def values(found):
    """The measurements by name."""
    return {m.name: m.value for m in found.measurements}


@pytest.mark.parametrize(
    ("name", "counts", "words"),
    [
        (
            "trivy.json",
            {"Medium": 1, "Low": 1, "Set aside": 2, "Looked at": 2, "Skipped": 0},
            "2 set aside (1 critical, 1 high): CVE-2026-90003 (plumage 0.4.0)",
        ),
        ("trivy-schema-1.json", {"High": 1, "Set aside": 0, "Looked at": 2}, "1 high open: CVE-2019-90001"),
        (
            "grype.json",
            {"Medium": 1, "Low": 1, "Unknown severity": 1, "Set aside": 2, "Skipped": 1},
            "Grype skipped 1: pacteal: packages of this distribution are not matched",
        ),
        (
            "osv-scanner.json",
            {"Critical": 1, "Medium": 0, "Low": 1, "Looked at": 3},
            "1 critical, 1 low open: GHSA-aaaa-bbbb-cccc (plumage 0.4.0), OSV-2026-77 (9a6b21d0c4)",
        ),
    ],
)
def test_figures(finding, name, counts, words):
    """Every block of a report is counted; the worst of several words and scores holds."""
    found = finding("vulnerabilities", FILE | NO_LIMITS, {"v.json": shape(name)})
    assert values(found).items() >= counts.items()
    assert sum(values(found)[m] for m in ("Critical", "High", "Medium", "Low", "Unknown severity")) == sum(
        counts.get(m, 0) for m in ("Critical", "High", "Medium", "Low", "Unknown severity")
    )
    assert words in found.message
    assert found.outcome == ("WARN" if counts.get("Skipped") or counts.get("Set aside") else "PASS")


@pytest.mark.parametrize(
    ("name", "severities", "reasons"),
    [
        (
            "trivy.json",
            ["critical", "high"],
            ["not_affected: vulnerable_code_not_in_execute_path, shop.openvex.json", "ignored: .trivyignore"],
        ),
        (
            "grype.json",
            ["critical", "high"],
            [
                (
                    "ignored by a rule: not_affected, component_not_present, for CVE-2026-90008, "
                    "in the namespace vex"
                ),
                "ignored by a rule: no fix by Debian, with the fix state wont-fix, for the package libteal",
            ],
        ),
    ],
)
def test_what_a_report_sets_aside_is_told(finding, name, severities, reasons):
    """With its severity and the reason that the tool gives; a limit may forbid it."""
    params = FILE | NO_LIMITS | {"max_skipped": 9}
    found = finding("vulnerabilities", params, {"v.json": shape(name)})
    assert found.outcome == "WARN"
    assert [each["severity"] for each in found.details["set_aside"]] == severities
    assert [each["reason"] for each in found.details["set_aside"]] == reasons
    strict = finding("vulnerabilities", params | {"max_set_aside": 1}, {"v.json": shape(name)})
    assert (strict.outcome, "set aside 2, needs ≤ 1" in strict.message) == ("FAIL", True)


@pytest.mark.parametrize("status", ["affected", "under_investigation", "unknown", "", None, 7])
def test_a_modified_finding_that_is_not_settled_is_open(finding, status):
    """Only "ignored", "not_affected" and "fixed" set something aside."""
    report = shape("trivy.json")
    report["Results"][1]["ExperimentalModifiedFindings"][0]["Status"] = status
    found = finding("vulnerabilities", FILE, {"v.json": report})
    assert (found.outcome, "1 critical, 1 medium, 1 low open: CVE-2026-90003" in found.message) == (
        "FAIL",
        True,
    )


def trivy_with(change):
    """The Trivy report with its second target changed."""
    report = shape("trivy.json")
    report["Results"] = [report["Results"][1] | change]
    return report


HIGH = {"VulnerabilityID": "CVE-1", "PkgName": "a", "InstalledVersion": "1", "Severity": "HIGH"}


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (shape("trivy.json") | {"SchemaVersion": 3}, "is Trivy's schema 3, known are 1 and 2"),
        (shape("trivy.json") | {"SchemaVersion": True}, "is Trivy's schema True"),
        (trivy_with({"Class": "new-pkgs", "Vulnerabilities": [HIGH]}), "1 high open: CVE-1 (a 1)"),
        (trivy_with({"Class": "secret", "Vulnerabilities": [HIGH]}), "1 high open: CVE-1 (a 1)"),
        (trivy_with({"ExperimentalModifiedFindings": [{"Type": "vulnerability"}]}), "without Finding"),
        (
            trivy_with({"ExperimentalModifiedFindings": [7]}),
            "ExperimentalModifiedFindings is no list of objects",
        ),
        ([{"Target": "x", "Vulnerabilities": None}], "looked at 0, needs ≥ 1"),
        ([{"Target": "x"}, 7], "is no report of"),
        (shape("grype.json") | {"ignoredMatches": [{}]}, "a match without vulnerability"),
        (shape("grype.json") | {"alertsByPackage": "none"}, "alertsByPackage is no list of objects"),
        ({"results": [{"packages": [{"package": {"name": ""}}]}]}, "a package without name and commit"),
        ({"results": None}, "results is no list of objects"),
    ],
)
def test_odd_reports_stay_closed(finding, report, words):
    """Unknown versions and classes, halved entries: nothing of it is "no vulnerabilities"."""
    found = finding("vulnerabilities", FILE, {"v.json": report})
    assert found.outcome == "FAIL"
    assert words in found.message


def vex(finding, document):
    """Grype's report judged with a VEX document."""
    params = FILE | NO_LIMITS | {"vex": ["vex.json"]}
    return finding("vulnerabilities", params, {"v.json": shape("grype.json"), "vex.json": document})


@pytest.mark.parametrize("name", ["openvex.json", "cyclonedx-vex.json"])
def test_vex_documents(finding, name):
    """The fixture's statement on plumage holds; the one on libteal is for another version or product."""
    found = vex(finding, shape(name))
    assert values(found).items() >= {"Medium": 0, "Low": 1, "Unknown severity": 1, "Set aside": 3}.items()


def one(status, at="2026-02-02T00:00:00Z", **more):
    """An OpenVEX statement on the medium finding."""
    said = {"vulnerability": {"name": "CVE-2026-90005"}, "products": ["pkg:pypi/plumage"], "status": status}
    return said | {"justification": "component_not_present"} | ({"timestamp": at} if at else {}) | more


EARLY, LATE, ZONE = "2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-03-01T00:30:00+01:00"


@pytest.mark.parametrize(
    ("statements", "open_"),
    [
        ([one("affected", EARLY), one("not_affected", LATE)], 0),
        ([one("affected", LATE), one("not_affected", EARLY)], 1),
        ([one("under_investigation", LATE), one("fixed", EARLY)], 1),
        ([one("affected", ZONE), one("fixed", LATE)], 0),
        ([one("affected", LATE), one("fixed", LATE)], 1),
        ([one("affected", None), one("fixed", LATE)], 1),
        ([one("affected", EARLY, last_updated=LATE), one("fixed", "2026-02-01T00:00:00Z")], 1),
        ([one("affected", "0001-01-01T00:00:00+14:00"), one("fixed", "9999-12-31T23:59:59-14:00")], 0),
        ([one("fixed", products=["pkg:oci/shop"], subcomponents=["pkg:pypi/plumage"])], 0),
        ([one("fixed", subcomponents=["pkg:pypi/other"])], 1),
    ],
)
def test_the_latest_statement_counts(finding, statements, open_):
    """Where each says when it was made; else every warning is heard."""
    found = vex(finding, {"@context": "https://openvex.dev/ns", "statements": statements})
    assert values(found)["Medium"] == open_


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (one("fixed", "yesterday"), "has the time 'yesterday'"),
        (one("fixed", products=[{"hashes": {"sha-256": "22"}}]), "without @id and identifiers"),
        (one("fixed", products="pkg:pypi/plumage"), "neither text nor object"),
    ],
)
def test_odd_statements(finding, statement, words):
    """A statement that is not understood spoils the document."""
    found = vex(finding, {"@context": "https://openvex.dev/ns", "statements": [statement]})
    assert (found.outcome, words in found.message) == ("FAIL", True)


@pytest.mark.parametrize(
    ("versions", "open_"),
    [
        ([], 0),
        ([{"version": "0.4.0"}], 0),
        ([{"version": "0.4.0", "status": "unaffected"}], 0),
        ([{"version": "0.4.0", "status": "affected"}], 1),
        ([{"version": "0.4.0", "status": "unknown"}], 1),
        ([{"version": "0.4.1"}], 1),
        ([{"range": "vers:pypi/<1"}], 1),
    ],
)
def test_versions_that_cyclonedx_clears(finding, versions, open_):
    """Single versions only; a range is not understood, and clears nothing."""
    document = shape("cyclonedx-vex.json")
    document["vulnerabilities"][0]["affects"] = [{"ref": "pkg:pypi/plumage", "versions": versions}]
    assert values(vex(finding, document))["Medium"] == open_
    part = {"bom-ref": "pkg:pypi/plumage", "type": "library", "name": "plumage", "version": "0.4.0"}
    found = finding("vulnerabilities", FILE | NO_LIMITS, {"v.json": document | {"components": [part]}})
    assert values(found)["High"] == open_ + 1  # and the one for libteal, which has no part here


def sbom(*tools, version="1.6", **more):
    """A CycloneDX bill of materials with an empty list of vulnerabilities."""
    made = [{"type": "application", "name": name, "version": "1"} for name in tools]
    metadata = {"tools": made if version == "1.4" else {"components": made}}
    part = {"bom-ref": "a", "type": "library", "name": "plumage", "version": "0.4.0"}
    base = {"bomFormat": "CycloneDX", "specVersion": version, "metadata": metadata, "components": [part]}
    return base | {"vulnerabilities": []} | more


VOUCHED = {"format": "cyclonedx"}


@pytest.mark.parametrize(
    ("document", "params", "outcome", "words"),
    [
        (sbom("trivy"), {}, "FAIL", "is empty also where it did not look for any"),
        (sbom("trivy"), VOUCHED, "FAIL", "is empty also where it did not look for any"),
        (sbom("Trivy", version="1.4"), VOUCHED, "FAIL", "is empty also where it did not look for any"),
        (sbom("grype"), {}, "FAIL", "does not say that anybody looked"),
        (sbom("grype"), VOUCHED, "PASS", "No open vulnerability"),
        (sbom(metadata=None), VOUCHED, "PASS", "No open vulnerability"),
        (sbom(metadata={"tools": 7}), {}, "FAIL", "does not say that anybody looked"),
        (sbom(components=[], metadata={}), VOUCHED, "FAIL", "looked at 0, needs ≥ 1"),
    ],
)
def test_an_empty_list_in_cyclonedx(finding, document, params, outcome, words):
    """`trivy --format cyclonedx` writes one without looking; of others the checklist must vouch for it."""
    found = finding("vulnerabilities", FILE | params, {"v.json": document})
    assert (found.outcome, words in found.message) == (outcome, True), found.message


@pytest.mark.parametrize(("eosl", "outcome"), [(True, "WARN"), (False, "PASS"), (None, "PASS")])
def test_a_system_that_is_no_longer_supported(finding, eosl, outcome):
    """Trivy knows it, and that its advisories are then incomplete."""
    report = shape("trivy.json")
    report["Metadata"]["OS"]["EOSL"] = eosl
    found = finding("vulnerabilities", FILE | NO_LIMITS | {"max_set_aside": 2}, {"v.json": report})
    assert (found.outcome, "debian 12.9: no longer supported" in found.message) == (outcome, bool(eosl))
