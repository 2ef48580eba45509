"""What lies beside the signed state: check results and evidence, each as it was signed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from readiness.engine.sealed.signable import signable
from readiness.engine.sealed.verify import figures
from readiness.engine.sealed.verify.fields import Fields
from readiness.engine.sealed.verify.material import Case, canonical_json
from readiness.engine.sealed.verify.result import Claim, failed, unknown, verified
from readiness.engine.sealed.verify.state import items, plain


def checks(case: Case) -> Claim:
    """What was signed of each check is what its result says, and what the report prints."""
    problems = list(_misprinted_checks(case))
    found: dict[str, list[Any]] = {}
    printed = items(case)
    for place, data in case.material.results.items():
        run = Fields(canonical_json(data, place), place)
        key, results = run.text("item"), run.each("results")
        if key in found or key not in printed:
            problems.append(f"{place}: its item has other results here, or is none of this gate")
            continue
        found[key] = [_signable(one) for one in results]
        problems += [f"{key}: {why}" for why in figures.unlike(printed[key].each("checks"), results)]
    problems += figures.final(case)
    lacking: list[str] = []
    whole = case.material.kind == "bundle"
    for item in Fields(case.snapshot, "the snapshot").each("items"):
        key, signed = item.text("key"), [one.data for one in item.each("checks")]
        if signed and key not in found:
            (problems if whole else lacking).append(f"{key}: its check results are not enclosed")
        elif key in found and plain(found[key]) != plain(signed):
            problems.append(f"{key}: the enclosed check results are not those that were signed")
    if problems:
        return failed("checks", "Check results differ from what was signed.", problems)
    if lacking:
        return unknown("checks", "The PDF does not enclose full check results; ask for the bundle.", lacking)
    return verified("checks", f"The results of {len(found)} items are those that were signed.")


def _indexed(case: Case, index: bytes) -> bool:
    """Whether the list names for each item what the report has of it."""
    listed = Fields(canonical_json(index, "evidence/index.json"), "evidence/index.json").each("evidence")
    pieces = [(key, piece) for key, item in items(case).items() for piece in item.each("evidence")]
    return plain([one.data for one in listed]) == plain(
        [{"item": key, **piece.data} for key, piece in pieces]
    )


def _signable(one: Fields) -> Any:
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
            told, given = one.each("measurements"), other.each("measurements")
            if len(told) != len(given) or [_measured(m.data) for m in told] != [
                _measured(m.data, like=n.data) for m, n in zip(given, told, strict=True)
            ]:
                yield f"{key}: the report prints another measurement than was signed"
            if not all(map(figures.in_words, given)):
                yield f"{key}: the report words a measurement otherwise than its value"


def _told(check: Fields) -> tuple[str, ...]:
    files = [f"{f.text('path')} {f.text('sha256')}" for f in check.each("files")]
    return (check.text("kind"), check.text("outcome"), *files)


def _measured(one: Mapping[str, Any], like: Mapping[str, Any] | None = None) -> str:
    """What of a measurement was signed; of a volatile one not its value."""
    kept = (like or one).keys()
    return plain(
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
    if strange := sorted(case.material.evidence.keys() - {sha for _, _, sha in files}):
        return failed("evidence", "A file is enclosed as evidence that nobody signed.", strange)
    if case.material.index is not None and not _indexed(case, case.material.index):
        return failed("evidence", "The list of the enclosed evidence is not that of the report.")
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
