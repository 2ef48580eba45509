"""MLflow's run directories: `mlruns/<experiment>/<run>` with `metrics/`, `params/`, `tags/`, `meta.yaml`.

Layout and lines as written by MLflow's file store (mlflow/store/tracking/file_store.py): a metric's file
has one line for each value, "timestamp value step" (older: without the step; newer: followed by a data
set's name and digest). Keys with slashes are folders.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from readiness.engine.errors import BadContent, FileMissing, FileRefused, NotFound
from readiness.engine.readers import data, plain_text
from readiness.engine.target import RunDirectory

KINDS = ("metrics", "params", "tags")
STATUS = {
    1: "RUNNING",
    2: "SCHEDULED",
    3: "FINISHED",
    4: "FAILED",
    5: "KILLED",
}  # RunStatus in mlflow.entities
_LINE = re.compile(
    r"(?P<time>-?\d{1,16}) (?P<value>[-+]?(?:\d[\d.eE+-]{0,40}|nan|inf|infinity))"
    r"(?: (?P<step>-?\d{1,18})(?: .*)?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Logged:
    """One logged value of a metric (NaN and infinity included) with its step."""

    step: int
    value: float


def is_run(run: RunDirectory, path: str) -> bool:
    """Whether `path` is a directory that MLflow wrote for a run."""
    try:
        return run.exists(f"{path}/meta.yaml")
    except FileRefused:
        return False  # whoever reads the path itself is refused with its own name


def read(run: RunDirectory, path: str, key: str) -> list[Logged] | str | Any:
    """What a run says under a key: `val_acc` or `metrics/val_acc`, `params/lr`, `tags/…`, `meta/status`.

    A metric gives all its logged values by step. Raises NotFound for an unknown key, BadContent for a deleted
    run and a broken line.
    """
    meta = _meta(run, path)
    kind, _, rest = key.partition("/")
    if kind == "meta" and rest:
        return data.lookup(meta, rest, f"{path}/meta.yaml")
    if kind in ("params", "tags") and rest:
        return _text(run, f"{path}/{kind}/{rest}", path, key).strip()
    name = rest if kind == "metrics" and rest else key
    return _logged(_text(run, f"{path}/metrics/{name}", path, key), f"{path}/metrics/{name}")


def _meta(run: RunDirectory, path: str) -> dict[str, Any]:
    file = f"{path}/meta.yaml"
    meta = data.load(run, file)
    if not isinstance(meta, dict) or "run_id" not in meta:
        raise BadContent(
            f"{file} is not that of an MLflow run.", "Name a directory mlruns/<experiment>/<run>."
        )
    if meta.get("lifecycle_stage", "active") != "active":
        raise BadContent(f"The MLflow run {path} is deleted (lifecycle_stage).", "Name the run that counts.")
    status = meta.get("status")
    return meta | {"status": STATUS.get(status, status) if isinstance(status, int) else status}


def _text(run: RunDirectory, file: str, path: str, key: str) -> str:
    try:
        return plain_text.read(run, file)
    except FileMissing:
        logged = sorted(
            name.removeprefix(f"{path}/") for kind in KINDS for name in run.glob(f"{path}/{kind}/**/*")
        )
        known = f"It has: {', '.join(logged)[:300]}." if logged else "Nothing was logged in it."
        raise NotFound(f"The MLflow run {path} has no {key}.", known) from None


def _logged(text: str, file: str) -> list[Logged]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise BadContent(
                f"{file} line {number} is no logged value: {line[:80]!r}.", "Expected: timestamp value step."
            )
        try:
            value = float(match["value"])
        except ValueError:
            raise BadContent(f"{file} line {number} holds no number: {line[:80]!r}.", "") from None
        found.append((int(match["step"] or 0), int(match["time"]), value))
    # MLflow's latest value is that of the highest step, then time.
    return [Logged(step, value) for step, _, value in sorted(found, key=lambda entry: entry[:2])]
