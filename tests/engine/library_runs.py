"""Run directories for the built-in checklists: one where every scripted check passes, one where each fails.

What a check's own parameters tell (the sections of a document, the place of a report) is made from them.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from readiness.engine.checklist import Checklist
from readiness.engine.parameters import resolve, substitute

ROOT = Path(__file__).parents[2]
FEATURES = ["age", "income", "visits", "score"]
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
FINGERPRINT = hashlib.sha256(
    KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).hexdigest()
WORDS = "This section says for this very release what whoever is called at night must know about it"

Files = dict[str, Any]


def make(folder: Path, checklist: Checklist, *, good: bool) -> Path:
    """Write the run; returns its folder."""
    files = _written(checklist, good=good) | OWN[checklist.slug](good)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else _text(content).encode())
    return folder


def _text(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content)


def _written(checklist: Checklist, *, good: bool) -> Files:
    """What the parameters of `junit`, `document` and `file` ask for."""
    values = resolve(checklist.parameters, {})
    sections: dict[str, dict[str, list[str]]] = {}
    files: Files = {}
    for spec in (spec for item in checklist.items for spec in item.checks):
        if spec.kind == "junit":
            files[spec.params["file"]] = junit(good=good)
        elif spec.kind == "document":
            wanted = {title: [] for title in spec.params.get("sections", [])} | spec.params.get(
                "mentions", {}
            )
            sections.setdefault(spec.params["file"], {}).update(wanted)
        elif spec.kind == "file":
            files[substitute(spec.params, values)] = "something\n" if good else ""
    return files | {file: _document(wanted, good=good) for file, wanted in sections.items()}


def _document(sections: Mapping[str, list[str]], *, good: bool) -> str:
    body = {title: f"{WORDS} {' '.join(words)}." if good else "TODO" for title, words in sections.items()}
    return "# Document\n" + "".join(f"\n## {title}\n\n{text}\n" for title, text in body.items())


def junit(*, good: bool) -> str:
    """A JUnit report of two tests."""
    second = "" if good else '<failure message="wrong"/>'
    return (
        '<testsuite name="s" tests="2"><testcase classname="c" name="one" time="0.1"/>'
        f'<testcase classname="c" name="two" time="0.1">{second}</testcase></testsuite>'
    )


def sums(files: Mapping[str, bytes], *, good: bool) -> str:
    """What `sha256sum` writes; the bad one lists other bytes."""
    salt = b"" if good else b"!"
    return "".join(f"{hashlib.sha256(data + salt).hexdigest()}  {name}\n" for name, data in files.items())


def fixture(name: str) -> bytes:
    """A file of the tests."""
    return (ROOT / "tests" / "fixtures" / name).read_bytes()


def scan(*, good: bool) -> Any:
    """A report of pip-audit."""
    found = [] if good else [{"id": "PYSEC-2021-66", "fix_versions": ["2.11.3"], "description": "x"}]
    return {"dependencies": [{"name": "jinja2", "version": "2.10", "vulns": found}], "fixes": []}


def moment(*, good: bool) -> str:
    """An hour ago, or half a year."""
    return (datetime.now(UTC) - timedelta(hours=1 if good else 4400)).isoformat()


def lines(*rows: Mapping[str, Any]) -> str:
    """JSON Lines."""
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def table(days: range, *, first: str = "id,age,created_at", shift: int = 0) -> str:
    """A CSV with a row for each day of the year."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows = (f"{n + shift},{20 + n % 40},{(start + timedelta(days=n)).isoformat()}" for n in days)
    return "\n".join([first, *rows, ""])


def _data_run(good: bool) -> Files:  # one of a table of functions
    folder = ROOT / "examples" / "customer-churn" / "validation"
    files: Files = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    if good:
        return files
    train = files["data/train.csv"] + b"".join(files["data/eval.csv"].splitlines(keepends=True)[1:])
    decision = json.loads(files["decision.json"]) | {
        "status": "FAIL",
        "passed": False,
        "recommendation": "NO",
    }
    decision["checks"] = decision["checks"] | {"regression": {"status": "FAIL"}}
    manifest = json.loads(files["manifest.json"])
    manifest["contracts"][0] |= {"max_null_ratio": 9}
    return files | {
        "data/train.csv": train.replace(b"\n", b"\nC99999,ada.lovelace@mail.test,1,1,1,1,1\n", 1),
        "decision.json": decision,
        "manifest.json": manifest,
        "environment.json": {"seed": "none"},
    }


def _service(folder: str, good: bool) -> Files:
    kind = "counter" if good else "nothing"
    return {
        f"{folder}/health.json": {"status": "healthy" if good else "degraded"},
        f"{folder}/model-info.json": {"name": "random_forest" if good else "other", "loaded": good},
        f"{folder}/metrics.txt": f"# TYPE http_requests_total {kind}\nhttp_requests_total 17\n",
        f"{folder}/service.log": "INFO started\n" if good else "INFO started\nERROR out of disk\n",
    }


