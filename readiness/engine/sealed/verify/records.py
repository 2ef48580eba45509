"""The audit log: whole, signed at its end, what the report prints of it, and as outside checkpoints say."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.engine.sealed.checkpoint import Note
from readiness.engine.sealed.log import Standing, against
from readiness.engine.sealed.verify import printed
from readiness.engine.sealed.verify.material import Case
from readiness.engine.sealed.verify.result import Claim, State, failed, unknown, verified
from readiness.engine.sealed.verify.trust import FAILED


def log(case: Case) -> Claim:
    """The whole chain, from the first entry or from a sealed cut, as the report prints it."""
    found, stream = case.log, _stream(case)
    if found.broken:
        return failed("log", f"Entry {found.broken.seq} of the audit log {found.broken.why}.")
    if found.stream != stream:
        return failed("log", f"The audit log is that of {found.stream or 'nothing'}, not of {stream}.")
    if problems := [*printed.entries(case), *printed.waivers(case)]:
        return failed("log", "The audit log does not fit the report.", problems)
    if found.start.seq:
        return unknown(
            "log",
            f"The audit log begins after entry {found.start.seq}: what came before was cut off and sealed. "
            "Ask for the sealed export of it.",
        )
    return verified(
        "log",
        f"All {found.length} entries of this gate's log follow from each other, from the first on.",
        list(printed.backwards(case)),
    )


def checkpoint(case: Case) -> Claim:  # noqa: PLR0911  # one answer a question
    """The end of the log is signed, and it is the end of this log."""
    said = case.note.checkpoint
    word = case.trust.note(case.note)
    stated = f"{said.length}:{said.head}"
    if said.installation != case.stated.text("installation") or said.stream != _stream(case):
        return failed("checkpoint", f"The checkpoint is of another log: {said.origin}.")
    if case.stated.text("checkpoint") != stated:
        return failed("checkpoint", "The report was signed with another checkpoint than the one enclosed.")
    compared = against(case.log, said)
    if compared.standing is not Standing.COVERED:
        return failed(
            "checkpoint", f"The log is not the one that was signed ({compared.standing}): {compared.why}."
        )
    if case.log.length != said.length:
        return failed("checkpoint", f"The log goes on after entry {said.length}, where it was signed.")
    if broken := [why for note in case.earlier for why in _earlier(case, note)]:
        return failed("checkpoint", "An earlier checkpoint does not agree with the log.", broken)
    if word.state is FAILED:
        return failed("checkpoint", f"The checkpoint does not hold: {word.why}.")
    if word.state is not State.VERIFIED:
        return unknown("checkpoint", f"The checkpoint fits the log, but {word.why}.")
    return verified(
        "checkpoint",
        f"The log's {said.length} entries were signed on {said.at.isoformat(sep=' ', timespec='minutes')}.",
    )


def outside(case: Case) -> Claim:
    """What the verifier's own checkpoints say about this log."""
    if not case.outside:
        return unknown(
            "outside",
            "You named no checkpoint of your own, so a log that was written anew as a whole, and signed "
            "again by the installation itself, would not show.",
        )
    lines = [(*_outside(case, name, note), note.checkpoint.length) for name, note in case.outside]
    details = [line for _, line, _ in lines]
    states = {state for state, _, _ in lines}
    if FAILED in states:
        return failed("outside", "The log contradicts a checkpoint of yours.", details)
    if State.VERIFIED in states:
        most = max(length for state, _, length in lines if state is State.VERIFIED)
        return verified(
            "outside",
            f"The log agrees with your checkpoints up to entry {most} of {case.log.length}.",
            details,
        )
    return unknown("outside", "None of your checkpoints says anything about this log.", details)


def _outside(case: Case, name: str, note: Note) -> tuple[State, str]:  # noqa: PLR0911  # likewise
    said, word = note.checkpoint, case.trust.note(note)
    if said.installation != case.stated.text("installation"):
        return State.NOT_VERIFIED, f"{name}: is of another installation, {said.installation}"
    if said.stream != _stream(case):
        return State.NOT_VERIFIED, f"{name}: is of another log, {said.stream}"
    if word.state is FAILED:
        return FAILED, f"{name}: does not hold: {word.why}"
    compared = against(case.log, said)
    # Longer than the enclosed log: cut off when the head was signed before, later entries when after.
    if compared.standing is Standing.CUT_OFF and said.at > case.note.checkpoint.at:
        return State.NOT_VERIFIED, (
            f"{name}: is newer than this file ({said.length} entries, the file has {case.log.length}); "
            "ask for a newer file"
        )
    if compared.standing is Standing.BEFORE:
        return State.NOT_VERIFIED, f"{name}: {compared.why}"
    if compared.standing is not Standing.COVERED:
        return FAILED, f"{name}: the log was {compared.standing}: {compared.why}"
    if word.state is not State.VERIFIED:
        return State.NOT_VERIFIED, f"{name}: fits, but {word.why}"
    return (
        State.VERIFIED,
        f"{name}: entry {said.length}, signed on {said.at.isoformat(sep=' ', timespec='minutes')}",
    )


def _earlier(case: Case, note: Note) -> Iterator[str]:
    said = note.checkpoint
    if said.installation != case.stated.text("installation") or said.stream != _stream(case):
        yield f"{said.origin}: is of another log"
        return
    compared = against(case.log, said)
    if compared.standing not in (Standing.COVERED, Standing.BEFORE):
        yield f"at entry {said.length}: {compared.why}"
    word = case.trust.note(note)
    if word.state is FAILED:
        yield f"at entry {said.length}: {word.why}"


def _stream(case: Case) -> str:
    return f"gate:{case.stated.whole('gate')}"
