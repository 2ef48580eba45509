"""`readiness gate`: may this release be deployed? From files, or from a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from readiness.commands._formats import Formats, format_options, run_path
from readiness.commands._shared import Exit, terminal

if TYPE_CHECKING:
    from readiness.engine.deploy.decision import Decision
    from readiness.engine.render.sheet import Sheet

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
@click.option("--environment", default="", metavar="NAME", help="Of the server's gate. Default: production.")
@click.option("--wait", default="", metavar="TIME", help="Wait for the server's decision, such as 30m.")
@click.option("--strict", is_flag=True, help="Not decided yet counts as blocked (1 instead of 4).")
@click.option("--server", default="", metavar="URL", help="Default: READINESS_URL.")
@click.option(
    "--token-file", type=click.Path(path_type=Path), metavar="FILE", help="Default: READINESS_TOKEN."
)
@click.option("--insecure", is_flag=True, help="Allow http:// to another machine.")
@format_options
def command(
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
    formats: Formats,
) -> int:
    """May this release be deployed?

    \b
    From files:     readiness gate --manifest release-manifest.json --config gate.yml
    From a server:  readiness gate PROJECT/VERSION --wait 30m

    Exit code: 0 approved, 1 rejected or waiver required, 2 wrong usage, or a configuration or manifest that
    cannot be used, 3 something broke, 4 not decided yet (server only; with --strict 1). Only 0 lets a
    pipeline go on.
    """  # noqa: D301  # click reads the backspace
    wrong, params = _FILES_ONLY if target else _SERVER_ONLY, click.get_current_context().params
    if given := next((name for name in wrong if params.get(name) not in (None, "", False)), None):
        option = "--" + given.replace("config_file", "config").replace("_", "-")
        form = f"{target} asks a server" if target else "without PROJECT/VERSION it decides from files"
        raise click.UsageError(f"{option} does not go here: {form}. Use one of both forms.")
    if target and (formats.files or formats.shown not in ("text", "json")):
        raise click.UsageError("A server's answer is printed as text or, with --json, as JSON.")
    if target:
        return _ask(
            target,
            environment=environment,
            wait=wait,
            as_json=formats.shown == "json",
            strict=strict,
            server=server,
            token_file=token_file,
            insecure=insecure,
        )
    if manifest is None or config_file is None:
        raise click.UsageError("Name --manifest and --config, or PROJECT/VERSION to ask a server.")
    return _decide(manifest, config_file, as_of=as_of, root=root, record=record, formats=formats)


def _ask(target: str, *, wait: str, **options: Any) -> int:
    from readiness.client import target as targets
    from readiness.client.gate import ask

    return ask(target, wait=targets.seconds(wait), **options)


def _decide(
    manifest: Path,
    config_file: Path,
    *,
    as_of: str | None,
    root: Path | None,
    record: Path | None,
    formats: Formats,
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
    code = Exit.READY if decision.approved else Exit.NOT_READY
    _show(decision, formats, manifest, code)
    return code


def _show(decision: Decision, formats: Formats, manifest: Path, code: Exit) -> None:
    from readiness.engine.deploy import text

    def sheet() -> Sheet:
        from readiness.engine.deploy import sheet as flat  # only for the formats of CI

        return flat.sheet(decision, run_path(manifest.parent), code)

    formats.emit(
        text=lambda: text.render(decision, terminal()[0]), json=lambda: text.plain(decision), sheet=sheet
    )


def _write(path: Path, decision: Decision) -> None:
    from readiness.engine import atomic
    from readiness.engine.deploy import text

    atomic.write(path.absolute().parent, path.name, f"{text.plain(decision)}\n".encode())
