"""`command`: nothing runs unless allowed; what runs is confined, bounded, and judged by what it said."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.cli import main
from readiness.engine import child, markdown, validation
from readiness.engine.checklist import CheckSpec
from readiness.engine.commands import check_allowed, places
from readiness.engine.errors import ChecklistError, NotAllowed
from readiness.engine.options import Options
from readiness.engine.outcome import Outcome
from readiness.engine.runner import run_check
from readiness.engine.target import Entry, RunDirectory

LEVEL = child.isolation().split("+")
fenced = pytest.mark.skipif("landlock" not in LEVEL, reason="this machine grants no landlock")
filtered = pytest.mark.skipif("seccomp" not in LEVEL, reason="this machine grants no seccomp")


def judge(folder, argv, *, allowed=None, values=None, snapshot=None, options=None, **params):
    """Run one command in a folder; by default its program is allowed."""
    granted = (str(argv[0]),) if allowed is None else allowed
    more = {"child_seconds": 10.0, "child_memory": 1 << 30} | (options or {})
    run = RunDirectory(folder, snapshot=snapshot, options=Options(allowed_commands=granted, **more))
    spec = CheckSpec(kind="command", params={"argv": argv} | params)
    return run_check(spec, run, values or {}, required=True).finding


def shell(folder, script, **more):
    return judge(folder, ["sh", "-c", script], **more)


def python(folder, code, **more):
    return judge(folder, [sys.executable, "-c", code], **more)


def test_success(tmp_path):
    """Exit code 0: PASS, with level, output and what is not known."""
    found = shell(tmp_path, "echo fine")
    assert found.outcome is Outcome.PASS
    assert "ended with 0" in found.message
    assert "which files it read is not known" in found.message
    assert found.details["output_tail"] == "fine\n"
    assert found.details["isolation"].split("+")[0] == "rlimit"
    assert found.details["files_read"] == "not known"


JUDGED = [
    ("exit 1", {}, "FAIL", "Exit code 1, needs one of 0"),
    ("exit 3", {"exit": [0, 3]}, "PASS", "ended with 3"),
    ("exit 0", {"exit": [3]}, "FAIL", "Exit code 0, needs one of 3"),
    ("echo 0 errors", {"contains": "0 errors"}, "PASS", ""),
    ("echo 1 errors", {"contains": "0 errors"}, "FAIL", "Contains '0 errors' no"),
    ("echo all 12 passed", {"pattern": r"\b\d+ passed"}, "PASS", ""),
    ("echo none", {"pattern": r"\b\d+ passed"}, "FAIL", "needs yes"),
    ("echo WARNING", {"lacks": "(?i)warning"}, "FAIL", "needs no"),
    ("echo fine", {"lacks": "(?i)warning"}, "PASS", ""),
    ("echo to stderr >&2", {"contains": "stderr"}, "PASS", ""),
    ("", {"contains": "x"}, "FAIL", "Contains 'x' no"),
]


@pytest.mark.parametrize(("script", "params", "outcome", "words"), JUDGED)
def test_judged(tmp_path, script, params, outcome, words):
    """Exit code and output against what the checklist wants."""
    found = shell(tmp_path, script, **params)
    assert found.outcome == outcome, found.message
    assert words in found.message


ALLOWED = [
    (["ruff", "check", "."], ["ruff check"], True),
    (["ruff", "check"], ["ruff check"], True),
    (["ruff", "format"], ["ruff check"], False),
    (["ruff"], ["ruff check"], False),
    (["ruff", "checker"], ["ruff check"], False),
    (["ruff check"], ["ruff check"], False),
    (["ruff", "check"], ["'ruff check'"], False),
    (["ruff check"], ["'ruff check'"], True),
    (["./ruff", "check"], ["ruff check"], False),
    (["pytest", "-q"], ["=pytest -q"], True),
    (["pytest", "-q", "--co"], ["=pytest -q"], False),
    (["pytest"], ["=pytest -q"], False),
    (["ls"], ["", " ", "="], False),
    (["ls"], ["pytest", "ls"], True),
    (["ls"], [], False),
]


@pytest.mark.parametrize(("argv", "entries", "fine"), ALLOWED)
def test_allowed(argv, entries, fine):
    """Whole words from the beginning, or with `=` the whole command; nothing else."""
    if fine:
        check_allowed(argv, entries)
    else:
        with pytest.raises(NotAllowed, match="nothing was run"):
            check_allowed(argv, entries)


@pytest.mark.parametrize("allowed", [(), ("echo",), ("touch other",), ("=touch",), ("touch 'a",)])
def test_not_allowed_runs_nothing(tmp_path, allowed):
    """Without the operator's word: SKIP, and nothing happened; a broken list allows nothing."""
    mark = tmp_path.parent / f"{tmp_path.name}-mark"
    found = judge(tmp_path, ["touch", str(mark)], allowed=allowed)
    assert found.outcome is Outcome.SKIP
    assert not mark.exists()


