"""`readiness push --results-only`: the checks run where the files lie; only index and results travel."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from readiness.client.push import Sent, Step, Wishes, index
from readiness.client.session import ServerBroken, Session
from readiness.client.target import Target
from readiness.engine import file_index, markdown, runner, target
from readiness.engine.checklist import Checklist
from readiness.engine.options import Options

PIECE = 1 << 18


def report(root: Path, session: Session, release: Target, wishes: Wishes, step: Step) -> Sent:
    """Declare the files, run the gate's checks on them here, report what they found. Raises ReadinessError.

    `wishes.options` says what checks may do on this machine, as in `readiness check`.
    """
    started = time.monotonic()
    entries = index(root, step)
    packed = file_index.pack(entries)
    declared = session.send("POST", _declaring(release, wishes), lambda: _pieces(packed), len(packed)).json()
    checklist = _checklist(declared)
    run = target.RunDirectory(
        root, snapshot={entry.path: entry for entry in entries}, options=wishes.options or Options()
    )
    document = {
        "digest": declared["digest"],
        "gate": declared["gate"]["id"],
        "checklist": {key: declared["checklist"][key] for key in ("slug", "version", "sha256")},
        "parameters": declared["parameters"]["number"],
        "items": _run(checklist, run, declared["parameters"]["values"], step),
    }
    data = json.dumps(document, allow_nan=False).encode()
    kind = {"Content-Type": "application/json"}
    answer = session.send("POST", f"{release.path}/results", lambda: _pieces(data), len(data), kind).json()
    return Sent(answer=answer, bytes=len(packed) + len(data), seconds=time.monotonic() - started)


def _declaring(release: Target, wishes: Wishes) -> str:
    wanted = [("checklist", wishes.checklist), ("environment", wishes.environment)]
    wanted += [("set", f"{name}={value}") for name, value in wishes.parameters.items()]
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in wanted if value)
    return f"{release.path}/index?{query}"


def _checklist(declared: Mapping[str, Any]) -> Checklist:
    if not declared.get("gate"):
        raise ServerBroken("The server opened no gate for these results.", "Name --environment.")
    return markdown.parse(declared["checklist"]["source"], name=declared["checklist"]["slug"])


def _run(
    checklist: Checklist, run: target.RunDirectory, values: Mapping[str, Any], step: Step
) -> list[dict[str, Any]]:
    """Each item's results, of exactly the bytes that the index names."""
    total, seen = len(checklist.items), iter(range(1, len(checklist.items) + 1))
    found = runner.run_checklist(
        checklist,
        run,
        values,
        on_item=lambda entry: step("Checking", next(seen), total),  # noqa: ARG005  # counted only
    )
    return [
        {"key": one.item.id, "results": [plain(result.to_dict()) for result in one.results]}
        for one in found
        if one.results
    ]


def plain(value: Any) -> Any:
    """Results as JSON can carry them: no NaN, no NUL, no half characters."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, str):
        return value.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
    return value


def _pieces(data: bytes) -> Any:
    return (data[start : start + PIECE] for start in range(0, len(data), PIECE))
