"""Runs a checklist on a bare run directory, with progress on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from readiness.engine import indexing, parameters, report, runner, seal, target
from readiness.engine.checklist import Checklist
from readiness.engine.options import Options
from readiness.engine.report import Report
from readiness.engine.sizes import size_words
from readiness.engine.validation import validate


class _Step(Protocol):
    def __call__(self, what: str, done: int, total: int) -> None: ...


def inspect(
    root: Path,
    checklist: Checklist,
    given: Mapping[str, str],
    options: Options | None = None,
    *,
    approved: Path | None = None,
    terminal: bool = False,
) -> Report:
    """Index the run, run every check on exactly those bytes, and judge; `options` says what is allowed.

    `approved` is the run of the last approved release, for checks that compare with it.

    Raises ReadinessError for a checklist, parameter or run directory that cannot be used.
    """
    validate(checklist)
    values = parameters.resolve(checklist.parameters, given)
    last = target.RunDirectory(approved, label=f"the approved {approved.name}") if approved else None
    with _progress(terminal=terminal) as step:
        entries = indexing.index(root, lambda done, total: step(_reading(done, total), done, total))
        run = target.RunDirectory(
            root,
            snapshot={e.path: e for e in entries},
            options=options or Options(),
            approved=lambda: last,
        )
        total, seen = len(checklist.items), iter(range(1, len(checklist.items) + 1))
        results = runner.run_checklist(
            checklist, run, values, on_item=lambda entry: step(entry.item.text, next(seen), total)
        )
    return report.build(
        checklist,
        results,
        run_id=run.root.name,
        values=values,
        artifact=seal.artifact_digest(entries),
        at=datetime.now(UTC),
    )


def _reading(done: int, total: int) -> str:
    return f"Reading files: {size_words(done)} of {size_words(total)}"


@contextmanager
def _progress(*, terminal: bool) -> Iterator[_Step]:
    if not terminal:
        yield lambda what, done, total: None  # noqa: ARG005  # nobody looks
        return
    from rich.console import Console  # only a terminal needs it, and it is slow to load
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda what, done, total: bar.update(task, description=what[:40], completed=done, total=total)
