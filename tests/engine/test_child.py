"""engine/child.py: whatever a task does costs only its own process, and the message says what happened."""

import ctypes
import os
import platform
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import child_tasks
import pytest

from readiness.engine.child import ChildLimits, isolation, run_in_child
from readiness.engine.errors import BadContent, CheckProblem, ExtraMissing, LimitExceeded
from readiness.engine.target import RunDirectory


def run(name, payload=None, **more):
    limits = ChildLimits(**({"seconds": 20.0, "memory": 1 << 30} | more.pop("limits", {})))
    return run_in_child(f"{child_tasks.__name__}:{name}", payload or {}, limits=limits, **more)


def granted():
    """The layers of this machine, asked of the kernel and not of the code under test."""
    landlock = ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1) > 0
    known = platform.machine() in ("x86_64", "aarch64")
    seccomp = known and Path("/proc/sys/kernel/seccomp/actions_avail").exists()
    return {"landlock": sys.platform == "linux" and landlock, "seccomp": seccomp}


def has(layer):
    return pytest.mark.skipif(not granted()[layer], reason=f"this machine grants no {layer}")


def test_level_names_what_the_machine_grants():
    """Every layer that the kernel offers is reached and named, in a fixed order."""
    level = isolation().split("+")
    assert level[0] == "rlimit"
    assert [layer for layer in ("seccomp", "landlock") if granted()[layer]] == [
        layer for layer in level if layer not in ("rlimit", "userns")
    ]


def test_value_travels_both_ways(tmp_path):
    """Payload and file bytes arrive in the child; its dict, level and time come back."""
    (tmp_path / "a.bin").write_bytes(b"abc")
    with RunDirectory(tmp_path).open("a.bin") as file:
        result = run("echo", {"name": "é"}, files=[file])
    assert result.value == {"payload": {"name": "é"}, "bytes": [b"abc".hex()]}
    assert result.isolation.split("+")[0] == "rlimit"
    assert 0 < result.seconds < 10


def test_child_starts_bare(monkeypatch):
    """No secret of the environment, an empty working directory, no heavy library before the task asks."""
    monkeypatch.setenv("SECRET_KEY", "hunter2")
    value = run("surroundings").value
    assert "hunter2" not in str(value["env"])
    assert value["cwd"] == []
    assert value["heavy"] == []


SPECIFIC = [
    ("loop", {}, {"seconds": 1.0}, "used more than 1 s"),
    ("sleep", {}, {"seconds": 0.5}, "used more than 0.5 s"),
    ("eat_memory", {"bytes": 2 << 30}, {"memory": 512 << 20}, "ran out of memory (512 MB)"),
    ("eat_memory_in_bites", {"megabytes": 600}, {"memory": 300 << 20}, "ran out of memory (300 MB)"),
    ("flood", {"fd": 1}, {"output": 2 << 20}, "printed more than 2 MB"),
    ("flood", {"fd": 2}, {"output": 2 << 20}, "printed more than 2 MB"),
    ("big_answer", {"bytes": 4 << 20}, {"output": 2 << 20}, "printed more than 2 MB"),
    ("segfault", {}, {}, "killed by signal 11 (SIGSEGV)"),
    ("abort", {}, {}, "killed by signal 6 (SIGABRT)"),
]


@pytest.mark.parametrize(("task", "payload", "limits", "words"), SPECIFIC)
def test_limit_is_named(task, payload, limits, words):
    """Loops, memory eaters, floods and crashes end as LimitExceeded with what was exceeded."""
    started = time.monotonic()
    with pytest.raises(LimitExceeded) as caught:
        run(task, payload, limits=limits)
    assert words in caught.value.message
    assert time.monotonic() - started < 10


