"""Hash chain: every listed file has the bytes it had when it was listed, and the decision says one thing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from readiness.engine.errors import FileMissing, FileRefused
from readiness.engine.outcome import Finding
from readiness.engine.ready import decision, layout, listing
from readiness.engine.ready.check import finding, readiness_check
from readiness.engine.ready.files import RunFiles
from readiness.engine.ready.listing import HASHES, Listed
from readiness.engine.ready.status import ReadinessStatus

PASSED = "Hash chain verified successfully"
INCOMPLETE = "Hash chain status: INCOMPLETE"
TAMPERED = "Tampering detected: {what} hash mismatch"
SEAL = "Run `readiness seal --run DIR`: it writes the hashes that are missing."
_SHOWN = 20


@dataclass(slots=True)
class Chain:
    """What the comparison found: `problems` fail, `open` leaves the chain incomplete."""

    verified: int = 0
    problems: list[str] = field(default_factory=list)
    mismatches: list[dict[str, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)


@readiness_check("hash_chain")
def check_hash_chain(files: RunFiles) -> Finding:
    """Every listed file is there and has the hash of the list; the chain hash and the decision hold."""
    chain = Chain()
    listed = [*listing.manifest(files), *listing.sealed(files)]
    for entry in [*listed, *listing.decided(files)]:
        _compare(files, entry, chain)
    _compare_chain(files, chain)
    _compare_decision(files, chain)
    chain.open += _unlisted(files, listed)
    return _judge(chain)


def _compare(files: RunFiles, entry: Listed, chain: Chain) -> None:
    try:
        computed = files.sha256(entry.path)
    except FileMissing:
        chain.missing += [entry.path] if entry.path not in chain.missing else []
    except FileRefused as problem:
        chain.problems.append(problem.message.rstrip("."))
    else:
        if entry.sha256 is None:
            chain.open.append(f"{entry.path} is listed without a hash")
        elif entry.sha256 != computed:
            chain.problems.append(TAMPERED.format(what=entry.what))
            chain.mismatches.append({"path": entry.path, "recorded": entry.sha256, "computed": computed})
        else:
            chain.verified += 1


def _compare_chain(files: RunFiles, chain: Chain) -> None:
    """The chain hash over the table as it stands: a changed file shows above, a changed table here."""
    recorded = listing.chain_hash(files)
    if recorded is None:
        if files.there(HASHES):
            chain.open.append(f"{HASHES} has no chain_hash")
        return
    computed = listing.chains(files)
    if recorded not in computed:
        chain.problems.append(TAMPERED.format(what="chain"))
        chain.mismatches.append({"path": HASHES, "recorded": recorded, "computed": computed[0]})


def _compare_decision(files: RunFiles, chain: Chain) -> None:
    gate = decision.load(files)
    if gate:
        chain.problems += [f"The decision contradicts itself: {text}" for text in gate.contradictions()]


def _unlisted(files: RunFiles, listed: list[Listed]) -> Iterator[str]:
    """What should be listed and is not, so that nobody would notice a change."""
    kind = layout.of(files)
    known = {entry.path for entry in listed}
    if kind is layout.Layout.TRAINING or files.there(HASHES):
        if not files.there(HASHES):
            yield f"{HASHES} is not there"
        names = (layout.RUN_META, layout.ENVIRONMENT, layout.CONFIG, layout.EVALUATION)
        yield from (
            f"{name} is not listed in {HASHES}" for name in names if files.there(name) and name not in known
        )
    for name in (listing.MANIFEST, listing.DECISION):
        if kind in (layout.Layout.VALIDATION, layout.Layout.BOTH) and not files.there(name):
            yield f"{name} is not there"
    yield from (f"{path} is listed nowhere" for path in files.data_files() if path not in known)
    if not listed:
        yield "no file is listed with a hash"


def _judge(chain: Chain) -> Finding:
    if chain.missing:
        some = "Listed file missing" if len(chain.missing) == 1 else "Listed files missing"
        chain.problems.insert(0, f"{some}: {', '.join(chain.missing[:5])}")
    details = {
        "verified": chain.verified,
        "problems": chain.problems[:_SHOWN],
        "mismatches": chain.mismatches[:_SHOWN],
        "missing": chain.missing[:_SHOWN],
        "incomplete": chain.open[:_SHOWN],
    }
    if chain.problems:
        message = "; ".join(dict.fromkeys(chain.problems[:5]))
        return finding(ReadinessStatus.FAIL, message, _advice(chain), details)
    if chain.open:
        more = f" and {len(chain.open) - 3} more" if len(chain.open) > 3 else ""
        open_ends = f"Open: {'; '.join(chain.open[:3])}{more}."
        return finding(ReadinessStatus.WARN, INCOMPLETE, f"{open_ends} {SEAL}", details)
    return finding(ReadinessStatus.PASS, PASSED, details=details)


def _advice(chain: Chain) -> str:
    changed = [
        f"{m['path']} has SHA-256 {m['computed'][:12]}…, recorded is {m['recorded'][:12]}…"
        for m in chain.mismatches
    ]
    if changed:
        changed = list(dict.fromkeys(changed))  # several lists may name one file
        return f"{'; '.join(changed[:3])}. Restore the bytes, or find out who changed them and run again."
    return "Put the files of the run back, or write the run again."
