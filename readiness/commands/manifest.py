"""`readiness manifest`: the release manifest, from files."""

from __future__ import annotations

from pathlib import Path

import click

from readiness.commands._shared import Exit, safe_json


@click.command(short_help="Write release-manifest.json.")
@click.option("--config", "config_file", type=click.Path(path_type=Path), metavar="FILE", help="release.yml.")
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="readiness_report.json of the suites. Without it the manifest is a draft without scorecard.",
)
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to write it. Default: print it."
)
@click.option("--release", default="", metavar="VERSION", help="When release.yml does not name it.")
@click.option("--environment", default="", metavar="NAME", help="When release.yml does not name it.")
@click.option("--as-of", metavar="TIME", help="The time that is written. Default: now.")
@click.option("--schema", "show_schema", is_flag=True, help="Print the JSON Schema of manifests, and end.")
def command(
    config_file: Path | None,
    *,
    report: Path | None,
    output: Path | None,
    release: str,
    environment: str,
    as_of: str | None,
    show_schema: bool,
) -> int:
    """Write the release manifest: artifacts with hashes, changes, plans, approvals and the scorecard.

    \b
    readiness manifest --config release.yml --report readiness_report.json --output release-manifest.json

    Exit code: 0 written, 2 wrong usage, or a file that is missing or contradicts another (nothing was
    written).
    """  # noqa: D301  # click reads the backspace
    if show_schema:
        from readiness.engine.deploy import schema

        click.echo(schema.dump(), nl=False)
        return Exit.READY
    if config_file is None:
        raise click.UsageError("Name --config release.yml.")
    text, told = _made(config_file, report, output, (release, environment), as_of)
    if output is None:
        click.echo(safe_json(text), nl=False)
        return Exit.READY
    from readiness.engine import atomic

    written = atomic.write(output.absolute().parent, output.name, text.encode())
    click.echo(f"{told}\nWritten: {written}")
    return Exit.READY


def _made(
    config: Path, report: Path | None, output: Path | None, named: tuple[str, str], as_of: str | None
) -> tuple[str, str]:
    """The manifest's text, and one line about it."""
    from datetime import UTC, datetime

    from readiness.engine.deploy import assemble, collect, offline
    from readiness.engine.guard import legible

    at = offline.moment(as_of) if as_of is not None else datetime.now(UTC)
    made = collect.collect(config, report, at=at, release=named[0], environment=named[1], output=output)
    card = made.scorecard
    passed = (
        "no scorecard" if card is None else f"scorecard {'passed' if card.overall_passed else 'NOT passed'}"
    )
    told = (
        f"{made.project} {made.release} for {made.environment}: {len(made.artifacts)} artifacts,"
        f" {len(made.configuration.deltas)} changed settings, {len(made.approvals)} approvals, {passed}."
    )
    return assemble.dump(made), legible(told)
