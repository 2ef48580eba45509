"""Run directories made from a table of files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bare_machine import bare  # noqa: F401  # a fixture

from readiness.engine import runner
from readiness.engine.checklist import CheckSpec
from readiness.engine.outcome import Finding
from readiness.engine.target import RunDirectory


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., RunDirectory]:
    """`run({"metrics.json": {...}, "a.txt": "text", "b.bin": b"..."})` makes the files and the run."""

    def make(files: dict[str, Any]) -> RunDirectory:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                path.write_text(content if isinstance(content, str) else json.dumps(content))
        return RunDirectory(tmp_path)

    return make


@pytest.fixture
def finding(run) -> Callable[..., Finding]:
    """`finding("metric", params, files)` is what the runner makes of one mandatory check."""

    def check(kind: str, params: Any, files: dict[str, Any], *, required: bool = True) -> Finding:
        return runner.run_check(
            CheckSpec(kind=kind, params=params), run(files), {}, required=required
        ).finding

    return check
