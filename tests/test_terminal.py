"""No command's output steers the terminal, whatever names and texts the files have."""

from __future__ import annotations

import json
import re

import pytest

from readiness.cli import main

EVIL = "\x1b[31m\x9b2J\u202e\u2066\x07\x7f"
STEERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
SHEETS = ("text", "json", "junit", "sarif", "markdown", "github", "gitlab")
CHECK = """# T{0}

## S{0}
- [ ] item{0}

  ```yaml check
  {1}: {{file: "m\\e[31m.json", key: "\\e[31m", at_least: 1}}
  ```
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working directory with a run, checklists and contracts full of control characters."""
    monkeypatch.chdir(tmp_path)
    run = tmp_path / f"run{EVIL}"
    (run / "eval").mkdir(parents=True)
    data = f"d{EVIL}.csv"
    files = {
        "manifest.json": {
            "run_id": f"id{EVIL}", "timestamp": EVIL, "version": EVIL, "contracts": [{"name": f"c{EVIL}"}],
            "datasets": [{"path": data, "hash": f"ab{EVIL}"}],
        },
        "decision.json": {
            "run_id": f"o{EVIL}", "status": "PASS", "checks": {f"c{EVIL}": {"message": EVIL}},
            "summary": {"warnings": [EVIL]},
        },
        "redaction_audit.json": {"status": f"PASS{EVIL}", "summary": {"findings_by_type": {EVIL: 2}}},
        "environment.json": {"seed": EVIL, "python": EVIL},
        "run_meta.json": {"run_id": EVIL},
        "eval/eval_results.json": {f"acc{EVIL}": 0.5},
    }  # fmt: skip
    for name, held in files.items():
        (run / name).write_text(json.dumps(held, ensure_ascii=False), encoding="utf-8")
    (run / data).write_text(f"a{EVIL},b\nx@example.com,{EVIL}\n", encoding="utf-8")
    (tmp_path / "c.md").write_text(CHECK.format(EVIL, "metric"), encoding="utf-8")
    (tmp_path / "bad.md").write_text(CHECK.format("", '"ki\\e[31mnd"'), encoding="utf-8")
    contract = 'contracts:\n  - {name: "c\\e[31m", type: %s, dataset: d*.csv, max_null_ratio: 0.05}\n'
    (tmp_path / "k.yml").write_text(contract % "completeness")
    (tmp_path / "kb.yml").write_text(contract % '"\\e[31m"')
    return run


COMMANDS = [
    *(f"ready --run RUN --format {form}" for form in SHEETS),
    *(f"check RUN --checklist c.md --format {form}" for form in SHEETS),
    "check RUN --checklist bad.md", "check RUN --set x\x1b=1", "check no\x1b[31m",
    "history RUN", "history --json RUN", "history no\x1b[31m",
    "seal --run RUN", "seal --run RUN --json",
    "audit --run RUN", "audit --run RUN --json",
    "decide --run RUN --config k.yml", "decide --run RUN --config k.yml --json --ready-check",
    "decide --run RUN --config k.yml --ready-check", "decide --run RUN --config kb.yml",
    "import c.md", "import c.md --json", "import bad.md", "checks ki\x1b[31mnd",
]  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS)
def test_no_output_steers_the_terminal(place, capsys, words):
    """Neither standard output nor standard error holds a control or direction character, in any form."""
    main([str(place) if word == "RUN" else word for word in words.split()])
    said = capsys.readouterr()
    assert said.out or said.err
    assert not STEERS.search(said.out), STEERS.search(said.out)
    assert not STEERS.search(said.err), STEERS.search(said.err)
    if "json" in words and said.out:
        assert json.loads(said.out)
