"""From a report's row to the signed PDF: what is attached, the installation's statement, the signature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from checklists import certificates, keys
from checklists.certificate_pairs import Pair
from checklists.models import Checkpoint, Evidence, Report
from checklists.reports import attached, pdf
from checklists.reports.attached import Attached
from readiness.engine.errors import ReadinessError
from readiness.engine.sealed import dsse, statements
from readiness.engine.sealed.keys import Key, Keyring, SigningKey

STATEMENT = "report.dsse.json"
REASON = "Certifies that this report is as the installation made it"


class SealChanged(ReadinessError):
    """Key or certificate are others than those that the report names."""


@dataclass(frozen=True, slots=True)
class Seal:
    """What an installation seals reports with."""

    key: SigningKey
    pair: Pair


def ready() -> Seal:
    """Key and certificate in use; the first call of an installation makes them.

    Called outside of transactions, as making them takes a second. Raises KeyMissing, CertificateUnusable.
    """
    return Seal(keys.signer(), certificates.pair())


def frozen(
    sealed: Seal, *, checkpoint: Checkpoint, chosen: Iterable[Evidence], at: datetime
) -> dict[str, Any]:
    """What the report says of its own seal, as plain data of its snapshot."""
    known = (_as_of(key, at) for key in keys.ring().keys if not key.not_before or key.not_before <= at)
    return {
        "installation": keys.installation(),
        "key": sealed.key.id,
        "keys": Keyring(tuple(known)).to_dict(keys.installation()),
        "certificates": [
            {
                "sha256": sha256,
                "subject": one.subject.rfc4514_string(),
                "until": one.not_valid_after_utc.date().isoformat(),
                "own": one.subject == one.issuer,
            }
            for sha256, one in zip(sealed.pair.fingerprints, sealed.pair.certificates, strict=True)
        ],
        "checkpoint": checkpoint.note,
        "attached": attached.named(chosen),
    }


def render(row: Report, *, seconds: float) -> tuple[bytes, str]:
    """The signed PDF and the statement in it. The same row and the same keys give the same bytes.

    Raises SealChanged, RenderingError, RecordMissing, BlobError, KeyMissing, CertificateUnusable.
    """
    if "sealed" not in row.snapshot:
        raise SealChanged("This report was asked for before reports were signed.", "Ask for it again.")
    sealed = _same(ready(), row.snapshot["sealed"])
    files = list(attached.of(row))
    envelope = _statement(row, files, sealed)
    said = "The installation's signed statement (DSSE, in-toto) on this report and all that is attached."
    files.append(Attached(name=STATEMENT, data=envelope, description=said))
    unsigned = pdf.render(row.snapshot, attached=files, seconds=seconds)
    return _sign(unsigned, sealed.pair, row), envelope.decode()


def _sign(data: bytes, pair: Pair, row: Report) -> bytes:
    # Late: its import takes half a second, which only a worker spends, at its start.
    from readiness.engine.sealed import pdf_sign

    return pdf_sign.sign(
        data,
        pdf_sign.Signatory(pair.key, pair.der),
        at=row.requested_at,
        reason=REASON,
        name=pair.name,
        location=row.snapshot["sealed"]["installation"],
    )


def _same(sealed: Seal, named: Mapping[str, Any]) -> Seal:
    certificates_now = sealed.pair.fingerprints
    if sealed.key.id == named["key"] and certificates_now == [c["sha256"] for c in named["certificates"]]:
        return sealed
    raise SealChanged(
        "The signing key or the certificate was changed after this report was asked for.",
        "Ask for the report again; it will name the present ones.",
    )


def _statement(row: Report, files: Sequence[Attached], sealed: Seal) -> bytes:
    first, *others = files
    said = statements.Report(
        installation=row.snapshot["sealed"]["installation"],
        gate=row.gate_id,
        report=row.pk,
        made_at=row.snapshot["generated"]["at"],
        digest=row.digest,
        verdict=row.verdict,
        checkpoint=row.snapshot["audit"]["head"],
        certificates=sealed.pair.fingerprints,
        attached={file.name: file.sha256 for file in others},
    )
    return dsse.sign(statements.report(said, sha256=first.sha256), sealed.key)


def _as_of(key: Key, at: datetime) -> Key:
    """The key as it was known at that moment: what ended it later is not said yet."""
    retired = key.not_after if key.not_after and key.not_after <= at else None
    revoked = key.revoked_at if key.revoked_at and key.revoked_at <= at else None
    return replace(key, not_after=retired, revoked_at=revoked, reason=key.reason if revoked else "")
