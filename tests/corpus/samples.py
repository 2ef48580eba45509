"""One good sample of each kind of check: parameters, and files with which it passes.

The corpus puts hostile files in their place, the fuzzer disturbs them. A kind without a sample fails
test_corpus.py.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hostile import PLAIN_TEXTS

ROOT = Path(__file__).resolve().parents[2]
DIGITS = ROOT / "examples" / "digits-classifier"
CHURN = ROOT / "examples" / "customer-churn" / "validation"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Parameters of a kind and the files of the run, by path. `text` are those of which any encoding with a
    mark, and any line ends, say the same. `lax` names hostile replacements after which the sample may pass,
    because what they change is not what the check looks at; each with its reason beside it.
    """

    params: Any
    files: dict[str, bytes]
    text: frozenset[str] = frozenset()
    lax: frozenset[tuple[str, str]] = frozenset()
    slow: bool = field(default=False)

    def write(self, root: Path) -> None:
        """Make the run directory."""
        for name, content in self.files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def digits(*names: str) -> dict[str, bytes]:
    """Files of the example run."""
    return {name: (DIGITS / name).read_bytes() for name in names}


METRICS, LOG, MODEL = (
    "results/production/metrics.json",
    "results/production/training.log",
    "models/production_model.onnx",
)
BEST, TEST_SET, MATRIX = (
    "checkpoints/production/final_model_best.pt",
    "data/test_set.npz",
    "results/production/confusion_matrix.png",
)
GUIDE = "docs/deployment_guide.md"

FIXTURES = ROOT / "tests" / "fixtures"
FOREST, FOREST_FACTS = "random_forest_tuned.pkl", "random_forest_tuned_metadata.json"


def fixture(folder: str, *names: str) -> dict[str, bytes]:
    """Files of a folder of fixtures, under their own names."""
    return {name: (FIXTURES / folder / name).read_bytes() for name in names}


def sha256(content: bytes) -> str:
    """Hex digest."""
    return hashlib.sha256(content).hexdigest()


CONFIG = b"seed: 42\ntraining:\n  learning_rate: 0.01\n  epochs: 60\n"
TABLE = b"id,age,plan\n" + b"".join(
    b"%d,%d,%s\n" % (n, 18 + n % 60, b"ab"[n % 2 : n % 2 + 1]) for n in range(200)
)
AUDIT = b'{"dependencies": [{"name": "requests", "version": "2.32.3", "vulns": []}], "fixes": []}'
RELEASE = {
    "release": "1.4.0",
    "artifacts": {"model.bin": sha256(b"weights")},
    "configuration_deltas": [],
    "rollout_window": {"start": "2026-11-02T12:00:00Z", "end": "2026-11-02T14:00:00Z"},
    "rollback_plan": {"to_version": "1.3.0", "steps": ["helm rollback classifier"]},
}
SCORECARD = {
    "release": "1.4.0",
    "suites": [{"name": "integration", "status": "passed", "duration": 312.5, "flake_rate": 0.02}],
    "waivers": [],
    "generated_at": "2026-01-31T12:00:00Z",
    "owner": "platform",
    "schema_version": 1,
    "overall_passed": True,
}
REHEARSAL = {
    "performed_at": "2026-01-31T12:00:00Z",
    "environment": "staging",
    "from_version": "1.4.0",
    "to_version": "1.3.0",
    "duration_s": 340,
    "outcome": "passed",
    "log": "rollback.log",
    "sha256": sha256(b"rolled back\n"),
}
REGISTRY = {
    "name": "churn",
    "version": "1.2.0",
    "feature_names": ["age", "plan"],
    "sha256": sha256(b"weights"),
}

