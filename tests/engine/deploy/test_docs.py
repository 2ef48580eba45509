"""The pages about manifest and gate name everything there is, and what they show works."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import msgspec
import pytest
import yaml

from readiness.cli import main
from readiness.engine.deploy import config, release_file
from readiness.engine.deploy.config import WAIVABLE, GateConfig, MetricLimits
from readiness.engine.deploy.decision import RuleOutcome, Verdict
from readiness.engine.deploy.manifest import Manifest, Waiver
from readiness.engine.deploy.release_file import ReleaseFile
from readiness.engine.deploy.rules import NAMES

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "examples" / "release-governance"
GATE, MANIFEST = (
    (ROOT / "docs" / f"{name}.md").read_text() for name in ("deployment-gate", "release-manifest")
)
README = (EXAMPLE / "README.md").read_text()


def block(page: str, kind: str) -> str:
    """The one fenced block of that kind."""
    (found,) = re.findall(rf"```yaml {kind}\n(.*?)```", page, re.DOTALL)
    return str(found)


def test_everything_is_named():
    """Every key, rule, verdict and outcome stands on its page."""
    fields = [*GateConfig.__struct_fields__, *MetricLimits.__struct_fields__, *NAMES, *WAIVABLE]
    missing = [name for name in fields if f"`{name}`" not in GATE]
    assert missing == []
    assert all(f"**{verdict}**" in GATE for verdict in Verdict)
    assert all(outcome.value in GATE for outcome in RuleOutcome)
    keys = {*Manifest.__struct_fields__, *ReleaseFile.__struct_fields__}
    assert [key for key in sorted(keys) if f"`{key}`" not in MANIFEST] == []


def test_shown_files_are_read():
    """The files on the pages are what the readers take."""
    assert config.read(block(GATE, "gate").encode(), "gate.yml").config.rollout_window.require
    assert release_file.read(block(MANIFEST, "release").encode(), "release.yml").project == "churn-service"
    waiver = yaml.load(block(GATE, "waiver"), yaml.BaseLoader)
    assert msgspec.convert(waiver, Waiver).rule == "rehearsal"


@pytest.mark.parametrize("page", ["docs/deployment-gate.md", "docs/release-manifest.md"])
def test_links(page):
    """Links lead somewhere."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / page).read_text())
    assert links
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_example_commands(tmp_path, monkeypatch, capsys):
    """The example's commands end as its page says: written, approved, refused."""
    folder = shutil.copytree(EXAMPLE, tmp_path / "example")
    monkeypatch.chdir(folder)
    lines = re.findall(r"^readiness (.*)$", README, re.MULTILINE)
    assert [main(shlex.split(line)) for line in lines] == [0, 0, 1]
    assert "36 days" in capsys.readouterr().out
    (folder / "dist" / "model.json").write_text("{}")
    assert main(shlex.split(lines[1])) == 1
