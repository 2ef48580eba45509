"""`readiness run`: exit codes, options, output, interruption; what it costs to start."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from readiness.cli import main
from readiness.commands._shared import Exit
from readiness.engine.suites.scorecard import read_scorecard

HEAD = "release: 2025.10.01\nowner: platform\nsuites:\n"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of its own, without names of the caller's pipeline."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("READINESS_ENVIRONMENT", "READINESS_RELEASE", "TRACEPARENT"):
        monkeypatch.delenv(name, raising=False)
    return folder


def write(*suites: str, head: str = HEAD) -> None:
    """`readiness.yml` with suites "name command [key: value]"."""
    lines = [f"  - {{name: {s.split()[0]}, kind: unit, command: {s.partition(' ')[2]}}}\n" for s in suites]
    Path("readiness.yml").write_text(head + "".join(lines), encoding="utf-8")


def card():
    """The scorecard in the working directory."""
    return read_scorecard(Path("readiness-scorecard.json").read_bytes())


@pytest.mark.parametrize(
    ("suites", "code"),
    [
        (["a 'true'"], Exit.READY),
        (["a 'false'"], Exit.NOT_READY),
        (["a 'true'", "b 'false'"], Exit.NOT_READY),
        (["a 'true'", "b 'false', blocking: false"], Exit.READY),
        (["a 'true'", "b nowhere-at-all"], Exit.CHECK_BROKE),
        (["a 'true'", "b nowhere-at-all, blocking: false"], Exit.READY),
        (["a 'false'", "b nowhere-at-all"], Exit.NOT_READY),
        (["a 'false', blocking: false", "b nowhere-at-all"], Exit.CHECK_BROKE),
    ],
)
def test_exit_codes(checkout, suites, code) -> None:
    """0 passed, 1 a blocking suite failed, 3 one could not be run and none failed."""
    write(*suites)
    assert main(["run", "--quiet"]) == code
    assert card().overall_passed is (code == Exit.READY)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--config", "absent.yml"], "cannot be read"),
        (["--config", "."], "cannot be read"),
        (["--suite", "z"], "'z' is none of a, b"),
        (["--jobs", "0"], "--jobs"),
        (["--environment", "a\nb"], "one line"),
        (["--release", "x" * 300], "at most 200"),
        (["--output-dir", "readiness.yml/x"], "cannot be written"),
        (["--colour"], "--colour"),
    ],
)
def test_wrong_usage(checkout, args, words, capsys) -> None:
    """Exit 2, a sentence, and nothing was run."""
    write("a 'touch ran'", "b 'true'")
    assert main(["run", *args]) == Exit.USAGE
    assert words in capsys.readouterr().err
    assert not (checkout / "ran").exists()


def test_a_wrong_file_names_its_line(checkout, capsys) -> None:
    """The configuration's mistakes are exit 2."""
    write("a 'true', retrys: 3")
    assert main(["run"]) == Exit.USAGE
    assert "readiness.yml line 4" in (said := capsys.readouterr().err)
    assert "Did you mean `retries`?" in said


def test_a_release_must_be_named(checkout, capsys, monkeypatch) -> None:
    """By the file, the environment or an option; the option counts most."""
    write("a 'true'", head=HEAD.replace("release: 2025.10.01\n", ""))
    assert main(["run"]) == Exit.USAGE
    assert "READINESS_RELEASE" in capsys.readouterr().err
    monkeypatch.setenv("READINESS_RELEASE", "2")
    assert main(["run", "--quiet"]) == Exit.READY
    assert card().release == "2"
    assert main(["run", "--quiet", "--release", "3"]) == Exit.READY
    assert card().release == "3"


def test_environment(checkout, monkeypatch) -> None:
    """The option before READINESS_ENVIRONMENT before the file before "local"."""
    write("a 'true'")
    found = []
    for args in ([], ["--environment", "preprod"]):
        for value in ("", "staging"):
            monkeypatch.setenv("READINESS_ENVIRONMENT", value)
            assert main(["run", "--quiet", *args]) == Exit.READY
            found.append(card().environment)
    assert found == ["local", "staging", "preprod", "preprod"]
    write("a 'true'", head=f"environment: qa\n{HEAD}")
    monkeypatch.setenv("READINESS_ENVIRONMENT", "")
    assert main(["run", "--quiet"]) == Exit.READY
    assert card().environment == "qa"


def test_some_suites_are_not_the_release(checkout, capsys) -> None:
    """`--suite` runs that one; the release has not passed while a blocking one did not run."""
    write("a 'true'", "b 'true'")
    assert main(["run", "--suite", "a"]) == Exit.NOT_READY
    said = capsys.readouterr()
    assert "✗ Not passed: b did not run." in said.out
    assert "b: started" not in said.err
    assert card().partial
    assert main(["run", "--suite", "a", "--suite", "b"]) == Exit.READY


