"""`pins`: exact versions, hashes and commits; whatever is left open is named with its line."""

from __future__ import annotations

import time

import pytest

from readiness.engine.readers import plain_yaml

HASH = "a" * 64
COMMIT = "b" * 40


@pytest.mark.parametrize(
    "text",
    [
        "numpy==2.1.0\n",
        "numpy === 2.1.0\n",
        "# comment\n\nnumpy[x,y]==2.1.0 ; python_version < '3.13'  # why\n",
        f"numpy==2.1.0 \\\n    --hash=sha256:{HASH} \\\n    --hash=sha256:{HASH}\n",
        f"numpy @ https://example.org/numpy.whl#sha256={HASH}\n",
        f"tool @ git+https://example.org/tool@{COMMIT}\n",
        f"-e git+https://example.org/tool@{COMMIT}#egg=tool\n",
        "--index-url https://example.org/simple\n-ihttps://example.org\nnumpy==2.1.0\n",
        "numpy==2.1.0\n".encode("utf-16"),
    ],
)
def test_pinned(finding, text):
    """Every way to name exactly one thing."""
    found = finding("pins", {}, {"requirements.txt": text})
    assert (found.outcome, found.message) == (
        "PASS",
        "1 requirement in requirements.txt, all pinned exactly",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a==1\nnumpy>=1.26\n", "numpy>=1.26 (requirements.txt line 2)"),
        ("numpy\n", "numpy (requirements.txt line 1)"),
        ("numpy==2.*\n", "numpy==2.*"),
        ("numpy~=2.1\n", "numpy~=2.1"),
        ("numpy ===\n", "numpy === (requirements.txt line 1)"),
        ("numpy===2.*\n", "numpy===2.*"),
        ("numpy>=1 --hash=x\n", "numpy>=1"),
        (f"numpy>=1 --hash=sha256:{HASH} --hash=x\n", "numpy>=1"),
        ("-r base.txt\n", "torch (base.txt line 2)"),
        ("-rbase.txt\n", "torch (base.txt line 2)"),
        ("--requirement=base.txt\n", "torch (base.txt line 2)"),
        ("-e .\na==1\n", "-e . (requirements.txt line 1)"),
        ("-e./tool\n", "-e./tool"),
        ("tool @ git+https://example.org/tool@main\n", "tool @ git"),
        ("https://example.org/numpy.whl\n", "https://example.org/numpy.whl"),
        ("a \\\n  >=1\n", "line 1"),
        ("numpy=1\n", "line 1 is no requirement"),
        ("--unheard-of numpy\n", "unknown option --unheard-of"),
        ("-r requirements.txt\n", "in a circle"),
        ("# nothing\n", "names no requirement"),
        ("", "names no requirement"),
    ],
)
def test_not_pinned(finding, text, words):
    """Ranges, bare names, wildcards, includes however written, editable paths, branches: with the line."""
    found = finding("pins", {}, {"requirements.txt": text, "base.txt": "# base\ntorch\n"})
    assert found.outcome == "FAIL"
    assert words in found.message


@pytest.mark.parametrize(
    ("entry", "pinned"),
    [
        ("numpy==2.1.0", True),
        ("numpy=2.1.0=py311_0", True),
        ("conda-forge::numpy==2.1.0", True),
        ("numpy=2.1.0", False),
        ("numpy", False),
        ("numpy>=2", False),
        ("numpy==2.*", False),
    ],
)
def test_conda(finding, entry, pinned):
    """Conda's `name=1.2` matches 1.2.9 too; only `==` and a build string are exact."""
    text = f"dependencies:\n  - {entry}x==1\n  - {entry}  # why\n  - pip:\n    - torch==2.1.0\n"
    text = text.replace(f"  - {entry}x==1\n", "")
    found = finding("pins", {}, {"environment.yml": text})
    assert found.outcome == ("PASS" if pinned else "FAIL")
    assert pinned or f"{entry} (environment.yml line 2)" in found.message


@pytest.mark.parametrize("text", ["dependencies: 3\n", "a: 1\n", "dependencies:\n  - {npm: [x]}\n", "- x\n"])
def test_not_an_environment(finding, text):
    """A file of another shape proves nothing."""
    assert finding("pins", {}, {"environment.yml": text}).outcome == "FAIL"


def test_alternatives(finding):
    """The first file that exists counts; none at all is named."""
    both = {"requirements.txt": "a\n", "environment.yml": "dependencies: [a==1]\n"}
    assert finding("pins", {}, both).outcome == "FAIL"
    assert "No x.txt is in the run" in finding("pins", {"files": ["x.txt"]}, {}).message
    assert "None of x.txt, y.yml" in finding("pins", {"files": ["x.txt", "y.yml"]}, {}).message


def test_an_endless_requirement_is_cut(finding):
    """A line of a million characters is judged, and only its beginning is kept."""
    found = finding("pins", {}, {"requirements.txt": "a" * 1_000_000})
    assert found.outcome == "FAIL"
    assert len(str(found.to_dict())) < 2000


def test_huge_environment_is_not_parsed(finding):
    """YAML takes hundreds of times its size in memory, so an environment over the limit is refused unread."""
    text = "dependencies: [" + "a," * (plain_yaml.LIMIT // 2) + "a]"
    found = finding("pins", {"files": ["environment.yml"]}, {"environment.yml": text})
    assert (found.outcome, found.details["problem"]) == ("ERROR", "LimitExceeded")


def test_large_environment_is_quick(finding):
    """Places are found once, not once for each entry."""
    text = "dependencies:\n" + "".join(f"  - a{i}==1\n" for i in range(8000))
    started = time.monotonic()
    assert finding("pins", {}, {"environment.yml": text}).outcome == "PASS"
    assert time.monotonic() - started < 40


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("torch==2.1.0\nTorch==2.2.0\n", "FAIL"),
        ("torch==2.1.0\ntorch===2.2.0\n", "FAIL"),
        ("torch==2.1.0\n-r base.txt\n", "FAIL"),
        ("torch==2.1\ntorch==2.1.0\n", "PASS"),
        ("torch==2.1.0 ; python_version < '3.12'\ntorch==2.2.0 ; python_version >= '3.12'\n", "PASS"),
    ],
)
def test_pinned_twice(finding, text, outcome):
    """Two versions of one package cannot both be installed, unless they are for different machines."""
    found = finding("pins", {}, {"requirements.txt": text, "base.txt": "torch==2.2.0\n"})
    assert found.outcome == outcome
    assert (
        outcome == "PASS" or "Pinned to two versions: torch==2.1.0 (requirements.txt line 1)" in found.message
    )


@pytest.mark.parametrize("name", ["Scikit_Learn", "scikit-learn", "scikit.learn"])
def test_allowed_names(finding, name):
    """A name is one package however it is spelled."""
    assert finding("pins", {"allow": [name]}, {"requirements.txt": "scikit-learn\n"}).outcome == "PASS"


def test_project_names_the_line(finding):
    """A loose dependency of pyproject.toml is named with its own line, not that of the build's."""
    text = '[build-system]\nrequires = ["a>=1"]\n\n[project]\ndependencies = [\n  "b==1",\n  "a>=1",\n]\n'
    found = finding("pins", {"files": ["pyproject.toml"]}, {"pyproject.toml": text})
    assert "a>=1 (pyproject.toml line 7)" in found.message
