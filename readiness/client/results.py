"""`readiness push --results-only`: the checks run where the files lie; index and results travel, no file does."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from readiness import env
from readiness.client.push import Sent, Step, Wishes, index
from readiness.client.session import ServerBroken, Session
from readiness.client.target import Target
from readiness.engine import file_index, markdown, runner, target
from readiness.engine.checklist import Checklist
from readiness.engine.options import Options

PIECE = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What checks may do on this machine, as in `readiness check`."""

    hosts: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    isolation: str = ""


def report(
    root: Path, session: Session, release: Target, wishes: Wishes, step: Step, allowed: Allowed
) -> Sent:  # fmt: skip
    """Declare the files, run the gate's checks on them here, report what they found."""
    started = time.monotonic()
    packed = file_index.pack(index(root, step))
    declared = session.send("POST", _declaring(release, wishes), lambda: _pieces(packed), len(packed)).json()
    checklist = _checklist(declared)
    values = declared["parameters"]["values"]
    items = _run(root, checklist, values, packed, step, allowed)
    document = {
        "digest": declared["digest"],
        "gate": declared["gate"]["id"],
        "checklist": {key: declared["checklist"][key] for key in ("slug", "version", "sha256")},
        "parameters": declared["parameters"]["number"],
        "items": items,
    }
    data = json.dumps(document, allow_nan=False).encode()
    answer = session.send(
        "POST",
        f"{release.path}/results",
        lambda: _pieces(data),
        len(data),
        {"Content-Type": "application/json"},
    ).json()
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
    root: Path, checklist: Checklist, values: Mapping[str, Any], packed: bytes, step: Step, allowed: Allowed
) -> list[dict[str, Any]]:  # fmt: skip
    """Each item's results, of exactly the bytes that the index names."""
    run = target.RunDirectory(
        root,
        snapshot={entry.path: entry for entry in file_index.unpack(packed)},
        options=Options(
            allowed_hosts=allowed.hosts,
            allowed_commands=allowed.commands,
            tokens=tuple(env.words("READINESS_TOKENS")),
            min_isolation=allowed.isolation,
        ),
    )
    total, seen = len(checklist.items), iter(range(1, len(checklist.items) + 1))
    found = runner.run_checklist(
        checklist, run, values, on_item=lambda entry: step("Checking", next(seen), total)
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
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    if isinstance(value, str):
        return value.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
    return value


def _pieces(data: bytes) -> Any:
    return (data[start : start + PIECE] for start in range(0, len(data), PIECE))