def test_list_runs_nothing(checkout, capsys) -> None:
    """What would be run, and what it must reach."""
    write("a 'touch \"a b\"', reports: {junit: j.xml}")
    assert main(["run", "--list"]) == Exit.READY
    said = capsys.readouterr().out
    assert "a (unit, blocking)\n  touch 'a b'\n  min_success_rate: 1\n" in said
    assert {p.name for p in checkout.iterdir()} == {"readiness.yml"}


def test_json_is_the_report(checkout, capsys) -> None:
    """Standard output is the report and nothing else; progress goes to standard error."""
    write("a 'true'")
    assert main(["run", "--json"]) == Exit.READY
    said = capsys.readouterr()
    assert json.loads(said.out) == json.loads(Path("readiness_report.json").read_text(encoding="utf-8"))
    assert said.err.startswith("readiness: a: started\n")


def test_the_table(checkout, capsys) -> None:
    """One line a suite, then why, then the verdict; characters that steer a terminal do not reach it."""
    code = (
        "open('j.xml','w').write('<testsuite><testcase name=\\'\\u202e\\'><failure/></testcase></testsuite>')"
    )
    command = json.dumps([sys.executable, "-c", f"{code}; raise SystemExit(1)"])
    write(f"a {command}, reports: {{junit: j.xml}}")
    assert main(["run"]) == Exit.NOT_READY
    said = capsys.readouterr().out
    assert "✗  a      unit  failed" in said
    assert "✗ success rate 0, needs ≥ 1" in said
    assert "→ readiness_logs/a-1.log" in said
    assert "\u202e" not in said
    assert said.endswith("✗ Not passed: a failed.\n")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("junit", '<failure message="the command ended with exit code 1"'),
        ("sarif", "the command ended with exit code 1"),
        ("markdown", "## ❌ Not ready: Suites of 2025.10.01"),
        ("github", "::error file=readiness_logs/b-1.log"),
        ("gitlab", '"path": "readiness_logs/b-1.log"'),
        ("json", '"overall_passed": false'),
        ("text", "✗ Not passed: b failed."),
    ],
)
def test_formats(checkout, form, words, capsys) -> None:
    """The formats of the other commands, printed and as files."""
    write("a 'true'", "b 'false'", "c 'false', blocking: false")
    assert main(["run", "--quiet", "--format", form, "--output", f"{form}=out.txt"]) == Exit.NOT_READY
    assert words in capsys.readouterr().out
    assert words in Path("out.txt").read_text(encoding="utf-8")


def test_output_directory(checkout) -> None:
    """All files go there; nothing else is written beside the configuration."""
    write("a 'true'")
    assert main(["run", "--quiet", "--output-dir", "out/deep"]) == Exit.READY
    assert {p.name for p in checkout.iterdir()} == {"readiness.yml", "out"}
    assert {p.name for p in (checkout / "out" / "deep").iterdir()} == {
        "readiness-scorecard.json", "readiness_report.json", "readiness_metrics.json", "readiness_logs",
        "readiness_scorecards",
    }  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption(checkout, number) -> None:
    """Ctrl-C, and the end of a CI job: the suite's children end, exit 130, the scorecard says interrupted."""
    code = "import os,time; open('pid','w').write(str(os.getpid())); time.sleep(300)"
    write(f"a {json.dumps([sys.executable, '-c', code])}", "b 'touch ran'")
    process = subprocess.Popen(
        [sys.executable, "-m", "readiness", "run"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )  # fmt: skip
    pid = checkout / "pid"
    for _ in range(400):
        if pid.exists() and pid.read_text():
            break
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == Exit.INTERRUPTED, err
    assert "✗ Interrupted: nothing has passed." in out
    found = card()
    assert (found.interrupted, found.overall_passed) == (True, False)
    assert [s.status for s in found.suites] == ["interrupted", "not-run"]
    assert not (checkout / "ran").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_it_starts_quickly(checkout) -> None:
    """Neither the server nor a model's runtime is loaded for it."""
    write("a 'true'")
    code = "import sys; from readiness.cli import main; main(['run', '--quiet']); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])})  # fmt: skip
    loaded = done.stdout.split()
    assert not {"django", "celery", "onnx", "numpy", "duckdb", "httpx", "opentelemetry"} & set(loaded)


def test_the_servers_token_is_kept_back(checkout, monkeypatch) -> None:
    """Commands of suites see the environment, but not the token that pushes and asks the gate."""
    monkeypatch.setenv("READINESS_TOKEN", "rdy_secret")
    monkeypatch.setenv("OTHER_NAME", "kept")
    write("a env")
    assert main(["run", "--quiet"]) == Exit.READY
    log = Path("readiness_logs/a-1.log").read_text()
    assert "OTHER_NAME=kept" in log
    assert "READINESS_TOKEN" not in log
