"""`readiness push`: bring a run to a server, which checks it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness.commands._shared import Exit, name_values
from readiness.engine.isolation import LEVELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from readiness.client.push import Sent
    from readiness.engine.options import Options


@click.command(short_help="Push a run to a server; it becomes a release.")
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--release", "target", required=True, metavar="PROJECT/VERSION", help="The release it becomes.")
@click.option("--server", default="", metavar="URL", help="Default: READINESS_URL.")
@click.option(
    "--token-file", type=click.Path(path_type=Path), metavar="FILE", help="Default: READINESS_TOKEN."
)
@click.option("--environment", default="production", show_default=True, help="Open the gate for it.")
@click.option("--checklist", default="", metavar="SLUG[@VERSION]", help="Default: that of the last release.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A parameter of the checklist.")
@click.option(
    "--results-only", is_flag=True, help="Run the checks here; send index and results, not the files."
)
@click.option(
    "--allow-host", "hosts", multiple=True, metavar="HOST[:PORT]", help="With --results-only: as in `check`."
)
@click.option(
    "--allow-command", "commands", multiple=True, metavar="WORDS", help="With --results-only: as in `check`."
)
@click.option("--isolation", type=click.Choice(LEVELS), help="With --results-only: as in `check`.")
@click.option("--evidence", multiple=True, metavar="ITEM=FILE", help="Attach a file to an item of the gate.")
@click.option(
    "--scorecard",
    "scorecards",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Register a scorecard of `readiness run`.",
)
@click.option(
    "--manifest",
    "manifests",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Register a manifest of `readiness manifest`.",
)
@click.option("--wait", default="", metavar="TIME", help="Then wait for the gate, such as 10m; see `gate`.")
@click.option("--strict", is_flag=True, help="With --wait: not decided yet is 1 instead of 4.")
@click.option("--insecure", is_flag=True, help="Allow http:// to another machine.")
@click.option("--json", "as_json", is_flag=True, help="Print the server's answer as JSON.")
def command(
    run_dir: Path,
    *,
    target: str,
    server: str,
    token_file: Path | None,
    environment: str,
    checklist: str,
    settings: tuple[str, ...],
    results_only: bool,
    hosts: tuple[str, ...],
    commands: tuple[str, ...],
    isolation: str | None,
    evidence: tuple[str, ...],
    scorecards: tuple[Path, ...],
    manifests: tuple[Path, ...],
    wait: str,
    strict: bool,
    insecure: bool,
    as_json: bool,
) -> int:
    """Push the run in RUN_DIR to a server: it becomes the release, its gate opens, its checks run.

    Only what the server lacks is sent. A push that broke goes on where it stopped: run it again.

    Exit code: 0 pushed (with --wait: approved), 1 blocked or declined, 2 wrong usage, 3 the server is away or
    broken, 4 not decided yet.
    """
    from readiness.client import evidence as pieces
    from readiness.client import push, records
    from readiness.client import target as targets
    from readiness.client.progress import progress
    from readiness.client.session import ServerBroken, open_session

    if not results_only and (hosts or commands or isolation):
        raise click.UsageError("--allow-host, --allow-command and --isolation go with --results-only.")
    release, seconds = targets.parse(target), targets.seconds(wait)
    attached = pieces.parse(evidence)
    cards, plans = records.readable(scorecards), records.readable(manifests)
    session = open_session(server, token_file, insecure=insecure)
    wishes = push.Wishes(
        checklist=checklist,
        environment=environment,
        parameters=name_values(settings),
        options=_options(hosts, commands, isolation or "") if results_only else None,
    )
    try:
        with progress(terminal=sys.stderr.isatty()) as step:
            sent = (_reporter() if results_only else push.push)(run_dir, session, release, wishes, step)
        if attached and sent.answer.get("gate"):
            pieces.attach(session, sent.answer["gate"]["id"], attached)
        records.register(session, release, records.SCORECARDS, cards)
        records.register(session, release, records.MANIFESTS, plans)
    except ServerBroken as error:
        _say(error)
        return Exit.CHECK_BROKE
    except KeyboardInterrupt:
        click.echo("readiness: what was sent is kept; push again to go on.", err=True)
        raise
    _tell(sent, as_json=as_json, results_only=results_only)
    if not seconds:
        return Exit.READY
    from readiness.client import gate

    return gate.ask(
        target,
        environment=environment,
        wait=seconds,
        strict=strict,
        server=server,
        token_file=token_file,
        insecure=insecure,
    )


def _reporter() -> Callable[..., Sent]:
    from readiness.client import results  # the runner and every kind of check

    return results.report


def _options(hosts: tuple[str, ...], commands: tuple[str, ...], isolation: str) -> Options:
    from readiness import env
    from readiness.engine.options import Options

    return Options(
        allowed_hosts=hosts,
        allowed_commands=commands,
        tokens=tuple(env.words("READINESS_TOKENS")),
        min_isolation=isolation,
    )


def _say(error: Exception) -> None:
    from readiness.engine.guard import legible

    click.echo(f"readiness: {legible(str(error))}", err=True)


def _tell(sent: Sent, *, as_json: bool, results_only: bool) -> None:
    import json

    from readiness.engine.guard import legible
    from readiness.engine.sizes import size_words

    answer = sent.answer
    if as_json:
        click.echo(json.dumps(answer, indent=2))
        return
    total = f"{answer['files']} files, {size_words(answer['bytes'])}"
    if results_only:
        click.echo(f"Reported: results of {total}; none of them was sent.")
    else:
        click.echo(f"Pushed {total}: {sent.files} sent ({size_words(sent.bytes)}), in {sent.seconds:.1f} s.")
    click.echo(legible(f"Digest:  {answer['digest']}"))
    click.echo(legible(f"Release: {answer['url']}"))
    if answer.get("gate"):
        click.echo(legible(f"Gate:    {answer['gate']['url']}"))
