"""Staging: start the real service on a loopback port, then health record, smoke tests and load test."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import load_trial
import smoke_tests
from settings import HEALTH, LOAD_TEST, ONNX, SERVICE_LOG, SMOKE_TESTS, SOURCE, RunPaths, RunSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dataset import Part

START_LIMIT_S = 30.0


@dataclass(frozen=True)
class Rehearsal:
    """What staging showed."""

    health: dict[str, Any]
    smoke: list[smoke_tests.Case]
    load: dict[str, Any]


def rehearse(test: Part, settings: RunSettings, paths: RunPaths) -> Rehearsal:
    """Run the service in its own process and write the three records."""
    with service(settings, paths) as port:
        cases = smoke_tests.run(port, test)
        paths.file(SMOKE_TESTS).write_bytes(smoke_tests.junit(cases, settings))
        load = load_trial.run(port, test, settings)
        _write(paths.file(LOAD_TEST), load)
        health = _health(port, settings)
        _write(paths.file(HEALTH), health)
    return Rehearsal(health, cases, load)


@contextlib.contextmanager
def service(settings: RunSettings, paths: RunPaths) -> Iterator[int]:
    """The running service's port. The process ends with the block, and with this process."""
    log = paths.file(SERVICE_LOG)
    command = [sys.executable, str(SOURCE / "inference_api.py"), "--model", str(paths.file(ONNX))]
    command += ["--model-version", settings.version, "--port", "0", "--until-stdin-closes"]
    with (
        log.open("w", encoding="utf-8") as stderr,
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=stderr) as process,
    ):
        yield _port(log, process)


def _port(log: Path, process: subprocess.Popen[bytes]) -> int:
    """The port that the service logged once it was listening."""
    limit = time.monotonic() + START_LIMIT_S
    while time.monotonic() < limit and process.poll() is None:
        for line in log.read_text(encoding="utf-8").splitlines(keepends=True):
            if line.endswith("\n") and '"event": "serving"' in line:
                return int(json.loads(line)["port"])
        time.sleep(0.05)
    raise RuntimeError(
        f"the service did not start within {START_LIMIT_S:.0f} s: {log.read_text(encoding='utf-8')}"
    )


def _health(port: int, settings: RunSettings) -> dict[str, Any]:
    """The service's own words, with where, when and how quickly they were had."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    start = time.perf_counter()
    connection.request("GET", "/health")
    response = connection.getresponse()
    answer = json.loads(response.read())
    took = time.perf_counter() - start
    connection.close()
    record = {
        "schema_version": 1,
        "environment": "staging",
        "run_id": settings.run_id,
        "url": f"http://127.0.0.1:{port}/health",
        "http_status": response.status,
        "checked_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "response_ms": round(took * 1000, 3),
    }
    return {**record, **answer}


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
