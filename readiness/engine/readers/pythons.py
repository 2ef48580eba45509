"""The version of Python that an environment or lock file asks for, and whether a version agrees with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from readiness.engine.errors import BadContent
from readiness.engine.readers import data, locks, requirements
from readiness.engine.target import RunDirectory

_PREFIX = re.compile(r"=?\s*(?P<version>\d+(?:\.\d+)*)(?:\.\*)?(?:=\S+)?")
_POETRY = re.compile(r"(?P<sign>[\^~])\s*(?P<version>\d+(?:\.\d+){0,2})")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file asks of Python: "=3.11", ">=3.10,<3.13", as written, and where."""

    spec: str
    place: str

    def agrees(self, version: str) -> bool:
        """Whether a version satisfies it. Raises BadContent for a specifier nobody understands."""
        try:
            found = Version(version)
        except InvalidVersion:
            return False
        if match := _PREFIX.fullmatch(self.spec):  # conda's =3.11 and 3.11.*, Pipfile's 3.11
            wanted = match["version"].split(".")
            return version.split(".")[: len(wanted)] == wanted
        try:
            return SpecifierSet(_standard(self.spec)).contains(found, prereleases=True)
        except InvalidSpecifier:
            raise BadContent(
                f"{self.place} asks for Python {self.spec[:60]!r}, which nobody understands.", ""
            ) from None


def wanted(run: RunDirectory, file: str) -> Wanted | None:
    """The version of Python that a file asks for; None where it says nothing. Raises BadContent."""
    if PurePosixPath(file).suffix.lower() in (".yml", ".yaml"):
        entry = next((r for r in requirements.read(run, file) if r.name.lower() == "python"), None)
        spec = entry.text.partition("::")[2] or entry.text if entry else ""
        spec = spec.removeprefix("python").split(" (")[0].strip()
        return Wanted(spec, f"{file} · python") if spec else None
    if not locks.is_lock(file):
        return None
    loaded = data.load(run, file)
    key = next((k for k in _KEYS if isinstance(_under(loaded, k), str)), None)
    return Wanted(str(_under(loaded, key)).strip(), f"{file} · {'.'.join(key)}") if key else None


# uv.lock and pylock.toml, poetry.lock, pdm.lock, pyproject.toml, Pipfile.lock
_KEYS = (
    ("requires-python",),
    ("metadata", "python-versions"),
    ("metadata", "requires_python"),
    ("project", "requires-python"),
    ("_meta", "requires", "python_full_version"),
    ("_meta", "requires", "python_version"),
)


def _under(loaded: Any, key: tuple[str, ...]) -> Any:
    for name in key:
        loaded = loaded.get(name) if isinstance(loaded, Mapping) else None
    return loaded


def _standard(spec: str) -> str:
    # Poetry's ^3.10 and ~3.10, and a bare *
    return "" if spec == "*" else _POETRY.sub(_bounds, spec)


def _bounds(match: re.Match[str]) -> str:
    parts = [int(n) for n in match["version"].split(".")]
    kept = 1 if match["sign"] == "^" or len(parts) == 1 else 2
    upper = [*parts[: kept - 1], parts[kept - 1] + 1]
    return f">={match['version']},<{'.'.join(map(str, upper))}"
