"""Tests of the base install: the wheel beside nothing but what it requires, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from readiness import __version__
from readiness.engine import registry
from readiness.engine.testing import make_run

ROOT = Path(__file__).parents[1]
QUIET = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
TABLE = "id,age\n" + "".join(f"{n},{n % 50}\n" for n in range(200))
_HEADER = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
RUN = {
    "a.csv": TABLE,
    "b.csv": TABLE.replace("id", "key"),
    "p.png": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "w.safetensors": len(_HEADER).to_bytes(8, "little") + _HEADER + bytes(4),
    "m.onnx": (ROOT / "tests" / "fixtures" / "models" / "onnx_plain.onnx").read_bytes(),
    "code.py": "x = 1\n",
}
# kind to its parameters, the library that is missing, and the extra that brings it
NEEDY = {
    "image": ("{file: p.png}", "pillow", "models"),
    "model-export": ("{files: [m.onnx]}", "onnx", "models"),
    "safetensors": ("{file: w.safetensors, finite: true}", "numpy", "models"),
    "data-quality": ("{file: a.csv, min_rows: 1}", "duckdb", "data"),
    "drift": ("{reference: a.csv, current: a.csv, columns: [age], max_psi: 0.2}", "duckdb", "data"),
    "leakage": ("{train: a.csv, test: b.csv}", "duckdb", "data"),
    "secrets": ("{paths: [code.py]}", "detect-secrets", "security"),
    "signature": (
        "{signature: a.csv, file: b.csv, key_file: code.py, fingerprint: " + "a" * 64 + "}",
        "cryptography",
        "security",
    ),
}
CONTRACTS = "contracts:\n  - {name: rows, type: completeness, dataset: a.csv, min_row_count: 1}\n"
CHECKLIST = "# Gate\n- [ ] Metrics\n  ```yaml check\n  metric: {file: m.json, key: a, at_least: 80}\n  ```\n"


class Place:
    """The environment and a way to run its commands."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        self.packages = folder / "lib" / version / "site-packages"

    def __call__(self, *args: str, where: Path) -> subprocess.CompletedProcess[str]:
        env = {"PATH": f"{self.bin}{os.pathsep}{os.defpath}", "HOME": str(where), "LANG": "C.UTF-8"}
        return subprocess.run(
            [str(self.bin / args[0]), *args[1:]],
            cwd=where,
            env=env,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )


def required() -> Iterator[str]:
    """The distributions that a base install brings, and what those need in turn; no extra of ours."""
    waiting = [(Requirement(text), frozenset({""})) for text in metadata.requires("readiness") or ()]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted, extras = waiting.pop()
        name, own = canonicalize_name(wanted.name), frozenset({"", *wanted.extras})
        applies = not wanted.marker or any(wanted.marker.evaluate({"extra": extra}) for extra in extras)
        if applies and (name, own) not in seen:
            seen.add((name, own))
            yield name
            waiting += [(Requirement(text), own) for text in metadata.requires(name) or ()]


def link(name: str, packages: Path) -> None:
    """Put each file of an installed distribution into the environment, as a link."""
    for file in metadata.distribution(name).files or ():
        if ".." in file.parts:  # commands, for another interpreter
            continue
        place = packages / file
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            place.symlink_to(file.locate())


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """An environment with the wheel and its base requirements; no network is used."""
    folder = tmp_path_factory.mktemp("base")
    wheels = folder / "wheels"
    pip("wheel", *QUIET, "--no-build-isolation", "--wheel-dir", str(wheels), str(ROOT))
    (wheel,) = wheels.glob("readiness-*.whl")
    venv.create(folder / "env", with_pip=False)
    place = Place(folder / "env")
    for name in required():
        link(name, place.packages)
    pip("--python", str(place.bin / "python"), "install", *QUIET, str(wheel))
    return place


