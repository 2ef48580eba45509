"""Whole runs with real commands: attempts, retries, stale reports, interruption, the files left behind."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from readiness.engine import trace
from readiness.engine.suites import attempt, output, run
from readiness.engine.suites.attempt import Place
from readiness.engine.suites.log import AttemptLog
from readiness.engine.suites.run import Request
from readiness.engine.suites.scorecard import read_scorecard
from tests.engine.suites.made import NOW, config_of

FLAKY = """
import pathlib, sys
seen = pathlib.Path("seen")
ok = seen.exists()
seen.touch()
bad = "" if ok else "<failure/>"
text = f'<testsuite><testcase name="a"/><testcase name="b">{bad}</testcase></testsuite>'
pathlib.Path("j.xml").write_text(text)
sys.exit(0 if ok else 1)
"""
PYTEST = {
    "command": [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=j.xml", "t.py"],
    "env": {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    "reports": {"junit": "j.xml"},
}
UNTIDY = "open('j.xml', 'w').write('<a')"
JUNIT = {"junit": "j.xml"}


def python(code: str) -> list[str]:
    """A command that runs this code."""
    return [sys.executable, "-c", code]


def done(tmp_path: Path, *suites, stop=None, only=(), jobs=1, tell=run.unheard):
    """The result of running these suites, with the files written beneath `out`."""
    place = Place(
        base=tmp_path, output=tmp_path / "out", env=dict(os.environ), stop=stop or threading.Event()
    )
    request = Request(
        config=config_of(*suites), release="1.0", environment="test", place=place, only=only, jobs=jobs,
        tell=tell,
    )  # fmt: skip
    output.prepare(place.output)
    before = run.started(request)
    output.begin(place.output, before)
    result = run.run(request, before)
    output.finish(place.output, result)
    return result


def one(tmp_path: Path, **suite):
    """The only suite of a run."""
    return done(tmp_path, suite).suites[0]


@pytest.mark.parametrize(
    ("source", "status", "rate"),
    [
        ("def test_a(): pass\n", "passed", 1.0),
        ("def test_a(): assert 0\ndef test_b(): pass\n", "failed", 0.5),
        ("import pytest\n@pytest.mark.skip\ndef test_a(): pass\n", "failed", None),
        ("", "failed", None),
        ("def test_a(: pass\n", "failed", 0.0),
        ("import os\ndef test_a(): os._exit(0)\n", "failed", None),
        ("import pytest\n@pytest.fixture\ndef f(): 1/0\ndef test_a(f): pass\n", "failed", 0.0),
    ],
)
def test_a_real_pytest(source, status, rate, tmp_path) -> None:
    """A suite of pytest: passed, failed, skipped, empty, broken, and one that ends the process itself."""
    (tmp_path / "t.py").write_text(source)
    result = one(tmp_path, **PYTEST)
    assert (result.status, result.success_rate) == (status, rate)


def test_a_success_rate_may_allow_a_failure(tmp_path) -> None:
    """98 % of an integration suite are enough although pytest ends with code 1."""
    body = "import pytest\n@pytest.mark.parametrize('n', range({n}))\ndef test(n): assert n != 0\n"
    for count, status in ((50, "passed"), (49, "failed")):
        (tmp_path / "t.py").write_text(body.format(n=count))
        result = one(tmp_path, kind="integration", **PYTEST)
        assert (result.status, result.attempts[0].exit_code) == (status, 1)


@pytest.mark.parametrize(
    ("retries", "status", "attempts", "flake"),
    [(0, "failed", 1, 0.0), (1, "passed", 2, 0.5), (5, "passed", 2, 0.5)],
)
def test_retries(retries, status, attempts, flake, tmp_path) -> None:
    """Tried again until it passes, at most so often; each attempt is kept with its log."""
    result = one(tmp_path, command=python(FLAKY), retries=retries, reports=JUNIT)
    assert (result.status, len(result.attempts), result.flake_rate) == (status, attempts, flake)
    assert [a.log for a in result.attempts] == [f"readiness_logs/s0-{n}.log" for n in range(1, attempts + 1)]
    assert all((tmp_path / "out" / a.log).exists() for a in result.attempts)


def test_a_stale_report_does_not_pass(tmp_path) -> None:
    """A command that writes nothing: the report of yesterday is not believed, and stays where it is."""
    (tmp_path / "j.xml").write_text('<testsuite><testcase name="a"/></testsuite>')
    result = one(tmp_path, command=python("pass"), reports=JUNIT)
    assert (result.status, result.reasons) == ("failed", ("j.xml was not written by this run",))
    assert (tmp_path / "j.xml").exists()


def test_a_retry_needs_its_own_report(tmp_path) -> None:
    """The report of the first attempt does not serve the second, which wrote none."""
    code = FLAKY.replace('pathlib.Path("j.xml")', "pathlib.Path('x' if ok else 'j.xml')")
    result = one(tmp_path, command=python(code), retries=1, reports=JUNIT)
    assert (result.status, result.reasons[0]) == ("failed", "j.xml was not written by this run")


@pytest.mark.parametrize(
    ("suite", "status", "reason"),
    [
        ({"command": python("raise SystemExit(2)")}, "failed", "exit code 2"),
        ({"command": python("import os; os.abort()")}, "failed", "signal 6"),
        ({"command": python("import time; time.sleep(60)"), "timeout": 0.5}, "failed", "after 0.5 s"),
        ({"command": "nowhere-at-all"}, "error", "'nowhere-at-all' was not found"),
        ({"command": "true", "working_directory": "absent"}, "error", "absent does not exist"),
        ({"command": "true", "reports": JUNIT}, "failed", "the report j.xml is not there"),
        ({"command": python(UNTIDY), "reports": JUNIT}, "error", "not usable XML"),
        ({"command": python(f"{UNTIDY}; 1/0"), "reports": JUNIT}, "failed", "exit code 1"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_said(suite, status, reason, tmp_path) -> None:
    """An exit code, a signal, the time limit, a program or a report that is not there or unreadable."""
    result = one(tmp_path, **suite)
    assert result.status == status
    assert reason in "; ".join(result.reasons)


def test_a_command_without_reports_passes_by_its_code(tmp_path) -> None:
    """A linter or a smoke test needs no report."""
    assert one(tmp_path, command="true").status == "passed"


def test_what_a_command_finds_in_its_environment(tmp_path) -> None:
    """The file's variables, the run's names, the trace; its own directory; the caller's variables too."""
    (tmp_path / "sub").mkdir()
    code = "import json, os; json.dump(dict(os.environ, cwd=os.getcwd()), open('env.json', 'w'))"
    result = done(tmp_path, {"command": python(code), "env": {"PORT": "8080"}, "working_directory": "sub"})
    seen = json.loads((tmp_path / "sub" / "env.json").read_text())
    assert seen["cwd"] == str((tmp_path / "sub").resolve())
    assert (seen["PORT"], seen["READINESS_SUITE"], seen["READINESS_ATTEMPT"]) == ("8080", "s0", "1")
    assert (seen["READINESS_RUN_ID"], seen["READINESS_RELEASE"]) == (result.run_id, "1.0")
    assert seen["READINESS_ENVIRONMENT"] == "test"
    assert seen["TRACEPARENT"].split("-")[1] == result.trace_id
    assert seen["PATH"] == os.environ["PATH"]


