"""`log`: what a training log says when it went wrong, and what merely looks like it."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readiness.engine.readers import lines

DONE = "INFO Training complete: early stopped at epoch 3 of 9\n"
LOG = {"file": "t.log", "ends_with": r"Training complete(?:.*? epoch \d+ of \d+)?", "training": True}


def log(finding, text, **params):
    """What `log` makes of one text."""
    return finding("log", LOG | params, {"t.log": text})


def test_a_good_log(finding):
    """The line that ended it is shown as it stands; losses are drawn."""
    text = "epoch 1/9 val_acc=0.5\nepoch 2/9 val_acc=0.6\n" + DONE
    found = log(finding, text, series=r"epoch (?P<epoch>\d+)/.*val_acc=(?P<val_acc>[\d.]+)")
    assert found.outcome == "PASS"
    assert found.message == (
        "Log ends with “Training complete: early stopped at epoch 3 of 9”; no NaN, traceback or out-of-memory"
    )
    assert found.charts[0].data == {"x": [1.0, 2.0], "series": {"val_acc": [0.5, 0.6]}}


@pytest.mark.parametrize(
    "line",
    [
        "no NaN in 300 gradients",
        "checked gradients: no NaNs found",
        "loading the finance set; nano batches, information",
        "errors: 0",
        "0 errors, 2 warnings",
        "ERRORS: 0, CRITICAL_RATE=0",
        "summary: 12 ok, 0 ERROR",
        "ERROR_RATE=0.01 TERRORS",
        "finished without any error",
        "error rate 0.02 loss=0.1",
        "best_val_loss=inf",
        "val_loss improved from inf to 0.31",
        "loss: 0.31 - information: 2",
        "never ran out of memory",
        "exit code 0",
        "metric MeanSquaredError: 0.12",
        "VALIDATION ERROR: 0.08",
        "12:00:00 INFO VALIDATION ERROR: 0.08, TEST ERROR = 8 % (best 0.07)",
        "TEST ERROR RATE: 1.2e-2",
    ],
)
def test_false_alarms(finding, line):
    """Words that only look like a fault."""
    found = log(finding, f"{line}\n{DONE}")
    assert (found.outcome, found.details["faults"]) == ("PASS", [])


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("epoch 2 loss: nan", "not a number"),
        ("epoch 2 train_loss=nan val_acc=0.1", "not a number"),
        ('{"epoch": 2, "val_loss": NaN}', "not a number"),
        ("loss nan", "not a number"),
        ("loss is NaN, stopping", "not a number"),
        ("loss: tensor(nan, device='cuda:0')", "not a number"),
        ("grad_norm=inf", "not a number"),
        ("val_loss_total = -Infinity", "not a number"),
        ("Encountered NaN in layer 3", "not a number"),
        ("Traceback (most recent call last):", "a traceback"),
        ("[rank0]: Traceback (most recent call last):", "a traceback"),
        ("KeyboardInterrupt", "an exception"),
        ("RuntimeError: mat1 and mat2 shapes cannot be multiplied", "an exception"),
        ("RuntimeError: CUDA error: device-side assert triggered", "an exception"),
        ("CUDA out of memory. Tried to allocate 2 GiB", "out of memory"),
        ("torch.cuda.OutOfMemoryError", "out of memory"),
        ("terminate called after throwing an instance of 'std::bad_alloc'", "out of memory"),
        ("slurm: task 0: OOM Killed", "out of memory"),
        ("Killed", "a killed process"),
        ("run.sh: line 3: 4711 Killed   python train.py", "a killed process"),
        ("Segmentation fault (core dumped)", "a killed process"),
        ("*** JOB 12 CANCELLED AT 2026-01-01 DUE TO TIME LIMIT ***", "a killed process"),
        ("exitcode : -9 (pid 12), exit code: 137", "a killed process"),
        ("2026-01-01 12:00:00 ERROR disk full", "an error"),
        ("ERROR:root:no error handler", "an error"),
        ("[CRITICAL] shutting down", "an error"),
        ("ERROR: 0 samples found", "an error"),
        ("rank 0 ERROR cannot open the file", "an error"),
        ("ERROR the tests say no errors", "an error"),
        ("12:00:00 ERROR: 0.08", "an error"),
        ("ERROR: 137", "an error"),
        ("VALIDATION ERROR: 3 labels are missing", "an error"),
        ("VALIDATION ERROR: 0.08 ERROR disk full", "an error"),
    ],
)
def test_faults(finding, line, fault):
    """Each is found, named and shown with its line, whether before or after the completion."""
    for text, number in ((f"start\n\n{line}\n{DONE}", 3), (f"start\n{DONE}{line}\n", 3)):
        found = log(finding, text)
        assert found.outcome == "FAIL"
        assert f"line {number}: " in found.message
        assert fault in found.message


@pytest.mark.parametrize(
    ("text", "params", "words"),
    [
        ("epoch 1\n", {}, "does not end with “Training complete"),
        (DONE + "more\n" * 20, {}, "at line 1, but goes on until line 21; expected within the last 20 lines"),
        (DONE + "more\n", {"within": 1}, "within the last 1 lines"),
        (DONE + "epoch 1/9\n", {"series": r"epoch (?P<epoch>\d+)/"}, "but the work goes on until line 2"),
        (DONE, {"must": ["best epoch", "Training"]}, "does not say “best epoch” (1 lines read)"),
        (DONE + "retry 3\n", {"must_not": [r"retry \d"]}, r"line 2: “retry \d”: retry 3"),
        ("", {}, "t.log is empty"),
        (" \n\r\n", {}, "t.log is empty"),
        (b"\xff\xfeT\x00\x00\xd8", {}, "not utf-16-le text: byte 4"),
        (b"ok\n\xe9t\xe9\n", {}, "not utf-8 text: byte 3"),
    ],
)
def test_fails(finding, text, params, words):
    """No ending, one that is too early, work after it, missing and forbidden lines, nothing, no text."""
    found = log(finding, text, **params)
    assert found.outcome == "FAIL"
    assert words in found.message


def test_completed_then_restarted(finding):
    """A second start after the completion does not pass on the first one; its own completion does."""
    series = {"series": r"epoch (?P<epoch>\d+)/\d+"}
    text = "epoch 1/9\n" + DONE + "epoch 1/9\n"
    assert log(finding, text, **series).outcome == "FAIL"
    assert log(finding, text + DONE, **series).outcome == "PASS"


RESTARTS = [
    "epoch 1/9 loss=0.9",
    "2026-11-21T11:21:05+00:00 INFO epoch  1/60 train_loss=1.3",
    "INFO:trainer:Epoch [1/9], Loss: 0.9",
    "[2026-11-21 11:21:05,120] [INFO] train - Epoch 1 of 9",
    "Epoch 1:",
    "Epoch 3: loss 0.31",
    '{"epoch": 1, "train_loss": 0.9}',
    "Starting training on cuda:0",
    "INFO resuming training from last.pt",
]
AFTERWARDS = [
    "INFO best epoch 19 val_loss=0.2055 val_acc=0.9352",
    "saved the checkpoint of epoch 3/9",
    "Epoch 3 was the best one",
    "epochs: 9",
    "finished training in 3 s",
]


@pytest.mark.parametrize("line", RESTARTS)
def test_restarted_without_series(finding, line):
    """A training that goes on after its ending has not ended, whether or not `series` is declared."""
    found = log(finding, f"{DONE}{line}\n")
    assert (found.outcome, "the work goes on until line 2" in found.message) == ("FAIL", True)
    assert log(finding, f"{DONE}{line}\n{DONE}").outcome == "PASS"
    assert log(finding, f"{DONE}{line}\n", training=False).outcome == "PASS"


@pytest.mark.parametrize("line", AFTERWARDS)
def test_a_summary_is_no_restart(finding, line):
    """What a training says about its epochs after it ended."""
    assert log(finding, f"{DONE}{line}\n").outcome == "PASS"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_and_line_ends(finding, encoding, end):
    """Text from Windows: the same lines, the same numbers."""
    found = log(finding, f"größe{end}{end}Killed{end}{DONE}".encode(encoding))
    assert "line 3: a killed process" in found.message
    assert found.measurements[-1].value == 4


def test_progress_bar(finding):
    """A bar that rewrites its line is read piece by piece, under one line number."""
    found = log(finding, "start\n10 %\r20 %\rloss=nan\r30 %\rloss=nan\n" + DONE)
    assert found.details["faults"] == ["line 2: a value that is not a number: loss=nan"]


@pytest.mark.parametrize("pattern", ["(?<=a)b", "a{1,2000}", "(", r"(a)\1", "(?!x)"])
@pytest.mark.parametrize("name", ["must", "must_not", "ends_with", "series"])
def test_patterns_that_cannot_be_used(finding, pattern, name):
    """Named before anything is read: the check broke, it did not pass."""
    value = [pattern] if name.startswith("must") else pattern
    found = finding("log", {"file": "t.log", "training": True, name: value}, {"t.log": DONE})
    assert found.outcome == "ERROR"
    assert "is not usable" in found.message


def test_nothing_to_look_for(finding):
    """A check that asks nothing proves nothing."""
    assert finding("log", {"file": "t.log"}, {"t.log": DONE}).outcome == "ERROR"


@pytest.mark.parametrize("text", ["a" * 999_999 + "!\n", "a" * 99 + "!\n", "nan " * 2000 + "\n"])
def test_linear_time(finding, text):
    """Patterns that kill a backtracking engine take seconds at most on 10 MB."""
    started = time.monotonic()
    found = log(finding, text * (10_000_000 // len(text)) + DONE, must_not=["(a+)+$", "(x+x+)+y"])
    assert found.outcome == "PASS"
    assert time.monotonic() - started < 60


def test_memory(finding, tmp_path):
    """A log of 18 MB takes far less memory than its size."""
    (tmp_path / "t.log").write_bytes((b"x" * 900_000 + b"\n") * 20 + b"line\n" * 20_000 + DONE.encode())
    tracemalloc.start()
    try:
        assert finding("log", LOG, {}).outcome == "PASS"
        assert tracemalloc.get_traced_memory()[1] < 6_000_000
    finally:
        tracemalloc.stop()


def test_a_word_across_two_reads(finding):
    """A line is found whole wherever the file was read in parts."""
    for before in range(lines.CHUNK - 12, lines.CHUNK + 2):
        text = "x" * (before % 2) + "é" * (before // 2) + "\nKilled\n"
        found = log(finding, text + DONE)
        assert found.details["faults"] == ["line 2: a killed process: Killed"]


def test_a_line_without_end(finding):
    """It is refused: half of it must not stand for the whole."""
    found = log(finding, "a\n" + "x" * (lines.MAX_LINE + 1) + "\n" + DONE)
    assert (found.outcome, found.message) == ("FAIL", "t.log line 2 has more than 1 MB.")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from([DONE, "epoch 1\n", "\n", "loss=nan\r\n", "Killed\n", "a\rb\n"]), max_size=30)
)
def test_a_pass_needs_the_ending_and_no_fault(finding, parts):
    """Whatever the order: PASS exactly when no fault stands in it, a completion among the last lines, and no
    epoch after it.
    """
    text = "".join(parts)
    found = log(finding, text)
    last = [p for p in text.replace("\r", "\n").split("\n") if p.strip()][-20:]
    clean = "nan" not in text and "Killed" not in text
    at_end = DONE.strip() in last and "epoch 1" not in last[len(last) - last[::-1].index(DONE.strip()) :]
    assert (found.outcome == "PASS") == (clean and at_end)
    for fault in found.details.get("faults", ()):
        number = int(fault.split(":")[0].removeprefix("line "))
        assert ("nan" in text.split("\n")[number - 1]) or ("Killed" in text.split("\n")[number - 1])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes(finding, data):
    """Whatever the bytes: a finding that is no crash, and no pass without the words."""
    found = log(finding, data)
    assert found.outcome == "FAIL"


PIECES = [
    DONE, "epoch 1\n", "\n", "loss=nan\r\n", "Killed\n", "a\rb\n", "\r", "retry 1", "retry 22\n", " \n", "x",
    "é\n", "end\n", "a\n\nb", "Starting training\n", "step epoch 2/9\n", "ERROR\rERROR\n",
]  # fmt: skip
PATTERNS = [
    "retry",
    r"retry \d$",
    r"^\s*b",
    r"\Ax",
    r"b\z",
    "(?s)a.*b",
    "x*",
    r"[^q]+end",
    r"\w\s\w",
    r"(?-s)a",
    "",
    r"\bé",
]


def every_line(block, finders):
    """The plain way: each line that is not blank."""
    number, start = block.number, 0
    for part in block.data[:-1].split(b"\n"):
        end = start + len(part) + 1
        if part.strip():
            yield lines.Line(number, part.decode(), end)
        number, start = number + block.count(start, end), end


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(st.sampled_from(PIECES), max_size=40),
    must=st.lists(st.sampled_from(PATTERNS), max_size=2),
    must_not=st.lists(st.sampled_from(PATTERNS), max_size=2),
    ends=st.sampled_from([None, "complete", "b$", "", r"^x"]),
    series=st.sampled_from([None, r"epoch (?P<epoch>\d+)"]),
    within=st.sampled_from([1, 3, 20]),
    chunk=st.integers(1, 40),
)
def test_blocks_find_what_lines_find(finding, parts, must, must_not, ends, series, within, chunk):
    """Searching whole blocks, cut anywhere, says the same as looking at every line of the whole text."""
    params = {"must": must, "must_not": must_not, "ends_with": ends, "series": series, "within": within}
    text = "".join(parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "matching", every_line)
        plain = log(finding, text, **params)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "CHUNK", chunk)
        assert log(finding, text, **params).to_dict() == plain.to_dict()
