"""`vulnerabilities`: every finding is open until somebody answers for it, and a scan of nothing is none."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readiness.engine import runner
from readiness.engine.checklist import CheckSpec
from readiness.engine.options import Options
from readiness.engine.readers.advisories import Advisory, same_package, severity

FIXTURES = Path(__file__).parents[2] / "fixtures" / "vulnerabilities"
FILE = {"file": "v.json"}
TODAY = datetime.now(UTC).date()
LATER, PAST = str(TODAY + timedelta(days=9)), str(TODAY - timedelta(days=1))


def trivy(*severities, **more):
    """A Trivy report with one vulnerability per severity."""
    found = [
        {
            "VulnerabilityID": f"CVE-2026-{n}",
            "PkgName": "zlib",
            "InstalledVersion": "1.2",
            "Severity": word,
            "PkgIdentifier": {"PURL": "pkg:deb/debian/zlib@1.2?arch=amd64"},
        }
        for n, word in enumerate(severities, 1)
    ]
    target = {"Target": "image", "Class": "os-pkgs", "Type": "debian"} | (
        {"Vulnerabilities": found} if found else {}
    )
    return {"SchemaVersion": 2, "ArtifactName": "image", "Results": [target]} | more


def grype(*severities, **more):
    """A Grype report with one match per severity."""
    matches = [
        {
            "vulnerability": {
                "id": f"GHSA-{n}",
                "severity": word,
                "fix": {"versions": ["9"], "state": "fixed"},
            },
            "relatedVulnerabilities": [{"id": f"CVE-2026-{n}"}],
            "artifact": {"name": "jinja2", "version": "2.11.2", "purl": "pkg:pypi/jinja2@2.11.2"},
        }
        for n, word in enumerate(severities, 1)
    ]
    base = {
        "matches": matches,
        "source": {"type": "directory", "target": "."},
        "descriptor": {"name": "grype"},
    }
    return base | more


def osv(score="7.5", word="HIGH"):
    """An OSV-Scanner report with one grouped vulnerability."""
    found = {
        "id": "GHSA-x",
        "aliases": ["CVE-2026-1"],
        "database_specific": {"severity": word} if word else {},
    }
    group = {"ids": ["GHSA-x"], "aliases": ["CVE-2026-1"], "max_severity": score}
    package = {"package": {"name": "jinja2", "version": "2.11.2", "ecosystem": "PyPI"}}
    return {"results": [{"packages": [package | {"vulnerabilities": [found], "groups": [group]}]}]}


def cyclonedx(*ratings, **found):
    """A CycloneDX document with one vulnerability."""
    part = {
        "bom-ref": "j",
        "type": "library",
        "name": "jinja2",
        "version": "2.11.2",
        "purl": "pkg:pypi/jinja2@2.11.2",
    }
    one = {
        "id": "CVE-2026-1",
        "ratings": [{"severity": r} for r in ratings],
        "affects": [{"ref": "j"}],
    } | found
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [part], "vulnerabilities": [one]}


def pip_audit(*ids, skipped=()):
    """A pip-audit report with one package."""
    vulns = [{"id": i, "fix_versions": ["9"], "aliases": [f"CVE-of-{i}"], "description": ""} for i in ids]
    left = [{"name": name, "skip_reason": "not on PyPI"} for name in skipped]
    return {"dependencies": [{"name": "jinja2", "version": "2.11.2", "vulns": vulns}, *left], "fixes": []}


@pytest.mark.parametrize(
    ("report", "outcome", "words"),
    [
        (trivy(), "PASS", "No open vulnerability"),
        (trivy("LOW", "LOW"), "PASS", "2 low open: CVE-2026-1 (zlib 1.2), CVE-2026-2"),
        (trivy("MEDIUM"), "FAIL", "1 medium open: CVE-2026-1 (zlib 1.2)"),
        (trivy("LOW", "CRITICAL", "HIGH"), "FAIL", "1 critical, 1 high, 1 low open: CVE-2026-2"),
        (trivy("UNKNOWN"), "FAIL", "1 unknown open"),
        (trivy("SEVERE"), "FAIL", "1 unknown open"),
        (trivy(None), "FAIL", "1 unknown open"),
        (trivy(Results=None), "FAIL", "looked at 0, needs ≥ 1"),
        (trivy(Results=[{"Target": "k", "Class": "secret"}]), "FAIL", "looked at 0"),
        (trivy(Results="none"), "FAIL", "Results is no list of objects"),
        (grype(), "PASS", "No open vulnerability"),
        (grype("Negligible"), "PASS", "1 low open"),
        (grype("High"), "FAIL", "1 high open: GHSA-1 (jinja2 2.11.2)"),
        (grype(source=None), "FAIL", "does not say that Grype wrote it"),
        (grype(descriptor={"name": "x"}), "FAIL", "does not say that Grype wrote it"),
        (grype(matches=[{}]), "FAIL", "a match without vulnerability"),
        (osv(), "FAIL", "1 high open: GHSA-x (jinja2 2.11.2)"),
        (osv("9.8", ""), "FAIL", "1 critical open"),
        (osv("2.1", "LOW"), "PASS", "1 low open"),
        (osv("", ""), "FAIL", "1 unknown open"),
        (osv("NaN", ""), "FAIL", "1 unknown open"),
        (osv("-1", ""), "FAIL", "1 unknown open"),
        (osv("0.0", ""), "FAIL", "1 unknown open"),
        (cyclonedx("low"), "PASS", "1 low open"),
        (cyclonedx("low", "critical"), "FAIL", "1 critical open: CVE-2026-1 (jinja2 2.11.2)"),
        (cyclonedx(), "FAIL", "1 unknown open"),
        (
            cyclonedx("high", analysis={"state": "not_affected", "justification": "code_not_reachable"}),
            "PASS",
            "1 set aside",
        ),
        (cyclonedx("high", analysis={"state": "not_affected"}), "FAIL", "1 high open"),
        (cyclonedx("high", analysis={"state": "in_triage"}), "FAIL", "1 high open"),
        (cyclonedx("high", analysis={"state": "resolved"}), "PASS", "1 set aside"),
        (pip_audit(), "PASS", "No open vulnerability"),
        (pip_audit("PYSEC-1"), "FAIL", "1 unknown open: PYSEC-1 (jinja2 2.11.2)"),
        (pip_audit("PYSEC-1")["dependencies"], "FAIL", "1 unknown open"),
        (pip_audit(skipped=["own"]), "WARN", "pip-audit skipped 1: own: not on PyPI"),
    ],
)
def test_reports(finding, report, outcome, words):
    """Five tools and the severities they know, or do not."""
    found = finding("vulnerabilities", FILE, {"v.json": report})
    assert found.outcome == outcome
    assert words in found.message


def test_what_pip_audit_wrote(finding):
    """Its own file: a finding without severity, a clean package, a skipped one."""
    files = {"v.json": (FIXTURES / "pip-audit.json").read_bytes()}
    found = finding("vulnerabilities", FILE, files)
    assert found.outcome == "FAIL"
    assert found.details["open"] == [
        {
            "id": "PYSEC-2021-66",
            "severity": "unknown",
            "package": "jinja2",
            "version": "2.11.2",
            "fixed": "2.11.3",
        }
    ]
    alias = {"accepted": [{"id": "CVE-2020-28493", "reason": "own templates", "expires": LATER}]}
    assert finding("vulnerabilities", FILE | alias, files).outcome == "WARN"
    assert finding("vulnerabilities", FILE | alias | {"max_skipped": 1}, files).outcome == "PASS"
    assert finding("vulnerabilities", FILE | alias | {"max_skipped": 0}, files).outcome == "FAIL"


def test_a_scan_that_skipped_everything(finding):
    """pip-audit says "No known vulnerabilities found" there, and exits with 0."""
    found = finding("vulnerabilities", FILE, {"v.json": (FIXTURES / "pip-audit-skipped.json").read_bytes()})
    assert (found.outcome, "looked at 0, needs ≥ 1" in found.message) == ("FAIL", True)


def accepted(**more):
    """One accepted risk."""
    return {"accepted": [{"id": "CVE-2026-1", "reason": "not reachable", "expires": LATER} | more]}


@pytest.mark.parametrize(
    ("params", "word", "outcome", "words"),
    [
        (accepted(), "MEDIUM", "PASS", f"1 accepted (until {LATER})"),
        (accepted(expires=str(TODAY)), "MEDIUM", "PASS", "1 accepted"),
        (accepted(expires=PAST), "MEDIUM", "FAIL", "no longer accepted: CVE-2026-1 (zlib 1.2)"),
        (accepted(), "UNKNOWN", "PASS", "1 accepted"),
        (accepted(), "HIGH", "FAIL", "1 high open"),
        (accepted() | {"accept_up_to": "high"}, "HIGH", "PASS", "1 accepted"),
        (accepted() | {"accept_up_to": "high"}, "CRITICAL", "FAIL", "1 critical open"),
        (accepted() | {"accept_up_to": "critical"}, "CRITICAL", "PASS", "1 accepted"),
        (accepted(id="cve-2026-1", package="ZLIB"), "MEDIUM", "PASS", "1 accepted"),
        (accepted(package="other"), "MEDIUM", "FAIL", "1 medium open"),
        (accepted(id="CVE-2026-11"), "MEDIUM", "FAIL", "1 medium open"),
        (accepted(id=""), "MEDIUM", "ERROR", "needs an id and a reason"),
        (accepted(reason=" "), "MEDIUM", "ERROR", "needs an id and a reason"),
        (accepted(expires="never"), "LOW", "ERROR", "'never', which is no day"),
        (
            {"accepted": [{"id": "CVE-2026-1", "reason": "x"}]},
            "LOW",
            "ERROR",
            "`expires` is missing",
        ),
        ({"max_medium": 1}, "MEDIUM", "PASS", "1 medium open"),
        ({"max_low": 0}, "LOW", "FAIL", "1 low open"),
        ({"format": "grype"}, "LOW", "FAIL", "was written by Trivy, expected grype"),
        ({"format": "trivy"}, "LOW", "PASS", "1 low open"),
    ],
)
def test_accepted_risks(finding, params, word, outcome, words):
    """A waiver names one id, has a reason and an end, and reaches no higher than medium by itself."""
    found = finding("vulnerabilities", FILE | params, {"v.json": trivy(word)})
    assert found.outcome == outcome
    assert words in found.message


@pytest.mark.parametrize(("hour", "outcome"), [("23:59:59+00:00", "PASS"), ("23:59:59-02:00", "FAIL")])
def test_the_clock_of_the_run(run, hour, outcome):
    """An acceptance ends with its day in UTC, by the clock that the operator gives."""
    held = run({"v.json": trivy("MEDIUM")})
    held.options = Options(now=datetime.fromisoformat(f"2027-01-31T{hour}"))
    spec = CheckSpec(kind="vulnerabilities", params=FILE | accepted(expires="2027-01-31"))
    assert runner.run_check(spec, held, {}, required=True).finding.outcome == outcome


def openvex(status="not_affected", product="pkg:pypi/jinja2@2.11.2", **more):
    """An OpenVEX document with one statement."""
    entry = {"vulnerability": {"name": "CVE-2026-1"}, "products": [{"@id": product}], "status": status}
    entry |= {"justification": "vulnerable_code_not_in_execute_path"} | more
    return {"@context": "https://openvex.dev/ns/v0.2.0", "statements": [entry]}


APP = {"@id": "pkg:oci/app", "subcomponents": [{"@id": "pkg:pypi/jinja2"}]}
CDX_VEX = cyclonedx("high", analysis={"state": "not_affected", "justification": "code_not_present"})


@pytest.mark.parametrize(
    ("document", "params", "outcome", "words"),
    [
        (openvex(), {}, "PASS", "1 set aside"),
        (openvex(product="pkg:pypi/jinja2"), {}, "PASS", "1 set aside"),
        (openvex(product="pkg:pypi/Jinja2@2.11.2?x=1"), {}, "PASS", "1 set aside"),
        (openvex(product="pkg:pypi/jinja2@2.11.3"), {}, "FAIL", "1 high open"),
        (openvex(product="pkg:npm/jinja2@2.11.2"), {}, "FAIL", "1 high open"),
        (openvex(product="pkg:pypi/other"), {}, "FAIL", "1 high open"),
        (openvex(product="pkg:oci/app"), {}, "FAIL", "1 high open"),
        (openvex(product="pkg:oci/app"), {"product": "pkg:oci/app"}, "PASS", "1 set aside"),
        (openvex(products=[APP]), {}, "PASS", "1 set aside"),
        (openvex(products=["pkg:pypi/jinja2"], vulnerability="CVE-2026-1"), {}, "PASS", "1 set aside"),
        (openvex("fixed"), {}, "PASS", "1 set aside"),
        (openvex(justification=""), {}, "FAIL", "1 high open"),
        (openvex(justification="", impact_statement="not shipped"), {}, "PASS", "1 set aside"),
        (openvex("affected"), {}, "FAIL", "1 high open"),
        (openvex("under_investigation"), {}, "FAIL", "1 high open"),
        (openvex("harmless"), {}, "FAIL", "unknown status 'harmless'"),
        (openvex(vulnerability={"name": "CVE-2026-2"}), {}, "FAIL", "1 high open"),
        (openvex(products=[]), {}, "FAIL", "1 high open"),
        (openvex(products=[7]), {}, "FAIL", "neither text nor object"),
        (
            openvex() | {"statements": openvex()["statements"] + openvex("affected")["statements"]},
            {},
            "FAIL",
            "1 high",
        ),
        (CDX_VEX, {}, "PASS", "1 set aside"),
        (CDX_VEX | {"components": []}, {}, "FAIL", "1 high open"),
        (CDX_VEX | {"vulnerabilities": "none"}, {}, "FAIL", "vulnerabilities is no list"),
        ({"statements": []}, {}, "FAIL", "neither OpenVEX nor CycloneDX"),
        ("", {}, "FAIL", "vex.json is not usable JSON"),
    ],
)
def test_vex(finding, document, params, outcome, words):
    """A statement counts for its vulnerability and its package, with a reason, unless another contradicts."""
    files = {"v.json": grype("High"), "vex.json": document}
    found = finding("vulnerabilities", FILE | {"vex": ["vex.json"]} | params, files)
    assert found.outcome == outcome
    assert words in found.message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not usable JSON"),
        ("No known vulnerabilities found", "not usable JSON"),
        ("[]", "is no report of pip-audit"),
        ("{}", "is no report of pip-audit"),
        ("null", "is no report of pip-audit"),
        ('{"dependencies": [], "fixes": []}', "looked at 0"),
        ('{"dependencies": [{"name": "a", "version": "1"}], "fixes": []}', "vulns is no list of objects"),
        ('{"dependencies": [{"name": "a", "vulns": []}], "fixes": []}', "an entry without version"),
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": [{}]}], "fixes": []}',
            "an entry without id",
        ),
        ('{"dependencies": null, "fixes": []}', "dependencies is no list"),
        ('{"results": []}', "does not say which tool looked"),
        ('{"results": [{"packages": []}]}', "does not say which tool looked"),
        ('{"results": [{"filename": "a.py", "issue_severity": "LOW"}]}', "packages is no list"),
        ('{"runs": [], "version": "2.1.0"}', "is no report"),
        ('{"bomFormat": "CycloneDX", "components": [{"name": "a"}]}', "without `vulnerabilities`"),
        ('{"bomFormat": "CycloneDX", "components": [], "vulnerabilities": []}', "looked at 0"),
        ('{"bomFormat": "CycloneDX", "vulnerabilities": [{"id": 7}]}', "an entry without id"),
        ('{"SchemaVersion": 2, "SchemaVersion": 2}', "stands twice"),
        ('{"a":' * 300, "nested deeper"),
        (b"\xff\xfe\x00\xd8", "text: byte"),
    ],
)
def test_hostile_files(finding, content, words):
    """Empty, foreign, halved: nothing of it is "no vulnerabilities"."""
    found = finding("vulnerabilities", FILE, {"v.json": content})
    assert found.outcome == "FAIL"
    assert words in found.message


def test_an_empty_result_of_a_named_tool(finding):
    """OSV-Scanner lists only what it found: the checklist vouches that it ran."""
    params = FILE | {"format": "osv-scanner"}
    assert finding("vulnerabilities", params, {"v.json": {"results": []}}).outcome == "PASS"


@pytest.mark.parametrize(
    ("word", "score", "expected"),
    [
        ("Critical", None, "critical"),
        ("moderate", "9.9", "medium"),
        (None, 9.0, "critical"),
        (None, "8.9", "high"),
        ("", "6.9", "medium"),
        ("?", 0.1, "low"),
        (None, 10.1, "unknown"),
        (7, None, "unknown"),
        (None, "x", "unknown"),
        (None, True, "unknown"),
        (None, "inf", "unknown"),
    ],
)
def test_severity(word, score, expected):
    """Words of the tools, CVSS scores, and neither."""
    assert severity(word, score) == expected


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30))
def test_no_odd_product_names_a_package(product):
    """Only a purl, or the component's own reference, names a package."""
    advisory = Advisory(("CVE-1",), "high", "jinja2", "2.11.2", purl="pkg:pypi/jinja2@2.11.2", ref="r-1")
    assert same_package(advisory, product) == (product == "r-1" or product.startswith("pkg:pypi/jinja2"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([trivy("HIGH"), grype("High"), osv(), cyclonedx("high"), pip_audit("P-1")]),
    st.integers(0, 900),
)
def test_a_cut_report_never_passes(finding, report, at):
    """However much of it is left."""
    text = json.dumps(report)
    found = finding("vulnerabilities", FILE, {"v.json": text[: at % len(text)]})
    assert found.outcome == "FAIL"
