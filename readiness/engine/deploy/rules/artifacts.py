"""What goes out is named by hashes, and the files that lie there are those."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.engine.deploy import words
from readiness.engine.deploy.manifest import Manifest, bare, digest_of
from readiness.engine.deploy.rules.case import Case, Reason, Rule
from readiness.engine.sizes import size_words

_AGAIN = "Build the manifest again from the files that are deployed."


def _hashed(case: Case, rule: Rule) -> Iterator[Reason]:
    manifest = case.manifest
    if not manifest.artifacts:
        yield rule.reason(case, "The manifest lists no artifact, at least one is expected.", _AGAIN)
        return
    bad = [a.path for a in manifest.artifacts if a.sha256 is None or a.size is None]
    for path in bad[:20]:
        told = f"{words.shown(path)} has no hash or no size, both are expected."
        yield rule.reason(case, told, _AGAIN, item=path)
    if len(bad) > 20:
        yield rule.reason(case, f"{len(bad) - 20} more artifacts have no hash or no size.", _AGAIN)
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
    for path, (sha256, size) in listed(case.manifest).items():
        fact = files.get(path)
        problem = "is not there" if fact is None else fact.problem
        if not problem and fact and sha256 and fact.sha256 != sha256:
            problem = f"has SHA-256 {fact.sha256[:16]}…, the manifest says {sha256[:16]}…"
        elif not problem and fact and size is not None and fact.size != size:
            problem = f"has {size_words(fact.size)} ({fact.size} bytes), the manifest says {size} bytes"
        if problem:
            yield rule.reason(case, f"{words.shown(path)} {problem}.", _AGAIN, item=path)


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
