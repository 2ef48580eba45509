"""Running a command: real processes, ended with all that they started, and bounded output."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from readiness.engine.suites import marks, process
from readiness.engine.suites.log import AttemptLog

FOREVER = "import time; time.sleep(300)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
START = (
    "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {code!r}]{more});"
    " print(p.pid, flush=True)"
)
TIDY = """
import signal, sys, time
def end(*_):
    print('tidy')
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print('up', flush=True)
time.sleep(300)
"""
MUCH = """
import sys
print('first')
for n in range(1600):
    sys.stdout.write('x' * 65535 + chr(10))
print('last')
"""


class Kept:
    """Output in memory."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        """Some bytes more."""
        self.data += data


def ran(code: str, tmp_path: Path, *, seconds: float = 20, stop=None, argv=None):
    """Run Python code; how it ended, and what it said."""
    kept = Kept()
    done = process.run(
        argv or [sys.executable, "-c", code],
        cwd=tmp_path,
        env=dict(os.environ),
        seconds=seconds,
        sink=kept,
        stop=stop or threading.Event(),
    )
    return done, kept.data.decode()


def gone(pid: int) -> bool:
    """Whether a process ended, within 5 s; one that nobody has waited for yet has ended too."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False


def resident() -> int:
    """Bytes of memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("code", "exit_code", "output"),
    [
        ("print('hello')", 0, "hello\n"),
        ("import sys; sys.stderr.write('bad'); sys.exit(7)", 7, "bad"),
        ("import os; os.kill(os.getpid(), 9)", -9, ""),
        ("import sys; print(sys.stdin.read() == '')", 0, "True\n"),
        ("import os, sys; os.close(1); os.close(2); sys.exit(3)", 3, ""),
    ],
)
def test_exit_codes_and_output(code, exit_code, output, tmp_path) -> None:
    """Both streams in order, no input, the code or the signal."""
    done, said = ran(code, tmp_path)
    assert (done.code, said, done.late, done.left) == (exit_code, output, False, False)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["nowhere-at-all"], "'nowhere-at-all' was not found"),
        (["./absent"], "was not found"),
        (["./plain.txt"], "Permission denied"),
        (["."], "cannot be started"),
    ],
)
def test_what_cannot_be_started(argv, words, tmp_path) -> None:
    """It says why, and is no exit code."""
    (tmp_path / "plain.txt").write_text("x")
    done, _ = ran("", tmp_path, argv=argv)
    assert done.code is None
    assert words in done.problem


def test_a_missing_directory_is_named(tmp_path) -> None:
    """Not the program is missing then."""
    done, _ = ran("", tmp_path / "absent")
    assert done.problem == "the working directory absent does not exist"


def test_nothing_is_a_shell(tmp_path) -> None:
    """Words of a shell are plain arguments."""
    code = "import sys; print(sys.argv[1:])"
    _, said = ran("", tmp_path, argv=[sys.executable, "-c", code, "$(touch pwned)", "; touch pwned", "*"])
    assert said == "['$(touch pwned)', '; touch pwned', '*']\n"
    assert not list(tmp_path.rglob("pwned"))


def test_the_time_limit_ends_children_too(tmp_path) -> None:
    """A child, and a grandchild that ignores the request to end, are gone; what was said is kept."""
    middle = START.format(code=STUBBORN, more="") + "; import time; time.sleep(300)"
    outer = START.format(code=middle, more="") + "; p.wait()"
    started = time.monotonic()
    done, said = ran(outer, tmp_path, seconds=1.5)
    assert done.late
    assert time.monotonic() - started < 1.5 + process.GRACE + 3
    pids = [int(word) for word in said.split()]
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="the system shows no environments")
def test_a_process_that_left_its_session_is_ended(tmp_path) -> None:
    """A daemon of a session of its own, left behind by a command that ended well, is found."""
    apart = ", start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL"
    code = START.format(code=FOREVER, more=apart)
    done, said = ran(code, tmp_path)
    assert (done.code, done.left) == (0, True)
    assert gone(int(said))


def test_a_child_without_the_mark_is_ended_with_its_group(tmp_path) -> None:
    """Whoever clears its environment still belongs to the session."""
    done, said = ran(START.format(code=STUBBORN, more=", env={}") + "; p.wait()", tmp_path, seconds=1)
    assert done.late
    assert gone(int(said))


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="the system shows no environments")
def test_a_run_inside_a_run_is_ended_too(tmp_path, monkeypatch) -> None:
    """What an inner run started carries the outer mark as well."""
    code = "import os; print(os.environ['READINESS_ATTEMPT_ID'])"
    monkeypatch.setenv(marks.MARK, ":outer")
    _, said = ran(code, tmp_path)
    carried = said.strip().split(":")
    assert carried[:2] == ["", "outer"]
    assert len(carried) == 3


def test_whoever_holds_the_output_does_not_hold_the_run(tmp_path) -> None:
    """A child in the background with the output open: the run goes on a moment later."""
    code = START.format(code=FOREVER, more="")
    started = time.monotonic()
    done, said = ran(code, tmp_path)
    assert (done.code, done.left) == (0, True)
    assert time.monotonic() - started < process.LINGER + 5
    assert gone(int(said))


def test_stopping_ends_it(tmp_path) -> None:
    """Somebody interrupts: it may say its last words, then it is gone."""
    stop = threading.Event()
    threading.Timer(1.0, stop.set).start()
    done, said = ran(TIDY, tmp_path, stop=stop)
    assert (done.stopped, done.late, said) == (True, False, "up\ntidy\n")


def test_a_hundred_megabytes_stay_bounded(tmp_path) -> None:
    """The log keeps beginning and end and says how much it left out; memory does not grow with the output."""
    file = tmp_path / "a.log"
    before = resident()
    with AttemptLog(file) as log:
        done = process.run(
            [sys.executable, "-c", MUCH], cwd=tmp_path, env=dict(os.environ), seconds=60, sink=log,
            stop=threading.Event(),
        )  # fmt: skip
    assert done.code == 0
    said = file.read_bytes()
    assert len(said) < 9_100_000
    assert said.startswith(b"first\n")
    assert said.endswith(b"last\n")
    assert b"[readiness] 95.9 MB of output left out here" in said
    assert resident() - before < 60_000_000


@pytest.mark.parametrize("size", [0, 5, 10, 11, 15, 16, 40])
def test_a_log_loses_nothing_that_fits(size, tmp_path) -> None:
    """Up to head and tail together every byte is kept, in order, however it comes."""
    data = bytes(range(65, 65 + size))
    with AttemptLog(tmp_path / "a.log", head=10, tail=5) as log:
        for place in range(0, size, 3):
            log.write(data[place : place + 3])
    said = (tmp_path / "a.log").read_bytes()
    if size <= 15:
        assert said == data
    else:
        assert said.startswith(data[:10])
        assert said.endswith(data[-5:])
        assert f"{size - 15} byte".encode() in said


def test_a_log_follows_no_link(tmp_path) -> None:
    """A link in the place of a log is replaced; what it pointed to stays as it was."""
    other = tmp_path / "precious"
    other.write_text("keep")
    (tmp_path / "a.log").symlink_to(other)
    with AttemptLog(tmp_path / "a.log") as log:
        log.write(b"new")
    assert (other.read_text(), (tmp_path / "a.log").read_text()) == ("keep", "new")
