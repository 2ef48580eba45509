"""Runs one function on uploaded bytes in a process of its own that can lose nothing but itself.

    result = run_in_child("readiness.engine.onnx_tasks:inspect", {"name": "m.onnx"}, files=[open_file])

The function is called as `function(payload, fds)` and returns a dict that JSON can carry. Files pass as
descriptors, so that the bytes parsed are the bytes hashed. The process gets an empty environment and
working directory, limits on time, memory, output and files, and as little of the machine as it allows
(engine/confine.py); `isolation` names the level reached. When that is less than demanded, nothing is run.
"""

from __future__ import annotations

import importlib.util
import json
import os
import selectors
import signal
import site
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, Self, cast

from readiness.engine import child_main, halt
from readiness.engine.child_answer import SUSPECT, parse, size, too_slow, understand
from readiness.engine.errors import CheckProblem, LimitExceeded
from readiness.engine.options import Options
from readiness.engine.target import OpenFile
from readiness.engine.watch import Watch, clear

_TAIL = 4096
_SYSTEM = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share", "/etc/ld.so.cache",
    "/etc/localtime", "/etc/fonts", "/dev/null", "/dev/urandom", "/proc/cpuinfo", "/proc/meminfo",
    "/sys/devices/system/cpu", "/sys/devices/system/node", "/sys/fs/cgroup",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildLimits:
    """Limits of one child.

    `seconds` of wall clock and of processor time, `memory` in bytes of address space, `output` in bytes of
    answer and prints together, `writes` in bytes per written file (0: it writes nothing), `files` that it
    may hold open. `isolation` is the least level (engine/isolation.py) at which the task is run at all.
    """

    seconds: float = 60.0
    memory: int = 4 << 30
    output: int = 8 << 20
    writes: int = 0
    files: int = 256
    isolation: str = ""

    @classmethod
    def of(cls, options: Options) -> Self:
        """The limits that the operator set."""
        return cls(
            seconds=options.child_seconds, memory=options.child_memory, isolation=options.min_isolation
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a child may use beside its own code and files.

    `readable`: directories and files; `packages`: top-level Python packages. `programs`: it may start
    programs that lie in `executable`, within the limits of engine/watch.py on all of them together.
    """

    readable: Sequence[str] = ()
    executable: Sequence[str] = ()
    packages: Sequence[str] = ()
    programs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildResult:
    """What the function returned, the isolation reached ("rlimit+seccomp+landlock"), wall-clock seconds."""

    value: dict[str, Any]
    isolation: str
    seconds: float


def run_in_child(
    task: str,
    payload: Mapping[str, Any],
    *,
    files: Sequence[OpenFile] = (),
    limits: ChildLimits | None = None,
    reach: Reach | None = None,
) -> ChildResult:
    """Run `task` ("package.module:function") in a confined child process and wait for it.

    A CheckProblem raised by the function arrives here as the same class. Raises LimitExceeded for time,
    memory, output or a crash by signal; CheckProblem for any other failure of the function, and when the
    machine grants less isolation than the limits demand. Each names the isolation that was reached.
    """
    bounds, more = limits or ChildLimits(), reach or Reach()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="readiness-") as home, tempfile.TemporaryFile() as order:
        order.write(_order(task, payload, [file.fd for file in files], bounds, home, more))
        order.seek(0)
        process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-X", "utf8", child_main.__file__],
            stdin=order,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(home),
            cwd=home,
            pass_fds=[file.fd for file in files],
            start_new_session=True,
        )
        heard: dict[object, bytearray] = {process.stdout: bytearray(), process.stderr: bytearray()}
        watch = Watch(process.pid, home, bounds.memory) if more.programs else None
        try:
            try:
                _listen(process, heard, bounds, started + bounds.seconds, watch)
            finally:
                _end(process)
                if more.programs:
                    clear(home)
            level, said = parse(bytes(heard[process.stdout]))
            prints = bytes(heard[process.stderr][-_TAIL:])
            value = understand(level, said, prints, process.returncode, bounds)
        except CheckProblem as problem:
            problem.isolation = parse(bytes(heard[process.stdout]))[0]
            raise
    return ChildResult(value=value, isolation=level, seconds=time.monotonic() - started)


@cache
def isolation() -> str:
    """The level of isolation this machine grants, found by starting one empty child."""
    return run_in_child(f"{child_main.__name__}:nothing", {}).isolation


def _order(  # noqa: PLR0917  # one caller
    task: str,
    payload: Mapping[str, Any],
    fds: Sequence[int],
    limits: ChildLimits,
    home: str,
    reach: Reach,
) -> bytes:
    packages, paths = _code(task.partition(".")[0].partition(":")[0], *reach.packages)
    order = {
        "task": task,
        "payload": dict(payload),
        "fds": list(fds),
        "limits": asdict(limits),
        "paths": paths,
        "packages": list(reach.packages),
        "readable": [*_interpreter(), *packages, *_SYSTEM, home, *reach.readable],
        "writable": home if limits.writes else None,
        "programs": list(reach.executable) if reach.programs else None,
        "isolation": limits.isolation,
        "parent": os.getpid(),
    }
    return json.dumps(order, allow_nan=False).encode("ascii")


def _code(*tops: str) -> tuple[list[str], list[str]]:
    """Directories of the task's top-level packages and of ours, and the paths that lead to them."""
    places = []
    for name in dict.fromkeys(("readiness", *tops)):
        spec = importlib.util.find_spec(name)
        if spec is None:
            raise CheckProblem(f"The package {name} of a check cannot be found.", "Install it again.")
        places += list(spec.submodule_search_locations or [str(spec.origin)])
    user = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    return places + user, sorted({str(Path(place).parent) for place in places}) + user


@cache
def _interpreter() -> tuple[str, ...]:
    known = sysconfig.get_paths()
    places = {known[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    # "/usr" and the like are left to the list of system directories, which is narrower.
    whole = {sys.prefix, sys.base_prefix} - {"/", "/usr", "/usr/local"}
    return *sorted(places | whole), "/proc/self"


def _environment(home: str) -> dict[str, str]:
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    plain = {"HOME": home, "TMPDIR": home, "PATH": os.defpath, "LANG": "C.UTF-8"}
    return plain | dict.fromkeys(threads, "1") | kept


def _listen(
    process: subprocess.Popen[bytes],
    heard: Mapping[object, bytearray],
    limits: ChildLimits,
    deadline: float,
    watch: Watch | None,
) -> None:
    """Collect answer and prints until both end. Raises LimitExceeded over time, output or what is watched."""
    with selectors.DefaultSelector() as selector:
        for pipe in (process.stdout, process.stderr):
            selector.register(cast("IO[bytes]", pipe), selectors.EVENT_READ)
        while selector.get_map():
            _still_fine(limits, deadline, watch)
            ready = selector.select(min(0.2, max(deadline - time.monotonic(), 0.0)))
            if not ready and _ended(process):
                break  # something it started still holds the pipes
            for key, _ in ready:
                chunk = os.read(key.fd, 1 << 16)
                heard[key.fileobj].extend(chunk)
                if not chunk:
                    selector.unregister(key.fileobj)
            _bound_output(heard, limits)
    while not _ended(process):
        _still_fine(limits, deadline, watch)
        time.sleep(0.001)


def _still_fine(limits: ChildLimits, deadline: float, watch: Watch | None) -> None:
    halt.look()
    if time.monotonic() > deadline:
        raise too_slow(limits)
    if watch:
        watch.look()


def _bound_output(heard: Mapping[object, bytearray], limits: ChildLimits) -> None:
    if sum(map(len, heard.values())) > limits.output:
        raise LimitExceeded(f"The check's process printed more than {size(limits.output)}.", SUSPECT)


def _ended(process: subprocess.Popen[bytes]) -> bool:
    # WNOWAIT keeps the process id taken, so that killing its group cannot hit a stranger.
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
    except ChildProcessError:
        return True


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe:
            pipe.close()
