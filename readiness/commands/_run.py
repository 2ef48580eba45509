"""The option `--run DIR` of the commands that look at one run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


class _RunPath(click.ParamType):  # type: ignore[type-arg]  # older click has no argument
    name = "directory"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if not str(value):  # `--run "$RUN"` without a RUN must not mean the working directory
            self.fail("it is empty.", param, ctx)
        return Path(value)


run_option = click.option(
    "--run", "run_dir", type=_RunPath(), required=True, metavar="DIR", help="The run directory."
)
