"""Helpers to test a kind of check, for packages outside of this one too.

    from readiness.engine.testing import finding

    def test_too_much(tmp_path):
        found = finding("emissions", {"file": "e.csv", "at_most": 2}, {"e.csv": "…"}, at=tmp_path)
        assert found.outcome is Outcome.FAIL

They need no pytest. What comes back is what a release would show: the runner turns a missing file, bad
content or a crash into the same finding here and there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from readiness.engine import runner
from readiness.engine.checklist import CheckSpec
from readiness.engine.options import Options
from readiness.engine.outcome import Finding
from readiness.engine.runner import CheckResult
from readiness.engine.target import RunDirectory


def make_run(at: Path, files: Mapping[str, Any], options: Options | None = None) -> RunDirectory:
    """A run directory at `at` that holds `files`: path beneath it to content.

    Bytes and text (UTF-8, line ends kept) are written as they are, anything else as JSON. Raises ValueError
    for a path that leaves the directory.
    """
    at.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.name:
            raise ValueError(f"{name!r} is not a path beneath the run directory")
        place = at / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(_bytes(content))
    return RunDirectory(at, options=options or Options())


def result(
    kind: str,
    params: Any,
    run: RunDirectory,
    *,
    required: bool = True,
    values: Mapping[str, Any] | None = None,
) -> CheckResult:
    """Run one check as a checklist would: `params` as written there, `values` for its `$name`s.

    `required` is False for a recommended or conditional item. The result also has the files it read.
    """
    return runner.run_check(CheckSpec(kind=kind, params=params), run, values or {}, required=required)


def finding(
    kind: str,
    params: Any,
    files: Mapping[str, Any],
    *,
    at: Path,
    required: bool = True,
    values: Mapping[str, Any] | None = None,
) -> Finding:
    """What the check finds in a run at `at` that holds `files` (see `make_run` and `result`)."""
    return result(kind, params, make_run(at, files), required=required, values=values).finding


def _bytes(content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    text = content if isinstance(content, str) else json.dumps(content)
    return text.encode("utf-8")
