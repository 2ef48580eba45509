"""Gates with everything that a bundle may hold, and bundles of them, made through the acts."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

from django.core.files import File

from checklists import blobs
from checklists.actions import evidence, items, reports
from checklists.models import Gate, Report
from checklists.reports import bundle
from tests import signing, waivers
from tests.conftest import People, run_checks

TEXT = b"case,priority\n17,P2\n"
BINARY = bytes(range(256)) * 40


@dataclass(frozen=True)
class Made:
    """A report that was rendered, and its bundle's bytes."""

    row: Report
    data: bytes

    @property
    def files(self) -> dict[str, bytes]:
        """What lies in it, by the system's own reader."""
        with zipfile.ZipFile(io.BytesIO(self.data)) as opened:
            return {name: opened.read(name) for name in opened.namelist()}

    def unpack(self, place: Path) -> Path:
        """Every file, in a folder."""
        with zipfile.ZipFile(io.BytesIO(self.data)) as opened:
            opened.extractall(place)
        return place


def fill(gate: Gate, people: People) -> None:
    """Checks, a waiver, files and a link, and signatures: withdrawn, declined and stale, valid."""
    seen = {item.key: item.row.changed_in for item in run_checks(gate, people.lead).items}
    items.tick(gate=gate.pk, by=people.lead, key="accuracy", seen=seen["accuracy"], confirmed=[1])
    reason = "Reviewed with 1.3. «Ünïcode»"
    items.not_applicable(gate=gate.pk, by=people.lead, key="review", seen=seen["review"], reason=reason)
    waivers.approved(gate, people, "issues")
    attach(gate, people, "issues", "issues.csv", TEXT)
    attach(gate, people, "card", "issues.csv", TEXT)
    signing.approve(gate=gate.pk, role="technical-lead", by=people.lead, comment="First.")
    signing.withdraw(gate=gate.pk, by=people.lead, reason="Too early.")
    signing.decline(gate=gate.pk, role="compliance", by=people.compliance, reason="No data sheet.")
    attach(gate, people, "card", "data\u202esheet.bin", BINARY)
    evidence.attach_link(
        gate=gate.pk, key="card", by=people.lead, url="https://wiki.example/card", name="Card"
    )
    signing.approve(gate=gate.pk, role="technical-lead", by=people.lead)


def attach(gate: Gate, people: People, key: str, name: str, content: bytes) -> None:
    """A file of the lead's."""
    evidence.attach_file(gate=gate.pk, key=key, by=people.lead, name=name, content=File(io.BytesIO(content)))


def report(gate: Gate, people: People) -> Made:
    """A report with its bundle, asked for by the reader and rendered here and now."""
    asked = reports.request(gate=gate.pk, by=people.reader, with_bundle=True)
    reports.render(asked.pk)
    row = Report.objects.select_related("gate__release__project", "gate__environment", "gate__checklist").get(
        pk=asked.pk
    )
    assert row.error == "", row.error
    return Made(row, blobs.get(row.bundle_sha256))


def again(made: Made) -> bytes:
    """The same bundle built anew from its row."""
    return b"".join(bundle.parts(made.row, pdf=made.row.sha256, size=made.row.size))
