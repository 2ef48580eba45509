"""What keeps one broken check from ending the others, without loading what runs a whole checklist."""

from __future__ import annotations

from collections.abc import Callable

from readiness.engine.outcome import Finding, Outcome

LONGEST = 4000  # characters of a message


def guard(
    what: str, function: Callable[[], Finding], interrupts: tuple[type[Exception], ...] = ()
) -> Finding:
    """The finding of `function`; a crash becomes ERROR, naming `what`. `interrupts` pass through."""
    try:
        return function()
    except Exception as error:  # one broken check must not end the others
        if isinstance(error, interrupts):
            raise
        return crash(what, error)


def crash(what: str, error: Exception) -> Finding:
    """The finding of a check that broke: ERROR, with the error's type and text."""
    return Finding(
        outcome=Outcome.ERROR,
        message=f"The check {what} broke: {type(error).__name__}: {error}",
        advice="This is a fault of the check, not of the run. Report it with this message.",
        details={"problem": type(error).__name__},
    )


def legible(text: str) -> str:
    """One line of printable text: control and direction characters from files are shown as escapes.

    A text that goes on for ever is cut: it may come from a file, and is stored and shown on every page.
    """
    kept = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in kept)
