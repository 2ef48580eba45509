"""Keys in the database that the log knows nothing of: whoever put one there could sign."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from checklists import audit, clock, unaccounted
from checklists.actions import signing_keys
from checklists.models import InstallationKey
from readiness.engine.sealed.keys import SigningKey

pytestmark = pytest.mark.django_db


def found() -> list[str]:
    """What is said of keys."""
    return [bad.why for bad in unaccounted.rows() if "signing key" in bad.why]


def test_a_key_that_was_put_there() -> None:
    """Keys that were made and rotated are accounted for; one that somebody inserted is named."""
    signing_keys.ensure()
    signing_keys.rotate()
    assert found() == []
    forged, at = SigningKey.make(), clock.now()
    InstallationKey.objects.create(
        key_id=forged.id,
        public=base64.b64encode(forged.public).decode(),
        not_before=at - timedelta(days=30),
        not_after=at,
    )
    assert found() == [f"has no entry for the signing key {forged.id[:12]}"]


def test_a_revocation_that_was_taken_back() -> None:
    """A revoked key is accounted for; one that the log says is revoked, and its row does not, is named."""
    old = signing_keys.ensure()
    signing_keys.revoke(key_id=old, reason="Lost.")
    assert found() == []
    new = signing_keys.ensure()
    audit.append(
        audit.INSTALLATION, by=None, verb="key.revoked", at=clock.now(), data={"key": new, "reason": "Lost."}
    )
    assert found() == [f"has the signing key {new[:12]} revoked otherwise than an entry says"]
