"""`readiness gate PROJECT/VERSION`: what the server says now, or once it is decided.

Exit codes: 0 approved, 1 blocked or declined, 2 wrong usage, 3 the server is broken or away, 4 not decided.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from readiness.client import target as targets
from readiness.client.session import ServerBroken, ServerRefused, Session, open_session
from readiness.client.words import legible

APPROVED, NOT_READY, USAGE, BROKEN, UNDECIDED = 0, 1, 2, 3, 4
CODES = {"approved": APPROVED, "blocked": NOT_READY, "declined": NOT_READY}
WORDS = {
    "approved": "approved",
    "blocked": "blocked",
    "declined": "declined",
    "open": "not decided yet: items are open",
    "ready": "not decided yet: it waits for signatures",
    "undecided": "not decided yet: another gate on the way there is open",
}
FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 1.0, 10.0, 1.5
SHOWN = 50
PRODUCTION = "production"  # unless another environment is named


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
        said = decided(session, release, environment or PRODUCTION, wait)
    except ServerBroken as error:
        click.echo(f"readiness: {legible(error.message)}\n  {legible(error.advice)}", err=True)
        return BROKEN
    if as_json:
        click.echo(json.dumps(said, indent=2))
    else:
        click.echo("\n".join(lines(said, release)))
    code = CODES.get(str(said.get("state")), UNDECIDED)
    return NOT_READY if code == UNDECIDED and strict else code


def decided(session: Session, release: targets.Target, environment: str, limit: float) -> dict[str, Any]:
    """What the gate says, with `state` and `decision`: at once, or when decided or the seconds are over.

    `state` is approved, blocked, declined, or the gate's verdict while nothing is decided.
    """
    path = f"{release.path}/gate?environment={quote(environment, safe='')}"
    end, tag, said, told = time.monotonic() + limit, "", dict[str, Any](), ""
    for pause in _pauses():
        answer = session.get(path, {"If-None-Match": tag} if tag else None)
        if answer.status != 304:
            said, tag = answer.json(), answer.headers.get("etag", "")
        found = with_decision(session, release, environment, said)
        left = end - time.monotonic()
        if (found["state"] in CODES and not _still_checking(said)) or left <= 0:
            return found
        told = _tell(found, told)
        time.sleep(min(pause, left))
    raise AssertionError("the pauses never end")


def _still_checking(said: Mapping[str, Any]) -> bool:
    """Checks that are under way may still turn a blocked gate green."""
    return said.get("verdict") == "blocked" and any(
        b.get("resolve") == "Wait for its result." for b in said.get("blockers", [])
    )


def _tell(said: Mapping[str, Any], told: str) -> str:
    state = str(said["state"])
    now = f"{WORDS.get(state, state)}; {len(said.get('blockers', []))} in the way"
    if now != told:
        click.echo(f"Waiting: {legible(now)}", err=True)
    return now


def _pauses() -> Iterator[float]:
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(LONGEST_PAUSE, pause * GROWTH)


def with_decision(
    session: Session, release: targets.Target, environment: str, said: Mapping[str, Any]
) -> dict[str, Any]:
    """The gate's word with the deployment decision, which the server stores: rules may say more than gates.

    An approved gate whose decision may not be asked, or is not there, is no approval: that is raised.
    """
    verdict = str(said.get("verdict"))
    if verdict not in CODES:
        return {**said, "state": verdict, "decision": None}
    try:
        answer = session.post(f"{release.path}/decisions", {"environment": environment}).json()
    except ServerRefused:
        if verdict != "approved":
            return {**said, "state": verdict, "decision": None}
        raise
    state = str(answer.get("state"))
    return {**said, "state": state if verdict == "approved" else verdict, "decision": answer}


def lines(said: Mapping[str, Any], release: targets.Target) -> Iterator[str]:
    """The answer for people: the verdict, then what is in the way, each with what to do and its address."""
    where = f" → {said['environment']}" if said.get("environment") else ""
    state, decision = str(said.get("state")), said.get("decision") or {}
    yield legible(f"{release}{where}: {WORDS.get(state, state)}")
    yield legible(f"  {said.get('url', '')}")
    if decision.get("decision"):
        words = f"  Decision {decision['decision']}: {decision.get('verdict')}, {decision.get('url', '')}"
        yield legible(words)
    found = [*_against(said.get("blockers") or []), *_against(_rules(decision, said))]
    if found:
        yield ""
    for number, block in enumerate(found[:SHOWN], 1):
        yield from (
            f"{number if at == 0 else '':>3}{'.' if at == 0 else ' '} {x}" for at, x in enumerate(block)
        )
    if len(found) > SHOWN:
        yield f"     … and {len(found) - SHOWN} more; the page shows all."
    if said.get("until"):
        yield legible(f"  Holds until {said['until']}: then a waiver expires.")


def _rules(decision: Mapping[str, Any], said: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Reasons and blockers of the decision that the gate did not name already."""
    known = {(b.get("title"), b.get("text")) for b in said.get("blockers") or []}
    listed = [*(decision.get("blockers") or []), *(decision.get("reasons") or [])]
    rules = [r for r in listed if r.get("rule") != "gates"]
    return [r for r in rules if (r.get("title"), r.get("text")) not in known]


def _against(found: Iterable[Mapping[str, Any]]) -> Iterator[list[str]]:
    for one in found:
        block = [f"{one.get('title') or 'The gate'}: {one.get('text', '')}"]
        to_do = one.get("resolve") or one.get("fix")
        block += [f"To do: {to_do}"] if to_do else []
        block += [str(one["url"])] if one.get("url") else []
        yield [legible(line) for line in block]
