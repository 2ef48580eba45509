"""`readiness gate`: may this release be deployed? From files, or from a server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness.commands._shared import Exit, safe_json

if TYPE_CHECKING:
    from readiness.engine.deploy.decision import Decision

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
_FILES_ONLY = ("manifest", "config_file", "as_of", "root", "record")


class _Seconds(click.ParamType[int]):
    """`90`, `90s`, `30m`, `2h` as seconds."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        match = re.fullmatch(r"([0-9]{1,6})([smh]?)", str(value).strip().lower())
        if match is None:
            self.fail(f"{value!r} is no time such as 90s, 30m or 2h.", param, ctx)
        return int(match[1]) * _UNITS[match[2]]


@click.command(short_help="May this release be deployed? From files or a server.")
@click.argument("target", required=False, metavar="[PROJECT/VERSION]")
@click.option("--manifest", type=click.Path(path_type=Path), metavar="FILE", help="release-manifest.json.")
@click.option("--config", "config_file", type=click.Path(path_type=Path), metavar="FILE", help="gate.yml.")
@click.option("--as-of", metavar="TIME", help="Decide as of this moment (ISO 8601). Default: now.")
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the listed files lie. Default: beside the manifest, when they are there.",
)
@click.option(
    "--record", type=click.Path(path_type=Path), metavar="FILE", help="Also write the decision as JSON."
)
@click.option("--environment", metavar="NAME", help="Ask for this environment. Default: production.")
@click.option("--wait", type=_Seconds(), metavar="TIME", help="Wait for the decision, for example 30m.")
@click.option("--strict", is_flag=True, help="Not decided yet counts as blocked (1 instead of 4).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    target: str | None,
    *,
    manifest: Path | None,
    config_file: Path | None,
    as_of: str | None,
    root: Path | None,
    record: Path | None,
    environment: str | None,
    wait: int | None,
    strict: bool,
    as_json: bool,
) -> int:
    """May this release be deployed?

    \b
    From files:     readiness gate --manifest release-manifest.json --config gate.yml
    From a server:  readiness gate PROJECT/VERSION --wait 30m

    Exit code: 0 approved, 1 rejected or waiver required, 2 wrong usage, or a configuration or manifest that
    cannot be used, 3 something broke, 4 not decided yet (server only; with --strict 1). Only 0 lets a
    pipeline go on.
    """  # noqa: D301  # click reads the backspace
    if target:
        given = [name for name in _FILES_ONLY if ctx.params.get(name)]
        if given:
            option = "--" + given[0].removesuffix("_file").replace("_", "-")
            raise click.UsageError(f"{option} decides from files, {target} asks a server: use one of both.")
        return _ask(target, environment or "production", wait or 0, as_json=as_json, strict=strict)
    if environment or wait is not None or strict:
        raise click.UsageError("--environment, --wait and --strict ask a server: name PROJECT/VERSION.")
    if manifest is None or config_file is None:
        raise click.UsageError("Name --manifest and --config, or PROJECT/VERSION to ask a server.")
    return _decide(manifest, config_file, as_of=as_of or "", root=root, record=record, as_json=as_json)


def _ask(target: str, environment: str, wait: int, *, as_json: bool, strict: bool) -> int:
    try:
        from readiness.client.gate import ask  # needs httpx, which the offline form does not
    except ModuleNotFoundError as error:
        raise click.ClickException(f"This installation cannot ask a server: {error}.") from None
    return int(ask(target, environment=environment, wait=wait, as_json=as_json, strict=strict))


def _decide(
    manifest: Path, config_file: Path, *, as_of: str, root: Path | None, record: Path | None, as_json: bool
) -> int:
    from readiness.engine.deploy import offline

    question = offline.Question(manifest=manifest, config=config_file, root=root, as_of=as_of)
    try:
        decision = offline.answer(question)
        if record:
            _write(record, decision)
    except OSError as error:  # a disk that fails is no verdict, and no traceback either
        click.echo(f"readiness: nothing was decided: {error}", err=True)
        return Exit.CHECK_BROKE
    _show(decision, as_json=as_json)
    return Exit.READY if decision.approved else Exit.NOT_READY


def _show(decision: Decision, *, as_json: bool) -> None:
    from readiness.commands._shared import terminal
    from readiness.engine.deploy import text

    width, _ = terminal()
    click.echo(safe_json(text.plain(decision)) if as_json else text.render(decision, width))


def _write(path: Path, decision: Decision) -> None:
    from readiness.engine import atomic
    from readiness.engine.deploy import text

    atomic.write(path.absolute().parent, path.name, f"{text.plain(decision)}\n".encode())
