"""The kind `inference`: shape and finiteness decide, times are measured and marked volatile."""

import time

import numpy as np
import pytest
from onnx_files import CLASSES, answered, endless, linear, model, not_a_number, npz

from readiness.engine.checklist import CheckSpec
from readiness.engine.latency_task import _time
from readiness.engine.options import Options
from readiness.engine.outcome import Outcome
from readiness.engine.runner import run_check
from readiness.engine.target import RunDirectory


def judge(folder, made=None, arrays=None, options=None, **params):
    (folder / "m.onnx").write_bytes((made or linear()).SerializeToString())
    (folder / "t.npz").write_bytes(npz(**(arrays or answered())))
    spec = CheckSpec(kind="inference", params={"model": "m.onnx", "runs": 50} | params)
    return run_check(spec, RunDirectory(folder, options=options or Options()), {}, required=True)


def test_measures_and_judges(tmp_path):
    """Percentiles, throughput and memory are measured; only the asked ones are judged; times are volatile."""
    finding = judge(tmp_path, sample="t.npz", output_shape=[1, CLASSES], p95_below_ms=1000).finding
    assert finding.outcome is Outcome.PASS
    assert finding.message.endswith(" ms, needs < 1000 ms; output 1 × 3")
    values = {m.name: m for m in finding.measurements}
    assert 0 < values["p50"].value <= values["p95"].value <= values["p99"].value
    judged = {name for name, m in values.items() if m.limit}
    assert judged == {"Output shape", "Output is finite", "p95"}
    assert {name for name, m in values.items() if m.volatile} == {
        "p50", "p95", "p99", "Throughput", "Peak memory"
    }  # fmt: skip
    chart = finding.charts[0]
    assert (chart.kind, chart.volatile, sum(chart.data["counts"])) == ("histogram", True, 50)
    assert len(chart.data["edges"]) == len(chart.data["counts"]) + 1


def test_files_read_are_recorded(tmp_path):
    """Model and sample are among the files of the result."""
    files = judge(tmp_path, sample="t.npz").files
    assert [entry.path for entry in files] == ["m.onnx", "t.npz"]


def test_works_without_a_sample(tmp_path):
    """Without a sample, made-up numbers of the declared shape are fed, and the details say so."""
    assert judge(tmp_path).finding.details["fed"] == "made-up numbers"


FAILS = [
    ({"p95_below_ms": 0.0000001}, "needs < 1e-07 ms"),
    ({"output_shape": [1, 10]}, "output 1 × 3, needs 1 × 10"),
    ({"made": not_a_number()}, "the output holds NaN or infinity"),
    ({"sample": "t.npz", "arrays": {"images": np.zeros((3, 9), np.float32)}}, "takes N × 4, found 3 × 9"),
    ({"sample": "t.npz", "images": "pictures"}, "has no array pictures"),
    (
        {"made": model([], [], output="image2", inputs=2), "sample": "t.npz"},
        "has no array image, image2; it has images, labels",
    ),
]


@pytest.mark.parametrize(("case", "words"), FAILS)
def test_fails_with_its_reason(tmp_path, case, words):
    """Too slow, wrong shape, NaN, a sample that does not fit: FAIL, each in its own words."""
    found = judge(tmp_path, **case).finding
    assert found.outcome is Outcome.FAIL, found.message
    assert words in found.message


def test_endless_model_is_an_error(tmp_path):
    """A model that never ends costs its child, and the message names the limit."""
    found = judge(tmp_path, endless(), options=Options(child_seconds=2)).finding
    assert (found.outcome, "more than 2 s" in found.message) == (Outcome.ERROR, True)


class Slow:
    """A session that takes 10 ms for each run."""

    def run(self, _names, _feed):
        time.sleep(0.01)


def test_stops_early_when_time_is_short():
    """When the time is up, what was measured so far counts."""
    times = _time(Slow(), {}, {"seconds": 0.2, "warmup": 1, "runs": 20_000})
    assert 2 <= len(times) <= 20
    assert min(times) >= 10_000_000