def pip(*args: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", ["django", "celery", "numpy", "onnxruntime", "duckdb", "cryptography"])
def test_it_brings_nothing_else(base: Place, tmp_path: Path, module: str) -> None:
    """No part of an extra is there, so that the other tests say something."""
    done = base("python", "-c", f"import {module}", where=tmp_path)
    assert "ModuleNotFoundError" in done.stderr


def test_version_and_help(base: Place, tmp_path: Path) -> None:
    """The command is installed and every subcommand can be loaded."""
    assert base("readiness", "--version", where=tmp_path).stdout == f"readiness, version {__version__}\n"
    helped = base("readiness", "--help", where=tmp_path)
    assert helped.returncode == 0, helped.stderr
    assert "check " in helped.stdout


def test_every_kind_is_listed(base: Place, tmp_path: Path) -> None:
    """All kinds of the full install are known, also those that need an extra to run."""
    done = base("readiness", "checks", "--json", where=tmp_path)
    data = json.loads(done.stdout)
    kinds = registry.kinds().values()
    own = {kind.name for kind in kinds if kind.function.__module__.startswith("readiness.")}
    assert data["broken"] == {}
    assert {kind["name"] for kind in data["kinds"]} == own


@pytest.mark.parametrize(("value", "code"), [(81.5, 0), (79.5, 1)])
def test_check(base: Place, tmp_path: Path, value: float, code: int) -> None:
    """A checklist on a run: the verdict and its exit code."""
    make_run(tmp_path / "run", {"m.json": {"a": value}})
    (tmp_path / "gate.md").write_text(CHECKLIST, encoding="utf-8")
    done = base("readiness", "check", "run", "--checklist", "gate.md", "--json", where=tmp_path)
    assert done.returncode == code, done.stderr
    assert json.loads(done.stdout)["overall_status"] == ("PASS" if code == 0 else "FAIL")


@pytest.mark.parametrize("name", ["junit", "sarif", "markdown", "github", "gitlab"])
def test_formats(base: Place, tmp_path: Path, name: str) -> None:
    """Every output format works without extras."""
    make_run(tmp_path / "run", {"m.json": {"a": 1}})
    (tmp_path / "gate.md").write_text(CHECKLIST, encoding="utf-8")
    done = base("readiness", "check", "run", "--checklist", "gate.md", "--format", name, where=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert "needs ≥ 80" in done.stdout


def test_built_in_checklist(base: Place, tmp_path: Path) -> None:
    """The built-in checklist is in the wheel; an empty run is not ready."""
    make_run(tmp_path / "run", {})
    done = base("readiness", "check", "run", "--json", where=tmp_path)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["checklist"]["slug"] == "ml-production-readiness"


def test_ready(base: Place, tmp_path: Path) -> None:
    """The seven checks run without Django; an empty run is not ready."""
    make_run(tmp_path / "run", {})
    done = base("readiness", "ready", "--run", "run", "--json", where=tmp_path)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["overall_status"] == "FAIL"


@pytest.fixture(scope="module")
def needy(base: Place, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """What each kind of an extra says in a run that is good enough for it: kind to its entry."""
    where = tmp_path_factory.mktemp("needy")
    make_run(where / "run", RUN)
    items = (f"- [ ] {kind}\n  ```yaml check\n  {kind}: {row[0]}\n  ```\n" for kind, row in NEEDY.items())
    (where / "gate.md").write_text("# Gate\n" + "".join(items), encoding="utf-8")
    done = base("readiness", "check", "run", "--checklist", "gate.md", "--json", where=where)
    assert done.returncode == 3, done.stdout + done.stderr
    return {check["kind"]: check for check in json.loads(done.stdout)["checks"]}


@pytest.mark.parametrize("kind", NEEDY)
def test_missing_extra_is_named(needy: dict[str, dict[str, str]], kind: str) -> None:
    """A kind without its library is ERROR, and says which extra to install."""
    _, library, extra = NEEDY[kind]
    said = needy[kind]
    assert said["status"] == "ERROR"
    assert said["message"] == f"This check needs {library}, which is not installed."
    assert said["advice"] == f"Install it with: pip install 'readiness[{extra}]'."


def test_decide_keeps_the_decision(base, tmp_path):
    """Without its library `decide` says what to install, and leaves the decision that stands there alone."""
    run = make_run(tmp_path, {"a.csv": TABLE, "decision.json": {"status": "PASS"}})
    (tmp_path / "contracts.yml").write_text(CONTRACTS)
    done = base("readiness", "decide", "--run", ".", "--config", "contracts.yml", where=tmp_path)
    assert done.returncode == 2
    assert "readiness[data]" in done.stderr
    assert json.loads((run.root / "decision.json").read_text()) == {"status": "PASS"}
