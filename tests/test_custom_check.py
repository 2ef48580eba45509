"""Tests of kinds from other packages: the example is installed and used, broken ones are named."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

EXAMPLE = Path(__file__).parents[1] / "examples" / "custom-check"
BROKEN = {
    "leaves": "raise SystemExit(0)",
    "misses": "import no_such_library",
    "keyless": "{}['key']",
    "deep": "def f(): f()\nf()",
    "unwritten": "def (",
    "double": (
        "from readiness.engine.registry import Params, check\n"
        "class P(Params, frozen=True): pass\n"
        "@check('half', title='Declared before it broke')\ndef half(want: P, run): ...\n"
        "@check('file', title='Twice')\ndef file(want: P, run): ...\n"
    ),
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example, so that nothing is built inside the repository."""
    place = tmp_path_factory.mktemp("example") / "custom-check"
    shutil.copytree(EXAMPLE, place, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    return place


@pytest.fixture(scope="module")
def installed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that pip installed the example into, without network."""
    place = tmp_path_factory.mktemp("installed")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    pip(*options, "--target", str(place), str(source))
    return place


def pip(*args: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", *args], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def python(path: Path, *args: str, where: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with `path` in front of its packages."""
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    return subprocess.run(
        [sys.executable, "-P", "-m", *args],
        cwd=where,
        env=env,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def test_it_is_listed_and_explained(installed: Path, source: Path) -> None:
    """The kind stands in the catalogue beside ours, with its parameters and its example."""
    listed = python(installed, "readiness", "checks", where=source)
    assert "\nemissions " in listed.stdout
    assert "\nfile " in listed.stdout
    explained = python(installed, "readiness", "checks", "emissions", where=source)
    assert "| `at_most` | number: kg of CO₂ equivalent in all | required |" in explained.stdout
    assert "```yaml check" in explained.stdout
    assert listed.stderr == explained.stderr == ""


@pytest.mark.parametrize(("rows", "status"), [("", "PASS"), ("a,b,c,1.2\n", "FAIL")])
def test_a_checklist_uses_it(installed: Path, source: Path, tmp_path: Path, rows: str, status: str) -> None:
    """The example's own run passes its checklist, and one training more does not."""
    shutil.copytree(source / "run", tmp_path / "run")
    with (tmp_path / "run" / "emissions.csv").open("a", encoding="utf-8") as file:
        file.write(rows)
    args = ["check", "run", "--checklist", str(source / "checklist.md"), "--json"]
    done = python(installed, "readiness", *args, where=tmp_path)
    assert done.returncode == (0 if status == "PASS" else 1)
    (check,) = json.loads(done.stdout)["checks"]
    assert (check["kind"], check["status"]) == ("emissions", status)


def test_its_own_tests_pass(installed: Path, source: Path) -> None:
    """What we ship as a model has passing tests."""
    done = python(installed, "pytest", "-q", "-p", "no:cacheprovider", "tests", where=source)
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout


def test_guide_is_true(source: Path, tmp_path: Path) -> None:
    """The kind and the test that docs/extending.md shows work as they stand there."""
    guide = EXAMPLE.parents[1] / "docs" / "extending.md"
    fences = [t for t in MarkdownIt().parse(guide.read_text(encoding="utf-8")) if t.type == "fence"]
    (kind,) = [token.content for token in fences if token.info == "python"]
    (test,) = [token.content for token in fences if token.info == "python test"]
    distribution(tmp_path / "site", "guide", {"epochs": kind})
    (tmp_path / "test_epochs.py").write_text(test, encoding="utf-8")
    done = python(tmp_path / "site", "pytest", "-q", "-p", "no:cacheprovider", where=tmp_path)
    assert done.returncode == 0, done.stdout


def distribution(place: Path, name: str, modules: dict[str, str]) -> None:
    """An installed distribution with one entry point and module for each."""
    place.mkdir(exist_ok=True)
    for module, code in modules.items():
        (place / f"{name}_{module}.py").write_text(code, encoding="utf-8")
    info = place / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    entries = "".join(f"{module} = {name}_{module}\n" for module in modules)
    (info / "entry_points.txt").write_text(f"[readiness.checks]\n{entries}", encoding="utf-8")


@pytest.fixture(scope="module")
def catalogue(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `readiness checks --json` says beside packages that break in different ways."""
    place = tmp_path_factory.mktemp("broken") / "site"
    shutil.copytree(installed, place)
    distribution(place, "broken", BROKEN)
    done = python(place, "readiness", "checks", "--json", where=place.parent)
    assert done.returncode == 0, done.stderr
    for name in BROKEN:
        assert f"readiness: the kind {name} could not be loaded: " in done.stderr
    data: dict[str, Any] = json.loads(done.stdout)
    return data


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("leaves", "SystemExit: 0"),
        ("misses", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("keyless", "KeyError: 'key'"),
        ("deep", "RecursionError"),
        ("unwritten", "SyntaxError"),
        ("double", "DuplicateKindError: The check kind 'file' is declared twice"),
    ],
)
def test_broken_kind_is_named_with_its_reason(catalogue: dict[str, Any], name: str, reason: str) -> None:
    """Whatever importing it raises, the kind is named and its reason given on one line."""
    assert catalogue["broken"][name].startswith(reason)
    assert "\n" not in catalogue["broken"][name]


def test_broken_kinds_never_break_the_others(catalogue: dict[str, Any]) -> None:
    """Ours and the good package's are there; a kind of a module that broke later is not."""
    names = {kind["name"] for kind in catalogue["kinds"]}
    assert {"file", "metric", "emissions"} <= names
    assert "half" not in names
