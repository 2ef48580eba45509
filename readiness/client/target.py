"""PROJECT/VERSION and durations, as people write them on the command line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from readiness.engine.errors import ReadinessError

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Target:
    """A release: the project's name in addresses, and the version."""

    project: str
    version: str

    @property
    def project_path(self) -> str:
        """The project beneath /api/v1/."""
        return f"projects/{quote(self.project, safe='')}"

    @property
    def path(self) -> str:
        """The release beneath /api/v1/."""
        return f"{self.project_path}/releases/{quote(self.version, safe='')}"

    def __str__(self) -> str:
        return f"{self.project}/{self.version}"


def parse(text: str) -> Target:
    """`image-classifier/1.4.0`. Raises ReadinessError."""
    project, slash, version = text.strip().partition("/")
    if not (project and slash and version) or "/" in version:
        raise ReadinessError(f"{text!r} is not PROJECT/VERSION.", "Write it like image-classifier/1.4.0.")
    return Target(project, version)


def seconds(text: str) -> float:
    """`30s`, `10m`, `2h`, `90`; empty: 0. Raises ReadinessError."""
    found = re.fullmatch(r"\s*(\d{1,6}(?:\.\d{1,3})?)\s*([smhd]?)\s*", text or "0")
    if not found:
        raise ReadinessError(f"{text!r} is not a duration.", "Write it like 30s, 10m or 2h.")
    return float(found[1]) * _UNITS[found[2]]
