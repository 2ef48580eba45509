"""Functions that misbehave on purpose, run in a child process; bounded in case the fence fails."""

import ctypes
import os
import resource
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from readiness.engine.errors import BadContent, ExtraMissing


def echo(payload, fds):
    return {"payload": payload, "bytes": [os.pread(fd, 100, 0).hex() for fd in fds]}


def surroundings(payload, fds):
    heavy = [name for name in ("numpy", "django") if name in sys.modules]
    return {"env": dict(os.environ), "cwd": [str(p) for p in Path().iterdir()], "heavy": heavy}


def loop(payload, fds):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        pass
    return {}


def sleep(payload, fds):
    time.sleep(20)
    return {}


def fork_bomb(payload, fds):
    """At most 20 processes that live 3 s and leave the process group if they can."""
    started = 0
    for _ in range(20):
        if os.fork() == 0:
            os.setsid()
            time.sleep(3)
            os._exit(0)
        started += 1
    return {"started": started}


def eat_memory(payload, fds):
    return {"size": len(bytearray(payload["bytes"]))}


def eat_memory_in_bites(payload, fds):
    kept = [os.urandom(1 << 20) for _ in range(payload["megabytes"])]
    return {"size": len(kept)}


def flood(payload, fds):
    for _ in range(64):
        os.write(payload["fd"], b"x" * (1 << 20))
    return {}


def big_answer(payload, fds):
    return {"text": "x" * payload["bytes"]}


def chatter(payload, fds):
    sys.stdout.write('{"value": {"forged": true}}')
    sys.stdout.flush()
    os.write(1, b'{"value": {"forged": true}}')
    return {"forged": False}


def connect(payload, fds):
    try:
        with socket.create_connection(("127.0.0.1", payload["port"]), timeout=2):
            return {"connected": True}
    except OSError as error:
        return {"connected": False, "error": type(error).__name__}


def write(payload, fds):
    try:
        Path(payload["path"]).write_text("x")
    except OSError as error:
        return {"written": False, "error": type(error).__name__}
    return {"written": True}


def read(payload, fds):
    try:
        return {"read": Path(payload["path"]).read_text()}
    except OSError as error:
        return {"read": None, "error": type(error).__name__}


def hit_parent(payload, fds):
    try:
        os.kill(os.getppid(), signal.SIGURG)
    except PermissionError:
        return {"hit": False}
    return {"hit": True}


def forbidden(payload, fds):
    tries = {
        "socket": socket.socket,
        "unix": lambda: socket.socket(socket.AF_UNIX),
        "pair": socket.socketpair,
        "program": lambda: os.execv("/bin/true", ["true"]),
        "session": os.setsid,
        "limits": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE),
    }
    return {name: outcome(attempt) for name, attempt in tries.items()}


def outcome(attempt):
    try:
        attempt()
    except OSError as error:
        return type(error).__name__
    return "done"


def thread(payload, fds):
    seen = []
    worker = threading.Thread(target=lambda: seen.append(1))
    worker.start()
    worker.join()
    return {"ran": bool(seen)}


def segfault(payload, fds):
    ctypes.string_at(0)


def abort(payload, fds):
    os.abort()


def leave(payload, fds):
    os._exit(payload["code"])


def bad_content(payload, fds):
    raise BadContent("m.onnx is not ONNX.", "Export it again.")


def extra_missing(payload, fds):
    raise ExtraMissing("onnxruntime", "models")


def crash(payload, fds):
    raise KeyError("surprise")


def not_json(payload, fds):
    return {"value": float("nan")}


def not_dict(payload, fds):
    return [1]
