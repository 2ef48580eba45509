"""The p50 that the check `inference` reports, against a bare onnxruntime loop on the same model.

python -m bench latency
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

from bench.figure import say
from readiness.engine.checklist import CheckSpec
from readiness.engine.runner import run_check
from readiness.engine.target import RunDirectory

BLOCKS, RUNS, WIDTH, LAYERS, WITHIN = 20, 200, 1024, 10, 0.05


def main() -> int:
    """Print one line; 0 when the figure holds."""
    with tempfile.TemporaryDirectory() as folder:
        data = model()
        (Path(folder) / "m.onnx").write_bytes(data)
        run = RunDirectory(Path(folder))
        bare_p50, ratios = [], []
        for block in range(BLOCKS):
            # the order alternates, so that a drift of the machine favours neither
            first, second = (bare, reported) if block % 2 else (reported, bare)
            one, two = first(data, run), second(data, run)
            ours, base = (two, one) if block % 2 else (one, two)
            ratios.append(ours / base)
            bare_p50.append(base)
    ratio, base = median(ratios), median(bare_p50)
    return say(
        f"reported p50 latency, median of {BLOCKS} interleaved blocks",
        f"{ratio * base:.2f} ms",
        against=f"bare onnxruntime loop {base:.2f} ms",
        ratio=ratio,
        limit=f"needs a ratio of {1 - WITHIN:.2f} to {1 + WITHIN:.2f}, model ≥ 1 ms",
        holds=abs(ratio - 1) <= WITHIN and base >= 1,
    )


def model() -> bytes:
    """Ten dense layers of 1024 × 1024 on four rows: at least 1 ms on one thread."""
    rng = np.random.default_rng(0)
    nodes, weights = [], []
    for layer in range(LAYERS):
        values = (rng.standard_normal((WIDTH, WIDTH)) / WIDTH).astype(np.float32)
        weights.append(
            helper.make_tensor(f"w{layer}", TensorProto.FLOAT, values.shape, values.tobytes(), raw=True)
        )
        nodes.append(helper.make_node("MatMul", [f"x{layer}", f"w{layer}"], [f"x{layer + 1}"]))
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [4, WIDTH]) for n in ("x0", f"x{LAYERS}")]
    graph = helper.make_graph(nodes, "bench", ends[:1], ends[1:], weights)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(made.SerializeToString())


def reported(_: bytes, run: RunDirectory) -> float:
    """The p50 in milliseconds as the check measures it."""
    spec = CheckSpec(kind="inference", params={"model": "m.onnx", "runs": RUNS})
    finding = run_check(spec, run, {}, required=True).finding
    values = {m.name: m.value for m in finding.measurements}
    if "p50" not in values:
        sys.exit(finding.message)
    return float(values["p50"] or 0)


def bare(data: bytes, _: RunDirectory) -> float:
    """The p50 in milliseconds of the plainest loop, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    feed = {"x0": np.random.default_rng(0).random((4, WIDTH)).astype(np.float32)}
    for _warm in range(20):
        session.run(None, feed)
    times = []
    for _run in range(RUNS):
        start = time.perf_counter()
        session.run(None, feed)
        times.append(time.perf_counter() - start)
    return float(np.percentile(times, 50)) * 1000


if __name__ == "__main__":
    sys.exit(main())
