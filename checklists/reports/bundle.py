"""The audit bundle: one canonical ZIP with a report and everything that it rests on.

Its bytes follow from the report's row, from rows that never change, and from the key that signs it.
docs/bundle.md says what each file is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from checklists import keys
from checklists.models import Report
from checklists.reports import bundle_records, bundle_words, enclosed
from checklists.reports.bundle_blobs import StoredFile
from readiness.engine import seal
from readiness.engine.errors import ReadinessError
from readiness.engine.sealed import canonical_zip, dsse, statements
from readiness.engine.sealed.canonical_zip import Content
from readiness.engine.sealed.keys import SigningKey

SCHEMA_VERSION = 1
KIND = "readiness-audit-bundle"
MANIFEST, SIGNED_MANIFEST = "manifest.json", "manifest.dsse.json"


class BundleError(ReadinessError):
    """A bundle that cannot be made of what is stored."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of the bundle; `description` is one line for people."""

    path: str
    content: Content
    description: str

    @property
    def sha256(self) -> str:
        """Lower-case hex."""
        if isinstance(self.content, StoredFile):
            return self.content.sha256
        assert isinstance(self.content, bytes)
        return hashlib.sha256(self.content).hexdigest()


def parts(report: Report, *, pdf: str, size: int) -> Iterator[bytes]:
    """The bundle's bytes, in pieces; `pdf` is the blob of the rendered report.

    Raises BundleError for a report whose key was changed since, RecordMissing, BlobError for evidence that is
    gone, KeyMissing.
    """
    key = keys.signer()
    if not report.seal or report.snapshot["sealed"]["key"] != key.id:
        raise BundleError(
            f"Report {report.pk} is not sealed by the key that signs now, so no bundle can be made of it.",
            "Ask for the report again.",
        )
    files = list(_files(report, StoredFile(pdf, size)))
    words = bundle_words.verify_md(report, paths=[file.path for file in files], key_id=key.id)
    files.append(File("VERIFY.md", words, "What this is and how to verify it."))
    contents = {file.path: file.content for file in files} | _signed(report, files, key)
    for part in canonical_zip.parts(contents):
        yield bytes(part)


def _signed(report: Report, files: list[File], key: SigningKey) -> dict[str, bytes]:
    """The manifest of all other files, and the statement about it."""
    said = statements.Bundle(
        installation=report.snapshot["sealed"]["installation"],
        gate=report.gate_id,
        report=report.pk,
        made_at=report.snapshot["generated"]["at"],
    )
    listed = [
        {
            "path": file.path,
            "sha256": file.sha256,
            "size": canonical_zip.size_of(file.content),
            "description": file.description,
        }
        for file in sorted(files, key=lambda file: file.path)
    ]
    manifest = seal.canonical({"schema_version": SCHEMA_VERSION, "kind": KIND, **said, "files": listed})
    sha256 = hashlib.sha256(manifest).hexdigest()
    return {
        MANIFEST: manifest,
        SIGNED_MANIFEST: dsse.sign(statements.bundle(said, sha256=sha256), key),
    }


def _files(report: Report, pdf: StoredFile) -> Iterator[File]:
    snapshot = report.snapshot
    checklist = report.gate.checklist.source.encode()
    yield File("report.pdf", pdf, "The report, signed, to be read.")
    yield File("report.json", seal.canonical(snapshot), "Everything that the report says, as data.")
    yield File("report.dsse.json", report.seal.encode(), "The installation's signed statement on the report.")
    yield File(
        "snapshot.json",
        seal.canonical(snapshot["signed"]["snapshot"]),
        "The state of the gate at the report: what signatures cover.",
    )
    yield File("checklist.md", checklist, "The checklist as it was published.")
    for path, record, description in bundle_records.all_of(report):
        yield File(path, record, description)
    for sha256, piece in enclosed.files(snapshot).items():
        content = StoredFile(sha256, piece["size"])
        yield File(f"evidence/{sha256}", content, "Evidence; evidence/index.json says which.")
    yield File(
        "verify.py", _verifier(), "A small verifier to be read and run; needs Python and cryptography."
    )


def _verifier() -> bytes:
    return resources.files("readiness.engine.sealed.single").joinpath("verify.py").read_bytes()
