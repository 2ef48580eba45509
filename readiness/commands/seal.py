"""`readiness seal`: the hashes that a run is missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness.commands._run import run_option
from readiness.commands._shared import Exit, safe_json

if TYPE_CHECKING:
    from readiness.engine.ready.sealing import Seal


@click.command(short_help="Write the hashes that a run is missing.")
@run_option
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def command(run_dir: Path, *, as_json: bool) -> int:
    """Write the hashes that a run is missing; one that stands there is never replaced.

    A training run gets hashes.json with a chain hash, a validation run the hashes of its datasets in
    manifest.json. Exit code: 0 sealed, 1 something disagrees or cannot be sealed (nothing was written),
    2 wrong usage.
    """
    from readiness.engine.errors import CheckProblem
    from readiness.engine.guard import legible
    from readiness.engine.ready.plain import dump
    from readiness.engine.ready.sealing import Seal, seal

    try:
        done = seal(run_dir)
    except CheckProblem as problem:
        done = Seal(disagreements=[str(problem)])
    click.echo(safe_json(dump(done.to_dict())) if as_json else "\n".join(map(legible, _words(done))))
    return Exit.NOT_READY if done.disagreements else Exit.READY


def _words(done: Seal) -> list[str]:
    if done.disagreements:
        return ["Not sealed, nothing was written:", *(f"  ✗ {line}" for line in done.disagreements)]
    if not done.written:
        return [f"Nothing to write: {done.verified} listed files have the hashes that stand there."]
    return ["Written:", *(f"  {line}" for line in done.written)]
