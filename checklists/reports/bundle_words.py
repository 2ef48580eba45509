"""VERIFY.md: what a bundle is, what was decided, and how an auditor verifies it; plain English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.template.loader import render_to_string

from checklists.models import Report
from checklists.reports import enclosed
from checklists.reports.legible import legibly

TEMPLATE = "reports/VERIFY.md"
LONGEST = 300
NOTHING_SIGNED = "Nobody had signed this state."


def verify_md(report: Report, *, paths: Sequence[str], key_id: str) -> bytes:
    """The text, as UTF-8; `paths` of all other files, `key_id` of the key that signs the bundle."""
    context = {
        "installation": report.snapshot["sealed"]["installation"],
        "decided": "\n".join(f"    {line}".rstrip() for line in _decided(report.snapshot)),
        "contents": "\n".join(_contents(paths)),
        "keys_url": f"{report.snapshot['enclosed']['address']}/keys/",
        "key_id": key_id,
        "filename": enclosed.bundle_name(report),
    }
    return render_to_string(TEMPLATE, context).encode()


def _decided(snapshot: Mapping[str, Any]) -> Iterator[str]:
    gate, release = snapshot["gate"], snapshot["release"]
    yield _line(f"Release: {snapshot['project']['name']} {release['version']}")
    yield _line(f"Gate: {gate['title'] or gate['environment']} (number {gate['id']})")
    yield _line(f"Verdict: {snapshot['verdict']['name']}")
    yield f"State: {snapshot['signed']['digest']}"
    yield f"Report made: {snapshot['generated']['at']}"
    yield ""
    for signed in snapshot["signatures"]:
        yield _line(f"{signed['name']} as {signed['title'].lower()}: {_word(signed)}, {signed['signed_at']}")
        yield _line(f"  {signed['meaning']}")
    if not snapshot["signatures"]:
        yield NOTHING_SIGNED


def _word(signed: Mapping[str, Any]) -> str:
    given = {"approve": "approved", "decline": "declined"}.get(signed["decision"], signed["decision"])
    return f"{given} an earlier state; this signature is stale" if signed["state"] == "stale" else given


_KINDS = (
    ("report.pdf", "The report, signed, to be read"),
    ("report.json, report.dsse.json", "The same as data, and the installation's statement about it"),
    ("snapshot.json", "The state of the gate that signatures cover"),
    ("checklist.md", "The checklist as it was published"),
    ("results/", "What the checks of each item found"),
    ("evidence/", "The evidence files, named by their SHA-256; index.json says which is which"),
    ("signatures/", "Every sign-off ever given on this gate, also stale and withdrawn ones"),
    ("audit/", "The gate's whole audit log, and the checkpoints that sign its end"),
    ("keys/keys.json", "The public keys as the installation states them; not to be trusted from here"),
    ("verify.py", "A verifier in one file"),
    ("manifest.json", "Every file with its SHA-256"),
    ("manifest.dsse.json", "The installation's signature over the manifest"),
)


def _contents(paths: Sequence[str]) -> Iterator[str]:
    yield "| File | What it is |"
    yield "| --- | --- |"
    for name, meaning in _KINDS:
        count = sum(path.startswith(name) for path in paths) if name.endswith("/") else 0
        yield f"| {name} | {meaning}{f' ({count} files)' if count > 1 else ''} |"


def _line(text: str) -> str:
    return legibly(" ".join(text.split()), LONGEST)
