"""What a child process gives up before it touches uploaded bytes: resources, network, files, other processes.

Each layer is tried and the ones that hold are named, in this order: "rlimit+seccomp+landlock+userns".
Containers may refuse any of them; the level reached travels with the result. Linux only beyond rlimit;
nothing here needs root or a library.
"""

from __future__ import annotations

import ctypes
import math
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_CLONE_NEWNET, _CLONE_NEWUSER, _CLONE_NEWIPC, _CLONE_THREAD = 0x40000000, 0x10000000, 0x08000000, 0x00010000
_CLONE_NEWPID, _CLONE_NEW_ANY = 0x20000000, 0x7E020080
_PR_SET_DUMPABLE, _PR_SET_SECUREBITS, _NO_ROOT = 4, 28, 0b1111
_CAPABILITY_VERSION_3 = 0x20080522
_EPERM, _ENOSYS = 1, 38

_libc = ctypes.CDLL(None, use_errno=True)
MAX_PROCESSES = 512  # of a command; the parent ends it earlier, when it looks (engine/watch.py)


def confine(
    limits: Mapping[str, float],
    readable: Iterable[str],
    writable: str | None,
    programs: Iterable[str] | None = None,
) -> str:
    """Apply every layer that this machine grants to this process, for good. Returns the level reached.

    `limits`: seconds, memory (bytes), writes (bytes per file), files (descriptors). `readable`: directories
    and files that stay readable; `writable`: one directory, or None for nothing. `programs`: directories
    whose programs may be started; None: no program and no process. Must run single-threaded.
    """
    _first_to_go()
    alone = _leave_network(processes=programs is not None)
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if programs is not None:
            _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)  # what it starts may not reach into this process
    abi = _landlock(readable, writable, programs)
    filtered = _seccomp(programs=programs is not None, signals=abi >= _SCOPED)
    # In its own user namespace the process is counted from nothing; elsewhere the kernel counts all processes
    # of the account, so only "no more at all" is a meaningful number. An administrator's are never counted.
    counted = MAX_PROCESSES if alone and programs is not None else None
    _limit(limits, processes=counted if filtered or programs is not None else 0)
    layers = {"rlimit": True, "seccomp": filtered, "landlock": abi > 0, "userns": alone}
    return "+".join(name for name, reached in layers.items() if reached)


def die_with(parent: int) -> None:
    """End this process when the one that started it ends, even by SIGKILL."""
    if sys.platform != "linux":
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _first_to_go() -> None:
    # When the machine runs out of memory, the kernel must take this process and not its parent.
    try:
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    except OSError:
        return


def _limit(limits: Mapping[str, float], *, processes: int | None) -> None:
    cpu = math.ceil(limits["seconds"]) + 1
    wanted = {
        resource.RLIMIT_CPU: cpu,
        resource.RLIMIT_AS: int(limits["memory"]),
        resource.RLIMIT_FSIZE: int(limits["writes"]),
        resource.RLIMIT_NOFILE: int(limits["files"]),
        resource.RLIMIT_CORE: 0,
    }
    if processes is not None:
        wanted[resource.RLIMIT_NPROC] = processes
    for name, value in wanted.items():
        hard = resource.getrlimit(name)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (bound, bound))


def _leave_network(*, processes: bool) -> bool:
    if sys.platform != "linux":
        return False
    # In a process namespace the first program takes all others with it when it ends.
    wanted = _CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC | (_CLONE_NEWPID if processes else 0)
    alone = bool(_libc.unshare(wanted) == 0)
    if processes:
        _libc.prctl(_PR_SET_SECUREBITS, _NO_ROOT, 0, 0, 0)  # a program of the administrator's is no more
    if alone or processes:
        # In its own user namespace the process holds every capability: give them back.
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        _libc.capset(header, (ctypes.c_uint32 * 6)())
    return alone


# --- Landlock: which files -------------------------------------------------------------------

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_SCOPED = 6  # from this version on, signals stay inside the fence
_FS_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_FS_RIGHTS_NEWEST = (1 << 16) - 1


