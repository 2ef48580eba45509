"""What somebody does to the bytes of a finished bundle or PDF, by name."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime

from asn1crypto import cms, core
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner

from readiness.engine.sealed import canonical_zip, pdf_frame, pdf_sign
from tests.engine.sealed.named_keys import signatory


def _zip(data: bytes, **options: object) -> bytes:
    """The same files by Python's own `zipfile`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **options) as made:  # type: ignore[call-overload]
        for name, content in canonical_zip.read(data, "it").items():
            made.writestr(zipfile.ZipInfo(name), bytes(content), compress_type=options.get("compression"))
    return out.getvalue()


def comment(data: bytes) -> bytes:
    """A comment at the end of the archive."""
    return data[:-2] + struct.pack("<H", 5) + b"hello"


def local_extra(data: bytes) -> bytes:
    """An extra field in the first local header, its length and all later offsets made right."""
    files = canonical_zip.read(data, "it")
    first = next(iter(files))
    place = 30 + len(first)
    extra = b"\x99\x99\x04\x00evil"
    moved = bytearray(data[:28] + struct.pack("<H", len(extra)) + data[30:place] + extra + data[place:])
    return _moved(bytes(moved), len(extra))


def _moved(data: bytes, by: int) -> bytes:
    """Every offset but the first entry's moved."""
    made = bytearray(data)
    directory = made.rindex(b"PK\x05\x06")
    start = struct.unpack_from("<I", made, directory + 16)[0] + by
    struct.pack_into("<I", made, directory + 16, start)
    place, first = start, True
    while made[place : place + 4] == b"PK\x01\x02":
        if not first:
            struct.pack_into("<I", made, place + 42, struct.unpack_from("<I", made, place + 42)[0] + by)
        first = False
        place += 46 + sum(struct.unpack_from("<3H", made, place + 28))
    return bytes(made)


def reordered(data: bytes) -> bytes:
    """The last file moved to the front, offsets made right."""
    files = {name: bytes(content) for name, content in canonical_zip.read(data, "it").items()}
    names = list(files)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in (names[-1], *names[:-1]):
            made.writestr(zipfile.ZipInfo(name), files[name])
    return out.getvalue()


def duplicate(data: bytes) -> bytes:
    """A second file of a name that is there."""
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as made:
        made.writestr(zipfile.ZipInfo("report.json"), b"{}")
    return out.getvalue()


def zip64(data: bytes) -> bytes:
    """Every entry in ZIP64 form."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", allowZip64=True) as made:
        for name, content in canonical_zip.read(data, "it").items():
            with made.open(zipfile.ZipInfo(name), "w", force_zip64=True) as one:
                one.write(bytes(content))
    return out.getvalue()


def increment(data: bytes) -> bytes:
    """An incremental update of the PDF after its signature."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    writer.root["/Evil"] = writer.root["/Type"]
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _hex(data: bytes) -> tuple[int, int]:
    frame = pdf_frame.frame(data)
    return frame.before + 1, frame.resumes - 1


def upper_case(data: bytes) -> bytes:
    """The signature's hex in upper case: the same DER."""
    start, end = _hex(data)
    return data[:start] + data[start:end].upper() + data[end:]


def roomy(data: bytes) -> bytes:
    """The PDF signed anew by the same key with more room than needed; zeros fill it."""
    plain = _unsigned(data)
    said = PdfSignatureMetadata(
        field_name="Readiness", md_algorithm="sha256", certify=True, docmdp_permissions=MDPPerm.NO_CHANGES,
        subfilter=SigSeedSubFilter.PADES,
    )  # fmt: skip
    writer = pdf_sign._Increment(io.BytesIO(plain))
    signer = PdfSigner(said, pdf_sign._signer(signatory()), new_field_spec=SigFieldSpec("Readiness"))
    session = signer.init_signing_session(writer)
    session.system_time = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    document = session.prepare_tbs_document(None, bytes_reserved=12_000)
    out = io.BytesIO()
    digest, _ = document.digest_tbs_document(output=out)
    attributes = PdfCMSSignedAttributes(signing_time=session.system_time)
    pdf_sign._now(document.perform_signature(digest.document_digest, attributes))
    made = bytearray(out.getvalue())
    start, end = digest.reserved_region_start, digest.reserved_region_end
    made[start:end] = made[start:end].lower()
    return bytes(made)


def _unsigned(data: bytes) -> bytes:
    """The first revision, which was there before the signature."""
    return data[: data.index(b"%%EOF") + 6]


def padding(data: bytes) -> bytes:
    """One digit in the room behind the signature."""
    made = roomy(data)
    _, end = _hex(made)
    return made[: end - 1] + b"1" + made[end:]


def unsigned_attribute(data: bytes) -> bytes:
    """An attribute that nobody signed, in the room behind the signature; the signature still fits."""
    made = roomy(data)
    start, end = _hex(made)
    loaded = cms.ContentInfo.load(pdf_frame.frame(made).der)
    (signer,) = loaded["content"]["signer_infos"]
    signer["unsigned_attrs"] = cms.CMSAttributes(
        [cms.CMSAttribute({"type": "1.2.3.4", "values": [core.OctetString(b"evil")]})]
    )
    der = loaded.dump(force=True).hex().encode()
    return made[:start] + der.ljust(end - start, b"0") + made[end:]


def second_certificate(data: bytes) -> bytes:
    """Another certificate put beside the signer's in the signature."""
    made = roomy(data)
    start, end = _hex(made)
    loaded = cms.ContentInfo.load(pdf_frame.frame(made).der)
    from asn1crypto import x509

    loaded["content"]["certificates"].append(x509.Certificate.load(signatory("forger").certificates[0]))
    der = loaded.dump(force=True).hex().encode()
    return made[:start] + der.ljust(end - start, b"0") + made[end:]


def byte_range(data: bytes) -> bytes:
    """The ByteRange made shorter, as if the file's last line were not covered."""
    found = re.search(rb"/ByteRange \[\d+ \d+ \d+ (\d+)", data)
    assert found
    less = str(int(found[1]) - 7).encode().rjust(len(found[1]), b" ")
    return data[: found.start(1)] + less + data[found.end(1) :]


def another(data: bytes) -> bytes:
    """The unsigned PDF signed by a key that is not the installation's."""
    return pdf_sign.sign(
        _unsigned(data),
        signatory("forger"),
        at=datetime(2026, 3, 1, 10, 0, tzinfo=UTC),
        reason="Test",
        name="Test",
        location="Test",
    )


ATTACKS: dict[str, Callable[[bytes], bytes]] = {
    "comment": comment,
    "local extra": local_extra,
    "reordered": reordered,
    "repacked": lambda data: _zip(data, compression=zipfile.ZIP_STORED),
    "deflated": lambda data: _zip(data, compression=zipfile.ZIP_DEFLATED),
    "duplicate": duplicate,
    "zip64": zip64,
    "prepended": lambda data: b"PK\x03\x04" + data,
    "appended": lambda data: data + b"\n",
    "truncated": lambda data: data[:-1],
    "increment": increment,
    "upper case": upper_case,
    "roomy": roomy,
    "padding": padding,
    "unsigned attribute": unsigned_attribute,
    "second certificate": second_certificate,
    "byte range": byte_range,
    "unsigned": _unsigned,
    "first line": lambda data: data.replace(b"%PDF-1.", b"%PDF-2.", 1),
    "signed by another": another,
}
