"""The environment of the tests, set before Django reads its settings (`-p tests.environment`)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

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


# Tests beneath a folder, or in a file, that share an installation (their `xdist_group`).
TOGETHER = (
    "tests/journeys/",
    "tests/processes/test_",
    "tests/client/test_interrupted",
    "tests/reports/test_killed",
)


def together(nodeid: str) -> str:
    """What a test must share a process with: its folder, its file, or nothing but itself."""
    if nodeid.startswith(TOGETHER[0]):
        return TOGETHER[0]
    return nodeid.partition("::")[0] if nodeid.startswith(TOGETHER[1:]) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep tests that share an installation in one process, in their order.

    `--dist loadgroup` would do, but pytest-xdist 3.8 keeps groups in a field that pytest 9.2 has no more.
    """
    from xdist.scheduler import LoadScopeScheduling  # absent where pytest-xdist is

    class Grouped(LoadScopeScheduling):  # type: ignore[misc]  # without types
        def _split_scope(self, nodeid: str) -> str:
            return together(nodeid)

    return Grouped(config, log)
