"""Isolation: a check of another package costs only itself, and a demanded level is kept or nothing is run."""

from __future__ import annotations

import contextlib
import re
import socket
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from readiness.engine import child, isolation, markdown, registry, runner
from readiness.engine.checklist import Checklist, CheckSpec, Item, Section
from readiness.engine.errors import ChecklistError
from readiness.engine.options import Options
from readiness.engine.outcome import Outcome
from readiness.engine.target import Entry, RunDirectory

KINDS = '''
import ctypes, os, socket, sys, time
from pathlib import Path
from readiness.engine.errors import FileMissing, ParameterError
from readiness.engine.outcome import Finding, Limit, Measurement, Outcome, judged
from readiness.engine.registry import Params, check

class What(Params, frozen=True):
    what: str
    where: str = ""

@check("foreign", title="Does what it is told", short="what")
def foreign(want: What, run) -> Finding:
    """A check of another package."""
    return globals()[f"do_{want.what}"](want, run)

def said(text):
    return Finding(outcome=Outcome.PASS, message=str(text))

def do_fine(want, run):
    size = len(run.read_bytes("a.txt"))
    return judged([Measurement(name="Size", value=size, unit="bytes", limit=Limit(">=", 1))], f"{size} bytes")

def do_loop(want, run):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        pass
    return said("looped")

def do_fork(want, run):
    for _ in range(50):
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
    return said("forked")

def do_memory(want, run):
    return said(len(bytearray(8 << 30)))

def do_print(want, run):
    for _ in range(1024):
        sys.stdout.write("x" * (1 << 20))
    return said("printed")

def do_segfault(want, run):
    ctypes.string_at(0)

def do_socket(want, run):
    socket.create_connection(("127.0.0.1", int(want.where)), timeout=2)
    return said("connected")

def do_read(want, run):
    return said(Path(want.where).read_text())

def do_write(want, run):
    (run.root / "written.txt").write_text("x")
    return said("written")

def do_crash(want, run):
    return 1 / 0

def do_leave(want, run):
    os._exit(0)

def do_missing(want, run):
    raise FileMissing("b.txt is not in the run.", "Write it.")

def do_parameter(want, run):
    raise ParameterError("`where` is missing.", "Give it.")

def do_nonsense(want, run):
    return Finding(outcome="MAYBE", message=3)

def do_forge(want, run):
    from readiness.engine.target import Entry
    run.used["a.txt"] = Entry("a.txt", 1, "0" * 64)
    return said("I read it")

def do_now(want, run):
    return said(run.options.now)

def do_nan(want, run):
    return Finding(outcome=Outcome.PASS, message="x", details={"value": float("nan")})
'''


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """A package with an entry point, on the path as `pip install` would put it."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "foreign_kinds.py").write_text(KINDS)
    info = folder / "foreign_kinds-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign-kinds\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[readiness.checks]\nforeign = foreign_kinds\n")
    registry.kinds()  # loaded for good, before the copies are made
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_KINDS", "_ALIASES", "_BROKEN", "_OUTSIDE"):
            patch.setattr(registry, name, dict(getattr(registry, name)))
        patch.syspath_prepend(str(folder))
        registry._load.cache_clear()
        yield
    sys.modules.pop("foreign_kinds", None)


def made(*checks: tuple[str, object], demanded: str = "") -> Checklist:
    items = tuple(
        Item(id=f"i{number}", text="t", checks=(CheckSpec(kind=kind, params=params),))
        for number, (kind, params) in enumerate(checks)
    )
    sections = (Section(title="s", level=2, items=items),)
    return Checklist(title="t", slug="t", isolation=demanded, sections=sections)


def options(**more):
    return Options(**({"child_seconds": 4.0, "child_memory": 1 << 30} | more))


def run(folder, *, snapshot=None, **more):
    (folder / "a.txt").write_text("abc")
    return RunDirectory(folder, snapshot=snapshot, options=options(**more))


def one(folder, what, *, snapshot=None, **more):
    spec = CheckSpec(kind="foreign", params=what)
    return runner.run_check(spec, run(folder, snapshot=snapshot, **more), {}, required=True)


def test_a_kind_of_another_package(foreign, tmp_path):
    """It reads the run in a child; finding, level and files come back."""
    result = one(tmp_path, "fine")
    assert (result.finding.outcome, result.finding.message) == (Outcome.PASS, "3 bytes")
    assert result.finding.details["isolation"] == child.isolation()
    assert [(file.path, file.size) for file in result.files] == [("a.txt", 3)]
    assert result.finding.measurements[0].ok is True


HOSTILE = {
    "loop": "used more than 4 s",
    "fork": "not permitted|unavailable",
    "memory": "ran out of memory",
    "print": "printed more than 1 MB",
    "segfault": "SIGSEGV",
    "crash": "ZeroDivisionError",
    "leave": "without an answer",
    "parameter": "`where` is missing",
    "nonsense": "no finding|failed",
    "nan": "failed",
}


def test_each_costs_only_itself(foreign, tmp_path, homes):
    """Loops, forks, floods, crashes and nonsense are one ERROR each; the others pass and nothing is left."""
    checks = [("foreign", "fine"), *(("foreign", what) for what in HOSTILE), ("file", "a.txt")]
    results = runner.run_checklist(made(*checks), run(tmp_path), {}, workers=4)
    first, *hostile, last = [result.results[0].finding for result in results]
    assert (first.outcome, last.outcome) == (Outcome.PASS, Outcome.PASS)
    for words, finding in zip(HOSTILE.values(), hostile, strict=True):
        assert finding.outcome is Outcome.ERROR
        assert re.search(words, finding.message), finding.message
    assert not left(homes)


def left(folder):
    """Processes that still work beneath `folder`, where this test's children have their homes."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            found += [entry] if str(entry.readlink()).startswith(str(folder)) else []
    return found


