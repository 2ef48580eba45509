"""What docs/suites.md and the example say is what the code does."""

from __future__ import annotations

import re
import shutil
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from readiness.engine.suites import output, run
from readiness.engine.suites.attempt import Place
from readiness.engine.suites.config import DEFAULTS, FORMS, KINDS, Config, Defaults, File, Suite, Thresholds
from readiness.engine.suites.config_file import parse
from readiness.engine.suites.scorecard import read_scorecard

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "suites.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "examples" / "release-governance"


def block(info: str) -> str:
    """The only fenced block of that sort."""
    (text,) = re.findall(rf"^```{info}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return text


def test_the_documented_file_is_valid() -> None:
    """It parses, with each kind and a waiver."""
    config = parse(block("yaml suites").encode(), "readiness.yml")
    assert {plan.kind for plan in config.suites} == set(KINDS)
    assert len(config.waivers) == 1


@pytest.mark.parametrize("struct", [File, Suite, Defaults, Thresholds])
def test_every_key_is_explained(struct) -> None:
    """No key of the file is missing on the page."""
    missing = [name for name in struct.__struct_fields__ if f"`{name}`" not in PAGE]
    assert set(missing) <= {"schema_version"}
    assert all(f"| `{form}` |" in PAGE for form in FORMS)


def test_the_table_of_defaults_is_the_codes() -> None:
    """Each cell of the table of thresholds is what the kind must reach."""
    rows = [
        [c.strip() for c in line.split("|")[1:-1]] for line in PAGE.splitlines() if line.startswith("| `m")
    ]
    found: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
    for names, _, *cells in rows:
        for name in re.findall(r"`(\w+)`", names):
            for kind, cell in zip(KINDS, cells, strict=True):
                found[kind] |= {name: cell.strip("`")} if cell else {}
    plain = {
        k: {n: f"{v:g}" if isinstance(v, float) else str(v) for n, v in d.items()}
        for k, d in DEFAULTS.items()
    }
    assert found == plain


def test_links_lead_somewhere() -> None:
    """Every relative link exists; pages of other parts may be written later."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)\)", PAGE)
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


def test_the_documented_pipeline_sets_known_variables() -> None:
    """The GitLab example overrides variables that the template has."""
    known = yaml.safe_load((ROOT / "ci" / "gitlab-nightly.yml").read_text(encoding="utf-8"))
    variables = yaml.safe_load(block("yaml pipeline"))["readiness-nightly"]["variables"]
    assert set(variables) <= set(known["readiness-nightly"]["variables"])


@pytest.mark.parametrize(("month", "passed"), [(11, True), (12, False)])
def test_the_example_runs(month, passed, tmp_path, monkeypatch) -> None:
    """All its suites pass, until the waiver of its medium finding is over."""
    folder = tmp_path / "example"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("build", "__pycache__"))
    config = parse((folder / "readiness.yml").read_bytes(), "readiness.yml")
    now = datetime(2026, month, 20, tzinfo=UTC)
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    env = {"PATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    place = Place(base=folder, output=folder / "build", env=env, stop=threading.Event(), now=lambda: now)
    request = run.Request(config=config, release=config.release, environment="staging", place=place)
    output.prepare(place.output)
    result = run.run(request, run.started(request))
    output.finish(place.output, result)
    statuses = {suite.name: suite.status.value for suite in result.suites}
    assert statuses == {
        "unit": "passed", "integration": "passed", "performance": "passed", "style": "passed",
        "security": "passed" if passed else "failed",
    }, [suite.reasons for suite in result.suites]  # fmt: skip
    assert result.overall_passed is passed


def test_the_committed_scorecard_is_read() -> None:
    """The example's scorecard has the written form and agrees with the example's suites."""
    card = read_scorecard((EXAMPLE / "readiness-scorecard.json").read_bytes())
    config: Config = parse((EXAMPLE / "readiness.yml").read_bytes(), "readiness.yml")
    assert (card.release, card.overall_passed) == (config.release, True)
    assert {s.name for s in card.suites} == {plan.name for plan in config.suites if plan.blocking}
