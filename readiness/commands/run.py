"""`readiness run`: the suites of a release, and its scorecard."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from readiness.commands._formats import Formats, format_options, run_path
from readiness.commands._shared import Exit, terminal

if TYPE_CHECKING:
    from readiness.engine.render.sheet import Sheet
    from readiness.engine.suites.config import Config
    from readiness.engine.suites.result import RunResult

# For `readiness push` and `gate`; tests and what they depend on have no business with it.
_KEPT_BACK = ("READINESS_TOKEN",)
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command(short_help="Run test suites; write the scorecard.")
@click.option(
    "--config", "config_file", type=click.Path(path_type=Path), default="readiness.yml", show_default=True,
    metavar="FILE.yml", help="The suites.",
)  # fmt: skip
@click.option("--suite", "only", multiple=True, metavar="NAME", help="Run this suite; may be given again.")
@click.option("--release", default="", help="The release. Default: READINESS_RELEASE, else the file's.")
@click.option(
    "--environment", default="", help="The environment. Default: READINESS_ENVIRONMENT, else the file's."
)
@click.option(
    "--output-dir", type=click.Path(path_type=Path), default=".", metavar="DIR",
    help="Where the scorecard, report, metrics and logs go. Default: the working directory.",
)  # fmt: skip
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Suites at a time.")
@click.option("--list", "listed", is_flag=True, help="Show the suites and run none.")
@format_options
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
def command(
    config_file: Path,
    *,
    only: tuple[str, ...],
    release: str,
    environment: str,
    output_dir: Path,
    jobs: int,
    listed: bool,
    formats: Formats,
    quiet: bool,
) -> int:
    """Run the suites of a release, judge them by their reports, and write readiness-scorecard.json.

    Commands run in the working directory, as you and without a shell. Exit code: 0 every blocking suite
    passed, 1 one did not, 2 wrong usage or a wrong configuration, 3 a suite could not be run or read and
    nothing failed, 130 interrupted.
    """
    from readiness.engine.suites import output, run, text
    from readiness.engine.suites.attempt import Place

    config = _config(config_file)
    _known(config, only)
    if listed:
        click.echo(text.listing(config))
        return Exit.READY
    stop = threading.Event()
    request = run.Request(
        config=config,
        release=_value("release", release, "READINESS_RELEASE", config.release),
        environment=_value("environment", environment, "READINESS_ENVIRONMENT", config.environment),
        place=Place(base=Path.cwd(), output=output_dir, env=_environment(), stop=stop),
        only=only,
        jobs=jobs,
        tell=run.unheard if quiet else _tell,
    )
    output.prepare(output_dir)
    with _stoppable(stop):
        before = run.started(request)
        output.begin(output_dir, before)
        result = run.run(request, before)
        output.finish(output_dir, result)
    code = exit_code(result)
    _emit(formats, result, output_dir, code)
    return code


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _KEPT_BACK}


def _emit(formats: Formats, result: RunResult, output_dir: Path, code: Exit) -> None:
    import json

    from readiness.engine.suites import text

    def as_sheet() -> Sheet:
        from readiness.engine.suites.sheet import sheet

        return sheet(result, run_path(output_dir), exit_code=int(code))

    formats.emit(
        text=lambda: text.table(result, colour=terminal()[1]),
        json=lambda: json.dumps(result.report(), indent=2, ensure_ascii=False),
        sheet=as_sheet,
    )


def exit_code(result: RunResult) -> Exit:
    """READY only where every blocking suite passed."""
    from readiness.engine.suites.values import Status

    if result.interrupted:
        return Exit.INTERRUPTED
    if result.overall_passed:
        return Exit.READY
    broke = result.blocking(Status.ERROR)
    return Exit.CHECK_BROKE if broke and not result.blocking(Status.FAILED) else Exit.NOT_READY


def _config(file: Path) -> Config:
    from readiness.engine.suites.config import MAX_BYTES
    from readiness.engine.suites.config_file import START, SuiteConfigError, parse

    try:
        with file.open("rb") as opened:
            return parse(opened.read(MAX_BYTES + 1), file.name)
    except OSError as error:
        raise SuiteConfigError(f"{file} cannot be read: {error.strerror}.", START) from None


def _known(config: Config, only: tuple[str, ...]) -> None:
    names = [plan.name for plan in config.suites]
    for name in only:
        if name not in names:
            raise click.BadParameter(f"{name!r} is none of {', '.join(names)}.", param_hint="--suite")


def _value(name: str, given: str, variable: str, configured: str) -> str:
    value = (given or os.environ.get(variable, "") or configured).strip()
    if not value:
        raise click.UsageError(f"No {name} is named: pass --{name}, set {variable}, or write it in the file.")
    if len(value) > 200 or not value.isprintable():
        raise click.UsageError(f"The {name} must be one line of at most 200 characters.")
    return value


def _tell(line: str) -> None:
    from readiness.engine.guard import legible

    click.echo(f"readiness: {legible(line)}", err=True)


@contextmanager
def _stoppable(stop: threading.Event) -> Iterator[None]:
    """Ctrl-C and the end of a job let the suites be ended and the scorecard be written."""

    def ask(number: int, frame: Any) -> None:
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, ask) for number in _ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
