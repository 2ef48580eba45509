"""`sbom`: every part is counted, and what is pinned is what is listed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readiness.engine.readers.boms import Component, denied

FIXTURES = Path(__file__).parents[2] / "fixtures" / "sbom"
REAL = ["cyclonedx.json", "cyclonedx.xml", "tags.spdx", "spdx.json"]
FILE = {"file": "b"}
PINS = "jinja2==3.1.6\nmarkupsafe==3.0.2\n"


def real(name):
    """A fixture as the file `b`."""
    return {"b": (FIXTURES / name).read_bytes()}


@pytest.mark.parametrize(
    ("name", "params", "outcome", "words"),
    [
        ("cyclonedx.json", {}, "PASS", "CycloneDX 1.6: 4 components"),
        ("cyclonedx.xml", {}, "PASS", "CycloneDX 1.6: 4 components"),
        ("tags.spdx", {}, "PASS", "SPDX 2.3 of flake8 7.5.0: 3 components"),
        ("spdx.json", {}, "PASS", "SPDX 2.3 of flake8 7.5.0: 3 components"),
        ("spdx.json", {"name": "flake8"}, "PASS", "of flake8"),
        ("spdx.json", {"name": "pylint"}, "FAIL", "describes flake8, needs pylint"),
        ("cyclonedx.json", {"name": "app"}, "FAIL", "describes not found, needs app"),
        ("cyclonedx.json", {"min_components": 5}, "FAIL", "components 4, needs ≥ 5"),
        ("tags.spdx", {"licences_at_least": 100}, "PASS", "3 components"),
        ("spdx.json", {"hashes_at_least": 1}, "FAIL", "with digest 0 %, needs ≥ 1 %"),
        ("cyclonedx.xml", {"versions_at_least": 1}, "WARN", "was 100 % meant?"),
        ("cyclonedx.json", {"format": "spdx"}, "FAIL", "is CycloneDX, expected spdx"),
        ("tags.spdx", {"format": "spdx"}, "PASS", "SPDX 2.3"),
        ("cyclonedx.json", {"denied_licences": ["GPL-*", "AGPL-*"]}, "PASS", "4 components"),
        ("cyclonedx.json", {"denied_licences": ["mit"]}, "FAIL", "denied: pip (MIT), setuptools (MIT)"),
        (
            "tags.spdx",
            {"denied_licences": ["MIT"]},
            "FAIL",
            "denied: mccabe (MIT), pycodestyle (MIT), pyflakes (MIT)",
        ),
    ],
)
def test_real_documents(finding, name, params, outcome, words):
    """Two writers, four forms."""
    found = finding("sbom", FILE | params, real(name))
    assert found.outcome == outcome
    assert words in found.message


@pytest.mark.parametrize("name", ["cyclonedx.json", "cyclonedx.xml"])
@pytest.mark.parametrize(
    ("text", "outcome", "words"),
    [
        (PINS, "PASS", "4 components"),
        ("Jinja2==3.1.5\n", "FAIL", "not as pinned: Jinja2 3.1.5 is 3.1.6"),
        (f"{PINS}torch==2.1.0\n", "FAIL", "torch 2.1.0 is missing"),
        (f"{PINS}pywin32==306 ; sys_platform == 'win32'\n", "PASS", "4 components"),
        (
            "jinja2==3.0 ; python_version < '3.7'\njinja2==3.1.6 ; python_version >= '3.7'\n",
            "PASS",
            "4 components",
        ),
        ("jinja2==3.0 ; python_version < '3.7'\n", "FAIL", "jinja2 3.0 is 3.1.6"),
        ("jinja2>=3\n", "FAIL", "pinned requirements 0, needs ≥ 1"),
        ("", "FAIL", "pinned requirements 0|empty|names no"),
    ],
)
def test_pinned_requirements(finding, name, text, outcome, words):
    """Each pin is a component of that version; one with a marker may be absent, not differ."""
    found = finding("sbom", FILE | {"matches": "r.txt"}, real(name) | {"r.txt": text})
    assert found.outcome == outcome
    assert any(w in found.message for w in words.split("|"))


def cyclonedx(*parts, **more):
    """A CycloneDX document."""
    listed = [
        part if isinstance(part, dict) else {"type": "library", "name": part, "version": "1"}
        for part in parts
    ]
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": listed} | more


def spdx(*names, **more):
    """An SPDX document."""
    listed = [{"name": n, "SPDXID": f"SPDXRef-{n}", "versionInfo": "1"} for n in names]
    return {"spdxVersion": "SPDX-2.3", "packages": listed} | more


NESTED = {"type": "library", "name": "a", "version": "1", "components": [{"type": "library", "name": "b"}]}
XML = '<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components>{}</components></bom>'
BOMB = '<!DOCTYPE bom [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><bom>&b;</bom>'
OUTSIDE = '<!DOCTYPE bom [<!ENTITY a SYSTEM "file:///etc/hostname">]><bom>&a;</bom>'


@pytest.mark.parametrize(
    ("content", "outcome", "words"),
    [
        (cyclonedx("a"), "PASS", "1 component"),
        (cyclonedx("a", "a"), "PASS", "1 component"),
        (cyclonedx(NESTED), "FAIL", "with version 50 %, needs ≥ 100 %"),
        (cyclonedx("a", {"type": "file", "name": "f"}), "PASS", "1 component"),
        (cyclonedx(), "FAIL", "components 0, needs ≥ 1"),
        (cyclonedx({"type": "file", "name": "f"}), "FAIL", "components 0"),
        (cyclonedx(components=None), "FAIL", "components 0"),
        (cyclonedx(components="many"), "FAIL", "components is no list of objects"),
        (cyclonedx({"type": "library"}), "FAIL", "a component without name"),
        (cyclonedx("a", specVersion="9.9"), "FAIL", "of the version 9.9, which is not known"),
        (cyclonedx("a", specVersion=1.5), "FAIL", "of the version none"),
        (
            cyclonedx("a", metadata={"component": {"name": "app", "version": "2"}}),
            "PASS",
            "of app 2: 1 component",
        ),
        (spdx("a", "b"), "PASS", "SPDX 2.3: 2 components"),
        (spdx("a", "b", documentDescribes=["SPDXRef-a"]), "PASS", "of a 1: 1 component"),
        (spdx("a", "b", documentDescribes=["SPDXRef-a", "SPDXRef-b"]), "PASS", "2.3: 2 components"),
        (spdx("a", documentDescribes=["SPDXRef-a"]), "FAIL", "components 0"),
        (spdx(packages=None), "FAIL", "packages is no list"),
        (spdx("a", spdxVersion="SPDX-1.0"), "FAIL", "of the version SPDX-1.0"),
        ({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []}, "FAIL", "is SPDX 3"),
        ({"packages": []}, "FAIL", "is no bill of materials"),
        ("[]", "FAIL", "is no bill of materials"),
        ("{", "FAIL", "not usable JSON"),
        ('{"bomFormat": "CycloneDX", "bomFormat": "CycloneDX"}', "FAIL", "stands twice"),
        ('{"a":' * 300, "FAIL", "nested deeper"),
        ("", "FAIL", "is empty"),
        ("torch==2.1.0\n", "FAIL", "line 1 is no SPDX tag"),
        ("SPDXVersion: SPDX-2.3\n", "FAIL", "components 0"),
        (
            "SPDXVersion: SPDX-2.3\nPackageName: a\nPackageComment: <text>cut\n",
            "FAIL",
            "ends within the text of line 3",
        ),
        ("SPDXVersion: SPDX-2.3\nSPDXVersion: SPDX-2.2\n", "FAIL", "a second time"),
        ("PackageName: a\nPackageVersion: 1\n", "FAIL", "of the version none"),
        ("SPDXVersion: SPDX-2.2\nPackageName: a\nPackageVersion: NOASSERTION\n", "FAIL", "with version 0 %"),
        (
            XML.format('<component type="library"><name>a</name><version>1</version></component>'),
            "PASS",
            "1 component",
        ),
        (XML.format('<component type="library"><version>1</version></component>'), "FAIL", "without name"),
        (XML.format(""), "FAIL", "components 0"),
        ("<bom/>", "FAIL", "of the namespace ''"),
        ('<bom xmlns="http://cyclonedx.org/schema/bom/7.0"/>', "FAIL", "of the version 7.0"),
        ("<rdf/>", "FAIL", "not a CycloneDX document: its root is <rdf>"),
        (BOMB, "FAIL", "declares a DTD or entities"),
        (OUTSIDE, "FAIL", "declares a DTD or entities"),
        ("<bom>" * 1_000_000, "FAIL", "nested deeper than 200 levels"),
        (b"{\xff\xfe", "FAIL", "text: byte"),
    ],
)
def test_documents(finding, content, outcome, words):
    """Nested, doubled, empty, foreign, hostile: what is not understood is not counted as complete."""
    found = finding("sbom", FILE, {"b": content})
    assert found.outcome == outcome
    assert words in found.message


@pytest.mark.parametrize(
    ("licence", "patterns", "expected"),
    [
        ("GPL-3.0-only", ["GPL-*"], True),
        ("LGPL-2.1-only", ["GPL-*"], False),
        ("MIT OR GPL-3.0-only", ["GPL-*"], False),
        ("GPL-2.0-only OR GPL-3.0-only", ["GPL-*"], True),
        ("MIT AND GPL-3.0-only", ["GPL-*"], True),
        ("(MIT OR GPL-3.0-only) AND BSD-3-Clause", ["GPL-*"], True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", ["gpl-2.0-only"], True),
        ("GNU General Public License", ["gnu general*"], True),
        ("MIT", [], False),
    ],
)
def test_denied_licences(licence, patterns, expected):
    """Ids, expressions, names; a choice with a free alternative is not denied."""
    assert bool(denied(Component("a", licences=(licence,)), patterns)) == expected


def test_details_name_what_is_missing(finding):
    """Machines read which component has no version or licence."""
    found = finding("sbom", FILE, {"b": cyclonedx(NESTED)})
    assert found.details["without_version"] == ["b"]
    assert found.details["without_licence"] == ["a 1", "b"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.booleans(), min_size=1, max_size=12), st.integers(2, 100))
def test_the_share_is_counted(finding, versions, least):
    """PASS exactly when enough components say their version."""
    parts = [
        {"type": "library", "name": f"p{n}"} | ({"version": "1"} if v else {}) for n, v in enumerate(versions)
    ]
    found = finding("sbom", FILE | {"versions_at_least": least}, {"b": json.dumps(cyclonedx(*parts))})
    assert (found.outcome == "PASS") == (100 * sum(versions) / len(versions) >= least)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(REAL), st.floats(0, 1), st.binary(max_size=6))
def test_damaged_bytes(finding, name, at, junk):
    """A document with bytes replaced is judged or refused, and never breaks the check."""
    good = (FIXTURES / name).read_bytes()
    cut = int(at * len(good))
    found = finding("sbom", FILE | {"min_components": 5}, {"b": good[:cut] + junk + good[cut + 9 :]})
    assert found.outcome == "FAIL"
