"""The installation's signing key: made on first use, kept in a file that only its account reads.

The row knows the public half and its window, the file `<key id>.pem` beneath READINESS_KEY_DIR the private
one. Whoever signs asks `signer()`; whoever verifies here asks `ring()`.
"""

from __future__ import annotations

import base64
import os
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction

from checklists import clock
from checklists.models import InstallationKey
from readiness.engine.errors import ReadinessError
from readiness.engine.sealed.keys import Keyring, SigningKey


class KeyMissing(ReadinessError):
    """The private key of this installation is not where it should be, or open to others."""


def installation() -> str:
    """The name under which this installation signs: host and port of its address."""
    return urlsplit(settings.PUBLIC_URL).netloc


def signer() -> SigningKey:
    """The key in use; the first call of an installation makes it. Raises KeyMissing."""
    row = InstallationKey.objects.filter(not_after=None).first() or _first()
    return _private(directory() / f"{row.key_id}.pem")


def ring() -> Keyring:
    """Every public key that this installation signed with."""
    return Keyring(tuple(row.key for row in InstallationKey.objects.order_by("not_before", "pk")))


def directory() -> Path:
    """Where the private keys are; made with rights for this account alone."""
    place = Path(settings.KEY_DIR or settings.DATA_DIR / "keys")
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def _first() -> InstallationKey:
    key = SigningKey.make()
    _keep(key)
    try:
        with transaction.atomic():
            return InstallationKey.objects.create(
                key_id=key.id, public=base64.b64encode(key.public).decode(), not_before=clock.now()
            )
    except IntegrityError:  # another process was first: its key counts
        (directory() / f"{key.id}.pem").unlink()
        return InstallationKey.objects.get(not_after=None)


def _keep(key: SigningKey) -> None:
    descriptor = os.open(directory() / f"{key.id}.pem", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.pem())
        file.flush()
        os.fsync(file.fileno())


@lru_cache(maxsize=4)
def _private(path: Path) -> SigningKey:
    try:
        if path.stat().st_mode & 0o077:
            raise KeyMissing(f"{path} may be read by others.", f"Run: chmod 600 {path}")
        return SigningKey.read(path.read_bytes(), str(path))
    except OSError as error:
        raise KeyMissing(
            f"The signing key {path} cannot be read: {error.strerror}.",
            "Put the key file back from a backup, or make a new one with: manage.py keys rotate.",
        ) from None
