"""`command`: a program of the machine says yes. Opt-in, and only commands that the operator allows."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from readiness.engine import commands, parameters
from readiness.engine.child import ChildLimits, ChildResult, Reach, run_in_child
from readiness.engine.command_task import MAX_OUTPUT, TAIL
from readiness.engine.errors import FileChanged, LimitExceeded, ParameterError
from readiness.engine.outcome import Finding, Limit, Measurement, Outcome, judged, quantity
from readiness.engine.readers.patterns import compiled
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

_WRITES = 64 << 20  # bytes of one temporary file
_FILES = 1024
_NO_CACHE = {  # common tools would keep one in the run, which they may not write
    "PYTHONDONTWRITEBYTECODE": "1",
    "RUFF_NO_CACHE": "true",
    "MYPY_CACHE_DIR": "/dev/null",
    "PYTEST_ADDOPTS": "-p no:cacheprovider",
    "GIT_CONFIG_NOSYSTEM": "1",
}
_GRACE = 5.0  # seconds to start and to end, beyond the command's own


class CommandParams(Params, frozen=True):
    """`argv` is the program and its arguments; `exit` the codes that pass; `contains` a text and `pattern` an
    RE2 pattern that the output must have, `lacks` one that it must not have. `seconds` cannot exceed the
    operator's limit.
    """

    argv: tuple[str | int | float, ...]
    exit: tuple[int, ...] = (0,)
    seconds: float | None = None
    contains: str | None = None
    pattern: str | None = None
    lacks: str | None = None

    def words(self) -> list[str]:
        """The command as words. Raises ParameterError for none, and for what no command can take."""
        words = [str(word) for word in self.argv]
        if not words or not words[0]:
            raise ParameterError(
                "`command` needs `argv`.", 'Write for example `argv: ["ruff", "check", "."]`.'
            )
        if any("\0" in word for word in words):
            raise ParameterError("An argument holds a NUL character.", "Remove it.")
        return words

    def __post_init__(self) -> None:
        for name in ("pattern", "lacks"):
            if (text := getattr(self, name)) is not None:
                compiled(text)
        if self.seconds is not None and self.seconds <= 0:
            raise ValueError("`seconds` must be more than 0")


def whole_words(written: Any, values: Mapping[str, Any]) -> None:
    """A `$name` in `argv` stands for one whole argument, and its value cannot become an option.

    Raises ParameterError for a part of a word, and for a value that starts with "-".
    """
    argv = written.get("argv") if isinstance(written, Mapping) else written
    for word in argv if isinstance(argv, list | tuple) else ():
        names = parameters.references(word)
        for name in names:
            if word != f"${name}":
                raise ParameterError(
                    f"`argv` holds {str(word)[:80]!r}: a parameter must be a word of its own.",
                    f'Write "${name}" as one entry of the list.',
                )
            if str(values.get(name)).startswith("-"):
                raise ParameterError(
                    f"The parameter {name} is {str(values[name])[:60]!r}: it would be taken for an option.",
                    "Give it a value that does not start with `-`.",
                )


@check("command", title="A command succeeds", short="argv", written=whole_words)
def command(want: CommandParams, run: RunDirectory) -> Finding:
    """Runs a program of the machine in the run directory and judges its exit code and its output.

    It is skipped, and nothing is run, unless the operator allowed the command. It fails on another exit code
    than `exit`, and when the output lacks `contains` or `pattern`, or has `lacks`. More than `seconds`, too
    much memory, output or temporary files, and a program that is not installed are errors.

    No shell is involved: `argv` is a list, and a `$name` in it is one whole argument. The command has no
    network, an empty environment, a temporary home, and cannot write into the run; which files it reads is
    not known. A tool follows configuration that lies in the run, and many run code that it names (mypy's
    plugins, pytest's conftest): what they say is worth as much as who wrote the run.

    To resolve a skip: the operator allows the first words (`--allow-command "ruff check"`). To
    resolve a failure: read the end of the output in the details, and run the command by hand.

    ```yaml check
    command: {argv: [ruff, check, src], seconds: 60}
    ```
    """
    argv = want.words()
    commands.check_allowed(argv, run.options.allowed_commands)
    program = commands.find_program(argv[0], run.root)
    before = _state(run)
    child = _run(want, argv, program, run)
    if _state(run) != before:
        raise FileChanged(
            "The run changed while the command ran.",
            "Run it when nothing writes to the run, or make it not write.",
        )
    return _finding(want, argv, child)


def _run(want: CommandParams, argv: list[str], program: Path, run: RunDirectory) -> ChildResult:
    seconds = min(want.seconds or run.options.child_seconds, run.options.child_seconds)
    limits = replace(ChildLimits.of(run.options), writes=_WRITES, files=_FILES, output=8 * MAX_OUTPUT)
    path = [str(program.parent), "/usr/local/bin", "/usr/bin", "/bin"]
    payload = {
        "argv": argv,
        "program": str(program),
        "cwd": str(run.root),
        "seconds": seconds,
        "env": {
            "PATH": os.pathsep.join(dict.fromkeys(path)),
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            **_NO_CACHE,
        },
    }
    return run_in_child(
        "readiness.engine.command_task:run",
        payload,
        limits=replace(limits, seconds=seconds + _GRACE),
        reach=Reach(
            readable=[str(run.root), *commands.configuration()],
            executable=commands.places(program),
            programs=True,
        ),
    )


def _state(run: RunDirectory) -> dict[str, tuple[int, ...]]:
    """Every path of the run with what changes when it is written. Raises FileChanged beside the snapshot."""
    found: dict[str, tuple[int, ...]] = {}
    for folder, folders, files in os.walk(run.root):
        for name in (*folders, *files):
            place = Path(folder, name)
            info = place.lstat()
            stamps = (info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
            found[place.relative_to(run.root).as_posix()] = (info.st_size, info.st_mode, *stamps)
    for path, entry in (run.snapshot or {}).items():
        if found.get(path, (-1,))[0] != entry.size:
            raise FileChanged(f"{path} changed since the snapshot.", "Take a new snapshot of the run.")
    return found


def _finding(want: CommandParams, argv: list[str], child: ChildResult) -> Finding:
    found = child.value
    output, code = str(found["output"]), found["code"]
    details = {
        "isolation": child.isolation,
        "argv": argv,
        "exit_code": code,
        "output_tail": _legible(output[-TAIL:]),
        "files_read": "not known",
        "run_protected": "landlock" in child.isolation.split("+"),
    }
    if found["late"]:
        problem = LimitExceeded(
            f"`{_shown(argv)}` took more than {quantity(float(found['seconds']), 's')}.", ""
        )
        return Finding(
            outcome=Outcome.ERROR,
            message=f"{problem.message} It was ended; nothing is known.",
            advice="Make it quicker, or give it more `seconds` (the operator's limit is the most).",
            details=details,
        )
    measured = list(_measurements(want, output, code, float(found["seconds"]), _shown(argv)))
    return judged(
        measured,
        _message(measured, argv, details),
        advice="Read the end of its output in the details, and run it by hand.",
        details=details,
    )


def _measurements(
    want: CommandParams, output: str, code: int, seconds: float, source: str
) -> Iterator[Measurement]:
    yield Measurement(name="Exit code", value=code, limit=Limit("in", want.exit), source=source)
    yield Measurement(name="Time", value=round(seconds, 3), unit="s", source=source, volatile=True)
    tests = (
        ("Contains", want.contains, want.contains is not None and want.contains in output, True),
        ("Matches", want.pattern, _matches(want.pattern, output), True),
        ("Has", want.lacks, _matches(want.lacks, output), False),
    )
    for name, text, value, wanted in tests:
        if text is not None:
            yield Measurement(
                name=f"{name} {text[:60]!r}", value=value, limit=Limit("==", wanted), source=source
            )


def _matches(pattern: str | None, output: str) -> bool:
    return pattern is not None and bool(compiled(pattern).search(output))


def _message(measured: list[Measurement], argv: list[str], details: Mapping[str, Any]) -> str:
    bad = [f"{m.name} {m.observed}, needs {m.expected}" for m in measured if m.ok is False]
    last = next((line for line in reversed(str(details["output_tail"]).splitlines()) if line.strip()), "")
    if bad:
        return f"`{_shown(argv)}`: {'; '.join(bad)}" + (f" (last line: {last[:160]})" if last else "")
    note = (
        "which files it read is not known"
        if details["run_protected"]
        else ("this machine could not keep it from writing, and the run did not change")
    )
    return f"`{_shown(argv)}` ended with {measured[0].value} after {measured[1].observed} ({note})"


def _shown(argv: list[str]) -> str:
    text = shlex.join(argv)
    return text if len(text) <= 120 else f"{text[:120]}…"


def _legible(text: str) -> str:
    """Text with its lines; control characters, colours and direction marks as escapes."""
    kept = (c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
    return "".join(kept)
