"""Two hundred guesses at once stay within the limits of five, and a code works once, on either database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.processes.test_writers import SERVER, database

ROOT = Path(__file__).resolve().parent.parent.parent
__all__ = ["database"]


def test_many_guess_at_once(tmp_path, database):
    """The shared cache tells one of many that it was first, also where a row of before is over."""
    env = {
        **os.environ,
        "DATABASE_URL": database,
        "READINESS_DATA_DIR": str(tmp_path),
        "READINESS_LOG_LEVEL": "CRITICAL",
        "READINESS_DEBUG": "yes",  # pages without collected static files
        "DJANGO_SETTINGS_MODULE": "readiness.settings",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.processes.guessers"],
        env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["vendor"] == ("postgresql" if SERVER else "sqlite")
    assert (figures["kept"], figures["kept_where_one_is_over"]) == (1, 1)
    assert figures["signing"] == 5
    assert 1 <= figures["login"] <= 5
    assert (figures["app_code"], figures["recovery_code"]) == (1, 1)
