"""What a child's answer means: its value, the problem that it told of, or how it ended."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any, cast

from readiness.engine import errors
from readiness.engine.errors import CheckProblem, LimitExceeded
from readiness.engine.isolation import lacking, required

if TYPE_CHECKING:
    from readiness.engine.child import ChildLimits

SUSPECT = "Look at the file before trusting it; raise the limit only if it is known to need more."


def too_slow(limits: ChildLimits) -> LimitExceeded:
    """The problem of a child that used up its time."""
    return LimitExceeded(f"The check's process used more than {limits.seconds:g} s and was ended.", SUSPECT)


def understand(
    level: str, said: dict[str, Any], prints: bytes, code: int, limits: ChildLimits
) -> dict[str, Any]:
    """The value out of an answer `{value}`, `{problem}` or `{memory}`. Raises what happened instead.

    `prints` is the end of what was printed, `code` how the process ended.
    """
    if level and lacking(level, limits.isolation):
        raise _not_isolated(level, limits.isolation)
    if code == 0 and "problem" in said:
        raise problem_of(**said["problem"])
    if code == 0 and isinstance(said.get("value"), dict):
        return cast("dict[str, Any]", said["value"])
    if "memory" in said or b"MemoryError" in prints or b"bad_alloc" in prints:
        raise LimitExceeded(f"The check's process ran out of memory ({size(limits.memory)}).", SUSPECT)
    if code == -signal.SIGXCPU:
        raise too_slow(limits)
    if code < 0:
        raise LimitExceeded(f"The check's process was killed by signal {-code} ({_name(-code)}).", SUSPECT)
    lines = prints.decode("utf-8", "replace").strip().splitlines()
    last = lines[-1] if lines else f"it ended with code {code} and without an answer"
    raise CheckProblem(
        f"The check's process failed: {last[:300]}.",
        "This is a fault of the check or of a library it uses. Report it with this message.",
    )


def _not_isolated(level: str, demanded: str) -> CheckProblem:
    return CheckProblem(
        f"Not run: this machine grants only {level}, and {'+'.join(required(demanded))} is demanded.",
        "Run the checks on a machine that grants more, or let the checklist or the operator demand less.",
    )


def parse(answer: bytes) -> tuple[str, dict[str, Any]]:
    """Level and answer: the first line, and what follows it."""
    first, _, rest = answer.partition(b"\n")
    level = _loaded(first).get("isolation")
    return level if isinstance(level, str) else "", _loaded(rest)


def _loaded(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def problem_of(kind: str, message: str, advice: str) -> CheckProblem:
    """The problem that a child told of; an unknown class becomes a plain CheckProblem."""
    cls = getattr(errors, kind, CheckProblem)
    if not issubclass(cls, CheckProblem):
        cls = CheckProblem
    problem: CheckProblem = cls.__new__(cls)  # ExtraMissing is built from other arguments
    errors.ReadinessError.__init__(problem, message, advice)
    return problem


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def size(count: int) -> str:
    """A number of bytes in words ("512 MB")."""
    return f"{count / (1 << 30):g} GB" if count >= 1 << 30 else f"{count / (1 << 20):g} MB"
