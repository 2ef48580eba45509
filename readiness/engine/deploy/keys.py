"""The public keys that a configuration trusts, from files beside it or from the text itself."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from readiness.engine.deploy.config import GateConfig, TrustedKey
from readiness.engine.deploy.places import DeployError
from readiness.engine.deploy.signatures import Key
from readiness.engine.errors import BadContent, ExtraMissing

_MAX = 16_384


def load(config: GateConfig, folder: Path) -> list[Key]:
    """The trusted keys; paths count from the configuration's folder.

    Raises DeployError for what is no Ed25519 public key and for an id that stands twice, ExtraMissing
    without the extra `security`.
    """
    if importlib.util.find_spec("cryptography") is None:
        raise ExtraMissing("cryptography", "security")
    found = [_key(entry, folder, place) for place, entry in enumerate(config.trusted_keys)]
    names = [key.id for key in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise DeployError(f"Two trusted keys are called {twice!r}.", "Give each its own id.")
    return found


def _key(entry: str | TrustedKey, folder: Path, place: int) -> Key:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # extra `security`

    from readiness.engine import signature_keys

    named, file, pem = _parts(entry)
    shown = file or f"trusted_keys[{place}]"
    try:
        key = signature_keys.load(pem or _text(folder / file), shown)
    except BadContent as problem:
        raise DeployError(problem.message, problem.advice) from None
    if not isinstance(key, Ed25519PublicKey):
        raise DeployError(f"{shown} is no Ed25519 key.", "Sign-offs are verified with Ed25519 keys.")
    return Key(named or signature_keys.fingerprint(key)[:16], key)


def _parts(entry: str | TrustedKey) -> tuple[str, str, str]:
    """Id, file and PEM text of an entry."""
    if isinstance(entry, TrustedKey):
        return entry.id, entry.file, entry.pem
    return ("", "", entry) if "BEGIN" in entry else ("", entry, "")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MAX).decode("ascii", "replace")
    except OSError as error:
        raise DeployError(f"{path} cannot be read: {error.strerror}.", "Check the path of the key.") from None
