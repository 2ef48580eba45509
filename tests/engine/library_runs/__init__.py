"""Run directories for the built-in checklists: one where every scripted check passes, one where each fails.

What a check's own parameters tell (the sections of a document, the place of a report) is made from them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from readiness.engine.checklist import Checklist
from readiness.engine.parameters import resolve, substitute
from tests.engine.library_runs import (
    data_run,
    ml_deployment,
    post_deployment,
    readiness_programme,
    release_gate,
)
from tests.engine.library_runs.content import WORDS, Files, junit

OWN: dict[str, Callable[[bool], Files]] = {
    "data-run": data_run.files,
    "ml-deployment": ml_deployment.files,
    "post-deployment": post_deployment.files,
    "readiness-programme": readiness_programme.files,
    "release-gate": release_gate.files,
}
# Parameters that switch on what is off by default.
SETTINGS: dict[str, dict[str, str]] = {
    "readiness-programme": {"approvals_in_manifest": "yes"},
    "release-gate": {"signing_key": release_gate.FINGERPRINT, "compare_config": "yes"},
}


def make(folder: Path, checklist: Checklist, *, good: bool) -> Path:
    """Write the run; returns its folder."""
    files = _written(checklist, good=good) | OWN[checklist.slug](good)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else _text(content).encode())
    return folder


def _text(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content)


def _written(checklist: Checklist, *, good: bool) -> Files:
    """What the parameters of `junit`, `document` and `file` ask for."""
    values = resolve(checklist.parameters, {})
    sections: dict[str, dict[str, list[str]]] = {}
    files: Files = {}
    for spec in (spec for item in checklist.items for spec in item.checks):
        if spec.kind == "junit":
            files[spec.params["file"]] = junit(good=good)
        elif spec.kind == "document":
            wanted = {title: [] for title in spec.params.get("sections", [])} | spec.params.get(
                "mentions", {}
            )
            sections.setdefault(spec.params["file"], {}).update(wanted)
        elif spec.kind == "file":
            files[substitute(spec.params, values)] = "something\n" if good else ""
    return files | {file: _document(wanted, good=good) for file, wanted in sections.items()}


def _document(sections: Mapping[str, list[str]], *, good: bool) -> str:
    body = {title: f"{WORDS} {' '.join(words)}." if good else "TODO" for title, words in sections.items()}
    return "# Document\n" + "".join(f"\n## {title}\n\n{text}\n" for title, text in body.items())