def _landlock(readable: Iterable[str], writable: str | None, programs: Iterable[str] | None) -> int:
    """The version of the fence that holds; 0 when there is none."""
    if sys.platform != "linux":
        return 0
    abi = int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1))
    if abi < 1:
        return 0
    rights = _FS_RIGHTS.get(abi, _FS_RIGHTS_NEWEST)
    # Handled file rights, TCP bind and connect (ABI 4), abstract sockets and signals (ABI 6).
    attributes = struct.pack("=QQQ", rights, 3, 3)[: 8 if abi < 4 else 16 if abi < _SCOPED else 24]
    ruleset = _libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0:
        return 0
    for path in readable:
        _allow(ruleset, path, _READ_FILE | _READ_DIR)
    for path in programs or ():
        _allow(ruleset, path, _READ_FILE | _READ_DIR | _EXECUTE)
    if programs is not None:
        _allow(ruleset, "/dev/null", _READ_FILE | _WRITE_FILE)
    if writable:
        _allow(ruleset, writable, rights & ~_EXECUTE)
    held = _libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return abi if held else 0


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # not on this machine: nothing to allow
    if not Path(path).is_dir():
        rights &= _OF_FILES
    _libc.syscall(_ADD_RULE, ruleset, 1, struct.pack("=Qi", rights, place), 0)
    os.close(place)


# --- seccomp: which system calls -------------------------------------------------------------
# New processes, programs, sockets, signals to others, shared memory that outlives the process, and
# kernel interfaces that a parser has no business with. Threads stay possible.

_MACHINES = ("x86_64", "aarch64")
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_DENIED = {
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "setpgid": (109, 154), "setsid": (112, 157), "setpriority": (141, 140),
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200),
    "kill": (62, 129), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186),
    "mq_open": (240, 180), "mount": (165, 40), "umount2": (166, 39), "unshare": (272, 97),
    "setns": (308, 268), "open_by_handle_at": (304, 265), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "listen": (50, 201),
    "io_uring_setup": (425, 425), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
}  # fmt: skip
_JUDGED = {"clone": (56, 220), "tgkill": (234, 131), "prlimit64": (302, 261)}
_CLONE3, _X32 = 435, 0x40000000
# What a command needs and a parser does not; signals only where the fence keeps them inside.
_OF_PROGRAMS = ("fork", "vfork", "execve", "execveat")
_OF_SIGNALS = ("kill", "tkill")
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN, _AND = 0x20, 0x15, 0x35, 0x45, 0x06, 0x54
_STREAM, _SOCKET_TYPE = 1, 0xF
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000


def _seccomp(*, programs: bool, signals: bool) -> bool:
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _MACHINES or struct.calcsize("P") != 8:
        return False
    code = b"".join(struct.pack("=HBBI", *step) for step in _program(machine, programs, signals))
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    return bool(_libc.prctl(_PR_SET_SECCOMP, 2, program, 0, 0) == 0)


def _program(machine: str, programs: bool, signals: bool) -> Iterator[tuple[int, int, int, int]]:  # noqa: FBT001  # called once
    column = _MACHINES.index(machine)
    judged = {name: numbers[column] for name, numbers in _JUDGED.items()}
    refuse, allow = (_RETURN, 0, 0, _ERRNO | _EPERM), (_RETURN, 0, 0, _ALLOW)
    yield from ((_LOAD, 0, 0, 4), (_EQUAL, 1, 0, _AUDIT_ARCH[machine]), refuse)
    yield from ((_LOAD, 0, 0, 0), (_AT_LEAST, 0, 1, _X32), refuse)
    first, second = (_LOAD, 0, 0, 16), (_LOAD, 0, 0, 24)
    spared = (*_OF_PROGRAMS, "socketpair", *(_OF_SIGNALS if signals else ())) if programs else ()
    if programs:
        # connected pairs only: a pair of datagram sockets could be sent elsewhere
        number = _DENIED["socketpair"][column]
        yield from ((_EQUAL, 0, 5, number or 0), second, (_AND, 0, 0, _SOCKET_TYPE), (_EQUAL, 1, 0, _STREAM))
        yield from (refuse, allow)
    for name, numbers in _DENIED.items():
        if (number := numbers[column]) is not None and name not in spared:
            yield from ((_EQUAL, 0, 1, number), refuse)
    # glibc falls back from clone3 to clone, whose flags a filter can see
    yield from ((_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ERRNO | _ENOSYS))
    if programs:  # processes, but no namespaces, in which they would hold every capability again
        spaces = (_ANY_BIT, 0, 1, _CLONE_NEW_ANY)
        yield from ((_EQUAL, 0, 4, judged["clone"]), first, spaces, refuse, allow)
    else:
        threads = (_ANY_BIT, 1, 0, _CLONE_THREAD)
        yield from ((_EQUAL, 0, 4, judged["clone"]), first, threads, refuse, allow)
    # a process may signal itself (abort) and read its own limits, nobody else's
    if not (programs and signals):
        yield from ((_EQUAL, 0, 4, judged["tgkill"]), first, (_EQUAL, 1, 0, os.getpid()), refuse, allow)
    yield from ((_EQUAL, 0, 4, judged["prlimit64"]), first, (_EQUAL, 1, 0, 0), refuse, allow)
    yield allow
