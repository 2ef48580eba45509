"""`readiness_report.json` and the scorecard beside it: two files of one run that must say the same."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from readiness.engine.deploy import looking, reading
from readiness.engine.deploy.assemble import SuiteRun
from readiness.engine.deploy.offline import content
from readiness.engine.deploy.places import DeployError
from readiness.engine.errors import BadContent, CheckProblem, FileMissing, ResultError
from readiness.engine.suites.scorecard import read_scorecard
from readiness.engine.target import RunDirectory


@dataclass(frozen=True, slots=True)
class Report:
    """What `readiness_report.json` says of its run, and where its scorecard lies."""

    release: str
    environment: str
    run: SuiteRun


def read(path: Path, run: RunDirectory) -> Report:
    """The report and the scorecard that it names. Raises DeployError for what is missing or contradicts."""
    _, document = reading.load(content(path, reading.MAX_BYTES), str(path))
    reading.check_version(document, str(path), "readiness report")
    card = _text(document, "scorecard", path)
    lies = os.path.relpath(Path(os.path.realpath(path.parent)) / card, run.root)
    if lies.startswith(".."):
        raise DeployError(
            f"The scorecard {card} lies outside {run.root}.", "Write it beneath the release's `base`."
        )
    try:
        data, _ = looking.read(run, Path(lies).as_posix())
        found = read_scorecard(data, card)
    except FileMissing:
        raise DeployError(
            f"{path} names the scorecard {card}, which is not there.", "Run the suites again."
        ) from None
    except (CheckProblem, BadContent, ResultError) as problem:
        raise DeployError(problem.message, problem.advice) from None
    _agree(document, found, path)
    made = SuiteRun(card=found, path=Path(lies).as_posix(), sha256=hashlib.sha256(data).hexdigest())
    return Report(found.release, found.environment, made)


def _agree(document: Mapping[str, Any], card: Any, path: Path) -> None:
    for name in ("run_id", "release", "environment", "overall_passed"):
        if document.get(name) != getattr(card, name):
            raise DeployError(
                f"{path} says {name} {document.get(name)!r}, its scorecard {getattr(card, name)!r}.",
                "Run the suites again; report and scorecard belong together.",
            )


def _text(document: Mapping[str, Any], name: str, path: Path) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise DeployError(f"{path} has no text {name}.", "Write it with `readiness run`.")
    return value