def test_the_pipelines_trace_is_joined(tmp_path, monkeypatch) -> None:
    """TRACEPARENT of the job is the trace of the run and of its suites."""
    monkeypatch.setenv("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    result = done(tmp_path, {"command": "true"})
    assert result.trace_id == "0af7651916cd43dd8448eb211c80319c"
    assert trace.from_environment().trace_id == result.trace_id


def test_several_at_a_time(tmp_path) -> None:
    """Four suites that sleep take as long as one, and come out in their order."""
    sleepy = {"command": python("import time; time.sleep(1)")}
    started = time.monotonic()
    result = done(tmp_path, *[sleepy] * 4, jobs=4)
    assert time.monotonic() - started < 3.5
    assert [s.name for s in result.suites] == ["s0", "s1", "s2", "s3"]
    assert result.overall_passed


def test_only_some(tmp_path) -> None:
    """A blocking suite that was not asked for has not passed; one that blocks nothing may be left out."""
    suites = [{"command": "true"}, {"command": "true"}, {"command": "false", "blocking": False}]
    part = done(tmp_path, *suites, only=["s0"])
    assert (part.partial, part.overall_passed, [s.status for s in part.suites]) == (
        True, False, ["passed", "not-run", "not-run"],
    )  # fmt: skip
    assert done(tmp_path, *suites, only=["s0", "s1"]).overall_passed


def test_an_interruption_is_no_pass(tmp_path) -> None:
    """What runs is ended, what waits does not start, and the scorecard says both."""
    stop = threading.Event()
    suites = [{"command": "true"}, {"command": python("import time; time.sleep(60)")}, {"command": "true"}]
    threading.Timer(1.0, stop.set).start()
    started = time.monotonic()
    result = done(tmp_path, *suites, stop=stop)
    assert time.monotonic() - started < 8
    assert [s.status for s in result.suites] == ["passed", "interrupted", "not-run"]
    card = read_scorecard((tmp_path / "out" / "readiness-scorecard.json").read_bytes())
    assert (card.interrupted, card.overall_passed) == (True, False)


def test_a_run_that_is_cut_off_leaves_no_pass(tmp_path) -> None:
    """Before the first command the old scorecard is replaced by one that has not passed."""
    assert done(tmp_path, {"command": "true"}).overall_passed
    code = "import shutil; shutil.copy('out/readiness-scorecard.json', 'during.json')"
    assert done(tmp_path, {"command": python(code)}).overall_passed
    during = read_scorecard((tmp_path / "during.json").read_bytes())
    assert (during.overall_passed, during.interrupted, during.suites[0].status) == (False, True, "not-run")


def test_the_files(tmp_path) -> None:
    """Scorecard, report, metrics, lines and history agree with each other."""
    result = done(tmp_path, {"command": python(FLAKY), "retries": 1, "reports": JUNIT})
    out = tmp_path / "out"
    card = read_scorecard((out / "readiness-scorecard.json").read_bytes())
    assert (out / "readiness_scorecards" / f"{result.run_id}.json").read_bytes() == (
        out / "readiness-scorecard.json"
    ).read_bytes()
    report = json.loads((out / "readiness_report.json").read_text())
    assert (report["overall_passed"], report["run_id"], report["scorecard"]) == (
        True, card.run_id, "readiness-scorecard.json",
    )  # fmt: skip
    (suite,) = report["suites"]
    assert [a["status"] for a in suite["attempts"]] == ["failed", "passed"]
    assert (suite["passed_on_retry"], suite["flaky"]) == (True, ["b"])
    metrics = json.loads((out / "readiness_metrics.json").read_text())["metrics"]
    values = {m["name"]: m["value"] for m in metrics}
    assert (values["readiness.passed"], values["readiness.suite.flake_rate"]) == (1, 0.5)
    assert all(m["attributes"]["environment"] == "test" for m in metrics)
    lines = [
        json.loads(line) for line in (out / "readiness_logs" / "readiness.jsonl").read_text().splitlines()
    ]
    assert [line["outcome"] for line in lines] == ["failed", "ok"]
    wanted = {"timestamp", "tenant", "environment", "component", "command", "artifact", "trace_id", "span_id",
              "outcome", "duration_ms", "error"}  # fmt: skip
    assert all(wanted <= line.keys() for line in lines)


def test_logs_of_earlier_runs_are_cleared(tmp_path) -> None:
    """A third attempt of yesterday does not look like one of today; files of others stay."""
    logs = tmp_path / "out" / "readiness_logs"
    logs.mkdir(parents=True)
    for name in ("s0-3.log", "s0-x.log", "s0-1.log.bak", "other-1.log"):
        (logs / name).write_text("old")
    done(tmp_path, {"command": "true"})
    assert {p.name for p in logs.iterdir()} == {
        "s0-1.log", "s0-x.log", "s0-1.log.bak", "other-1.log", "readiness.jsonl",
    }  # fmt: skip


def test_progress_is_told(tmp_path) -> None:
    """Each start, each attempt and each end."""
    told: list[str] = []
    done(tmp_path, {"command": python(FLAKY), "retries": 1, "reports": JUNIT}, tell=told.append)
    assert told[:2] == ["s0: started", "s0: started, attempt 2 of at most 2"]
    assert told[2].startswith("s0: passed after ")


def test_hostile_names_stay_text(tmp_path) -> None:
    """Test names with control characters, half pairs and 10,000 letters reach the files as plain JSON."""
    names = ["\\x1b[31m", "\\u202e", "n" * 10_000, "</script>"]
    code = f"""
import html, sys
names = [{", ".join(f"'{name}'" for name in names)}]
cases = "".join(f'<testcase name="{{html.escape(n)}}"><failure/></testcase>' for n in names if ord(n[0]) > 31)
open("j.xml", "w").write(f"<testsuite>{{cases}}</testsuite>")
sys.exit(1)
"""
    result = one(tmp_path, command=python(code), reports=JUNIT)
    assert (result.status, result.failures) == ("failed", 3)
    text = (tmp_path / "out" / "readiness_report.json").read_text()
    assert len(text) < 20_000


def test_a_waiver_that_ends_during_the_run_does_not_hold(tmp_path) -> None:
    """What counts is the moment at which the suite is judged."""
    code = (
        "import json; json.dump({'version': '2.1.0', 'runs': [{'tool': {'driver': {'name': 'x'}}, 'results':"
        " [{'ruleId': 'a', 'level': 'warning'}]}]}, open('s.sarif', 'w'))"
    )
    suite = {"name": "s0", "kind": "security", "command": python(code), "reports": {"sarif": "s.sarif"}}
    waiver = {
        "rule": "max_medium", "reason": "no fix yet", "owner": "Ada", "approved_by": "Grace",
        "expires_at": (NOW + timedelta(seconds=30)).isoformat(),
    }  # fmt: skip
    config = config_of(suite, waivers=[waiver])
    for seconds, status in ((1, "passed"), (20, "failed")):
        ticks = (NOW + timedelta(seconds=n * seconds) for n in range(100))
        place = Place(
            base=tmp_path, output=tmp_path / "out", env=dict(os.environ), stop=threading.Event(),
            now=ticks.__next__,
        )  # fmt: skip
        request = Request(config=config, release="1.0", environment="test", place=place)
        output.prepare(place.output)
        assert run.run(request, run.started(request)).suites[0].status == status


def test_a_log_that_cannot_be_written_is_no_pass(tmp_path) -> None:
    """A folder in the place of the log: the suite is an error that says so, nothing crashes."""
    (tmp_path / "out" / "readiness_logs" / "s0-1.log").mkdir(parents=True)
    result = one(tmp_path, command="true")
    assert (result.status, "cannot be written" in result.reasons[0]) == ("error", True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_disk_is_no_pass(tmp_path, monkeypatch) -> None:
    """The output cannot be kept: the command is ended, and the suite is an error."""

    class Full(AttemptLog):
        def __init__(self, path: Path) -> None:
            super().__init__(path)
            os.dup2(os.open("/dev/full", os.O_WRONLY), self._fd)

    monkeypatch.setattr(attempt, "AttemptLog", Full)
    result = one(tmp_path, command=python("print('x'); import time; time.sleep(60)"))
    assert (result.status, "No space left" in result.reasons[0]) == ("error", True)