@pytest.fixture(autouse=True)
def homes(tmp_path_factory, monkeypatch):
    """Children get their working directories here, so that what is left can be told from others'."""
    folder = tmp_path_factory.mktemp("homes")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.skipif("landlock" not in child.isolation(), reason="this machine grants no landlock")
def test_nothing_beside_the_run(foreign, tmp_path):
    """Files beside the run cannot be read, and the run cannot be written."""
    secret = tmp_path / "secret.txt"
    secret.write_text("hunter2")
    folder = tmp_path / "run"
    folder.mkdir()
    for what in ({"what": "read", "where": str(secret)}, {"what": "write"}):
        finding = one(folder, what).finding
        assert (finding.outcome, "PermissionError" in finding.message) == (Outcome.ERROR, True)
    assert [path.name for path in folder.iterdir()] == ["a.txt"]


@pytest.mark.skipif(child.isolation() == "rlimit", reason="this machine grants no network isolation")
def test_no_network(foreign, tmp_path):
    """A server of this machine cannot be reached."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        finding = one(tmp_path, {"what": "socket", "where": str(server.getsockname()[1])}).finding
    assert finding.outcome is Outcome.ERROR


def test_problems_keep_their_meaning(foreign, tmp_path):
    """A missing file of a foreign check is FAIL as anywhere, and names the level."""
    finding = one(tmp_path, "missing").finding
    assert (finding.outcome, finding.message) == (Outcome.FAIL, "b.txt is not in the run.")
    assert finding.details == {"problem": "FileMissing", "isolation": child.isolation()}


def test_the_runs_clock_goes_along(foreign, tmp_path):
    """A check that looks at the time sees the run's, as ours do."""
    now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    assert one(tmp_path, "now", now=now).finding.message == str(now)


def test_a_killed_child_names_its_level(foreign, tmp_path):
    """Also a check that crashed says how far it was confined."""
    assert one(tmp_path, "segfault").finding.details["isolation"] == child.isolation()


def test_the_snapshot_binds_foreign_checks(foreign, tmp_path):
    """A file that changed since the snapshot, and one that was not read as claimed, are ERROR."""
    old = {"a.txt": Entry("a.txt", 3, "1" * 64)}
    assert "changed since the snapshot" in one(tmp_path, "fine", snapshot=old).finding.message
    forged = one(tmp_path, "forge", snapshot=old)
    assert (forged.finding.outcome, forged.files) == (Outcome.ERROR, ())


def test_own_kinds_stay_in_this_process(foreign):
    """Built-in kinds are no outside ones; the foreign one is."""
    assert {n for n, k in registry.kinds().items() if registry.outside(k)} == {"foreign"}


