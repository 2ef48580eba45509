"""A bundle of a large gate: bounded memory, and verified."""

from __future__ import annotations

import hashlib
import io
import os
import tracemalloc

import pytest
from django.core.files import File

from checklists import blobs, keys
from checklists.actions import evidence, gates, library, releases, reports
from checklists.models import Environment, Report
from checklists.reports import bundle
from readiness.engine.sealed.verify import verify_any

ITEMS, FILES, MEGABYTES = 300, 5, 50
SOURCE = """---
title: Large checklist
slug: large
version: 1.0.0
sign_off:
  - {role: technical-lead}
---
# Large checklist

## By people

"""


@pytest.fixture
def large(project, people, run_dir):
    """A gate of 300 items with 50 MB of evidence that no packing makes smaller."""
    items = "".join(f"- [ ] **Item {n}** {{#item-{n}}}\n  - It holds\n\n" for n in range(ITEMS))
    approval = "## Approval\n\n- [ ] **Technical lead** {#lead role=technical-lead}\n  - All is well\n"
    checklist = library.publish(source=SOURCE + items + approval, by=None)
    release = releases.create(
        project=project, by=people.contributor, version="1.4.0", root=str(run_dir), checklist=checklist
    )
    production = Environment.objects.get(project=project, name="production")
    gate = gates.open_gate(
        release=release, checklist=checklist, environment=production, by=people.contributor
    )
    for number in range(FILES):
        content = File(io.BytesIO(os.urandom(MEGABYTES * 1_000_000 // FILES)))
        evidence.attach_file(
            gate=gate.pk, key=f"item-{number}", by=people.lead, name=f"{number}.bin", content=content
        )
    return gate


def test_large(large, people):
    """300 items with 50 MB of evidence: written in pieces, with a fifth of its size in memory; verified."""
    asked = reports.request(gate=large.pk, by=people.reader, with_bundle=True)
    reports.render(asked.pk)
    row = Report.objects.select_related("gate__release__project", "gate__environment", "gate__checklist").get(
        pk=asked.pk
    )
    assert row.error == ""
    assert row.bundle_size > MEGABYTES * 1_000_000
    digest = hashlib.sha256()
    tracemalloc.start()
    for part in bundle.parts(row, pdf=row.sha256, size=row.size):
        digest.update(part)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert digest.hexdigest() == row.bundle_sha256
    assert peak < 10_000_000
    found = verify_any(blobs.get(row.bundle_sha256), keys.ring(), {})
    assert found.result == "verified"
