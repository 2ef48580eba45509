"""The signed state: one digest everywhere, printed as it was signed, and what follows from it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
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
        "release": (snapshot.under("release").text("version"), report.under("release").text("version")),
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
        if _plain(values.get(name)) != _plain(one.data.get("value")):
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
        if _evidence(one) != _evidence(shown):
            yield f"the evidence of {key} is printed otherwise than it was signed"
    approvals = {one.text("key"): one for one in snapshot.each("approval_evidence")}
    for key in roles | approvals.keys():
        here = _evidence(approvals[key]) if key in approvals else []
        if key not in printed or _evidence(printed[key]) != here:
            yield f"the evidence of {key} is printed otherwise than it was signed"


def _evidence(item: Fields) -> list[tuple[str, ...]]:
    return [tuple(piece.text(name) for name in EVIDENCE) for piece in item.each("evidence")]


def _snapshots(case: Case) -> Iterator[str]:
    if case.material.shown is not None and case.material.shown != seal.canonical(case.snapshot):
        yield "snapshot.json is not the state in the report"
    for name, data in case.material.snapshots.items():
        canonical_json(data, f"the signed state {name[:12]}…")
        if sha256(data) != name:
            yield f"the signed state {name[:12]}… is another one than its name says"


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def checks(case: Case) -> Claim:
    """What was signed of each check is what its result says, and what the report prints."""
    from readiness.engine.sealed.signable import signable

    problems = list(_misprinted_checks(case))
    found: dict[str, list[Any]] = {}
    for place, data in case.material.results.items():
        run = Fields(canonical_json(data, place), place)
        found[run.text("item")] = [_signable(signable, one) for one in run.each("results")]
    lacking: list[str] = []
    whole = case.material.kind == "bundle"
    for item in Fields(case.snapshot, "the snapshot").each("items"):
        key, signed = item.text("key"), [one.data for one in item.each("checks")]
        if signed and key not in found:
            (problems if whole else lacking).append(f"{key}: its check results are not enclosed")
        elif key in found and _plain(found[key]) != _plain(signed):
            problems.append(f"{key}: the enclosed check results are not those that were signed")
    if problems:
        return failed("checks", "Check results differ from what was signed.", problems)
    if lacking:
        return unknown("checks", "The PDF does not enclose full check results; ask for the bundle.", lacking)
    return verified("checks", f"The results of {len(found)} items are those that were signed.")


def _signable(signable: Any, one: Fields) -> Any:
    try:
        return signable(one.data)
    except (KeyError, TypeError, AttributeError):
        one.text("a check's result")  # raises: it is none
        raise


def _misprinted_checks(case: Case) -> Iterator[str]:
    printed = items(case)
    for item in Fields(case.snapshot, "the snapshot").each("items"):
        key = item.text("key")
        if key not in printed:
            continue
        signed, shown = item.each("checks"), printed[key].each("checks")
        if [_told(one) for one in signed] != [_told(one) for one in shown]:
            yield f"{key}: the report prints another outcome than was signed"
            continue
        for one, other in zip(signed, shown, strict=True):
            if one.text("message") and one.text("message") != other.text("message"):
                yield f"{key}: the report prints another message than was signed"
            if [_measured(m.data) for m in one.each("measurements")] != [
                _measured(m.data, like=n.data)
                for m, n in zip(other.each("measurements"), one.each("measurements"), strict=False)
            ]:
                yield f"{key}: the report prints another measurement than was signed"


def _told(check: Fields) -> tuple[str, ...]:
    files = [f"{f.text('path')} {f.text('sha256')}" for f in check.each("files")]
    return (check.text("kind"), check.text("outcome"), *files)


def _measured(one: Mapping[str, Any], like: Mapping[str, Any] | None = None) -> str:
    """What of a measurement was signed; of a volatile one not its value."""
    kept = (like or one).keys()
    return _plain(
        {name: one.get(name) for name in ("name", "unit", "limit", "ok", "value", "source") if name in kept}
    )


def evidence(case: Case) -> Claim:
    """Every file that was signed is there, by its SHA-256."""
    snapshot = Fields(case.snapshot, "the snapshot")
    listed = [*snapshot.each("items"), *snapshot.each("approval_evidence")]
    pieces = [(item.text("key"), piece) for item in listed for piece in item.each("evidence")]
    files = [(key, p.text("name"), p.text("sha256")) for key, p in pieces if p.text("kind") == "file"]
    links = [
        f"{key}: {p.text('name')} is a link; what lies there is not held"
        for key, p in pieces
        if p.text("kind") != "file"
    ]
    lacking = [
        f"{key}: {name} ({sha[:12]}…) is not enclosed"
        for key, name, sha in files
        if sha not in case.material.evidence
    ]
    if lacking and case.material.kind == "bundle":
        return failed("evidence", "Evidence that was signed is missing.", lacking)
    if lacking:
        return unknown(
            "evidence",
            "Not every file of evidence is attached to the PDF; ask for the bundle.",
            [*lacking, *links],
        )
    if not files:
        return verified("evidence", "No file of evidence was signed.", links)
    return verified("evidence", f"All {len(files)} files of evidence are those that were signed.", links)
