"""The inference service: the ONNX model behind a small HTTP server of the standard library.

    python inference_api.py --model models/production_model.onnx --model-version 1.4.0 --port 8080

`POST /predict` takes `{"images": [[[...8 numbers...] ...8 rows] ...]}` with values in 0..1 and answers
`{"predictions": [{"label", "confidence", "probabilities"}]}`. `GET /health` says which model is loaded.
A request that is refused gets 4xx and `{"error": ...}` with what was expected. Logs are JSON lines.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import resource
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

LABELS = ("0", "1", "2", "3")
SHAPE = (8, 8)
MOST_IMAGES = 64
MOST_BYTES = 1_000_000

log = logging.getLogger("inference")


class RefusedError(Exception):
    """A request that cannot be answered: the status and what was expected."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class Predictor:
    """The loaded model. Safe to call from several threads."""

    def __init__(self, path: Path, version: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.name, self.version = path.name, version
        self.sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        self.started = time.monotonic()

    def predict(self, images: np.ndarray) -> list[dict[str, Any]]:
        """Label, confidence and probabilities for each image of [N, 1, 8, 8]."""
        logits = self.session.run(["logits"], {"image": images})[0].astype(np.float64)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities = weights / weights.sum(axis=1, keepdims=True)
        return [
            {
                "label": LABELS[int(row.argmax())],
                "confidence": round(float(row.max()), 6),
                "probabilities": [round(float(value), 6) for value in row],
            }
            for row in probabilities
        ]

    def health(self) -> dict[str, Any]:
        """Which model is loaded, since when, and how much memory the service took at most."""
        return {
            "status": "healthy",
            "model": self.name,
            "version": self.version,
            "model_sha256": self.sha256,
            "uptime_s": round(time.monotonic() - self.started, 3),
            "peak_memory_mb": round(peak_memory_kb() / 1000, 1),
        }


def peak_memory_kb() -> float:
    """The most memory this process had, in kB of 1000 bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux: its rusage would also count the parent, from before exec
        lines = status.read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1.024 for line in lines if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def images_from(body: bytes) -> np.ndarray:
    """The request's images as float32 [N, 1, 8, 8]; raises RefusedError with what was expected."""
    try:
        images = np.asarray(json.loads(body)["images"], dtype=np.float32)
    except (ValueError, TypeError, KeyError, RecursionError):
        message = 'expected JSON {"images": [8 rows of 8 numbers, ...]}'
        raise RefusedError(HTTPStatus.BAD_REQUEST, message) from None
    if images.ndim != 1 + len(SHAPE) or images.shape[1:] != SHAPE:
        message = f"expected images of shape [N, 8, 8], got {list(images.shape)}"
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, message)
    if not 1 <= len(images) <= MOST_IMAGES:
        message = f"expected 1 to {MOST_IMAGES} images, got {len(images)}"
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, message)
    if not (np.isfinite(images).all() and images.min() >= 0 and images.max() <= 1):
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "expected finite values from 0 to 1")
    return images[:, None]


class Handler(BaseHTTPRequestHandler):
    """Routes two paths; answers in JSON; keeps the connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    disable_nagle_algorithm = True
    timeout = 30
    predictor: Predictor

    def do_GET(self) -> None:
        """Answer `/health`."""
        if self.path == "/health":
            self._answer(HTTPStatus.OK, self.predictor.health())
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"error": "expected GET /health or POST /predict"})

    def do_POST(self) -> None:
        """Answer `/predict`."""
        try:
            images = images_from(self._body())
            predictions = self.predictor.predict(images)
        except RefusedError as refused:
            log.warning("refused", extra={"fields": {"status": int(refused.status), "reason": str(refused)}})
            self._answer(refused.status, {"error": str(refused)})
        else:
            self._answer(HTTPStatus.OK, {"predictions": predictions, "version": self.predictor.version})

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            self.close_connection = True
            message = f"expected a Content-Length of at most {MOST_BYTES} bytes"
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
        body = self.rfile.read(int(length))
        if self.path != "/predict":
            raise RefusedError(HTTPStatus.NOT_FOUND, "expected GET /health or POST /predict")
        return body

    def _answer(self, status: HTTPStatus, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """One debug line for each request instead of the base class's text."""
        log.debug("request", extra={"fields": {"line": format % args}})


class JsonLines(logging.Formatter):
    """One JSON object for each record."""

    def format(self, record: logging.LogRecord) -> str:
        """Time in UTC, level, event, and the event's own fields."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(record.created))
        line = {"time": moment, "level": record.levelname, "event": record.getMessage()}
        return json.dumps(line | getattr(record, "fields", {}))


def _stop_with_parent(server: ThreadingHTTPServer) -> None:
    sys.stdin.read()
    server.shutdown()


def main() -> None:
    """Serve until the process is stopped or standard input closes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--model-version", required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when the parent goes away")
    options = parser.parse_args()
    stderr = logging.StreamHandler()
    stderr.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[stderr])
    Handler.predictor = Predictor(options.model, options.model_version)
    with ThreadingHTTPServer((options.host, options.port), Handler) as server:
        server.daemon_threads = True
        fields = {"port": server.server_port, "version": options.model_version}
        log.info("serving", extra={"fields": fields | {"model_sha256": Handler.predictor.sha256}})
        if options.until_stdin_closes:
            threading.Thread(target=_stop_with_parent, args=[server], daemon=True).start()
        server.serve_forever()
    log.info("stopped")


if __name__ == "__main__":
    main()
