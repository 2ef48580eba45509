"""The options `--format`, `--json` and `--output` of the commands that report checks."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from readiness.commands._shared import safe_json

if TYPE_CHECKING:
    from readiness.engine.render.sheet import Sheet

# name to the module of engine/render that writes it; text and JSON are each command's own
SHEETS = {
    "junit": "junit",
    "sarif": "sarif",
    "markdown": "summary",
    "github": "annotations",
    "gitlab": "codequality",
}
FORMATS = ("text", "json", *SHEETS)

C = TypeVar("C", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Formats:
    """What the caller wants: `shown` goes to standard output, each of `files` gets a format of its own."""

    shown: str = "text"
    files: tuple[tuple[str, Path], ...] = ()

    def emit(self, *, text: Callable[[], str], json: Callable[[], str], sheet: Callable[[], Sheet]) -> None:
        """Write the files, then standard output. Each form is made only when it is wanted.

        Raises ReadinessError when a file cannot be written.
        """

        def made(name: str) -> str:
            if name in SHEETS:
                module = importlib.import_module(f"readiness.engine.render.{SHEETS[name]}")
                rendered: str = module.render(sheet())
                return safe_json(rendered) if name == "sarif" else rendered
            return safe_json(json()) if name == "json" else text()

        for name, path in self.files:
            # colours are for the terminal
            _write(path, click.unstyle(made(name)) if name == "text" else made(name))
        click.echo(made(self.shown))


def format_options(function: C) -> C:
    """Give a command the three options; it receives them as the keyword `formats` (Formats)."""

    @click.option("--format", "shown", type=click.Choice(FORMATS), help="What to print. Default: text.")
    @click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
    @click.option(
        "--output",
        "outputs",
        multiple=True,
        metavar="FORMAT=FILE",
        help="Also write this format to a file; may be given several times.",
    )
    @wraps(function)
    def command(*args: Any, shown: str | None, as_json: bool, outputs: tuple[str, ...], **kwargs: Any) -> Any:
        return function(*args, formats=_chosen(shown, outputs, as_json=as_json), **kwargs)

    return command  # type: ignore[return-value]  # click adds the three options on the way


def run_path(run_dir: Path) -> str:
    """A run as reports name it: relative to the working directory when it lies beneath, else absolute."""
    full = Path(os.path.normpath(run_dir.absolute()))
    here = Path.cwd()
    return full.relative_to(here).as_posix() if full.is_relative_to(here) else full.as_posix()


def _chosen(shown: str | None, outputs: tuple[str, ...], *, as_json: bool) -> Formats:
    if as_json and shown not in (None, "json"):
        raise click.UsageError(f"--json and --format {shown} contradict each other.")
    files = tuple(_output(text) for text in outputs)
    paths = [path.absolute() for _, path in files]
    if len(set(paths)) < len(paths):
        raise click.BadParameter("two formats go to the same file.", param_hint="--output")
    return Formats("json" if as_json else shown or "text", files)


def _output(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not equals or name not in FORMATS or not path:
        raise click.BadParameter(
            f"{text!r} is not FORMAT=FILE with one of {', '.join(FORMATS)}.", param_hint="--output"
        )
    # said before minutes of checks, not after them
    if not Path(path).absolute().parent.is_dir():
        raise click.BadParameter(f"the directory of {path} does not exist.", param_hint="--output")
    return name, Path(path)


def _write(path: Path, text: str) -> None:
    """Replace the file at once: whoever reads it sees the old report or the whole new one."""
    from readiness.engine import atomic

    atomic.write(path.absolute().parent, path.name, f"{text}\n".encode(errors="backslashreplace"))
