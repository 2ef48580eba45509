"""The signed state: one digest everywhere, printed as it was signed, and what follows from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from readiness.engine import seal
from readiness.engine.sealed.verify.fields import Fields
from readiness.engine.sealed.verify.material import Case, canonical_json, sha256
from readiness.engine.sealed.verify.result import Claim, State, failed, unknown, verified

EVIDENCE = ("kind", "name", "sha256", "url", "by")


def state(case: Case) -> Claim:
    """One digest: of the snapshot, in the statement, in the report, and as the subject of what counts."""
    signed = case.report.under("signed")
    digest = case.digest
    problems = []
    if signed.text("digest") != digest:
        problems.append(f"the report says {signed.text('digest')}, its snapshot has {digest}")
    if case.stated.text("digest") != digest:
        problems.append("the installation's statement is on another state")
    problems += [*_shape(case), *_printed(case), *_snapshots(case)]
    if problems:
        return failed("state", "The state shown is not the one that was signed.", problems)
    enclosed = {f"sha256:{name}" for name in case.material.snapshots} | {digest}
    lacking = [s.digest for s in case.sign_offs if s.digest not in enclosed]
    details = [
        f"an earlier state, {name[:19]}…, was signed and is not enclosed" for name in dict.fromkeys(lacking)
    ]
    word = case.trust.envelope(case.envelope, case.made_at)
    if word.state is not State.VERIFIED:
        return unknown(
            "state", f"One state everywhere, {digest}, but {word.why or 'nobody vouches for it'}.", details
        )
    return verified("state", f"Report, statement and snapshot are about one state: {digest}.", details)


def _shape(case: Case) -> Iterator[str]:
    snapshot, report = Fields(case.snapshot, "the snapshot"), case.report
    pairs = {
        "project": (snapshot.under("project").text("slug"), report.under("project").text("slug")),
        "name of the project": (snapshot.under("project").text("name"), report.under("project").text("name")),
        "release": (snapshot.under("release").text("version"), report.under("release").text("version")),
        "planned date": (
            snapshot.under("release").data.get("planned_for") or "",
            report.under("release").text("planned_for"),
        ),
        "environment": (snapshot.text("environment"), report.under("gate").text("environment")),
        "checklist": (snapshot.under("checklist").text("sha256"), report.under("checklist").text("sha256")),
        "artifact": (snapshot.text("artifact"), report.under("artifact").text("digest")),
        "number of the parameters": (
            snapshot.under("parameters").whole("number"),
            report.under("parameters").whole("number"),
        ),
        "moved bar": (
            snapshot.under("parameters").flag("bar_moved_after_result"),
            report.under("parameters").flag("bar_moved_after_result"),
        ),
    }
    for name, (signed, printed) in pairs.items():
        if signed != printed:
            yield f"the report prints another {name}: {printed}, signed was {signed}"
    values = snapshot.under("parameters").under("values").data
    for one in report.under("parameters").each("values"):
        name = one.text("name")
        if plain(values.get(name)) != plain(one.data.get("value")):
            yield f"the report prints another value of {name}"


def items(case: Case) -> dict[str, Fields]:
    """The items as the report prints them, by key. Raises BadContent for one printed twice."""
    found: dict[str, Fields] = {}
    for section in case.report.each("sections"):
        for item in section.each("items"):
            key = item.text("key")
            if key in found:
                item.text(f"a second {key}")  # raises: there is no such field
            found[key] = item
    return found


def _printed(case: Case) -> Iterator[str]:
    """Items and evidence are printed as they were signed."""
    printed, snapshot = items(case), Fields(case.snapshot, "the snapshot")
    signed = {item.text("key"): item for item in snapshot.each("items")}
    roles = {key for key, item in printed.items() if item.text("role")}
    for key in (printed.keys() - roles) ^ signed.keys():
        yield f"the item {key} is {'printed, but was not signed' if key in printed else 'not printed'}"
    for key in signed.keys() & printed.keys():
        one, shown = signed[key], printed[key]
        state_shown = "passed" if shown.text("state") == "warned" else shown.text("state")
        said = (one.text("title"), one.text("requirement"), one.text("state"), one.text("reason"))
        if said != (shown.text("title"), shown.text("requirement"), state_shown, shown.text("reason")):
            yield f"the item {key} is printed otherwise than it was signed"
        if (one.text("state") != "waived" and not _decided(one, shown)) or (
            one.data.get("reported_by", "") != shown.data.get("reported_by", "")
        ):
            yield f"the report prints somebody else as who decided on {key}"
        if _evidence(one) != _evidence(shown):
            yield f"the evidence of {key} is printed otherwise than it was signed"
    approvals = {one.text("key"): one for one in snapshot.each("approval_evidence")}
    for key in roles | approvals.keys():
        here = _evidence(approvals[key]) if key in approvals else []
        if key not in printed or _evidence(printed[key]) != here:
            yield f"the evidence of {key} is printed otherwise than it was signed"


def _decided(one: Fields, shown: Fields) -> bool:
    """By whom: the report names the checks where they decided, and nothing where nobody did."""
    how, by = shown.under("decided").text("how"), shown.under("decided").text("by")
    return how == one.text("decided") and (how != "person" or by == one.text("by"))


def _evidence(item: Fields) -> list[tuple[str, ...]]:
    return [tuple(piece.text(name) for name in EVIDENCE) for piece in item.each("evidence")]


def _snapshots(case: Case) -> Iterator[str]:
    if case.material.shown is not None and case.material.shown != seal.canonical(case.snapshot):
        yield "snapshot.json is not the state in the report"
    for name, data in case.material.snapshots.items():
        canonical_json(data, f"the signed state {name[:12]}…")
        if sha256(data) != name:
            yield f"the signed state {name[:12]}… is another one than its name says"


def plain(value: Any) -> str:
    """A value as text, to compare by."""
    return json.dumps(value, sort_keys=True)
