"""Acts on evidence: attach a file, attach a link, remove."""

from __future__ import annotations

import unicodedata
from typing import IO
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.base import File

from checklists import blobs
from checklists.actions.base import GateAct, gate_act
from checklists.errors import Refused
from checklists.loaded import LoadedGate, LoadedItem
from checklists.models import Evidence, Person
from checklists.models.evidence import EvidenceKind
from checklists.models.gate import DecidedBy
from checklists.permissions import Act

EMPTY = "The file is empty, so it proves nothing."
TWICE = "This file is already attached to the item."
NOT_A_LINK = "The link must start with https:// or http://, name a host and have at most 1000 characters."
MAX_LINK = 1000
NOT_YOURS = "Only who attached it, or an owner, may remove evidence."
CARRIES = "The item was ticked on this evidence alone, without a word."
CARRIES_ADVICE = "Attach what replaces it first, or have the item reopened."


def attach_file(
    *, gate: int, key: str, by: Person, name: str, content: File[bytes] | IO[bytes]
) -> LoadedGate:
    """Attach a file: the blob is stored first, the row after it.

    Raises Forbidden, Refused (empty, too large, twice).
    """
    file = content if isinstance(content, File) else File(content)
    with gate_act(gate, by=by, act=Act.ATTACH) as act:
        item = act.item(key)
        _require_size(file.size)
        sha256, size = blobs.put(file)
        if any(e.sha256 == sha256 for e in item.evidence):
            raise Refused(TWICE)
        _add(act, item, EvidenceKind.FILE, clean_name(name), sha256=sha256, size=size)
    return act.loaded


def attach_link(*, gate: int, key: str, by: Person, url: str, name: str = "") -> LoadedGate:
    """Attach a link; it is never fetched. Raises Forbidden, Refused."""
    with gate_act(gate, by=by, act=Act.ATTACH) as act:
        item = act.item(key)
        _require_link(url.strip())
        if any(e.url == url.strip() for e in item.evidence):
            raise Refused("This link is already attached to the item.")
        _add(act, item, EvidenceKind.LINK, legible(name or url), url=url.strip())
    return act.loaded


def remove(*, gate: int, key: str, by: Person, evidence: int) -> LoadedGate:
    """Take evidence off an item; row and bytes stay on record. Raises Forbidden, Refused."""
    with gate_act(gate, by=by, act=Act.ATTACH) as act:
        item = act.item(key)
        piece = next((e for e in item.evidence if e.pk == evidence), None)
        if piece is None:
            raise Refused("This evidence is no longer attached.")
        if piece.added_by_id != by.pk and "owner" not in act.roles:
            raise Refused(NOT_YOURS)
        if _carries(item):
            raise Refused(CARRIES, CARRIES_ADVICE)
        piece.removed_by, piece.removed_at = by, act.at
        piece.save(update_fields=["removed_by", "removed_at"])
        item.evidence.remove(piece)
        act.save(item)
        act.log("evidence.removed", subject=key, name=piece.name, sha256=piece.sha256, url=piece.url)
    return act.loaded


def _carries(item: LoadedItem) -> bool:
    # What a person ticked without checks and without a comment rests on its evidence.
    row = item.row
    return row.decided == DecidedBy.PERSON and not (row.has_checks or row.reason) and len(item.evidence) == 1


def clean_name(name: str) -> str:
    """A display name: NFC, at most 255 characters, without path, control and format characters (bidi)."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/")
    return legible(name if "://" in name else name.rsplit("/", 1)[-1])


def legible(name: str) -> str:
    """A title: NFC, at most 255 characters, without control and format characters (bidi)."""
    name = unicodedata.normalize("NFC", name)
    kept = "".join(c for c in name if unicodedata.category(c)[0] != "C").strip()
    return kept[:255] or "unnamed"


def _require_size(size: int) -> None:
    limit = settings.EVIDENCE_MAX_BYTES
    if not size:
        raise Refused(EMPTY, "Choose the file again.")
    if size > limit:
        raise Refused(
            f"The file has {size / 1e6:.1f} MB; at most {limit / 1e6:.0f} MB are kept as evidence.",
            "Attach a link to where it is kept instead.",
        )


def _require_link(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:  # a broken IPv6 address
        good = False
    if not good or len(url) > MAX_LINK:
        raise Refused(NOT_A_LINK)


def _add(act: GateAct, item: LoadedItem, kind: EvidenceKind, name: str, **fields: str | int) -> None:
    piece = Evidence.objects.create(
        item=item.row, kind=kind, name=name, added_by=act.person, added_at=act.at, **fields
    )
    item.evidence.append(piece)
    act.save(item)
    act.log("evidence.attached", subject=item.key, name=name, kind=str(kind), **fields)
