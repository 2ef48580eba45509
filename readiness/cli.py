"""The `readiness` command. Heavy libraries load only in the command that needs them."""

from __future__ import annotations

import os
import sys
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness import __version__

if TYPE_CHECKING:
    from readiness.engine.checklist import Checklist
    from readiness.engine.report import Report


class Exit(IntEnum):
    """Exit codes: what CI reads."""

    READY = 0
    NOT_READY = 1
    USAGE = 2
    CHECK_BROKE = 3
    INTERRUPTED = 130


def main(args: list[str] | None = None) -> int:
    """Run the command and return its exit code. Bad input ends with a message, never a traceback."""
    from readiness.engine.errors import ReadinessError

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        return int(cli.main(args, prog_name="readiness", standalone_mode=False) or Exit.READY)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except ReadinessError as error:
        click.echo(f"readiness: {error.message}", err=True)
        if error.advice:
            click.echo(f"  {error.advice}", err=True)
        return Exit.USAGE
    except BrokenPipeError:
        # whoever read the output has gone; without this Python complains again while it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.NOT_READY
    except (click.Abort, KeyboardInterrupt):
        click.echo("readiness: interrupted, nothing is decided.", err=True)
        return Exit.INTERRUPTED


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="readiness")
def cli() -> None:
    """Is this run ready for production? Checks that read its files, and what is left to people."""


@cli.command()
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option(
    "--checklist", "checklist_name", default="", metavar="SLUG|FILE.md", help="Default: the built-in one."
)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A parameter of the checklist.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--complete", is_flag=True, help="Items left to people count as not ready.")
@click.option(
    "--allow-host", "hosts", multiple=True, metavar="HOST[:PORT]", help="A host that checks may ask."
)
def check(
    run_dir: Path,
    checklist_name: str,
    settings: tuple[str, ...],
    *,
    as_json: bool,
    complete: bool,
    hosts: tuple[str, ...],
) -> int:
    """Check the run in RUN_DIR.

    Exit code: 0 every scripted check passes, 1 not ready, 2 wrong usage, 3 a check broke and nothing failed.
    """
    from readiness.engine.render import json, text
    from readiness.inspection import inspect

    report = inspect(
        run_dir, _checklist(checklist_name), _settings(settings), hosts, terminal=sys.stderr.isatty()
    )
    if as_json:
        click.echo(json.dump(json.report(report)))
    else:
        width, colour = _terminal()
        click.echo(text.report(report, width=width, colour=colour))
    return _exit(report, complete=complete)


@cli.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print what the document parses to as JSON.")
def import_(file: Path, *, as_json: bool) -> None:
    """Show what the Markdown checklist FILE parses to."""
    from readiness.engine import markdown
    from readiness.engine.render import json, outline

    source = _read(file)
    checklist = markdown.parse(source, name=file.stem)
    notes = markdown.notes(source)
    if as_json:
        click.echo(json.dump(json.checklist(checklist, notes)))
    else:
        click.echo(outline.outline(checklist))
    for note in notes:
        click.echo(f"readiness: {file}: {note}", err=True)


@cli.command()
@click.argument("kind", required=False)
@click.option(
    "--json", "as_json", is_flag=True, help="Print the kinds with a JSON Schema of their parameters."
)
def checks(kind: str | None, *, as_json: bool) -> None:
    """List the kinds of checks, or explain one KIND."""
    from readiness.engine import registry
    from readiness.engine.render import docs, json

    wanted = [registry.get(kind)] if kind else list(registry.kinds().values())
    if as_json:
        click.echo(json.dump(json.kinds(wanted, registry.broken())))
    else:
        click.echo(docs.page(wanted[0]) if kind else docs.listing(wanted))
    for name, reason in registry.broken().items():
        click.echo(f"readiness: the kind {name} could not be loaded: {reason}", err=True)


def _exit(report: Report, *, complete: bool) -> Exit:
    from readiness.engine.outcome import Outcome

    if report.overall is Outcome.ERROR:
        return Exit.CHECK_BROKE
    open_counts = complete and report.open_items
    return Exit.READY if report.overall.passes and not open_counts else Exit.NOT_READY


def _checklist(name: str) -> Checklist:
    from readiness.engine import library, markdown

    path = Path(name)
    if name and (path.suffix.lower() in (".md", ".markdown", ".txt") or path.is_file()):
        return markdown.parse(_read(path), name=path.stem)
    return library.load(name or library.DEFAULT)


def _read(path: Path) -> bytes:
    from readiness.engine.errors import ChecklistError
    from readiness.engine.markdown import MAX_BYTES

    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ChecklistError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from None


def _settings(pairs: tuple[str, ...]) -> dict[str, str]:
    for pair in pairs:
        if "=" not in pair:
            raise click.BadParameter(f"{pair!r} is not NAME=VALUE.", param_hint="--set")
    return dict(pair.split("=", 1) for pair in pairs)


def _terminal() -> tuple[int, bool]:
    import shutil

    terminal = sys.stdout.isatty()
    return (min(shutil.get_terminal_size().columns, 120) if terminal else 100), terminal


if __name__ == "__main__":
    sys.exit(main())
