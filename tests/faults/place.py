"""An installation in one directory, without any process: put back from a copy before each act."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

KEPT = "abcdefghijklmnopqrstuvwxyz0123456789" * 2


@dataclass(frozen=True, slots=True)
class Place:
    """`live` is where the acts happen; each scene's beginning is kept beside it."""

    home: Path

    @property
    def live(self) -> Path:
        """The installation: data directory, runs, scratch files, keys."""
        return self.home / "live"

    @property
    def database(self) -> Path:
        """Its SQLite file."""
        return self.live / "data" / "readiness.sqlite3"

    def configure(self) -> None:
        """Set the environment of this process, before Django reads it."""
        for name in [name for name in os.environ if name.startswith("READINESS_")]:
            del os.environ[name]
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "readiness.settings",
            "DATABASE_URL": f"sqlite:///{self.database}",
            "READINESS_DATA_DIR": str(self.live / "data"),
            "READINESS_RUN_ROOTS": str(self.live / "runs"),
            "READINESS_SECRET_KEY": KEPT,
            "READINESS_LOG_LEVEL": "CRITICAL",
            "READINESS_CHECK_SECONDS": "20",
            "READINESS_LEASE_MARGIN_SECONDS": "2",
            "TMPDIR": str(self.live / "scratch"),
        }
        for name in ("data", "runs", "scratch", "out"):
            (self.live / name).mkdir(parents=True, exist_ok=True)

    def keep(self, name: str) -> None:
        """Keep the present state under a name."""
        shutil.copytree(self.live, self.home / name, symlinks=True)

    def put_back(self, name: str) -> None:
        """Make that state the present one."""
        shutil.rmtree(self.live)
        shutil.copytree(self.home / name, self.live, symlinks=True)
