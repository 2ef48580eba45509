"""`readiness manifest`: writes the whole file or nothing, and says what is missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import pytest

from readiness.cli import main

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "release-governance"


@pytest.fixture
def release(tmp_path) -> Path:
    """A copy of the example."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "release"))


@pytest.fixture
def manifest(release, capsys):
    """`manifest("--output", …)`: exit code, standard output and error."""

    def call(*options, report="readiness_report.json"):
        given = ["--report", str(release / report)] if report else []
        code = main(["manifest", "--config", str(release / "release.yml"), *given, *options])
        return code, *capsys.readouterr()

    return call


def test_written(manifest, release):
    """The file holds to the published schema, and one line says what is in it."""
    code, out, err = manifest("--output", str(release / "m.json"), "--as-of", "2026-11-20T07:30:00+01:00")
    assert (code, err) == (0, "")
    assert "3 artifacts, 2 changed settings, 2 approvals, scorecard passed." in out
    written = json.loads((release / "m.json").read_text())
    assert written["generated_at"] == "2026-11-20T06:30:00Z"


def test_schema(manifest, release, capsys):
    """--schema prints JSON Schema 2020-12, by which the written file is valid."""
    manifest("--output", str(release / "m.json"))
    assert main(["manifest", "--schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator(schema).validate(json.loads((release / "m.json").read_text()))


def test_printed(manifest):
    """Without --output the manifest itself is printed."""
    code, out, _ = manifest()
    assert code == 0
    assert json.loads(out)["release"] == "2.4.0"


def test_nothing_is_half_written(manifest, release):
    """A missing file ends with 2 and names it; the manifest of before stays as it was."""
    (release / "m.json").write_text("before")
    (release / "dist" / "churn-service.tar").unlink()
    code, out, err = manifest("--output", str(release / "m.json"))
    assert (code, out) == (2, "")
    assert "dist/churn-service.tar is named, but is not in" in err
    assert (release / "m.json").read_text() == "before"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--release", "2.5.0"), "The release is 2.5.0 and 2.4.0"),
        (("--environment", "canary"), "The environment is canary and production"),
        (("--as-of", "now-ish"), "is no time"),
        (("--output", "gone/m.json"), "cannot be written"),
    ],
)
def test_wrong_words(manifest, options, words):
    """What contradicts the files, and what cannot be used, is 2."""
    code, _, err = manifest(*options)
    assert code == 2
    assert words in err


def test_draft(manifest, release):
    """Without a report there is no release's name to take, so it must be given."""
    assert manifest(report="")[0] == 2
    code, out, _ = manifest("--release", "2.4.0", "--output", str(release / "m.json"), report="")
    assert code == 0
    assert "no scorecard" in out


def test_config_is_needed(capsys):
    """Without --config it is wrong usage."""
    assert main(["manifest"]) == 2
    assert "--config" in capsys.readouterr().err
