"""One suite of the file as a plan: the command as words, defaults filled in, thresholds that are measured.

What is wrong is a ValueError whose text is the message, and after ` | ` the advice.
"""

from __future__ import annotations

import re
import shlex
from pathlib import PurePosixPath
from typing import Any

import msgspec

from readiness.engine.suites.config import DEFAULTS, FORMS, Defaults, Plan, Suite, Thresholds

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SHELL = frozenset(("&&", "||", "|", ";", "&", ">", ">>", "<", "2>&1", "2>", "&>"))
# which reports can measure a threshold
_MEASURED_BY = {
    "min_success_rate": ("junit",), "max_flake_rate": ("junit",),
    "max_p95_ms": ("load", "benchmark"), "max_error_rate": ("load",),
    "max_critical": ("sarif", "vulnerabilities"), "max_high": ("sarif", "vulnerabilities"),
    "max_medium": ("sarif", "vulnerabilities"), "max_low": ("sarif", "vulnerabilities"),
    "max_unknown": ("sarif", "vulnerabilities"),
}  # fmt: skip
# a kind without the report that its name promises proves nothing
_PROMISED = {
    "integration": ("min_success_rate",), "performance": ("max_p95_ms",), "security": ("max_critical",),
}  # fmt: skip


def plan(suite: Suite, defaults: Defaults, written: dict[str, Any]) -> Plan:
    """The suite, ready to run; `written` are its thresholds as they stand in the file. Raises ValueError."""
    for form in FORMS:
        for pattern in suite.reports.patterns(form):
            _inside(pattern, f"reports.{form}")
    return Plan(
        name=suite.name,
        kind=suite.kind,
        argv=_argv(suite.command),
        env=_env(defaults.env | suite.env),
        working_directory=_inside(suite.working_directory or defaults.working_directory, "working_directory"),
        timeout=defaults.timeout if suite.timeout is None else suite.timeout,
        retries=defaults.retries if suite.retries is None else suite.retries,
        blocking=defaults.blocking if suite.blocking is None else suite.blocking,
        findings_exit_codes=suite.findings_exit_codes,
        reports=suite.reports,
        limits=_limits(suite, written),
    )


def _limits(suite: Suite, written: dict[str, Any]) -> Thresholds:
    """Thresholds of the suite over those of its kind. Raises ValueError for one that nothing measures."""
    own = {key: getattr(suite.thresholds, key) for key in written}
    limits = DEFAULTS[suite.kind] | own
    for key, value in list(limits.items()):
        forms = _MEASURED_BY.get(key, ())
        if value is None or not forms or any(suite.reports.patterns(form) for form in forms):
            continue
        if key in own or key in _PROMISED.get(suite.kind, ()):
            needed = " or ".join(f"reports.{form}" for form in forms)
            raise ValueError(
                f"{key} has nothing to measure it | Name the file in {needed}, or lift it: `{key}: null`."
            )
        limits[key] = None
    return msgspec.convert(limits, Thresholds)


def _argv(command: str | tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(command, str):
        try:
            words = tuple(shlex.split(command))
        except ValueError as error:
            raise ValueError(
                f"command: {str(error).lower()} | Close the quotation, or write a list."
            ) from None
        if shell := next((w for w in words if w in _SHELL), None):
            raise ValueError(
                f"command: {shell!r} is a word of the shell, and no shell is used"
                ' | Write [sh, -c, "…"] if you need one.'
            )
    else:
        words = command
    if not words or not words[0].strip() or any("\0" in word for word in words):
        raise ValueError("command: it is empty | Write the program and its arguments.")
    return words


def _env(env: dict[str, str]) -> dict[str, str]:
    for key, value in env.items():
        if not _VARIABLE.fullmatch(key) or "\0" in value:
            raise ValueError(f"env: {key[:80]!r} is no variable | Write NAME: value.")
    return env


def _inside(path: str, key: str) -> str:
    pure = PurePosixPath(path)
    if not path.strip() or "\0" in path or pure.is_absolute() or ".." in pure.parts:
        raise ValueError(f"{key}: {path[:80]!r} is no path beneath | Write a relative path without `..`.")
    return pure.as_posix()
