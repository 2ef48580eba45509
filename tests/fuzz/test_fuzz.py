"""Every parser on disturbed files: a finding in bounded time, never a crash.

`make test` gives each a few examples; `make fuzz SECONDS=60` gives each that many seconds.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from disturb import disturbed
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from samples import ROOT, SAMPLES, Sample

from readiness import ReadinessStatus, validate_readiness
from readiness.engine import markdown
from readiness.engine.checklist import CheckSpec
from readiness.engine.errors import ChecklistError
from readiness.engine.library import DEFAULT, source
from readiness.engine.runner import run_check
from readiness.engine.target import RunDirectory

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
LONGEST_S = 30.0
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def fuzz(body: Callable[..., None], strategy: st.SearchStrategy, *, examples: int) -> None:
    """Run `body` on examples: a few, or new ones again and again until the time is up."""
    until, number = time.monotonic() + SECONDS, 0
    while number == 0 or time.monotonic() < until:
        test = settings(
            max_examples=examples, deadline=None, suppress_health_check=QUIET, database=None,
            phases=[Phase.generate, Phase.shrink],
        )(given(strategy)(body))  # fmt: skip
        (seed(number) if SECONDS == 0 else lambda same: same)(test)()
        number += 1


@pytest.mark.parametrize("kind", SAMPLES)
def test_kinds(kind):
    """A check of any kind whose files were disturbed says something, in time, and never breaks."""
    sample = SAMPLES[kind]

    def body(change: tuple[str, bytes]) -> None:
        name, content = change
        with tempfile.TemporaryDirectory() as folder:
            sample.write(Path(folder))
            (Path(folder) / name).write_bytes(content)
            started = time.monotonic()
            spec = CheckSpec(kind=kind, params=sample.params)
            found = run_check(spec, RunDirectory(Path(folder)), {}, required=True).finding
        assert "broke:" not in found.message, found.message
        assert found.message
        assert time.monotonic() - started < LONGEST_S

    fuzz(body, changes(sample), examples=4 if sample.slow else 25)


def changes(sample: Sample) -> st.SearchStrategy[tuple[str, bytes]]:
    """One of the files, disturbed."""
    others = tuple(sample.files.values())
    return st.sampled_from(sorted(sample.files)).flatmap(
        lambda name: st.tuples(st.just(name), disturbed(sample.files[name], others))
    )


def test_checklists():
    """A disturbed checklist parses, or says on which line it does not."""

    def body(content: bytes) -> None:
        started = time.monotonic()
        with suppress(ChecklistError):
            ids = [item.id for item in markdown.parse(content, name="x").items]
            assert len(ids) == len(set(ids))
        assert time.monotonic() - started < LONGEST_S

    fuzz(body, disturbed(source(DEFAULT)), examples=25)


CHURN = ROOT / "examples" / "customer-churn"
RUN_FILES = sorted(
    f"{layout}/{path.relative_to(CHURN / layout).as_posix()}"
    for layout in ("validation", "training")
    for path in (CHURN / layout).rglob("*")
    if path.is_file()
)


@pytest.mark.parametrize("place", RUN_FILES)
def test_run_validator(place):
    """A run of which one file was disturbed is judged in time, and never ready unless nothing was changed."""
    layout, _, name = place.partition("/")
    good = (CHURN / place).read_bytes()

    def body(content: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(CHURN / layout, folder, dirs_exist_ok=True)
            (Path(folder) / name).write_bytes(content)
            started = time.monotonic()
            report = validate_readiness(folder)
        assert all(check.message for check in report.checks)
        assert not any("broke:" in check.message for check in report.checks)
        if name.startswith("data/") and content != good:
            assert report.overall_status == ReadinessStatus.FAIL
        assert time.monotonic() - started < LONGEST_S

    fuzz(body, disturbed(good), examples=10)
