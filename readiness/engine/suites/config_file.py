"""From the bytes of `readiness.yml` to a Config: shape first, then what the shape cannot say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import msgspec

from readiness.engine.errors import BadContent, ChecklistError, ReadinessError
from readiness.engine.mismatch import explained
from readiness.engine.readers.plain_json import check_surrogates
from readiness.engine.strict_yaml import Located, Path, load
from readiness.engine.suites import plans
from readiness.engine.suites.config import (
    FORMS,
    MAX_BYTES,
    MAX_SUITES,
    Config,
    File,
    Plan,
    sha256,
)
from readiness.engine.suites.grants import granted
from readiness.engine.target import decode

START = "Start from `suites: [{name: unit, kind: unit, command: pytest}]`; docs/suites.md explains each key."
HELP = "docs/suites.md explains each key."
_PATH = re.compile(r" - at `(?:key in `)?\$(?P<path>[^`]*)`", re.DOTALL)
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+|\.\.\.)\]")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class SuiteConfigError(ReadinessError):
    """A configuration that cannot be used. `line` is 1-based, or None when the whole file is meant."""

    def __init__(self, message: str, advice: str = "", *, line: int | None = None) -> None:
        super().__init__(message, advice)
        self.line = line


def parse(data: bytes, name: str) -> Config:
    """The configuration. Raises SuiteConfigError that names file, line and key."""
    located = _located(data, name)
    if not isinstance(located.data, dict):
        raise SuiteConfigError(f"{name} holds no suites.", START, line=1)
    _keep_text(located)
    try:
        file = msgspec.convert(located.data, File)
    except msgspec.ValidationError as error:
        said, takes = explained(error, File)
        shaped = any(word in str(error) for word in ("unknown field", "missing required"))
        raise _wrong(located, name, _steps(str(error)), said, takes if shaped else HELP) from None
    _check_whole(file, located, name)
    plans = tuple(_plan(file, place, located, name) for place in range(len(file.suites)))
    _check_shared_reports(plans, located, name)
    grants = []
    for place, waiver in enumerate(file.waivers):
        try:
            grants.append(granted(waiver, {plan.name for plan in plans}))
        except ValueError as error:
            raise _wrong(located, name, ("waivers", place), str(error), "") from None
    return Config(
        name=name, sha256=sha256(data), release=file.release, environment=file.environment, owner=file.owner,
        tenant=file.tenant, suites=plans, waivers=tuple(grants),
    )  # fmt: skip


def _located(data: bytes, name: str) -> Located:
    if len(data) > MAX_BYTES:
        raise SuiteConfigError(f"{name} is larger than {MAX_BYTES // 1000} kB.", "Write fewer suites.")
    try:
        text = decode(data, name)
        located = load(text, line=1, what="file")
        check_surrogates(located.data, text, name)
    except BadContent as problem:
        raise SuiteConfigError(problem.message, problem.advice) from None
    except ChecklistError as problem:
        raise SuiteConfigError(f"{name}: {problem.message}", problem.advice, line=problem.line) from None
    return located


def _keep_text(located: Located) -> None:
    """Release 2025.10 and the variable `PORT: 8080` are text, whatever YAML takes them for."""
    for path, text in located.raw.items():
        if path in (("release",), ("environment",)) or (len(path) > 1 and path[-2] == "env"):
            holder = located.data
            for step in path[:-1]:
                holder = holder[step]
            if isinstance(holder[path[-1]], int | float):
                holder[path[-1]] = text


def _steps(said: str) -> Path:
    match = _PATH.search(said)
    steps: list[str | int] = []
    for one in _STEP.finditer(match["path"] if match else ""):
        steps.append(one[1] or (int(one[2]) if one[2].isdecimal() else ""))
    unknown = _UNKNOWN.search(said)
    return (*steps, unknown[1]) if unknown else tuple(steps)


def _wrong(located: Located, name: str, steps: Path, said: str, advice: str) -> SuiteConfigError:
    while steps and steps not in located.lines:
        steps = steps[:-1]
    line = located.lines.get(steps, 1)
    return SuiteConfigError(f"{name} line {line}: {said.rstrip('.')}.", advice or HELP, line=line)


def _check_whole(file: File, located: Located, name: str) -> None:
    def wrong(steps: Path, said: str, advice: str = "") -> SuiteConfigError:
        return _wrong(located, name, steps, said, advice)

    if not 0 < len(file.suites) <= MAX_SUITES:
        said = f"{len(file.suites)} suites, at most {MAX_SUITES} are run"
        raise wrong(("suites",), said if file.suites else "there is no suite, so nothing would be shown")
    seen: set[str] = set()
    for place, suite in enumerate(file.suites):
        if not _NAME.fullmatch(suite.name):
            advice = "Use letters, digits, `.`, `_` and `-`, at most 64: files are named after it."
            raise wrong(("suites", place, "name"), f"the name {suite.name[:80]!r} cannot be used", advice)
        if suite.name.lower() in seen:
            advice = "Give each suite its own name; capitals do not tell two apart."
            raise wrong(("suites", place, "name"), f"the name {suite.name!r} stands twice", advice)
        seen.add(suite.name.lower())
    if not any(file.defaults.blocking if s.blocking is None else s.blocking for s in file.suites):
        raise wrong(
            ("suites",), "no suite is blocking, so nothing could ever fail", "Set `blocking: true` for one."
        )


def _plan(file: File, place: int, located: Located, name: str) -> Plan:
    suite = file.suites[place]
    try:
        return plans.plan(suite, file.defaults, located.data["suites"][place].get("thresholds") or {})
    except ValueError as error:
        said, _, advice = str(error).partition(" | ")
        raise _wrong(located, name, ("suites", place), f"suite {suite.name}: {said}", advice) from None


def _check_shared_reports(plans: tuple[Plan, ...], located: Located, name: str) -> None:
    seen: dict[str, str] = {}
    for place, plan in enumerate(plans):
        for file in _files(plan):
            if seen.setdefault(file, plan.name) != plan.name:
                raise _wrong(
                    located, name, ("suites", place, "reports"),
                    f"suite {plan.name}: {file} is the report of {seen[file]} too",
                    "Give each suite its own file: nobody could tell whose it is.",
                )  # fmt: skip


def _files(plan: Plan) -> Iterator[str]:
    for form in FORMS:
        for pattern in plan.reports.patterns(form):
            yield (PurePosixPath(plan.working_directory) / pattern).as_posix()
