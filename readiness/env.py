"""Reading settings from the environment: typed, `*_FILE` for secrets, bad values refused by name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from readiness.engine.errors import ReadinessError

_YES, _NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


class SettingError(ReadinessError):
    """An environment variable with a value that cannot be used."""


def text(name: str, default: str = "") -> str:
    """The variable, or the content of the file that NAME_FILE names (a mounted secret)."""
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return os.environ.get(name, default)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingError(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from None


def kept(path: Path) -> str:
    """The content of a file that an embedded installation made for itself; empty when there is none."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise SettingError(
            f"{path} cannot be read: {error.strerror}.", "Run as the account that owns it."
        ) from None


def boolean(name: str, *, default: bool) -> bool:
    """yes/no, true/false, on/off, 1/0."""
    value = text(name, "yes" if default else "no").strip().lower()
    if value not in _YES | _NO:
        raise SettingError(f"{name} is {value!r}.", "Use yes or no.")
    return value in _YES


def integer(name: str, default: int) -> int:
    """A whole number."""
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise SettingError(f"{name} is {value!r}.", "Use a whole number.") from None


def choice(name: str, known: Sequence[str]) -> str:
    """One of the known words, or an empty string when it is not set."""
    value = text(name).strip().lower()
    if value and value not in known:
        raise SettingError(f"{name} is {value!r}.", f"Use one of: {', '.join(known)}.")
    return value


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list; empty parts are dropped."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def pairs(name: str) -> dict[str, str]:
    """Lines of "name=value"; the values are secrets, so a bad line is told by its number only."""
    found: dict[str, str] = {}
    for number, line in enumerate(text(name).splitlines(), 1):
        key, equals, value = (part.strip() for part in line.partition("="))
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not (key and equals and value) or key in found:
            raise SettingError(
                f"{name} has a bad line {number}.", "Write one name=address a line, each name once."
            )
        found[key] = value
    return found


def database(name: str, default: str) -> dict[str, object]:
    """Django's DATABASES entry from sqlite:///path or postgresql://user:password@host:port/name."""
    url = urlsplit(text(name, default))
    if url.scheme == "sqlite":
        return _sqlite(unquote(url.path))
    if url.scheme in ("postgresql", "postgres"):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(url.path.lstrip("/")),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or "") or text("DATABASE_PASSWORD"),
            "HOST": _host(url.query) or url.hostname or "",
            "PORT": url.port or "",
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    raise SettingError(
        f"{name} starts with {url.scheme!r}.", "Use sqlite:///path or postgresql://user@host/name."
    )


def _host(query: str) -> str:
    # postgresql://user@/name?host=/run/postgresql names a socket directory
    return unquote(query.removeprefix("host=")) if query.startswith("host=") else ""


def _sqlite(path: str) -> dict[str, object]:
    # IMMEDIATE takes the write lock at the start of a transaction: readers never turn into writers
    # half way, which is what makes SQLite answer "database is locked".
    # FULL, because a checkpoint that left the host must not know of acts that a power cut undid.
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        },
    }