def test_programs_of_the_run_are_not_run(tmp_path, monkeypatch):
    """Neither by a path, nor because PATH leads there, nor by a link."""
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\necho ran\n")
    tool.chmod(0o755)
    beside = tmp_path.parent / f"{tmp_path.name}-bin"
    beside.mkdir()
    (beside / "linked").symlink_to(tool)
    monkeypatch.setenv("PATH", f":.:{tmp_path}:{beside}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    for name in ("./tool", "tool", str(tool), "linked"):
        found = judge(tmp_path, [name])
        assert found.outcome in (Outcome.SKIP, Outcome.ERROR)
        assert "ran" not in str(found.details)


def test_unknown_program(tmp_path):
    """A program that is not installed is ERROR."""
    found = judge(tmp_path, ["no-such-program-here"])
    assert (found.outcome, "not installed" in found.message) == (Outcome.ERROR, True)


# --- parameters --------------------------------------------------------------------------------


def test_a_parameter_is_one_word(tmp_path):
    """Blanks, quotes, semicolons and stars in a value stay in one argument."""
    value = "a b; echo 'c' * $(id)"
    found = judge(tmp_path, ["printf", "[%s]", "$what"], values={"what": value})
    assert found.details["output_tail"] == f"[{value}]"


@pytest.mark.parametrize(
    ("argv", "values", "words"),
    [
        (["echo", "$what"], {"what": "--config=x"}, "taken for an option"),
        (["echo", "$what"], {"what": -1}, "taken for an option"),
        (["echo", "--out=$what"], {"what": "x"}, "a word of its own"),
        (["echo", "$what$what"], {"what": "x"}, "a word of its own"),
        (["echo", "a\0b"], {}, "NUL"),
        (["$what"], {"what": "sh"}, "has not allowed"),
        ([], {}, "needs `argv`"),
        ([""], {}, "needs `argv`"),
    ],
)
def test_refused_arguments(tmp_path, argv, values, words):
    """Values that would be options, parts of words, NUL and nothing at all are refused."""
    found = judge(tmp_path, argv, allowed=("echo",), values=values)
    assert found.outcome in (Outcome.ERROR, Outcome.SKIP)
    assert words in found.message


def test_refused_at_import():
    """A part of a word is named with its line before anything is run."""
    front = "---\ntitle: T\nparameters:\n  what: {type: text}\n---\n"
    text = f'{front}- [ ] x\n\n  ```yaml check\n  command: [ls, "--$what"]\n  ```\n'
    with pytest.raises(ChecklistError, match=r"Line 9.*word of its own"):
        validation.validate(markdown.parse(text))


@pytest.mark.parametrize("params", [{"pattern": "("}, {"lacks": "(?=x)"}, {"seconds": 0}, {"seconds": -1}])
def test_bad_parameters(tmp_path, params):
    """Patterns that RE2 cannot use and no time at all are ERROR before anything runs."""
    assert shell(tmp_path, "touch x", **params).outcome is Outcome.ERROR


# --- confinement -------------------------------------------------------------------------------


def test_bare_environment(tmp_path, monkeypatch):
    """No secret of ours; the run is the working directory; the home is its own, writable, and gone after."""
    monkeypatch.setenv("READINESS_SECRET_KEY", "hunter2")
    code = (
        "import os, pathlib as p; h = p.Path(os.environ['HOME']); (h / 'f').write_text('x');"
        "print(os.getcwd()); print(h); print(dict(os.environ))"
    )
    found = python(tmp_path, code)
    cwd, home, env = found.details["output_tail"].splitlines()
    assert (found.outcome, cwd) == (Outcome.PASS, str(tmp_path))
    assert "hunter2" not in env
    assert not Path(home).exists()


@fenced
def test_run_cannot_be_written(tmp_path):
    """The command can neither make, change nor remove a file of the run."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "a.txt").write_text("abc")
    found = shell(folder, "echo x > b.txt; echo x > a.txt; rm a.txt; mkdir c; mv a.txt d; exit 0")
    assert (folder / "a.txt").read_text() == "abc"
    assert [p.name for p in folder.iterdir()] == ["a.txt"]
    assert (found.outcome, found.details["run_protected"]) == (Outcome.PASS, True)


def test_a_run_that_changed_meanwhile_is_no_result(tmp_path):
    """What the fence does not stop (a file's mode) is seen, and the result thrown away."""
    (tmp_path / "a.txt").write_text("abc")
    found = shell(tmp_path, "chmod 777 a.txt")
    if found.outcome is not Outcome.FAIL:  # the system may have refused
        assert (found.outcome, "changed while the command ran" in found.message) == (Outcome.ERROR, True)


@fenced
def test_files_beside_the_run_are_closed(tmp_path):
    """Other people's files, our own environment and the administrator's secrets cannot be read."""
    secret, folder = tmp_path / "secret.txt", tmp_path / "run"
    secret.write_text("hunter2")
    folder.mkdir()
    for path in (secret, f"/proc/{os.getpid()}/environ", "/etc/shadow", Path.home()):
        found = judge(folder, ["ls" if path == Path.home() else "cat", str(path)])
        assert found.outcome is Outcome.FAIL
        assert "hunter2" not in str(found.to_dict())


@filtered
def test_no_network(tmp_path):
    """No socket of any family; connected pairs, which tools use inside, work."""
    for code in ("socket.socket()", "socket.socket(socket.AF_UNIX)", "socket.socketpair(socket.AF_UNIX, 2)"):
        found = python(tmp_path, f"import socket; {code}")
        assert (found.outcome, "PermissionError" in found.message) == (Outcome.FAIL, True)
    assert python(tmp_path, "import socket; socket.socketpair()").outcome is Outcome.PASS


LIMITS = [
    ("while :; do :; done", {"seconds": 1}, "took more than 1"),
    ("sleep 30", {"seconds": 1}, "took more than 1"),
    ("exec >&- 2>&-; sleep 30", {"seconds": 1}, "took more than 1"),
    ("yes", {}, "printed more than 4 MB"),
    ("for i in $(seq 9999); do sleep 9 & done; sleep 9", {}, "more than 256 processes"),
    (
        "for i in 1 2 3 4 5 6 7 8; do head -c 60000000 /dev/zero > ~/f.`date +%N`; done; sleep 9",
        {},
        "temporary",
    ),
]


@pytest.mark.parametrize(("script", "params", "words"), LIMITS)
def test_limits(tmp_path, script, params, words):
    """Time, output, processes and temporary files are bounded; each is ERROR, soon, and leaves nothing."""
    started = time.monotonic()
    found = shell(tmp_path, script, **params)
    assert (found.outcome, words in found.message) == (Outcome.ERROR, True), found.message
    assert time.monotonic() - started < 12
    assert not still_working_in(tmp_path)


def test_memory(tmp_path):
    """One process that eats memory meets the limit and fails by itself."""
    found = python(tmp_path, "x = bytearray(2 << 30)", options={"child_memory": 512 << 20})
    assert (found.outcome, "MemoryError" in found.message) == (Outcome.FAIL, True)


def test_nothing_is_left(tmp_path):
    """What the command started in the background ends with it, though it left the session."""
    found = shell(tmp_path, "(setsid sleep 30 &) ; (sleep 30 &) ; echo done", seconds=5)
    assert (found.outcome, "done" in found.details["output_tail"]) == (Outcome.PASS, True)
    assert not still_working_in(tmp_path)


def still_working_in(folder, seconds=3):
    """What works there even after the moment that the kernel takes to end processes."""
    end = time.monotonic() + seconds
    while (found := working_in(folder)) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def working_in(folder):
    """Processes whose working directory is the run."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if entry.readlink() == folder:
                found.append(entry)
        except OSError:
            continue
    return found


HOMES = {
    "deep": "[(os.mkdir('d'), os.chdir('d')) for _ in range(5000)]",
    "closed": "os.makedirs('a/b'); open('a/f', 'w').close(); [os.chmod(d, 0) for d in ('a/b', 'a', '.')]",
    "odd": "os.symlink('/etc', 'l'); os.mkfifo('p')",
    "many": "[open(str(n), 'w').close() for n in range(30000)]",
}


@pytest.mark.parametrize("what", HOMES)
def test_temporary_files_are_removed(tmp_path, monkeypatch, what):
    """However deep, closed or many: nothing of the command's home is left."""
    folder, homes = tmp_path / "run", tmp_path / "homes"
    folder.mkdir()
    homes.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(homes))
    found = python(folder, f"import os; os.chdir(os.environ['HOME']); {HOMES[what]}")
    assert found.outcome in (Outcome.PASS, Outcome.ERROR)
    assert "broke" not in found.message
    assert list(homes.iterdir()) == []


def test_output_is_legible(tmp_path):
    """Colours and direction marks of the output reach neither terminal nor page; only its end is kept."""
    code = "print('x' * 20000); print('\\x1b[31mred\\u202e\\x00')"
    found = python(tmp_path, code)
    assert found.details["output_tail"].endswith("\\x1b[31mred\\u202e\\x00\n")
    assert len(found.details["output_tail"]) < 9000


def test_a_changed_run_is_no_result(tmp_path):
    """Files that are not those of the snapshot: ERROR, and the command is not run."""
    (tmp_path / "a.txt").write_text("abcd")
    snapshot = {"a.txt": Entry("a.txt", 3, "0" * 64)}
    found = shell(tmp_path, "echo ran", snapshot=snapshot)
    assert (found.outcome, "changed since the snapshot" in found.message) == (Outcome.ERROR, True)


def test_a_crash_is_a_failure(tmp_path):
    """A command that dies by a signal did not succeed."""
    found = python(tmp_path, "import ctypes; ctypes.string_at(0)")
    assert (found.outcome, "-11" in found.message) == (Outcome.FAIL, True)


def test_no_home_is_opened(tmp_path):
    """A program in somebody's ~/.local/bin opens its libraries, not the whole of ~/.local."""
    program = tmp_path / ".local" / "bin" / "tool"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    assert str(tmp_path / ".local") not in places(program)
    (tmp_path / ".local" / "pyvenv.cfg").write_text("")
    assert str(tmp_path / ".local") in places(program)


def test_demanded_level(tmp_path):
    """A level that the machine grants changes nothing."""
    found = shell(tmp_path, "true", options={"min_isolation": LEVEL[0]})
    assert found.outcome is Outcome.PASS


def test_on_a_machine_that_grants_only_limits(bare, tmp_path):
    """There the command runs too, says how little confined it was, and its limits hold."""
    folder = tmp_path / "run"
    folder.mkdir()
    bare(tmp_path / "stand-in")
    found = shell(folder, "echo fine")
    assert (found.outcome, found.details["isolation"]) == (Outcome.PASS, "rlimit")
    assert "could not keep it from writing" in found.message
    assert found.details["run_protected"] is False
    for script, words in (("sleep 30", "took more than 1"), ("yes", "printed more than")):
        assert words in shell(folder, script, seconds=1).message
    written = shell(folder, "echo x > new.txt")
    assert (written.outcome, "changed while" in written.message) == (Outcome.ERROR, True)
    assert not still_working_in(folder)
    refused = shell(folder, "true", options={"min_isolation": "landlock"})
    assert (refused.outcome, "Not run: this machine grants only rlimit" in refused.message) == (
        Outcome.ERROR,
        True,
    )


words = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\0="), min_size=1, max_size=6),
    min_size=1,
    max_size=5,
)


