"""`reproducibility`: every fact that the report documents is held against the files."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

DIGEST = hashlib.sha256(b"weights").hexdigest()
FACTS = {
    "Seed": "42 (fixed; one thread)",
    "Config": "`c.yaml`",
    "Checkpoint": "best.pt (epoch 19)",
    "Environment": "Python 3.11.7, PyTorch 2.13.0+cpu, scikit-learn 1.9",
}
FILES = {
    "c.yaml": "seed: 42\n",
    "best.pt": b"weights",
    "m.json": {"best_epoch": 19},
    "requirements.txt": "torch==2.13.0\nscikit-learn==1.9.0 ; python_version > '3'\n",
}
PARAMS = {"report": "r.md", "config": "c.yaml", "checkpoint": "best.pt", "metrics": "m.json"} | {
    "requirements": "requirements.txt"
}


def report(**changes):
    """The section as a list; None leaves a fact out."""
    lines = [f"- **{name}**: {value}" for name, value in (FACTS | changes).items() if value is not None]
    return "# Report\n\n## Reproducibility\n\n" + "\n".join(lines) + "\n\n## Next\n\nSeed: 7\n"


def check(finding, text, files=FILES, **params):
    """Run on one report."""
    return finding("reproducibility", PARAMS | params, files | {"r.md": text})


def test_all_facts_agree(finding):
    """The four facts and the whole environment are shown."""
    found = check(finding, report())
    assert found.outcome == "PASS"
    assert found.message == (
        "Documented as in the files: seed 42, config c.yaml, checkpoint best.pt, epoch 19; "
        "Python 3.11.7, PyTorch 2.13.0+cpu, scikit-learn 1.9"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Seed": "43"}, "Seed: documented 43, but 42 in c.yaml · seed"),
        ({"Seed": "4"}, "Seed: documented 4, but 42"),
        ({"Config": "old.yaml"}, "Config: documented old.yaml, but c.yaml in the run"),
        ({"Checkpoint": "last.pt (epoch 19)"}, "Checkpoint: documented last.pt, but best.pt in the run"),
        ({"Checkpoint": "best.pt (epoch 27)"}, "Epoch: documented 27, but 19 in m.json · best_epoch"),
        ({"Checkpoint": "best.pt"}, "Epoch: documented none, but 19"),
        (
            {"Environment": "Python 3.11.7, PyTorch 2.1.0"},
            "PyTorch: documented 2.1.0, but 2.13.0 in requirements",
        ),
        ({"Environment": "Python 3.11, scikit-learn 1.8"}, "documented 1.8, but 1.9.0"),
        ({"Environment": "PyTorch 2.13.0"}, "does not give the versions of Python and a framework"),
        ({"Environment": "Python 3.11.7"}, "does not give the versions of Python and a framework"),
        ({"Environment": "a laptop"}, "does not give the versions"),
        ({"Seed": None}, "does not document the seed"),
        ({"Config": None}, "does not document the config"),
        ({"Checkpoint": None}, "does not document the checkpoint"),
        ({"Environment": None}, "does not document the environment"),
        ({"Checkpoint SHA-256": "0" * 64}, "Checkpoint SHA-256: documented 0000"),
        ({"Checkpoint SHA-256": DIGEST[:8]}, "Checkpoint SHA-256: documented"),
        ({"Config SHA-256": DIGEST}, "Config SHA-256: documented"),
        ({"seed": "7"}, "gives seed twice"),
    ],
)
def test_contradictions(finding, changes, words):
    """Each documented fact that the files contradict, and each that is missing, is named."""
    found = check(finding, report(**changes))
    assert found.outcome == "FAIL"
    assert words in found.message


@pytest.mark.parametrize(
    "changes",
    [
        {"Seed": "42, fixed"},
        {"Seed": "`42`"},
        {"Environment": "Python 3.11.7 and torch 2.13"},
        {"Checkpoint SHA-256": DIGEST},
        {"Checkpoint SHA-256": f"`sha256:{DIGEST.upper()}`"},
        {"Checkpoint SHA-256": DIGEST[:12]},
        {"Checkpoint": "best.pt, epoch: 19"},
    ],
)
def test_spellings(finding, changes):
    """Ways to write the same."""
    assert check(finding, report(**changes)).outcome == "PASS"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"c.yaml": "seed: null\n"}, "not a whole number"),
        ({"c.yaml": "seed: true\n"}, "not a whole number"),
        ({"c.yaml": "other: 1\n"}, "has no seed"),
        ({"c.yaml": "seed: [\n"}, "not usable YAML"),
        ({"m.json": {"best_epoch": None}}, "not a whole number"),
        ({"m.json": '{"best_epoch": NaN}'}, "not a whole number"),
        ({"m.json": "{"}, "not usable JSON"),
        ({"requirements.txt": "torch==2.12.0\n"}, "PyTorch: documented 2.13.0, but 2.12.0"),
        ({"requirements.txt": "torch ==2.13.0 oops\n"}, "is no requirement"),
    ],
)
def test_other_files(finding, changes, words):
    """What stands in the files may be as wrong as the report."""
    found = check(finding, report(Seed="None") if "null" in str(changes) else report(), FILES | changes)
    assert found.outcome == "FAIL"
    assert words in found.message


@pytest.mark.parametrize("name", ["c.yaml", "best.pt", "m.json", "requirements.txt"])
def test_absent_files(finding, name):
    """A documented file that does not exist fails."""
    found = check(finding, report(), {k: v for k, v in FILES.items() if k != name})
    assert found.outcome == "FAIL"
    assert name in found.message


def test_where_facts_count(finding):
    """Neither another section nor a code fence documents anything; a table does."""
    fenced = report().replace("\n- **Seed**", "\n```\n- Seed: 42\n```\n- **Other**")
    assert "does not document the seed" in check(finding, fenced).message
    assert "has no section" in check(finding, report().replace("## Repro", "## Ir-repro")).message
    rows = "".join(f"| {name} | {value} |\n" for name, value in FACTS.items())
    table = f"## Reproducibility\n\n| Fact | Value |\n|---|---|\n{rows}"
    assert check(finding, table).outcome == "PASS"


def test_optional_files(finding):
    """Without `metrics` and `requirements` only seed, files and versions are looked at."""
    files = {k: FILES[k] for k in ("c.yaml", "best.pt")}
    assert check(finding, report(), files, metrics=None, requirements=None).outcome == "PASS"


CONDA = "dependencies:\n  - pytorch=2.13.0=py311_0\n  - scikit-learn==1.9.0\n  - pip:\n    - onnx==1.21.0\n"
EITHER = {"requirements": ["requirements.txt", "environment.yml"]}


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (CONDA, ""),
        (CONDA.replace("2.13.0", "2.12.0"), "PyTorch: documented 2.13.0, but 2.12.0 in environment.yml"),
        (CONDA.replace("1.9.0", "1.8.0"), "scikit-learn: documented 1.9, but 1.8.0 in environment.yml"),
        (None, "None of requirements.txt, environment.yml is in the run"),
    ],
)
def test_alternatives(finding, environment, words):
    """Versions are compared with the first file that exists, a conda environment included."""
    files = {k: v for k, v in FILES.items() if k != "requirements.txt"}
    files |= {"environment.yml": environment} if environment else {}
    found = check(finding, report(), files, **EITHER)
    assert (found.outcome, words in found.message) == ("FAIL" if words else "PASS", True)
    wrong = {"environment.yml": "dependencies: [pytorch==1.0.0]\n"}
    assert check(finding, report(), FILES | wrong, **EITHER).outcome == "PASS"


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(FACTS)), st.text(max_size=12))
def test_any_text(finding, name, value):
    """Whatever stands for a fact: judged or refused, and a seed passes only as 42."""
    found = check(finding, report(**{name: value}))
    assert found.outcome in ("PASS", "FAIL")
    if found.outcome == "PASS" and name == "Seed":
        assert value.replace("`", "").replace("*", "").split()[0].rstrip(",;.") == "42"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("environment.yml", CONDA + "  - python=3.11\n", ""),
        ("environment.yml", CONDA + "  - python=3.11.7=h1_0\n", ""),
        ("environment.yml", CONDA + "  - python>=3.10,<3.12\n", ""),
        ("environment.yml", CONDA + "  - conda-forge::python 3.11.*\n", ""),
        (
            "environment.yml",
            CONDA + "  - python=3.12\n",
            "Python: documented 3.11.7, but =3.12 in environment.yml",
        ),
        ("environment.yml", CONDA + "  - python==3.11.8\n", "documented 3.11.7, but ==3.11.8"),
        ("environment.yml", CONDA + "  - python=3.1\n", "documented 3.11.7, but =3.1"),
        ("environment.yml", CONDA + "  - python>3.x\n", "which nobody understands"),
        ("uv.lock", 'requires-python = ">=3.12"\npackage = []\n', "Python: documented 3.11.7, but >=3.12"),
        ("uv.lock", 'requires-python = ">=3.11"\npackage = []\n', ""),
        ("uv.lock", "package = []\n", ""),
        ("poetry.lock", 'package = []\n[metadata]\npython-versions = "^3.12"\n', "but ^3.12 in poetry.lock"),
        ("poetry.lock", 'package = []\n[metadata]\npython-versions = "~3.11 || ^4"\n', "nobody understands"),
    ],
)
def test_version_of_python(finding, name, text, words):
    """The recorded version of Python is held against what the environment or lock file asks for."""
    found = check(finding, report(), FILES | {name: text}, requirements=name)
    assert found.outcome == ("FAIL" if words else "PASS"), found.message
    assert words in found.message


@pytest.mark.parametrize("name", ["c.yaml", "best.pt", "requirements.txt", "r.md"])
def test_pointers(finding, name):
    """A Git LFS pointer stands where a documented file should be."""
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    found = finding("reproducibility", PARAMS, FILES | {"r.md": report()} | {name: pointer})
    assert found.outcome == "FAIL"
    assert f"{name} is a Git LFS pointer" in found.message
