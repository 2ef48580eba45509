"""Single-byte changes of a real report and a real bundle: `readiness verify` sees every one of them.

The seed and the number of changes can be set: READINESS_MUTATION_SEED, READINESS_MUTATIONS (for each file).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from checklists import blobs, keys
from checklists.actions import reports
from checklists.models import Report
from readiness.engine.errors import BadContent
from readiness.engine.sealed import pdf_frame
from readiness.engine.sealed.keys import Keyring
from readiness.engine.sealed.verify import Result, verify_any
from tests.engine.sealed import mutations
from tests.reports.made import attach, sign

COUNT = int(os.environ.get("READINESS_MUTATIONS", "5000"))
SEED = int(os.environ.get("READINESS_MUTATION_SEED", "20261121"))


@dataclass
class Made:
    """What the product made of one gate, and the keys that a verifier trusts."""

    pdf: bytes
    bundle: bytes
    keys: Keyring


@pytest.fixture
def made(ready_gate, people) -> Made:
    """A report with evidence and its bundle, signed by all three."""
    attach(ready_gate, people.lead)
    sign(ready_gate, people)
    asked = reports.request(gate=ready_gate.pk, by=people.reader, evidence="all", with_bundle=True)
    reports.render(asked.pk)
    row = Report.objects.get(pk=asked.pk)
    assert not row.error
    return Made(blobs.get(row.sha256), blobs.get(row.bundle_sha256), keys.ring())


def unseen(changed: Iterator[tuple[str, bytes]], trusted: Keyring) -> list[str]:
    """The changes that came out as verified."""
    return [name for name, data in changed if not seen(data, trusted)]


def seen(data: bytes, trusted: Keyring) -> bool:
    """Whether the file is refused, or is anything but verified."""
    try:
        return verify_any(data, trusted).result is not Result.VERIFIED
    except BadContent:
        return True


@pytest.mark.django_db
def test_every_change_is_seen(made: Made) -> None:
    """The files as they are verify; no changed copy does, wherever and however one byte was changed."""
    assert not seen(made.pdf, made.keys)
    assert not seen(made.bundle, made.keys)
    assert unseen(mutations.mutations(made.pdf, COUNT, SEED), made.keys) == []
    assert unseen(mutations.mutations(made.bundle, COUNT, SEED), made.keys) == []
    frame = pdf_frame.frame(made.pdf)
    every = mutations.signature(made.pdf, frame.before, frame.resumes)
    assert unseen(every, made.keys) == []