SAMPLES: dict[str, Sample] = {
    "file": Sample(
        params={"path": MATRIX, "sha256": hashlib.sha256(digits(MATRIX)[MATRIX]).hexdigest()},
        files=digits(MATRIX),
    ),
    "log": Sample(
        params={"file": LOG, "ends_with": "Training complete", "training": True},
        files=digits(LOG),
        text=frozenset({LOG}),
        # a log that begins late still ends well
        lax=frozenset({(LOG, "the second half")}),
    ),
    "metric": Sample(
        params={"file": METRICS, "key": "test.accuracy", "unit": "%", "at_least": 80},
        files=digits(METRICS),
        text=frozenset({METRICS}),
    ),
    "metric-gap": Sample(
        params={"file": METRICS, "first": "val.accuracy", "second": "test.accuracy", "below": 5},
        files=digits(METRICS),
        text=frozenset({METRICS}),
    ),
    "per-class": Sample(
        params={"file": METRICS, "key": "per_class", "confusion": "confusion_matrix"},
        files=digits(METRICS),
        text=frozenset({METRICS}),
    ),
    "image": Sample(params={"file": MATRIX, "min_width": 200}, files=digits(MATRIX), slow=True),
    "checkpoint": Sample(
        params={"file": BEST, "keys": ["model_state_dict", "epoch", "val_acc"]}, files=digits(BEST)
    ),
    "model-export": Sample(params={"files": [MODEL]}, files=digits(MODEL), slow=True),
    "export-accuracy": Sample(
        params={
            "model": MODEL,
            "data": TEST_SET,
            "reported": {"file": METRICS, "key": "test.accuracy"},
            "within": 0.5,
        },
        files=digits(MODEL, TEST_SET, METRICS),
        text=frozenset({METRICS}),
        slow=True,
    ),
    "inference": Sample(
        params={"model": MODEL, "sample": TEST_SET, "p95_below_ms": 10_000},
        files=digits(MODEL, TEST_SET),
        slow=True,
    ),
    "document": Sample(
        params={"file": GUIDE, "sections": ["Input Specification", "Monitoring Recommendations"]},
        files=digits(GUIDE),
        text=frozenset({GUIDE}),
    ),
    "pins": Sample(
        params={"files": ["requirements.txt"]},
        files=digits("requirements.txt"),
        text=frozenset({"requirements.txt"}),
        # the first half of a list of pins is a list of pins
        lax=frozenset({("requirements.txt", "the first half")}),
    ),
    "reproducibility": Sample(
        params={
            "report": "final_report.md",
            "config": "configs/final_config.yaml",
            "checkpoint": BEST,
            "metrics": METRICS,
        },
        files=digits("final_report.md", "configs/final_config.yaml", BEST, METRICS),
        text=frozenset({"final_report.md", "configs/final_config.yaml", METRICS}),
    ),
    "junit": Sample(
        params={"file": "staging/smoke-tests.xml", "min_tests": 5},
        files=digits("staging/smoke-tests.xml"),
    ),
    "coverage": Sample(
        params={"file": "coverage.xml", "line_at_least": 60},
        files={"coverage.xml": fixture("coverage", "cobertura.xml")["cobertura.xml"]},
    ),
    "hash": Sample(
        params={"manifest": "SHA256SUMS", "require_all": ["*.bin"]},
        files={
            "SHA256SUMS": f"{sha256(b'one')}  a.bin\n{sha256(b'two')}  b.bin\n".encode(),
            "a.bin": b"one",
            "b.bin": b"two",
        },
        text=frozenset({"SHA256SUMS"}),
    ),
    "signature": Sample(
        params={
            "signature": "model.sig",
            "folder": "model",
            "key_file": "k.pub",
            "fingerprint": "c2954c2e685fb5a2059e664d9df7f5f5936877ec5d64938fa22171c650fd0df8",
        },
        files=fixture("signature", "model.sig", "k.pub", "model/config.json", "model/weights/w.bin"),
    ),
    "sklearn": Sample(
        params={
            "file": FOREST,
            "estimator": "RandomForestClassifier",
            "metadata": {"file": FOREST_FACTS, "features": "feature_names"},
        },
        files=fixture("models/sklearn-1.9", FOREST, FOREST_FACTS),
        text=frozenset({FOREST_FACTS}),
        # joblib compresses with gzip, among others
        lax=frozenset({(FOREST, "gzip")}),
        slow=True,
    ),
    "config": Sample(
        params={
            "file": "c.yaml",
            "limits": {"learning_rate": {"type": "number", "at_most": 1, "required": True}},
        },
        files={"c.yaml": b"learning_rate: 0.01\nlayers: [16, 32]\n"},
        text=frozenset({"c.yaml"}),
        # half of these few lines still has the learning rate
        lax=frozenset({("c.yaml", "the first half")}),
    ),
    "config-drift": Sample(
        params={"file": "c.yaml", "against": "approved.yaml"},
        files={"c.yaml": CONFIG, "approved.yaml": CONFIG},
        text=frozenset({"c.yaml", "approved.yaml"}),
    ),
    "data-quality": Sample(
        params={"file": "train.csv", "min_rows": 150, "columns": {"age": {"type": "integer", "min": 0}}},
        files={"train.csv": TABLE},
        text=frozenset({"train.csv"}),
        slow=True,
    ),
    "drift": Sample(
        params={"reference": "train.csv", "current": "recent.csv", "columns": ["age", "plan"]},
        files={"train.csv": TABLE, "recent.csv": TABLE},
        text=frozenset({"train.csv", "recent.csv"}),
        slow=True,
    ),
    "leakage": Sample(
        params={"train": "train.csv", "test": "test.csv", "key": ["id"]},
        files={
            "train.csv": TABLE,
            "test.csv": b"id,age,plan\n" + b"".join(b"t%d,30,b\n" % n for n in range(50)),
        },
        text=frozenset({"train.csv", "test.csv"}),
        # fewer rows overlap less
        lax=frozenset({("train.csv", "the first half"), ("test.csv", "the first half")}),
        slow=True,
    ),
    "freshness": Sample(
        params={"file": "card.json", "key": "reviewed", "max_age_days": 36500},
        files={"card.json": b'{"reviewed": "2026-01-31", "by": "Ada"}\n'},
        text=frozenset({"card.json"}),
    ),
    "manifest": Sample(
        params={"file": "release.json", "require": ["artifacts", "configuration", "window", "rollback"]},
        files={"release.json": json.dumps(RELEASE, indent=1).encode(), "model.bin": b"weights"},
        text=frozenset({"release.json"}),
    ),
    "scorecard": Sample(
        params={"file": "readiness-scorecard.json", "suites": ["integration"]},
        files={"readiness-scorecard.json": json.dumps(SCORECARD, indent=1).encode()},
        text=frozenset({"readiness-scorecard.json"}),
    ),
    "run-validator": Sample(
        params={"check": "contract_integrity"},
        files={name: (CHURN / name).read_bytes() for name in ("manifest.json", "decision.json")},
    ),
    "rehearsal": Sample(
        params={"file": "rehearsal.json", "max_age_days": 36500},
        files={"rehearsal.json": json.dumps(REHEARSAL, indent=1).encode(), "rollback.log": b"rolled back\n"},
        text=frozenset({"rehearsal.json"}),
    ),
    "safetensors": Sample(
        params={"file": "plain.safetensors", "finite": True},
        files=fixture("models/safetensors", "plain.safetensors"),
        slow=True,
    ),
    "sbom": Sample(
        params={"file": "sbom.json", "min_components": 3},
        files={"sbom.json": fixture("sbom", "cyclonedx.json")["cyclonedx.json"]},
        text=frozenset({"sbom.json"}),
    ),
    "vulnerabilities": Sample(
        params={"file": "audit.json"},
        files={"audit.json": AUDIT},
        text=frozenset({"audit.json"}),
    ),
    "lint": Sample(
        params={"file": "lint.sarif"},
        files={"lint.sarif": fixture("lint", "ruff-clean.sarif")["ruff-clean.sarif"]},
        text=frozenset({"lint.sarif"}),
    ),
    "explainability": Sample(
        params={"file": "explainability.json", "features": ["age", "income"], "schema_versions": ["1.0"]},
        files={
            "explainability.json": b'{"schema_version": "1.0", "attributions": {"age": 0.7, "income": 0.3}}\n'
        },
        text=frozenset({"explainability.json"}),
    ),
    "determinism": Sample(
        params={"first": "a.json", "second": "b.json", "within": 1e-6},
        files={"a.json": b'{"accuracy": 0.9, "f1": 0.8}\n', "b.json": b'{"accuracy": 0.9, "f1": 0.8}\n'},
        text=frozenset({"a.json", "b.json"}),
    ),
    "registered": Sample(
        params={
            "registry": "models.json",
            "name": "churn",
            "version": "1.2.0",
            "metadata": ["feature_names"],
            "model": "model.bin",
        },
        files={"models.json": json.dumps(REGISTRY).encode(), "model.bin": b"weights"},
        text=frozenset({"models.json"}),
    ),
    "latency": Sample(
        params={"file": "latency.json", "max_p95": 200},
        files={"latency.json": json.dumps({"latency_ms": [10 + n % 40 for n in range(200)]}).encode()},
        text=frozenset({"latency.json"}),
    ),
    "load": Sample(
        params={"file": "staging/load-test.json", "min_requests": 1000, "max_p95": 2000, "max_error_rate": 1},
        files=digits("staging/load-test.json"),
        text=frozenset({"staging/load-test.json"}),
    ),
    "secrets": Sample(
        params={"paths": ["**/*.py"]},
        files={"app.py": b"import os\n\nTOKEN = os.environ['TOKEN']\n"},
        text=frozenset({"app.py"}),
        # any other text without a secret in it has none either
        lax=frozenset(("app.py", trap) for trap in PLAIN_TEXTS),
        slow=True,
    ),
}

# Kinds that read no file of the run, or need a server; their own tests hold the hostile answers.
WITHOUT_FILES = {
    "http": "asks a service",
    "prometheus": "asks a server",
    "command": "runs a program",
}