@given(words, words)
def test_only_whole_words_are_allowed(allowed, argv):
    """Whatever the words: a command is allowed exactly when it begins with all words of an entry."""
    fine = argv[: len(allowed)] == allowed
    exact = argv == allowed
    for entry, expected in ((shlex.join(allowed), fine), (f"={shlex.join(allowed)}", exact)):
        try:
            check_allowed(argv, [entry])
            assert expected
        except NotAllowed:
            assert not expected


def test_only_the_operator_allows(tmp_path, capsys, monkeypatch):
    """`readiness check` runs nothing without --allow-command, and not below --isolation."""
    monkeypatch.delenv("READINESS_ALLOWED_COMMANDS", raising=False)
    checklist, folder = tmp_path / "c.md", tmp_path / "run"
    folder.mkdir()
    checklist.write_text("- [ ] x\n\n  ```yaml check\n  command: [echo, it ran]\n  ```\n")
    args = ["check", str(folder), "--checklist", str(checklist), "--json"]
    assert main(args) == 1
    assert json.loads(capsys.readouterr().out)["checks"][0]["status"] == "SKIP"
    assert main([*args, "--allow-command", "echo it", "--isolation", LEVEL[0]]) == 1
    assert main([*args, "--allow-command", "echo 'it ran'", "--isolation", LEVEL[0]]) == 0
    capsys.readouterr()
    assert main([*args, "--isolation", "none"]) == 2


def test_ctrl_c_ends_the_command(tmp_path):
    """An interrupted run ends its command at once, and leaves nothing."""
    folder, checklist = tmp_path / "run", tmp_path / "c.md"
    folder.mkdir()
    checklist.write_text("- [ ] x\n\n  ```yaml check\n  command: [sleep, 60]\n  ```\n")
    argv = [sys.executable, "-m", "readiness", "check", str(folder), "--checklist", str(checklist)]
    with subprocess.Popen([*argv, "--allow-command", "sleep"], stderr=subprocess.PIPE) as process:
        end = time.monotonic() + 15
        while not working_in(folder) and time.monotonic() < end:
            time.sleep(0.05)
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[1]
    assert (process.returncode, b"interrupted" in said) == (130, True)
    assert time.monotonic() - started < 5
    assert not still_working_in(folder)
