"""`readiness audit`: a run's data, searched for personal data and secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from readiness.commands._shared import Exit, safe_json


@click.command(short_help="Look for personal data and secrets in a run's data.")
@click.option("--run", "run_dir", type=click.Path(path_type=Path), required=True, help="The run directory.")
@click.option("--json", "as_json", is_flag=True, help="Print what is written, as JSON.")
@click.option(
    "--path", "patterns", multiple=True, metavar="GLOB", help="Look at these files instead of the run's data."
)
def command(run_dir: Path, *, as_json: bool, patterns: tuple[str, ...]) -> int:
    """Search the data of a run for personal data and secrets, and write redaction_audit.json.

    Without --path these are the datasets that manifest.json lists, and files that look like data. Exit code:
    0 all was looked at and is clean, 1 something was found or could not be looked at, 2 wrong usage.
    """
    import json

    from readiness.engine.scan import audit
    from readiness.engine.target import RunDirectory

    run = RunDirectory(run_dir)
    paths = _matching(run, patterns) if patterns else audit.data_paths(run)
    document = audit.audit(run, paths)
    target = audit.write(run, document)
    if as_json:
        click.echo(safe_json(json.dumps(document, indent=2, ensure_ascii=False)))
    else:
        click.echo(_words(document, target))
    return Exit.READY if document["status"] == "PASS" else Exit.NOT_READY


def _matching(run: Any, patterns: tuple[str, ...]) -> list[str]:
    try:
        return [path for pattern in patterns for path in run.glob(pattern)]
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="--path") from None


def _words(document: dict[str, Any], target: Path) -> str:
    from readiness.engine.runner import legible
    from readiness.engine.sizes import size_words

    files, size = document["files_scanned"], size_words(document["bytes_scanned"])
    files_words, findings = _count(files, "file"), _count(document["findings_count"], "finding")
    lines = [f"{document['status']}: {findings} in {files_words} ({size})"]
    lines += [f"  {count} {kind}" for kind, count in document["summary"]["findings_by_type"].items()]
    lines += [
        f"  {hit['path']}:{hit['line']}: {hit['type']} {hit['preview']}" for hit in document["locations"][:20]
    ]
    lines += [f"  not looked at: {path}: {why}" for path, why in document["skipped"].items()]
    if not files:
        lines.append("  There was nothing to look at. Name the data with --path GLOB.")
    return "\n".join(map(legible, [*lines, f"Written: {target}"]))


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
