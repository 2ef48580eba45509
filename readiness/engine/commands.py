"""Which commands may be run: the operator's list, and the place of a program.

An operator lists the beginnings of commands (`Options.allowed_commands`); nothing else is run. One entry is

    ruff check              every command that begins with exactly these words
    =ruff check .           this command and no other

Words are split as a shell would, quotes included; nothing is expanded. An entry that allows an interpreter
(`python`) allows whatever it can be told to do.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from readiness.engine.errors import CheckProblem, NotAllowed

_BESIDE = ("lib", "lib64", "libexec")
_SYSTEM = (
    "/bin", "/sbin", "/lib", "/lib64", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/usr/libexec",
    "/usr/local/bin", "/usr/local/lib",
)  # fmt: skip
_CONFIGURATION = (
    "/etc/alternatives", "/etc/ssl/certs", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf",
    "/etc/os-release", "/usr/share", "/dev/zero", "/dev/random",
)  # fmt: skip


def check_allowed(argv: Sequence[str], allowed: Iterable[str]) -> None:
    """Raise NotAllowed unless an entry of the operator's list covers the command."""
    for entry in allowed:
        if _covers(entry, argv):
            return
    shown = shlex.join(argv)[:200]
    raise NotAllowed(
        f"The operator has not allowed the command `{shown}`; nothing was run.",
        f"The operator can allow it: --allow-command {shlex.quote(shlex.join(argv[:2]))}, or in"
        " READINESS_ALLOWED_COMMANDS.",
    )


def _covers(entry: str, argv: Sequence[str]) -> bool:
    text = entry.strip()
    exact = text.startswith("=")
    try:
        words = shlex.split(text.removeprefix("="))
    except ValueError as error:
        raise NotAllowed(
            f"The list of allowed commands has a bad entry: {entry[:80]!r} ({error}).", "Correct it."
        ) from None
    if not words:
        return False
    return list(argv) == words if exact else list(argv[: len(words)]) == words


def find_program(name: str, root: Path) -> Path:
    """The program of that name on this process's PATH, or at that absolute path; never inside the run.

    Raises NotAllowed for a relative path and for a place in the run, CheckProblem when there is none.
    """
    if "/" in name and not name.startswith("/"):
        raise NotAllowed(
            f"{name[:80]!r} is a path inside the run; nothing was run.", "Name the program only."
        )
    folders = [f for f in os.environ.get("PATH", os.defpath).split(os.pathsep) if f.startswith("/")]
    found = shutil.which(name, path=os.pathsep.join(folders))
    if found is None:
        raise CheckProblem(
            f"The program {name[:80]!r} is not installed where the checks run.", "Install it there."
        )
    program = Path(found)
    if any(place.is_relative_to(root) for place in (program, Path(os.path.realpath(program)))):
        raise NotAllowed(f"{name[:80]!r} lies in the run; nothing was run.", "Install it outside of the run.")
    return program


def places(program: Path) -> list[str]:
    """Directories with programs and libraries that a command may use: the system's and its own.

    Beside its `bin` only the libraries are opened, for the rest may be somebody's home; a Python virtual
    environment is opened whole.
    """
    found: list[str] = [*_SYSTEM]
    for place in {program, Path(os.path.realpath(program)), *_interpreter_of(program)}:
        found.append(str(place.parent))
        prefix = place.parent.parent
        if (prefix / "pyvenv.cfg").is_file():
            found.append(str(prefix))
        if str(prefix) not in ("/", "/usr"):
            found += [str(prefix / name) for name in _BESIDE]
    return list(dict.fromkeys(found))


def configuration() -> list[str]:
    """Files of the system that programs commonly read and that hold no secrets."""
    return list(_CONFIGURATION)


def _interpreter_of(program: Path) -> Iterable[Path]:
    """The interpreter that a script names in its first line, and where it leads."""
    try:
        with program.open("rb") as file:
            line = file.readline(512)
    except OSError:
        return
    if line.startswith(b"#!/") and (words := line[2:].split()):
        interpreter = Path(os.fsdecode(words[0]))
        yield interpreter
        yield Path(os.path.realpath(interpreter))
