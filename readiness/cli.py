"""The `readiness` command. Heavy libraries load only in the command that needs them."""

from __future__ import annotations

import importlib
import keyword
import os
import pkgutil
import sys

import click

from readiness import __version__, commands
from readiness.commands._shared import Exit


class _Commands(click.Group):
    """Loads a subcommand's file when it is asked for: `readiness --version` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        found = (module.name for module in pkgutil.iter_modules(commands.__path__))
        return sorted(name.rstrip("_") for name in found if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        command: click.Command = importlib.import_module(f"{commands.__name__}.{name}").command
        return command


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
        from readiness.engine.guard import legible  # a message may hold text of a file

        click.echo(f"readiness: {legible(error.message)}", err=True)
        if error.advice:
            click.echo(f"  {legible(error.advice)}", err=True)
        return Exit.USAGE
    except BrokenPipeError:
        # whoever read the output has gone; without this Python complains again while it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.NOT_READY
    except (click.Abort, KeyboardInterrupt):
        click.echo("readiness: interrupted, nothing is decided.", err=True)
        return Exit.INTERRUPTED


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="readiness")
def cli() -> None:
    """Is this run ready for production? Checks that read its files, and what is left to people."""


if __name__ == "__main__":
    sys.exit(main())
