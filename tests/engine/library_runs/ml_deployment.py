"""A model service before its deployment."""

from __future__ import annotations

import hashlib
import json

from tests.engine.library_runs.content import Files, fixture, lines, scan, sums, table
from tests.engine.library_runs.post_deployment import rollback, service

FEATURES = ["age", "income", "visits", "score"]


def _models(good: bool) -> Files:
    model = fixture("models/sklearn-1.9/random_forest_tuned.pkl")
    metadata = fixture("models/sklearn-1.9/random_forest_tuned_metadata.json")
    if not good:
        metadata = json.dumps({"feature_names": ["other"], "sklearn_version": "1.9.1"}).encode()
    files = {"random_forest_tuned.pkl": model, "random_forest_tuned_metadata.json": metadata}
    entry = {
        "name": "random_forest",
        "version": "1.2.0",
        "stage": "Staging",
        "feature_names": FEATURES,
        "versions": {"sklearn": "1.9.1"},
        "sha256": hashlib.sha256(model if good else b"other").hexdigest(),
    }
    shap = dict.fromkeys(FEATURES, 0.25 if good else 0.0)
    return {
        **{f"models/{name}": data for name, data in files.items()},
        "models/SHA256SUMS": sums(files, good=good),
        "registry/models.json": [entry],
        "results/shap_values.json": {"schema_version": "1.0", "attributions": shap},
        "results/metrics.json": {"test": {"roc_auc": 0.97 if good else 0.95}},
    }


def files(good: bool) -> Files:
    alerts = ("HighErrorRate", "HighLatency", "DataDrift", "ServiceDown") if good else ("Nothing",)
    log_line = {"timestamp": "2026-11-01T10:00:00Z", "level": "INFO", "message": "started"}
    config = {"rate_limit": {"requests_per_minute": 60}, "secrets": {"provider": "vault"}}
    weak = {"rate_limit": {"requests_per_minute": 0}, "secrets": {"provider": "file"}, "debug": True}
    status = 200 if good else 404
    secret = "" if good else 'password = "hunter22-very-real"\n'  # pragma: allowlist secret
    return {
        **_models(good),
        **service("staging", good),
        **service("production", good),
        **rollback(good),
        "config/production.yaml": config if good else weak,
        "data/test.csv": table(range(300, 360) if good else range(60)),
        "data/train.csv": table(range(300)) if good else table(range(300)) + ",,2026-05-01T00:00:00Z\n" * 30,
        "docs/openapi.json": {"openapi": "3.1.0", "info": {"version": "1" if good else 2}, "paths": {}},
        "features/first.csv": "a,b\n1,2\n",
        "features/recent.csv": "a\n" + "".join(f"{n % 10 if good else 99}\n" for n in range(200)),
        "features/second.csv": "a,b\n1,2\n" if good else "a,b\n1,3\n",
        "features/training.csv": "a\n" + "".join(f"{n % 10}\n" for n in range(200)),
        "monitoring/alerts.yml": "".join(f"- alert: {name}\n" for name in alerts),
        "reports/black.txt": fixture(f"lint/black-{'clean' if good else 'pkg'}.txt"),
        "reports/ruff.json": "[]" if good else fixture("lint/ruff-pkg.json"),
        "reports/vulnerabilities.json": scan(good=good),
        "src/service.py": f"import os\n{secret}",
        "staging/endpoints.json": {"docs": status, "metrics": status, "stats": status},
        "staging/load-test.json": {
            "requests": 2000,
            "error_rate": 0.001 if good else 0.5,
            "latency_ms": {"p50": 40, "p95": 180, "p99": 300},
        },
        "staging/service-log.jsonl": lines(log_line if good else log_line | {"level": "LOUD"}),
    }
