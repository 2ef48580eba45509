"""`readiness gate PROJECT/VERSION`: what the server says now, or once it is decided.

Exit codes: 0 approved, 1 blocked or declined, 2 wrong usage, 3 the server is broken or away, 4 not decided.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from readiness.client import target as targets
from readiness.client.session import ServerBroken, Session, open_session
from readiness.client.words import legible

APPROVED, NOT_READY, USAGE, BROKEN, UNDECIDED = 0, 1, 2, 3, 4
CODES = {"approved": APPROVED, "blocked": NOT_READY, "declined": NOT_READY}
WORDS = {
    "approved": "approved",
    "blocked": "blocked",
    "declined": "declined",
    "open": "not decided yet: items are open",
    "ready": "not decided yet: it waits for signatures",
}
FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 1.0, 10.0, 1.5
SHOWN = 50


def ask(
    target: str,
    *,
    environment: str = "",
    wait: float = 0,
    as_json: bool = False,
    strict: bool = False,
    server: str = "",
    token_file: Path | None = None,
    insecure: bool = False,
) -> int:
    """Ask the server's gate, print what it says, and return the exit code; `wait` in seconds.

    Raises ReadinessError for wrong usage; a server that is away or broken is said here and is code 3.
    """
    release = targets.parse(target)
    session = open_session(server, token_file, insecure=insecure)
    try:
        said = decided(session, release, environment, wait)
        said = with_decision(session, release, environment, said)
    except ServerBroken as error:
        click.echo(f"readiness: {legible(error.message)}\n  {legible(error.advice)}", err=True)
        return BROKEN
    if as_json:
        click.echo(json.dumps(said, indent=2))
    else:
        click.echo("\n".join(lines(said, release)))
    code = CODES.get(str(said.get("verdict")), UNDECIDED)
    return NOT_READY if code == UNDECIDED and strict else code


def decided(session: Session, release: targets.Target, environment: str, limit: float) -> dict[str, Any]:
    """What the gate says: at once without a limit, else when it is decided or the seconds are over."""
    path = f"{release.path}/gate" + (f"?environment={quote(environment, safe='')}" if environment else "")
    end, tag, said, told = time.monotonic() + limit, "", dict[str, Any](), ""
    for pause in _pauses():
        answer = session.get(path, {"If-None-Match": tag} if tag else None)
        if answer.status != 304:
            said, tag = answer.json(), answer.headers.get("etag", "")
        left = end - time.monotonic()
        if str(said.get("verdict")) in CODES and not _still_checking(said):
            return said
        if left <= 0:
            return said
        told = _tell(said, told)
        time.sleep(min(pause, left))
    raise AssertionError("the pauses never end")


def _still_checking(said: Mapping[str, Any]) -> bool:
    """Checks that are under way may still turn a blocked gate green."""
    return said.get("verdict") == "blocked" and any(
        b.get("resolve") == "Wait for its result." for b in said.get("blockers", [])
    )


def _tell(said: Mapping[str, Any], told: str) -> str:
    verdict = str(said.get("verdict"))
    now = f"{WORDS.get(verdict, verdict)}; {len(said.get('blockers', []))} in the way"
    if now != told:
        click.echo(f"Waiting: {legible(now)}", err=True)
    return now


def _pauses() -> Iterator[float]:
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(LONGEST_PAUSE, pause * GROWTH)


def with_decision(
    session: Session, release: targets.Target, environment: str, said: dict[str, Any]
) -> dict[str, Any]:
    """The deployment decision beside the gate's verdict, where the project has such a policy."""
    return said


def lines(said: Mapping[str, Any], release: targets.Target) -> Iterator[str]:
    """The answer for people: the verdict, what is in the way with its address, who must still sign."""
    where = f" → {said['environment']}" if said.get("environment") else ""
    verdict = str(said.get("verdict"))
    yield legible(f"{release}{where}: {WORDS.get(verdict, verdict)}")
    yield f"  {legible(str(said.get('url', '')))}"
    blockers = said.get("blockers") or []
    if blockers:
        yield ""
    for number, blocker in enumerate(blockers[:SHOWN], 1):
        yield legible(f"{number:>3}. {blocker.get('title') or 'The gate'}: {blocker.get('text', '')}")
        if blocker.get("resolve"):
            yield legible(f"     To do: {blocker['resolve']}")
        if blocker.get("url"):
            yield legible(f"     {blocker['url']}")
    if len(blockers) > SHOWN:
        yield f"     … and {len(blockers) - SHOWN} more; the page shows all."
    if said.get("until"):
        yield legible(f"  Holds until {said['until']}: then a waiver expires.")
