"""The environment of the tests, set before Django reads its settings (`-p tests.environment`)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

DATA = Path(os.environ.setdefault("READINESS_TEST_DATA", tempfile.mkdtemp(prefix="readiness-tests-")))

(DATA / "static").mkdir(exist_ok=True)
os.environ |= {
    "READINESS_SECRET_KEY": "only-for-tests-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    "READINESS_DATA_DIR": str(DATA),
    "READINESS_DEBUG": "no",
    "READINESS_PUBLIC_URL": "http://localhost:8000",
    "READINESS_ALLOWED_HOSTS": "localhost,testserver,127.0.0.1",
    "READINESS_LOG_LEVEL": "WARNING",
    "READINESS_TIME_ZONE": "UTC",
}
for name in ("READINESS_RUN_ROOTS", "READINESS_PROBE_HOSTS", "REDIS_URL"):
    os.environ.pop(name, None)
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", f"sqlite:///{DATA / 'tests.sqlite3'}")
