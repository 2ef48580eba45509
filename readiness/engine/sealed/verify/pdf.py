"""A report's PDF taken apart: its own signature, and what is attached to it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from readiness.engine.errors import BadContent, ExtraMissing
from readiness.engine.sealed.verify.material import Bytes, Material

if TYPE_CHECKING:
    from readiness.engine.sealed.pdf_frame import Sealed
    from readiness.engine.sealed.pdf_read import Read

MAX_PDF = 200 << 20
ADVICE = "Ask for a new report: those of releases before 0.5 enclose no proofs."


@dataclass(frozen=True, slots=True)
class Pdf:
    """A PDF whose signature holds with the certificate that it carries, and what it encloses."""

    sealed: Sealed
    read: Read


def read(data: Bytes) -> Pdf:
    """Both looks at the signature, and the attached files. Raises BadContent, ExtraMissing."""
    if len(data) > MAX_PDF:
        raise BadContent(f"The PDF is larger than {MAX_PDF >> 20} MB.", "")
    # Late: only whoever verifies needs them, and their import takes half a second.
    try:
        from readiness.engine.sealed import pdf_cms
    except ImportError as error:
        raise ExtraMissing(error.name or "asn1crypto", "security") from None
    sealed = pdf_cms.read(data)
    try:
        from readiness.engine.sealed import pdf_read
    except ImportError as error:
        raise ExtraMissing(error.name or "pyhanko", "security") from None
    return Pdf(sealed, pdf_read.read(bytes(data), sealed.frame))


def material(found: Read) -> Material:
    """The parts that are attached. Raises BadContent for one that is missing."""
    attached = found.attached
    for name in (
        "report.json",
        "report.dsse.json",
        "audit.jsonl",
        "checkpoint.txt",
        "signatures.jsonl",
        "keys.json",
    ):
        if name not in attached:
            raise BadContent(f"The PDF has no {name} attached to it.", ADVICE)
    evidence = {
        hashlib.sha256(d).hexdigest(): len(d) for n, d in attached.items() if n.startswith("evidence/")
    }
    return Material(
        kind="report",
        report=attached["report.json"],
        seal=attached["report.dsse.json"],
        log=attached["audit.jsonl"],
        checkpoint=attached["checkpoint.txt"],
        sign_offs=_lines(attached["signatures.jsonl"]),
        keys=attached["keys.json"],
        evidence=evidence,
    )


def _lines(data: bytes) -> list[bytes]:
    if data and not data.endswith(b"\n"):
        raise BadContent("The list of sign-offs ends in the middle of a line.", "")
    return data.split(b"\n")[:-1]
