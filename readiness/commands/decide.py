"""`readiness decide`: data contracts on a run, and the decision that follows."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness.commands._shared import Exit, safe_json

if TYPE_CHECKING:
    from readiness.engine.contracts.config import Config
    from readiness.engine.contracts.decision import Decision
    from readiness.engine.outcome import Outcome


@click.command(short_help="Evaluate data contracts; write decision.json.")
@click.option("--run", "run_dir", type=click.Path(path_type=Path), required=True, help="The run directory.")
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE.yml",
    help="The contracts.",
)
@click.option(
    "--ready-check", is_flag=True, help="Run `readiness ready` behind it; the worse of both counts."
)
@click.option("--json", "as_json", is_flag=True, help="Print the decision as JSON.")
def command(run_dir: Path, config_file: Path, *, ready_check: bool, as_json: bool) -> int:
    """Evaluate data contracts on a run's tables, and write decision.json.

    \b
    contracts:
      - {name: completeness, type: completeness, dataset: data/*.csv, max_null_ratio: 0.05}
      - {name: schema, type: schema, dataset: data/train.csv, columns: {age: {type: integer, min: 0}}}
      - {name: contamination, type: contamination, train: data/train.csv, test: data/test.csv, key: [id]}

    Columns take the rules of the check `data-quality`, contamination those of `leakage`; `severity: warn`
    makes a contract a warning. Exit code: 0 the contracts hold, 1 one does not, 2 wrong usage or a wrong
    configuration, 3 a check broke and nothing failed.
    """  # noqa: D301  # click reads the backspace
    import json

    from readiness.engine.contracts import decision
    from readiness.engine.contracts.evaluate import decide
    from readiness.engine.errors import ExtraMissing
    from readiness.engine.guard import legible
    from readiness.engine.target import RunDirectory

    run = RunDirectory(run_dir)
    # a missing library must not replace the decision that stands there
    if importlib.util.find_spec("duckdb") is None:
        raise ExtraMissing("duckdb", "data")
    decided = decide(run, _config(config_file))
    target = decision.write(run, decided)
    outcomes, document, lines = [decided.status], decided.to_dict(), [*_words(decided), f"Written: {target}"]
    if ready_check:
        from readiness.engine.ready.text import format_readiness_report
        from readiness.engine.ready.validate import validate_readiness

        report = validate_readiness(run_dir)
        outcomes.append(_outcome(report.overall_status))
        document["readiness"] = report.to_dict()
    for note in decided.notes:
        click.echo(legible(f"readiness: {note}"), err=True)
    if as_json:
        click.echo(safe_json(json.dumps(document, indent=2, ensure_ascii=False)))
    else:
        click.echo("\n".join(map(legible, lines)))
        if ready_check:
            click.echo("\n" + format_readiness_report(report))
    return _exit(outcomes)


def _config(file: Path) -> Config:
    from readiness.engine.contracts.config import MAX_BYTES, parse
    from readiness.engine.contracts.places import ContractError

    try:
        with file.open("rb") as opened:
            return parse(opened.read(MAX_BYTES + 1), file.name)
    except OSError as error:
        raise ContractError(f"{file} cannot be read: {error.strerror}.", "Check the path.") from None


def _outcome(status: object) -> Outcome:
    from readiness.engine.outcome import Outcome

    return Outcome(str(getattr(status, "value", status)))


def _exit(outcomes: list[Outcome]) -> Exit:
    from readiness.engine.outcome import Outcome, worst

    outcome = worst(outcomes)
    if outcome is Outcome.ERROR:
        return Exit.CHECK_BROKE
    return Exit.READY if outcome.passes else Exit.NOT_READY


def _words(decided: Decision) -> list[str]:
    said = decided.to_dict()
    lines = [f"Decision for {decided.run_id}: {said['status']}, {said['recommendation']}", ""]
    for name, check in said["checks"].items():
        lines.append(f"  {check['status']:<5} {name} ({check['type']}): {check['message']}")
        if check["advice"]:
            lines.append(f"        {check['advice']}")
    lines += [f"  WARN  {warning}" for warning in decided.warnings]
    return [*lines, ""]
