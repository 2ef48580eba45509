"""What README and CONTRIBUTING tell people to do works."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from readiness.engine import registry
from readiness.engine.outcome import Outcome
from readiness.engine.target import RunDirectory

ROOT = Path(__file__).resolve().parent.parent
PAGES = (
    "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/ci.md", "docs/extending.md",
    "docs/operating.md", "docs/run-validator.md", "docs/api.md", "docs/change-control.md",
    "docs/checklists.md", "docs/deployment-gate.md", "docs/notifications.md", "docs/push.md",
    "docs/release-manifest.md", "docs/audit-log.md", "docs/backup.md", "docs/bundle.md", "docs/people.md",
    "docs/report.md", "docs/sign-in.md", "docs/signatures.md", "docs/threat-model.md", "docs/verify.md",
    "docs/score.md", "docs/suites.md", "docs/webhooks.md", "examples/release-governance/README.md",
)  # fmt: skip
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)
MAKE_TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def commands(page: str) -> list[str]:
    """The lines of a page's bash blocks."""
    blocks = BLOCK.findall((ROOT / page).read_text())
    return [line.split("  #")[0].strip() for block in blocks for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    """Every relative link and picture exists."""
    missing = [
        link for link in LINK.findall((ROOT / page).read_text()) if not ((ROOT / page).parent / link).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_make_targets_exist(page):
    """Every `make` in the text is a target."""
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", (ROOT / page).read_text(), re.MULTILINE))
    assert named <= MAKE_TARGETS


@pytest.mark.parametrize("line", [c for c in commands("README.md") if "/readiness " in c])
def test_readme_command_line(line):
    """The README's `readiness` commands run; the example run is ready for them."""
    program, *arguments = shlex.split(line)
    assert program == ".venv/bin/readiness"
    command = [sys.executable, "-m", "readiness", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    expected = 1 if "target_accuracy=99" in line else 0
    assert done.returncode == expected, done.stdout + done.stderr


def test_readme_has_the_two_commands():
    """One to see it, one to prove it."""
    assert {"make demo", "make test"} <= set(commands("README.md"))


def test_a_check_in_a_minute(tmp_path, monkeypatch):
    """The check in CONTRIBUTING.md is a working kind as it stands."""
    monkeypatch.setattr(registry, "_KINDS", dict(registry.kinds()))
    text = (ROOT / "CONTRIBUTING.md").read_text()
    # Under another name: who follows the page word by word has the real one in the tree.
    source = re.search(
        r"```python\n(.*?)\n```\n\n1\.", text.replace("line-count", "counted-lines"), re.DOTALL
    )
    assert source
    module = ModuleType("line_count_example")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(source[1], "CONTRIBUTING.md", "exec"), module.__dict__)
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    kind = registry.get("counted-lines")
    for at_least, outcome in ((2, Outcome.PASS), (3, Outcome.FAIL)):
        wanted = kind.parse({"path": "a.txt", "at_least": at_least})
        assert kind.function(wanted, RunDirectory(root=tmp_path)).outcome is outcome
