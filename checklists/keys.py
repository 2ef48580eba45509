"""The installation's signing key: made on first use, kept in a file that only its account reads.

The row knows the public half and its window, the file `<key id>.pem` beneath READINESS_KEY_DIR the private
one. Whoever signs asks `signer()`; whoever verifies here asks `ring()`. Windows overlap by a minute: an act
that began just before a key was made is signed by it. Rotation and revocation are acts, see
actions/signing_keys.py.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from checklists import audit, clock
from checklists.models import InstallationKey
from readiness.engine import atomic
from readiness.engine.errors import ReadinessError
from readiness.engine.sealed.keys import Keyring, SigningKey

OVERLAP = timedelta(minutes=1)


class KeyMissing(ReadinessError):
    """The private key of this installation is not where it should be, or open to others."""


def installation() -> str:
    """The name under which this installation signs: host and port of its address."""
    return urlsplit(settings.PUBLIC_URL).netloc


def signer() -> SigningKey:
    """The key in use; the first call of an installation makes it. Raises KeyMissing."""
    row = InstallationKey.objects.filter(not_after=None).first() or _first()
    return private(row.key_id)


def ring() -> Keyring:
    """Every public key that this installation signed with."""
    return Keyring(tuple(row.key for row in InstallationKey.objects.order_by("not_before", "pk")))


def directory() -> Path:
    """Where the private keys are; made with rights for this account alone."""
    return atomic.folder(Path(settings.KEY_DIR or settings.DATA_DIR / "keys"), mode=0o700)


def make(at: datetime) -> InstallationKey:
    """A new key with its file. Must run in a transaction; raises IntegrityError while another is in use."""
    key = SigningKey.make()
    atomic.create(directory(), private_file(key.id).name, key.pem())
    public = base64.b64encode(key.public).decode()
    try:
        with transaction.atomic():
            return InstallationKey.objects.create(key_id=key.id, public=public, not_before=at - OVERLAP)
    except IntegrityError:
        private_file(key.id).unlink()
        raise


def private_file(key_id: str) -> Path:
    """Where the private half of a key lies."""
    return directory() / f"{key_id}.pem"


def unsafe() -> list[str]:
    """What is wrong with the private keys' files, a sentence each; nothing before the first key is made."""
    if "checklists_installationkey" not in connection.introspection.table_names():
        return []
    rows = InstallationKey.objects.filter(not_after=None)
    place = directory() if rows else None
    found = [f"{place} is open to others. Run: chmod 700 {place}"] if place and _open(place) else []
    for row in rows:
        try:
            private(row.key_id)
        except ReadinessError as error:
            found.append(str(error))
    return found


def _open(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o077)


def _first() -> InstallationKey:
    at = clock.now()
    try:
        with transaction.atomic():
            row = make(at)
            audit.append(audit.INSTALLATION, by=None, verb="key.made", at=at, data={"key": row.key_id})
            return row
    except IntegrityError:  # another process was first: its key counts
        return InstallationKey.objects.get(not_after=None)


def private(key_id: str) -> SigningKey:
    """The private half of a key. Raises KeyMissing when it is gone or others may read it."""
    path = private_file(key_id)
    try:
        found = path.stat()
        if found.st_mode & 0o077:
            raise KeyMissing(f"{path} may be read by others.", f"Run: chmod 600 {path}")
        return _read(path, found.st_mtime_ns)
    except OSError as error:
        raise KeyMissing(
            f"The signing key {path} cannot be read: {error.strerror}.",
            "Put the key file back from a backup, or make a new one with: manage.py keys rotate.",
        ) from None


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> SigningKey:  # of a file that changed, the new one
    return SigningKey.read(path.read_bytes(), str(path))
