"""Watching the system calls of a child, and spoiling one of them."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

WRITES = ("write", "pwrite64", "writev", "pwritev", "sendfile", "copy_file_range", "ftruncate", "fallocate")
SYNCS = ("fsync", "fdatasync", "sync")
NAMES = ("rename", "renameat", "renameat2", "link", "linkat", "openat", "open", "creat", "mkdir", "mkdirat")
CALLS = (*WRITES, *SYNCS, *NAMES)
FAULTS = {"ENOSPC": "error=ENOSPC", "EIO": "error=EIO", "KILL": "signal=KILL"}
_LINE = re.compile(r"^(?P<pid>\d+) +(?P<call>[a-z]\w*)\((?P<args>.*)$")
_RESULT = re.compile(r"\) += (-?\d+|\?)")
_FD_PATH = re.compile(r"^\d+<([^>]*)>")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ATTACH_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Call:
    """One system call: the nth of its name in its process, with the paths it names."""

    pid: int
    name: str
    nth: int
    paths: tuple[str, ...]
    creates: bool
    failed: bool


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """The nth call of a name, and what becomes of it."""

    call: str
    nth: int
    fault: str

    def __str__(self) -> str:
        return f"{self.fault} at {self.call} {self.nth}"


def missing() -> str:
    """Why calls cannot be traced on this machine, or nothing."""
    if not shutil.which("strace"):
        return "strace is not installed (apt-get install strace): no fault was injected"
    done = subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO:when=1", "true"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        return f"strace may not trace here, no fault was injected: {done.stderr.strip()[:200]}"
    return ""


def attach(log: Path, point: Point | None = None) -> Callable[[int], Callable[[], None]]:
    """For `children.fork`: trace the child into `log`, with that point spoiled."""

    def held(child: int) -> Callable[[], None]:
        calls = point.call if point else ",".join(CALLS)
        inject = ["-e", f"inject={point.call}:{FAULTS[point.fault]}:when={point.nth}"] if point else []
        command = ["strace", "-f", "-y", "-s", "0", "-o", str(log), "-e", f"trace={calls}", *inject]
        tracer = subprocess.Popen(
            [*command, "-p", str(child)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _ATTACH_SECONDS
        while not _traced(child):
            if tracer.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"strace could not attach: it ended with {tracer.poll()}")
            time.sleep(0.0005)
        return lambda: _ended(tracer)

    return held


def _traced(pid: int) -> bool:
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return "TracerPid:\t0\n" not in text


def _ended(tracer: subprocess.Popen[bytes]) -> None:
    with suppress(subprocess.TimeoutExpired):
        tracer.wait(5)
    if tracer.poll() is None:
        tracer.kill()
        tracer.wait()


def calls(log: Path) -> Iterator[Call]:
    """What a trace tells, in order."""
    counts: dict[tuple[int, str], int] = {}
    for line in log.read_text(errors="replace").splitlines():
        found = _LINE.match(line)
        if not found:
            continue
        pid, name, args = int(found["pid"]), found["call"], found["args"]
        nth = counts[pid, name] = counts.get((pid, name), 0) + 1
        result = _RESULT.search(args)
        yield Call(
            pid=pid,
            name=name,
            nth=nth,
            paths=_paths(name, args),
            creates=name == "creat" or "O_CREAT" in args,
            failed=bool(result and result[1].startswith("-")),
        )


def spoiled(log: Path) -> bool:
    """Whether the point of a trace was reached."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return "(INJECTED)" in text or "killed by SIGKILL" in text


def _paths(name: str, args: str) -> tuple[str, ...]:
    if name in NAMES:
        return tuple(text.encode().decode("unicode_escape") for text in _QUOTED.findall(args)[:2])
    found = _FD_PATH.match(args)
    return (found[1],) if found else ()
