"""A signing key in words."""

from __future__ import annotations

from dataclasses import dataclass

from checklists.models import InstallationKey
from readiness.engine.sealed.checkpoint import verifier_key

GROUP = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownKey:
    """A key as the page shows it; `groups` is its fingerprint in pieces that one can read out."""

    row: InstallationKey
    state: str
    groups: tuple[str, ...]
    note_key: str


def shown(row: InstallationKey, installation: str) -> ShownKey:
    """The key with its state: in-use, retired or revoked."""
    state = "revoked" if row.revoked_at else "retired" if row.not_after else "in-use"
    whole = row.key_id
    groups = tuple(whole[i : i + GROUP] for i in range(0, len(whole), GROUP))
    return ShownKey(row=row, state=state, groups=groups, note_key=verifier_key(installation, row.key.public))
