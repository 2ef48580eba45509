"""What `manage.py audit verify` finds: of each stream its verdict, and that in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from django.core.management.base import CommandError

from checklists import audit_chain, audit_check, unaccounted
from checklists.audit_check import Given, Trusted, Verdict
from readiness.engine.sealed import cut, keys, notes


def of(
    streams: Sequence[str], checkpoints: Sequence[Path], *, key: Path | None, sealed: Sequence[Path]
) -> list[Verdict]:
    """A verdict of each stream that was asked for, or of all. Raises BadContent, OSError, CommandError."""
    ring = keys.read(key.read_bytes(), str(key)) if key else None
    trusted = Trusted.here(ring)
    given = [
        Given(str(path), note) for path in checkpoints for note in notes.read(path.read_bytes(), str(path))
    ]
    files = [_sealed(path) for path in sealed]
    unheard = {bad.stream: bad for bad in unaccounted.rows()}
    # A stream that is gone as a whole is known by what was signed of it.
    known = sorted({*audit_chain.names(), *unheard, *(one.note.checkpoint.stream for one in given)})
    if unknown := sorted(set(streams) - set(known)):
        raise CommandError(f"There is no stream {', '.join(unknown)}. There are: {', '.join(known)}.")
    verdicts = []
    for name in streams or known:
        verdict = audit_check.check(
            name,
            trusted,
            [one for one in given if one.note.checkpoint.stream == name],
            [file for file in files if file.said["stream"] == name],
        )
        # The first bad entry of a stream is named before a row that has none.
        verdicts.append(replace(verdict, broken=verdict.broken or unheard.get(name)))
    return verdicts


def _sealed(path: Path) -> cut.Sealed:
    with path.open("rb") as file:
        return cut.read(file, str(path))


def words(verdict: Verdict) -> str:
    """A verdict in one line; "OK" only where nothing is wrong and nothing is left open."""
    bad = verdict.broken
    if bad:
        return f"entry {bad.seq} {bad.why}" if bad.seq else bad.why
    if verdict.doubts:
        more = f" (and {len(verdict.doubts) - 1} more)" if len(verdict.doubts) > 1 else ""
        return f"not verified: {verdict.doubts[0]}{more}"
    said = [f"OK, {verdict.length} entries"]
    if verdict.cut:
        said.append(f"the first {verdict.cut} of them cut and sealed")
    if verdict.holds:
        count = "1 checkpoint holds" if verdict.holds == 1 else f"{verdict.holds} checkpoints hold"
        said.append(f"{count}, the newest of entry {verdict.newest}")
    else:
        said.append("no checkpoint yet")
    return ", ".join(said)
