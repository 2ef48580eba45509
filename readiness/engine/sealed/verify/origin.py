"""Where the file comes from, whether its keys were valid, whether the report is the one that was signed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from readiness.engine.sealed import statements
from readiness.engine.sealed.dsse import Envelope
from readiness.engine.sealed.verify.fields import Fields
from readiness.engine.sealed.verify.material import Case, sha256
from readiness.engine.sealed.verify.result import Claim, State, failed, unknown, verified
from readiness.engine.sealed.verify.trust import FAILED, Word

if TYPE_CHECKING:  # pyHanko takes half a second to import
    from readiness.engine.sealed.pdf_frame import Sealed
    from readiness.engine.sealed.pdf_read import Read

KIND, SCHEMA_VERSION = "readiness-report", 1
ATTACHED = ("audit.jsonl", "checkpoint.txt", "signatures.jsonl", "results.jsonl", "keys.json")
NO_KEY = "You named no key. Name the installation's public key, which you got by another way, with --key."


def origin(case: Case, manifest: Envelope | None) -> Claim:
    """Report and manifest are signed by keys that somebody outside named."""
    words = [("the report", case.trust.envelope(case.envelope, case.made_at))]
    if manifest is not None:
        stated = Fields(manifest.predicate, "the statement on the manifest")
        for name in ("installation", "gate", "report"):
            if stated.data.get(name) != case.stated.data.get(name):
                return failed("origin", f"Manifest and report state another {name}.")
        if (
            manifest.predicate_type != statements.BUNDLE
            or stated.data.keys() != statements.Bundle.__annotations__.keys()
        ):
            return failed("origin", "The manifest's statement is of another kind.")
        words.append(("the bundle", case.trust.envelope(manifest, stated.moment("made_at"))))
    if wrong := [f"{what}: {word.why}" for what, word in words if word.state is FAILED]:
        return failed("origin", "A signature of the installation does not hold.", wrong)
    doubts = [f"{what}: {word.why}" for what, word in words if word.state is not State.VERIFIED]
    if not case.trust.any:
        return unknown("origin", NO_KEY, doubts)
    if doubts:
        return unknown(
            "origin", "It is not signed by a key that you named and that is to be trusted.", doubts
        )
    return verified(
        "origin",
        f"{case.stated.text('installation')} signed it, with the key {words[0][1].key[:12]}… that you named.",
    )


def keys(case: Case, manifest: Envelope | None) -> Claim:
    """Every key that signed something here, and whether it might."""
    words: list[Word] = [case.trust.envelope(case.envelope, case.made_at), case.trust.note(case.note)]
    words += [signed.word for signed in case.sign_offs]
    if manifest is not None:
        words.append(
            case.trust.envelope(manifest, Fields(manifest.predicate, "the manifest").moment("made_at"))
        )
    details = [_key(case, name) for name in dict.fromkeys(word.key for word in words if word.key)]
    if wrong := [word.why for word in words if word.state is FAILED]:
        return failed("keys", "A key signed outside its time, or did not sign.", wrong)
    if any(word.state is not State.VERIFIED for word in words):
        doubts = dict.fromkeys(word.why for word in words if word.state is not State.VERIFIED)
        return unknown("keys", "Not every key that signed here is to be trusted.", [*doubts, *details])
    return verified("keys", "Every key that signed here is one that you named, within its time.", details)


def _key(case: Case, name: str) -> str:
    found = case.trust.named.find(name) or case.trust.enclosed.find(name)
    if found is None:
        return f"{name[:12]}…: unknown"
    ends = f", retired {found.not_after.isoformat(timespec='minutes')}" if found.not_after else ""
    gone = f", revoked {found.revoked_at.isoformat(timespec='minutes')}" if found.revoked_at else ""
    since = f" since {found.not_before.isoformat(timespec='minutes')}" if found.not_before else ""
    return f"{found.id}{since}{ends}{gone}"


def report(case: Case, sealed: Sealed, pdf: Read) -> Claim:
    """The PDF is signed by the certificates, and encloses the files, that the statement names."""
    problems = [*_statement(case), *_pdf(case, sealed, pdf), *_attached(case, pdf.attached)]
    if problems:
        return failed("report", "The report is not the one that was signed.", problems)
    word = case.trust.envelope(case.envelope, case.made_at)
    if word.state is FAILED:
        return failed("report", f"The statement on the report does not hold: {word.why}.")
    if word.state is not State.VERIFIED:
        return unknown("report", f"PDF, data and statement fit each other, but {word.why}.")
    return verified(
        "report",
        "The PDF's own signature covers it to the last byte, allows no later change, and is by the "
        "certificate that the installation's statement names. Verified here are the data attached to it; "
        "what its pages show is that certificate's word.",
    )


def _statement(case: Case) -> Iterator[str]:
    stated, found = case.stated, case.report
    if stated.data.keys() != statements.Report.__annotations__.keys():
        yield "the statement has other fields than one on a report has"
        return
    if (found.text("kind"), found.whole("schema_version")) != (KIND, SCHEMA_VERSION):
        yield f"report.json is no report of version {SCHEMA_VERSION}; use a newer Readiness"
    pairs = {
        "content": (case.envelope.subject, sha256(case.material.report)),
        "name": (case.envelope.statement["subject"][0]["name"], "report.json"),
        "gate": (stated.whole("gate"), found.under("gate").whole("id")),
        "digest": (stated.text("digest"), found.under("signed").text("digest")),
        "verdict": (stated.text("verdict"), found.under("verdict").text("state")),
        "time": (
            case.made_at.replace(microsecond=0),
            found.under("generated").moment("at").replace(microsecond=0),
        ),
    }
    for name, (said, is_) in pairs.items():
        if said != is_:
            yield f"the statement is on a report with another {name}: {said}, not {is_}"


def _pdf(case: Case, sealed: Sealed, pdf: Read) -> Iterator[str]:
    named = case.stated.texts("certificates")
    if sorted(named) != sorted(sealed.certificates) or named[:1] != list(sealed.certificates[:1]):
        yield "the PDF is signed by another certificate than the statement names"
    if pdf.at is None or pdf.at.replace(microsecond=0) != case.made_at.replace(microsecond=0):
        yield f"the PDF's signature says another time: {pdf.at}"
    if not sealed.valid_from <= case.made_at <= sealed.valid_to:
        yield f"the PDF's certificate was not valid then: {sealed.valid_from} to {sealed.valid_to}"


def _attached(case: Case, attached: Mapping[str, bytes]) -> Iterator[str]:
    named = case.stated.named_texts("attached")
    there = {name: sha256(data) for name, data in attached.items()} | {}
    own: Sequence[tuple[str, bytes]] = (
        ("report.json", case.material.report),
        ("report.dsse.json", case.material.seal),
    )
    for name, data in own:
        if there.pop(name, "") != sha256(data):
            yield f"the PDF encloses another {name}"
    for name in sorted(named.keys() | there.keys()):
        if name not in ATTACHED and not name.startswith("evidence/"):
            yield f"{name} is attached to the PDF, or named, which no report has"
        if name not in there:
            yield f"{name} is not attached to the PDF"
        elif named.get(name) != there[name]:
            yield f"{name}, attached to the PDF, is not what was signed"