# --- demanded levels ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("demands", "result"),
    [
        ((), ""),
        (("", ""), ""),
        (("rlimit", ""), "rlimit"),
        (("landlock", "seccomp"), "landlock"),
        (("seccomp", "userns"), "userns"),
    ],
)
def test_the_stricter_demand_wins(demands, result):
    """Of operator and checklist, whoever demands more."""
    assert isolation.stricter(*demands) == result


@pytest.mark.parametrize(
    ("reached", "demanded", "lacks"),
    [
        ("rlimit", "", []),
        ("rlimit", "rlimit", []),
        ("rlimit+seccomp", "landlock", ["landlock"]),
        ("rlimit+landlock+userns", "landlock", ["seccomp"]),
        ("", "seccomp", ["rlimit", "seccomp"]),
        ("rlimit+seccomp+landlock+userns", "userns", []),
    ],
)
def test_a_demand_means_all_before_it(reached, demanded, lacks):
    """Layers are counted one by one: a later one does not stand for an earlier one."""
    assert isolation.lacking(reached, demanded) == lacks


def test_unknown_levels_are_refused():
    """A misspelt level is no demand for nothing."""
    for wrong in ("none", "LANDLOCK", "landlock+userns"):
        with pytest.raises(ValueError, match="no level"):
            isolation.stricter(wrong)


def test_front_matter_demands():
    """`isolation` is read, carried through the dict form, and a wrong word is named with its line."""
    text = "---\ntitle: T\nisolation: landlock\n---\n- [ ] x\n"
    checklist = markdown.parse(text)
    assert checklist.isolation == "landlock"
    assert Checklist.from_dict(checklist.to_dict()) == checklist
    assert markdown.parse("- [ ] x\n").isolation == ""
    with pytest.raises(ChecklistError, match=r"Line 3.*isolation"):
        markdown.parse(text.replace("landlock", "bwrap"))


@pytest.mark.parametrize("where", ["checklist", "operator"])
def test_less_than_demanded_is_not_run(foreign, bare, tmp_path, where):
    """On a machine that grants only limits, a check with a demand is ERROR before it does anything."""
    bare(tmp_path)
    demanded = "seccomp" if where == "checklist" else ""
    run_ = run(tmp_path, min_isolation="" if demanded else "seccomp")
    checks = [("foreign", "write"), ("file", "a.txt")]
    hard, plain = runner.run_checklist(made(*checks, demanded=demanded), run_, {})
    finding = hard.results[0].finding
    assert finding.outcome is Outcome.ERROR
    assert finding.message == "Not run: this machine grants only rlimit, and rlimit+seccomp is demanded."
    assert not (tmp_path / "written.txt").exists()
    assert plain.outcome is Outcome.PASS


def test_enough_is_run(foreign, bare, tmp_path):
    """The same machine runs what demands no more than it grants, and says the level."""
    bare(tmp_path)
    checks = made(("foreign", "fine"), demanded="rlimit")
    (result,) = runner.run_checklist(checks, run(tmp_path), {})
    assert result.results[0].finding.details["isolation"] == "rlimit"
    assert result.outcome is Outcome.PASS


def test_every_kind_passes_the_demand_on():
    """Each child that a kind of check starts gets the limits of the options, the demand among them."""
    sources = Path(child.__file__).parent.glob("**/*.py")
    others = {"child.py", "child_main.py", "sealed"}  # what is sealed is verified, which is no kind of check
    starts = {p.name: p.read_text() for p in sources if others.isdisjoint(p.parts)}
    users = {name: text for name, text in starts.items() if "run_in_child(" in text}
    assert users
    assert [name for name, text in users.items() if "ChildLimits.of(" not in text] == []


# --- a run is interrupted ----------------------------------------------------------------------


def test_an_interrupted_run_ends_its_children(foreign, tmp_path, homes):
    """Once the run is cancelled, a looping check ends within a second."""
    target = run(tmp_path, child_seconds=30.0)
    timer = threading.Timer(1.0, target.cancelled.set)
    timer.start()
    started = time.monotonic()
    finding = runner.run_check(CheckSpec(kind="foreign", params="loop"), target, {}, required=True).finding
    assert (finding.outcome, finding.message) == (Outcome.ERROR, "The run was interrupted.")
    assert time.monotonic() - started < 4
    assert not left(homes)
