"""A product before its release."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.engine.library_runs.content import Files, lines, moment, scan, sums

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
FINGERPRINT = hashlib.sha256(
    KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).hexdigest()
PRODUCTION = {
    "schema_version": "1.0",
    "auth": {"enabled": True},
    "secrets": {"provider": "vault"},
    "observability": {"metrics": True, "logs": True, "traces": True},
    "alerting": {"channels": ["webhook", "smtp"]},
    "retries": {"max_attempts": 5},
    "circuit_breaker": {"failure_threshold": 3},
    "resources": {"limits": {"cpu": 2, "memory": "4Gi"}},
    "workers": 4,
    "feature_flags": {"new_scoring": False},
}
WEAK = {
    "auth": {"enabled": False},
    "observability": {"metrics": False, "logs": False, "traces": False},
    "alerting": {"channels": "mail"},
    "retries": {"max_attempts": 1000},
    "circuit_breaker": {"failure_threshold": 0},
    "workers": 1,
    "feature_flags": [],
    "debug": True,
}
COVERAGE = (
    '<coverage line-rate="RATE"><packages><package name="p" line-rate="RATE"><classes><class name="c" '
    'filename="p/c.py" line-rate="RATE"><lines><line number="1" hits="RATE"/></lines></class></classes>'
    "</package></packages></coverage>"
)


def _dist(good: bool) -> Files:
    parts = [{"type": "library", "name": "jinja2", "version": "3.1.6"}] if good else []
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": parts}
    released = {"packages/product-1.0.0.tar.gz": b"source", "sbom.cdx.json": json.dumps(bom).encode()}
    listed = sums(released, good=good)
    return {
        **{f"dist/{name}": data for name, data in released.items()},
        "dist/SHA256SUMS": listed,
        "dist/SHA256SUMS.sig": base64.b64encode(KEY.sign(listed.encode() if good else b"other")),
        "dist/release.pub": KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    }


def _observability(good: bool) -> Files:
    when = {"timestamp": "2026-11-01T10:00:00Z"}
    rows: dict[str, list[dict[str, Any]]] = {
        "audit": [
            when | {"actor": "ada", "action": "run", "decision": "allow"},
            when | {"actor": "bob", "action": "read", "decision": "deny"},
        ],
        "lineage": [{"output": "report.json", "transformation": "score", "model_version": "1.2"}],
        "log-sample": [when | {"level": "INFO", "message": "started", "run_id": "r1"}],
        "spans": [{"trace_id": "af01", "name": "plan", "run_id": "r1"}],
    }
    if not good:
        rows = {name: [{"timestamp": "yesterday"}] for name in rows}
    kinds = ("counter", "histogram") if good else ("gauge",)
    return {
        **{f"observability/{name}.jsonl": lines(*content) for name, content in rows.items()},
        "observability/metrics.txt": "".join(f"# TYPE m_{kind} {kind}\nm_{kind} 1\n" for kind in kinds),
    }


def files(good: bool) -> Files:
    secret = "" if good else 'password = "hunter22-very-real"\n'  # pragma: allowlist secret
    return {
        **_dist(good),
        **_observability(good),
        "config/production.yaml": PRODUCTION if good else WEAK,
        "reports/baseline.json": {"runtime_s": 90 if good else 9000, "peak_memory_mb": 800},
        "reports/coverage.xml": COVERAGE.replace("RATE", f"{int(good)}"),
        "reports/load-test.json": {
            "requests": 5000 if good else 12,
            "error_rate": 0.0,
            "latency_ms": {"p50": 40, "p95": 180, "p99": 300},
        },
        "reports/output-first.json": {"created": 1, "score": 0.5},
        "reports/output-second.json": {"created": 2, "score": 0.5 if good else 0.7},
        "reports/vulnerabilities.json": scan(good=good),
        "results/explainability.json": {"schema_version": "1.1" if good else "9.0"},
        "src/product.py": f"import os\n{secret}",
        "staging/alert-test.json": {"delivered": good, "tested_at": moment(good=good)},
    }
