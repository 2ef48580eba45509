"""What goes out is named by hashes, and the files that lie there are those."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.engine.deploy import words
from readiness.engine.deploy.facts import FileFact
from readiness.engine.deploy.manifest import Manifest, bare, digest_of
from readiness.engine.deploy.rules.case import Case, Reason, Rule
from readiness.engine.sizes import size_words

MOST = 20  # reasons of one kind
_AGAIN = "Build the manifest again from the files that are deployed."


def _hashed(case: Case, rule: Rule) -> Iterator[Reason]:
    manifest = case.manifest
    if not manifest.artifacts:
        yield rule.reason(case, "The manifest lists no artifact, at least one is expected.", _AGAIN)
        return
    bad = [a.path for a in manifest.artifacts if a.sha256 is None or a.size is None]
    for path in bad[:MOST]:
        told = f"{words.shown(path)} has no hash or no size, both are expected."
        yield rule.reason(case, told, _AGAIN, item=path)
    if len(bad) > MOST:
        yield rule.reason(case, f"{len(bad) - MOST} more artifacts have no hash or no size.", _AGAIN)
    known = digest_of(manifest.artifacts)
    if known and manifest.artifact_digest and bare(known) != bare(manifest.artifact_digest):
        stated = bare(manifest.artifact_digest)
        told = f"The artifacts' digest is {bare(known)[:16]}…, the manifest says {stated[:16]}…."
        yield rule.reason(case, told, _AGAIN, item="artifact_digest")


def listed(manifest: Manifest) -> dict[str, tuple[str, int | None]]:
    """Every file that the manifest names, with hash and size; an empty hash is one that is not said."""
    files = [(a.path, a.sha256, a.size) for a in manifest.artifacts]
    files += [
        (m.dry_run.log, m.dry_run.sha256, None) for m in manifest.migrations if m.dry_run and m.dry_run.log
    ]
    rehearsal = manifest.rollback.rehearsal if manifest.rollback else None
    if rehearsal and rehearsal.log:
        files.append((rehearsal.log, rehearsal.sha256, None))
    if manifest.scorecard and manifest.scorecard.path:
        files.append((manifest.scorecard.path, manifest.scorecard.sha256, None))
    return {path: (bare(sha256), size) for path, sha256, size in files}


def _same(case: Case, rule: Rule) -> Iterator[Reason]:
    files = case.facts.files
    if files is None:
        told = "Nobody compared the manifest with the files, `require_files` asks for it."
        yield rule.reason(case, told, "Name their directory with --root.")
        return
    expected = listed(case.manifest)
    problems = {path: _problem(files.get(path), *stated) for path, stated in expected.items()}
    wrong = {path: problem for path, problem in problems.items() if problem}
    for path, problem in list(wrong.items())[:MOST]:
        yield rule.reason(case, f"{words.shown(path)} {problem}.", _AGAIN, item=path)
    if len(wrong) > MOST:
        yield rule.reason(case, f"{len(wrong) - MOST} more files differ or are not there.", _AGAIN)


def _problem(fact: FileFact | None, sha256: str, size: int | None) -> str:
    if fact is None:
        return "is not there"
    if fact.problem:
        return fact.problem
    if sha256 and fact.sha256 != sha256:
        return f"has SHA-256 {fact.sha256[:16]}…, the manifest says {sha256[:16]}…"
    if size is not None and fact.size != size:
        return f"has {size_words(fact.size)} ({fact.size} bytes), the manifest says {size} bytes"
    return ""


RULE = Rule(name="artifacts", title="Every artifact has its hash", find=_hashed)
FILES = Rule(
    name="files",
    title="The files are those of the manifest",
    find=_same,
    not_asked=lambda case: (
        "no directory was given to compare with"
        if case.facts.files is None and not case.config.require_files
        else ""
    ),
)
