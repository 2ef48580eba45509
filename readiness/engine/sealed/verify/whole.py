"""One file from its first byte to its last: which claims hold."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping

from readiness.engine.errors import BadContent, ChecklistError
from readiness.engine.seal import NotCanonicalError
from readiness.engine.sealed import canonical_zip
from readiness.engine.sealed.dsse import Envelope
from readiness.engine.sealed.keys import Keyring
from readiness.engine.sealed.verify import bundle as bundles
from readiness.engine.sealed.verify import contents, duties, origin, records, signing, state, verdict
from readiness.engine.sealed.verify import pdf as pdfs
from readiness.engine.sealed.verify.material import Bytes, Case, Material, PartError, read
from readiness.engine.sealed.verify.result import (
    TITLES,
    Claim,
    Decided,
    Verification,
    failed,
    unknown,
    verified,
)

MAX_FILE = canonical_zip.MAX_BYTES
NOT_ASKED = "Was not looked at, because the file failed before."
WHOLE = {
    "bundle": "The bundle is in its canonical form, and every file in it is the one that its manifest lists.",
    "report": "The PDF's own signature covers it to its last byte, in its canonical form.",
}


def verify_any(
    data: Bytes, named: Keyring, outside: Mapping[str, bytes] | None = None, *, place: str = "The file"
) -> Verification:
    """Verify a bundle or a report, told apart by the first bytes.

    `outside` are checkpoint files by name. Raises BadContent for a file that is neither, and for a checkpoint
    file that holds none; ExtraMissing.
    """
    if len(data) > MAX_FILE:
        raise BadContent(f"{place} is larger than 4 GB, which no bundle is.", "Name one of ours.")
    start = bytes(data[:1024])
    if start.startswith(b"PK"):
        return verify_bundle(data, named, outside, place=place)
    if b"%PDF-" in start:
        return verify_pdf(data, named, outside, place=place)
    raise BadContent(f"{place} is neither an audit bundle (ZIP) nor a report (PDF).", "Name one of them.")


def verify_bundle(
    data: Bytes, named: Keyring, outside: Mapping[str, bytes] | None = None, *, place: str = "The file"
) -> Verification:
    """Verify an audit bundle; see `verify_any`."""
    try:
        found = bundles.read(data, place)
        inner = pdfs.read(bundles.pdf_of(found))
    except BadContent as problem:
        return _broken(data, "bundle", place, failed("file-whole", problem.message))
    claims, decided = _claims(found.material, named, outside or {}, found.statement, inner)
    return _verification(data, "bundle", place, claims, decided)


def verify_pdf(
    data: Bytes, named: Keyring, outside: Mapping[str, bytes] | None = None, *, place: str = "The file"
) -> Verification:
    """Verify a report's PDF; see `verify_any`."""
    try:
        found = pdfs.read(data)
        material = pdfs.material(found.read)
    except BadContent as problem:
        return _broken(data, "report", place, failed("file-whole", problem.message))
    claims, decided = _claims(material, named, outside or {}, None, found)
    return _verification(data, "report", place, claims, decided)


def _claims(
    material: Material,
    named: Keyring,
    outside: Mapping[str, bytes],
    manifest: Envelope | None,
    pdf: pdfs.Pdf,
) -> tuple[list[Claim], Decided]:
    whole = verified("file-whole", WHOLE[material.kind])
    try:
        case = read(material, named, outside)
    except PartError as problem:
        return [whole, failed(problem.claim, problem.why)], Decided()
    # Signatures come first, because what they are worth is asked by what follows.
    asked: dict[str, Callable[[], Claim]] = {
        "signatures": lambda: signing.claim(case),
        "origin": lambda: origin.origin(case, manifest),
        "keys": lambda: origin.keys(case, manifest),
        "report": lambda: origin.report(case, pdf.sealed, pdf.read),
        "state": lambda: state.state(case),
        "verdict": lambda: verdict.verdict(case),
        "duties": lambda: duties.claim(case),
        "checks": lambda: contents.checks(case),
        "evidence": lambda: contents.evidence(case),
        "checklist": lambda: verdict.checklist(case),
        "log": lambda: records.log(case),
        "checkpoint": lambda: records.checkpoint(case),
        "outside": lambda: records.outside(case),
    }
    return [whole, *(_ask(name, ask) for name, ask in asked.items())], _decided(case)


def _ask(name: str, ask: Callable[[], Claim]) -> Claim:
    try:
        return ask()
    except (BadContent, ChecklistError, NotCanonicalError) as problem:
        return failed(name, f"What it rests on cannot be read: {problem.message}")


def _decided(case: Case) -> Decided:
    """What the file says; fields that cannot be read stay empty, and their claims have failed."""
    try:
        return Decided(
            installation=case.stated.text("installation"),
            project=case.report.under("project").text("name"),
            release=case.report.under("release").text("version"),
            environment=case.report.under("gate").text("environment"),
            gate=case.stated.whole("gate"),
            report=case.stated.whole("report"),
            made_at=case.stated.text("made_at"),
            verdict=case.report.under("verdict").text("name"),
            digest=case.stated.text("digest"),
            signatures=signing.listed(case),
        )
    except BadContent:
        return Decided()


def _broken(data: Bytes, kind: str, place: str, claim: Claim) -> Verification:
    return _verification(data, kind, place, [claim], Decided())


def _verification(data: Bytes, kind: str, place: str, claims: list[Claim], decided: Decided) -> Verification:
    return Verification(
        file=place,
        kind=kind,
        sha256=hashlib.sha256(data).hexdigest(),
        claims=tuple(_in_order(claims)),
        decided=decided,
    )


def _in_order(claims: list[Claim]) -> Iterator[Claim]:
    found = {claim.id: claim for claim in claims}
    for name in TITLES:
        yield found.get(name) or unknown(name, NOT_ASKED)
