"""Hostile and odd files in the place of good ones: nothing crashes, hangs, escapes, executes or passes."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hostile import CANARY, HOSTILE, ODD
from samples import SAMPLES, WITHOUT_FILES

from readiness.engine import registry
from readiness.engine.checklist import CheckSpec
from readiness.engine.outcome import Finding, Outcome
from readiness.engine.runner import run_check
from readiness.engine.target import RunDirectory

LONGEST_S = 60
CRASH = "broke:"
TABLES = ("data-quality", "drift", "leakage")  # their engine reads UTF-8; another encoding is named
# A check that starts a process takes its time: such a kind meets every fourth trap, each another set.
PLACES = [
    (kind, file, trap)
    for start, (kind, sample) in enumerate(SAMPLES.items())
    for file in sample.files
    for number, trap in enumerate(HOSTILE, start)
    if not sample.slow or number % 4 == 0
]


@pytest.fixture(autouse=True)
def _no_hang():
    """A check that does not end is a failure of its own, not of the whole run."""

    def late(number, frame):
        raise AssertionError(f"still running after {LONGEST_S} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(LONGEST_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def root(tmp_path):
    """An empty run directory beside which something may lie."""
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


def checked(kind: str, root: Path) -> Finding:
    """What the runner makes of the sample as it lies there, as a mandatory check."""
    return run_check(
        CheckSpec(kind=kind, params=SAMPLES[kind].params), RunDirectory(root), {}, required=True
    ).finding


def test_every_kind_has_a_sample():
    """A new kind meets the corpus, or says why not."""
    ours = {
        name for name, kind in registry.kinds().items() if kind.function.__module__.startswith("readiness.")
    }
    assert ours == SAMPLES.keys() | WITHOUT_FILES.keys()


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_sample_passes(kind, root):
    """Without this the corpus would prove nothing."""
    SAMPLES[kind].write(root)
    found = checked(kind, root)
    assert found.outcome.passes, found.message


@pytest.mark.parametrize(("kind", "file", "trap"), PLACES)
def test_never_a_pass(kind, file, trap, root):
    """A hostile file: the check says what is wrong; nothing ran, nothing was read from outside, no crash."""
    sample = SAMPLES[kind]
    sample.write(root)
    (root / file).unlink()
    HOSTILE[trap](root / file, sample.files[file])
    found = checked(kind, root)
    if (file, trap) not in sample.lax:
        assert not found.outcome.passes, found.message
    assert CRASH not in found.message
    assert found.message
    assert found.outcome is Outcome.PASS or found.advice
    assert "root:" not in found.message
    assert not list(root.parent.rglob(CANARY))


@pytest.mark.parametrize(
    ("kind", "file", "change"),
    [(kind, file, change) for kind, s in SAMPLES.items() for file in sorted(s.text) for change in ODD],
)
def test_odd_is_no_fault(kind, file, change, root):
    """Text that another system wrote passes as before."""
    sample = SAMPLES[kind]
    sample.write(root)
    (root / file).write_bytes(ODD[change](sample.files[file]))
    found = checked(kind, root)
    if change.startswith("UTF-16") and kind in TABLES:
        assert (found.outcome, "UTF-16" in found.message) == (Outcome.FAIL, True)
    else:
        assert found.outcome.passes, found.message


def test_the_corpus_is_large():
    """The number that the documentation names."""
    assert len(PLACES) >= 150
