"""What an installation states under its key: one predicate type for each kind of record."""

from __future__ import annotations

from typing import Any, TypedDict

from readiness.engine.sealed import dsse

SIGN_OFF = "urn:readiness:gate-sign-off:v1"
REPORT = "urn:readiness:report:v1"
BUNDLE = "urn:readiness:audit-bundle:v1"
CUT = "urn:readiness:audit-cut:v1"


class Credential(TypedDict):
    """How the signer proved who they are: `methods` of password, totp, recovery-code, passkey, sso."""

    methods: list[str]
    challenge: str


class SignOff(TypedDict):
    """A person's word on the state of a gate. Times are ISO 8601 with the signer's offset.

    `gate` and `installation` bind it to its place; `challenge` is used once; `supersedes` is the SHA-256 of
    the envelope of the sign-off that this one replaces, or empty; `checklist` is `slug@version sha256:…`.
    """

    installation: str
    gate: int
    project: str
    release: str
    environment: str
    checklist: str
    decision: str
    role: str
    person: int
    name: str
    meaning: str
    criteria: list[str]
    comment: str
    signed_at: str
    credential: Credential
    supersedes: str


class Report(TypedDict):
    """A report: the subject is the SHA-256 of its report.json. `certificates` are the SHA-256 of the
    certificates that the PDF's own signature carries, the signer's first; `attached` the SHA-256 of each
    other file attached to the PDF, by name; `checkpoint` the head of the gate's log as `length:hash`.
    """

    installation: str
    gate: int
    report: int
    made_at: str
    digest: str
    verdict: str
    checkpoint: str
    certificates: list[str]
    attached: dict[str, str]


class Bundle(TypedDict):
    """A bundle: the subject is the SHA-256 of its manifest.json, which names every other file."""

    installation: str
    gate: int
    report: int
    made_at: str


def sign_off(said: SignOff, *, digest: str) -> dict[str, Any]:
    """The statement of a sign-off; the subject is the snapshot's digest (`sha256:…`)."""
    name = f"gate:{said['gate']} {said['project']}/{said['release']}/{said['environment']}"
    return dsse.statement(
        subject=name,
        sha256=bare(digest),
        predicate_type=SIGN_OFF,
        predicate=said,
    )


def report(said: Report, *, sha256: str) -> dict[str, Any]:
    """The statement of a report; `sha256` of report.json in hex."""
    return dsse.statement(
        subject="report.json",
        sha256=sha256,
        predicate_type=REPORT,
        predicate=said,
    )


def bundle(said: Bundle, *, sha256: str) -> dict[str, Any]:
    """The statement of a bundle; `sha256` of manifest.json in hex."""
    return dsse.statement(
        subject="manifest.json",
        sha256=sha256,
        predicate_type=BUNDLE,
        predicate=said,
    )


def bare(digest: str) -> str:
    """`sha256:…` without the name of the algorithm."""
    return digest.removeprefix("sha256:")