def test_other_failures_are_errors():
    """A crash, a silent exit or a wrong answer is a CheckProblem that says so, never a value."""
    cases = {
        ("crash", ()): "KeyError: 'surprise'",
        ("leave", (("code", 3),)): "ended with code 3 and without an answer",
        ("leave", (("code", 0),)): "ended with code 0 and without an answer",
        ("not_json", ()): "ValueError",
        ("not_dict", ()): "without an answer",
        ("no_such_function", ()): "AttributeError",
    }
    for (task, payload), words in cases.items():
        with pytest.raises(CheckProblem) as caught:
            run(task, dict(payload))
        assert type(caught.value) is CheckProblem
        assert words in caught.value.message


def test_problems_keep_their_class():
    """A CheckProblem of the function arrives with class, message and advice."""
    with pytest.raises(BadContent) as caught:
        run("bad_content")
    assert (caught.value.message, caught.value.advice) == ("m.onnx is not ONNX.", "Export it again.")
    with pytest.raises(ExtraMissing) as missing:
        run("extra_missing")
    assert "readiness[models]" in missing.value.advice


def test_prints_are_not_answers():
    """What a task or a library prints cannot be taken for the answer."""
    assert run("chatter").value == {"forged": False}


def test_forks_die_with_the_child():
    """A bounded fork bomb whose children leave the process group leaves nothing behind."""
    before = set(processes())
    with pytest.raises(CheckProblem, match=r"not permitted|unavailable"):
        run("fork_bomb", limits={"seconds": 2.0})
    left = set(processes()) - before
    assert not [line for line in left if "child_main" in line]


def processes():
    found = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True)
    return found.stdout.splitlines()


@has("seccomp")
def test_threads_still_work():
    """The filter stops processes, not threads: runtimes need them."""
    assert run("thread").value == {"ran": True}


@pytest.mark.skipif(isolation() == "rlimit", reason="this machine grants no network isolation")
def test_no_network():
    """A listening socket of the parent cannot be reached."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        value = run("connect", {"port": server.getsockname()[1]}).value
    assert value["connected"] is False


def test_no_write_outside(tmp_path):
    """Nothing is written outside the working directory, not even as root; by default nothing at all."""
    for path in (tmp_path / "out.txt", Path("inside.txt")):
        assert run("write", {"path": str(path)}).value["written"] is False
    assert not (tmp_path / "out.txt").exists() or (tmp_path / "out.txt").stat().st_size == 0
    assert run("write", {"path": "inside.txt"}, limits={"writes": 1000}).value["written"] is True


@has("landlock")
def test_no_read_outside(tmp_path):
    """Files that are not the interpreter's cannot be read."""
    (tmp_path / "secret.txt").write_text("secret")
    for path in (tmp_path / "secret.txt", Path("/etc/passwd"), Path("/proc/1/environ")):
        assert run("read", {"path": str(path)}).value["read"] is None


@has("seccomp")
def test_refused_system_calls():
    """No sockets of any family, no programs, no new session, no limits of other processes."""
    assert set(run("forbidden").value.values()) == {"PermissionError"}


@has("seccomp")
def test_parent_cannot_be_signalled():
    """A child may not signal the process that started it."""
    assert run("hit_parent").value == {"hit": False}


def test_child_ends_with_its_parent(tmp_path):
    """When the parent is killed, the child does not go on."""
    code = (
        f"import sys; sys.path.insert(0, {str(Path(child_tasks.__file__).parent)!r})\n"
        "from readiness.engine.child import run_in_child\n"
        "print('go', flush=True); run_in_child('child_tasks:sleep', {})"
    )
    command, env = [sys.executable, "-c", code], os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env, start_new_session=True) as parent:
        parent.stdout.readline()
        child = wait_for(lambda: children(parent.pid))[0]
        time.sleep(0.3)
        os.kill(parent.pid, signal.SIGKILL)
    wait_for(lambda: gone(child))


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def children(pid):
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []


def wait_for(condition, seconds=5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def test_many_threads_at_once():
    """Children started from several threads keep their answers apart."""
    found = {}

    def one(number):
        found[number] = run("echo", {"number": number}).value["payload"]["number"]

    threads = [threading.Thread(target=one, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: n for n in range(6)}
