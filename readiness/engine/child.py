"""Runs one function on uploaded bytes in a process of its own that can lose nothing but itself.

    result = run_in_child("readiness.engine.onnx_tasks:inspect", {"name": "m.onnx"}, files=[open_file])

The function is called as `function(payload, fds)` and returns a dict that JSON can carry. Files pass as
descriptors, so that the bytes parsed are the bytes hashed. The process gets an empty environment and
working directory, limits on time, memory, output and files, and as little of the machine as it allows
(engine/confine.py); `isolation` names the level reached.
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

from readiness.engine import child_main, errors
from readiness.engine.errors import CheckProblem, LimitExceeded
from readiness.engine.options import Options
from readiness.engine.target import OpenFile

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
    may hold open.
    """

    seconds: float = 60.0
    memory: int = 4 << 30
    output: int = 8 << 20
    writes: int = 0
    files: int = 256

    @classmethod
    def of(cls, options: Options) -> Self:
        """The limits that the operator set."""
        return cls(seconds=options.child_seconds, memory=options.child_memory)


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
) -> ChildResult:
    """Run `task` ("package.module:function") in a confined child process and wait for it.

    A CheckProblem raised by the function arrives here as the same class. Raises LimitExceeded for time,
    memory, output or a crash by signal; CheckProblem for any other failure of the function.
    """
    bounds = limits or ChildLimits()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="readiness-") as home, tempfile.TemporaryFile() as order:
        order.write(_order(task, payload, files, bounds, home))
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
        try:
            answer, prints = _listen(process, bounds, started + bounds.seconds)
        finally:
            _end(process)
    value, isolation = _understand(answer, prints, process.returncode, bounds)
    return ChildResult(value=value, isolation=isolation, seconds=time.monotonic() - started)


@cache
def isolation() -> str:
    """The level of isolation this machine grants, found by starting one empty child."""
    return run_in_child(f"{child_main.__name__}:nothing", {}).isolation


def _order(
    task: str, payload: Mapping[str, Any], files: Sequence[OpenFile], limits: ChildLimits, home: str
) -> bytes:
    packages, paths = _code(task.partition(".")[0].partition(":")[0])
    order = {
        "task": task,
        "payload": dict(payload),
        "fds": [file.fd for file in files],
        "limits": asdict(limits),
        "paths": paths,
        "readable": [*_interpreter(), *packages, *_SYSTEM, home],
        "writable": home if limits.writes else None,
        "parent": os.getpid(),
    }
    return json.dumps(order, allow_nan=False).encode("ascii")


def _code(top: str) -> tuple[list[str], list[str]]:
    """Directories of the task's top-level package and of ours, and the paths that lead to them."""
    places = []
    for name in ("readiness", top):
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


def _listen(process: subprocess.Popen[bytes], limits: ChildLimits, deadline: float) -> tuple[bytes, bytes]:
    """Collect answer and prints until both end. Raises LimitExceeded over time or output."""
    heard: dict[object, bytearray] = {process.stdout: bytearray(), process.stderr: bytearray()}
    with selectors.DefaultSelector() as selector:
        for pipe in (process.stdout, process.stderr):
            selector.register(cast("IO[bytes]", pipe), selectors.EVENT_READ)
        while selector.get_map():
            if time.monotonic() > deadline:
                raise _too_slow(limits)
            ready = selector.select(min(0.2, max(deadline - time.monotonic(), 0.0)))
            if not ready and _ended(process):
                break  # something it started still holds the pipes
            for key, _ in ready:
                chunk = os.read(key.fd, 1 << 16)
                heard[key.fileobj] += chunk
                if not chunk:
                    selector.unregister(key.fileobj)
            _bound_output(heard, limits)
    while not _ended(process):
        if time.monotonic() > deadline:
            raise _too_slow(limits)
        time.sleep(0.001)
    return bytes(heard[process.stdout]), bytes(heard[process.stderr][-_TAIL:])


def _bound_output(heard: Mapping[object, bytearray], limits: ChildLimits) -> None:
    if sum(map(len, heard.values())) > limits.output:
        raise LimitExceeded(f"The check's process printed more than {_size(limits.output)}.", _SUSPECT)


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


_SUSPECT = "Look at the file before trusting it; raise the limit only if it is known to need more."


def _too_slow(limits: ChildLimits) -> LimitExceeded:
    return LimitExceeded(f"The check's process used more than {limits.seconds:g} s and was ended.", _SUSPECT)


def _understand(answer: bytes, prints: bytes, code: int, limits: ChildLimits) -> tuple[dict[str, Any], str]:
    if code == 0:
        said = _parse(answer)
        if "problem" in said:
            raise _problem(**said["problem"])
        if isinstance(said.get("value"), dict):
            return said["value"], str(said.get("isolation"))
    if b'"memory": true' in answer or b"MemoryError" in prints or b"bad_alloc" in prints:
        raise LimitExceeded(f"The check's process ran out of memory ({_size(limits.memory)}).", _SUSPECT)
    if code == -signal.SIGXCPU:
        raise _too_slow(limits)
    if code < 0:
        raise LimitExceeded(f"The check's process was killed by signal {-code} ({_name(-code)}).", _SUSPECT)
    lines = prints.decode("utf-8", "replace").strip().splitlines()
    last = lines[-1] if lines else f"it ended with code {code} and without an answer"
    raise CheckProblem(
        f"The check's process failed: {last[:300]}.",
        "This is a fault of the check or of a library it uses. Report it with this message.",
    )


def _parse(answer: bytes) -> dict[str, Any]:
    try:
        said = json.loads(answer)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _problem(kind: str, message: str, advice: str) -> CheckProblem:
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


def _size(count: int) -> str:
    return f"{count / (1 << 30):g} GB" if count >= 1 << 30 else f"{count / (1 << 20):g} MB"