def _rollback(good: bool) -> Files:
    return {"rollback/model.pkl": b"old", "rollback/SHA256SUMS": sums({"model.pkl": b"old"}, good=good)}


def _post_deployment(good: bool) -> Files:
    window = {"hours": 24, "error_rate": 0.01, "p95_ms": 180}
    return {
        **_service("production", good),
        **_rollback(good),
        "production/window.json": window if good else {"hours": 2, "error_rate": 0.2, "p95_ms": 4000},
    }


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


def _ml_deployment(good: bool) -> Files:
    alerts = ("HighErrorRate", "HighLatency", "DataDrift", "ServiceDown") if good else ("Nothing",)
    log_line = {"timestamp": "2026-11-01T10:00:00Z", "level": "INFO", "message": "started"}
    config = {"rate_limit": {"requests_per_minute": 60}, "secrets": {"provider": "vault"}}
    weak = {"rate_limit": {"requests_per_minute": 0}, "secrets": {"provider": "file"}, "debug": True}
    status = 200 if good else 404
    secret = "" if good else 'password = "hunter22-very-real"\n'  # pragma: allowlist secret
    return {
        **_models(good),
        **_service("staging", good),
        **_service("production", good),
        **_rollback(good),
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


def _release_gate(good: bool) -> Files:
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


SUITES = ("unit", "integration", "end-to-end", "performance", "security")


def _governed(good: bool) -> Files:
    """Manifest and rehearsal of a release."""
    archive, log = b"archive", b"rolled back in 412 s\n"
    manifest = {
        "release": "2.4.0",
        "artifacts": [{"path": "dist/service.tar", "sha256": hashlib.sha256(archive).hexdigest()}],
        "configuration": {"base_release": "2.3.1", "deltas": [{"key": "workers", "from": 2, "to": 4}]},
        "rollout": {"window": {"start": "2026-11-20T08:00:00Z", "end": "2026-11-20T18:00:00Z"}},
        "rollback": {"steps": ["Route all traffic back"], "rehearsal": {"to_version": "2.3.1"}},
        "scorecard": {"path": "readiness-scorecard.json"},
        "approvals": [{"role": "technical-lead", "name": "Ada", "decision": "approve"}] if good else [],
    }
    rehearsal = {
        "performed_at": moment(good=good),
        "environment": "staging",
        "from_version": "2.4.0",
        "to_version": "2.3.1",
        "duration_s": 412,
        "outcome": "passed",
        "log": "logs/rehearsal.log",
    }
    return {
        "dist/service.tar": archive if good else b"another",
        "logs/rehearsal.log": log,
        "release-manifest.json": manifest,
        "rollback-rehearsal.json": rehearsal,
    }


def _suites(good: bool) -> Files:
    """What a run of the suites leaves behind."""
    p95 = 174 if good else 260
    status = "passed" if good else "failed"
    card = {
        "release": "2.4.0",
        "suites": [{"name": name, "status": status, "p95_latency_ms": p95} for name in SUITES],
        "waivers": [],
        "generated_at": moment(good=good),
        "owner": "platform-readiness",
    }
    names = ("tenant", "environment", "component", "command", "artifact", "trace_id", "span_id", "outcome")
    line = {"timestamp": "2026-11-19T12:00:00Z"} | (dict.fromkeys(names, "x") if good else {})
    return {
        "readiness-scorecard.json": card,
        "readiness_report.json": {"overall_passed": good, "run_id": "r1", "suites": []},
        "readiness_metrics.json": {"run_id": "r1", "metrics": []} if good else {"run_id": "r1"},
        "readiness_logs/readiness.jsonl": lines(line),
        "reports/load-test.json": {
            "requests": 5000,
            "error_rate": 0.0,
            "latency_ms": {"p50": 40, "p95": p95, "p99": 300},
        },
    }


def _readiness_programme(good: bool) -> Files:
    alerts = ("readiness-suite-failed", "error-budget-burn", "queue-depth-spike", "llm-cost-spike")
    template = "Impact:\nTimeline:\nRoot cause:\nMitigations applied:\nFollow-up actions:\n"
    return {
        **_governed(good),
        **_suites(good),
        "docs/templates/incident.md": template if good else "What happened:\n",
        "monitoring/alerts.yml": "".join(f"- alert: {name}\n" for name in (alerts if good else alerts[:1])),
        "observability/trace-coverage.json": {"covered": 0.97 if good else 0.4},
        "reports/bandit.json": fixture(f"lint/bandit-{'clean' if good else 'pkg'}.json"),
        "reports/container.json": scan(good=good),
        "reports/dependencies.json": scan(good=good),
    }


OWN: dict[str, Callable[[bool], Files]] = {
    "data-run": _data_run,
    "ml-deployment": _ml_deployment,
    "post-deployment": _post_deployment,
    "readiness-programme": _readiness_programme,
    "release-gate": _release_gate,
}
# Parameters that switch on what is off by default.
SETTINGS: dict[str, dict[str, str]] = {
    "readiness-programme": {"approvals_in_manifest": "yes"},
    "release-gate": {"signing_key": FINGERPRINT, "compare_config": "yes"},
}
