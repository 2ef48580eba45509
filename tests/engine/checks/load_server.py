"""A small real server to measure, and the check that measures it."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from readiness.engine.checklist import CheckSpec
from readiness.engine.options import Options
from readiness.engine.runner import run_check
from readiness.engine.target import RunDirectory


class Model(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else the second packet of an answer waits 40 ms

    def setup(self):
        super().setup()
        with self.server.lock:
            self.server.connections += 1

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        with self.server.lock:
            self.server.count += 1
            number = self.server.count
            self.server.bodies.add(body)
            self.server.working += 1
            self.server.most = max(self.server.most, self.server.working)
        time.sleep(self.server.delay)
        with self.server.lock:
            self.server.working -= 1
        failing = self.server.fail_every and number % self.server.fail_every == 0
        self.send_response(500 if failing else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_POST = do_GET

    def log_message(self, *args):
        pass


@contextmanager
def serving(*, delay=0.0, fail_every=0):
    with ThreadingHTTPServer(("127.0.0.1", 0), Model) as server:
        server.lock, server.delay, server.fail_every = threading.Lock(), delay, fail_every
        server.count = server.connections = server.working = server.most = 0
        server.bodies, server.daemon_threads, server.block_on_close = set(), True, False
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server, f"127.0.0.1:{server.server_port}"
        server.shutdown()


def live(folder, place, *, allowed=True, seconds=20.0, kind="load", **params):
    options = Options(allowed_hosts=(place,) if allowed else (), child_seconds=seconds, http_seconds=5.0)
    spec = CheckSpec(kind=kind, params={"url": f"http://{place}/predict"} | params)
    return run_check(spec, RunDirectory(folder, options=options), {}, required=True).finding
