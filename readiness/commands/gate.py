"""`readiness gate`: may this release be deployed? From files, or from a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from readiness.commands._shared import Exit, safe_json

if TYPE_CHECKING:
    from readiness.engine.deploy.decision import Decision

_FILES_ONLY = ("manifest", "config_file", "as_of", "root", "record")
_SERVER_ONLY = ("environment", "wait", "strict", "server", "token_file", "insecure")


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
@click.option("--environment", default="", metavar="NAME", help="The server's gate for this environment.")
@click.option("--wait", default="", metavar="TIME", help="Wait for the server's decision, such as 30m.")
@click.option("--strict", is_flag=True, help="Not decided yet counts as blocked (1 instead of 4).")
@click.option("--server", default="", metavar="URL", help="Default: READINESS_URL.")
@click.option(
    "--token-file", type=click.Path(path_type=Path), metavar="FILE", help="Default: READINESS_TOKEN."
)
@click.option("--insecure", is_flag=True, help="Allow http:// to another machine.")
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
    environment: str,
    wait: str,
    strict: bool,
    server: str,
    token_file: Path | None,
    insecure: bool,
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
    wrong = _FILES_ONLY if target else _SERVER_ONLY
    if given := next((name for name in wrong if ctx.params.get(name)), None):
        option = "--" + given.replace("config_file", "config").replace("_", "-")
        form = f"{target} asks a server" if target else "without PROJECT/VERSION it decides from files"
        raise click.UsageError(f"{option} does not go here: {form}. Use one of both forms.")
    if target:
        return _ask(
            target,
            environment=environment,
            wait=wait,
            as_json=as_json,
            strict=strict,
            server=server,
            token_file=token_file,
            insecure=insecure,
        )
    if manifest is None or config_file is None:
        raise click.UsageError("Name --manifest and --config, or PROJECT/VERSION to ask a server.")
    return _decide(manifest, config_file, as_of=as_of or "", root=root, record=record, as_json=as_json)


def _ask(target: str, *, wait: str, **options: Any) -> int:
    from readiness.client import target as targets
    from readiness.client.gate import ask

    return ask(target, wait=targets.seconds(wait), **options)


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
