"""Looks at the files that a manifest names: hashes through no link, and what the scorecard says."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

from readiness.engine.deploy.facts import FileFact, ScorecardFact
from readiness.engine.deploy.manifest import Manifest
from readiness.engine.deploy.rules.artifacts import listed
from readiness.engine.errors import BadContent, CheckProblem, FileMissing, FileRefused, ResultError
from readiness.engine.target import TEXT_LIMIT, OpenFile, RunDirectory, descend, refuse_odd


@contextmanager
def opened(run: RunDirectory, path: str) -> Iterator[OpenFile]:
    """A plain file beneath the directory, reached through no link at all.

    Raises FileMissing, FileRefused, FileChanged when it is written meanwhile.
    """
    pure = PurePosixPath(path)
    if not pure.parts or pure.is_absolute() or ".." in pure.parts:
        raise FileRefused(f"{path!r} is no path inside the directory.", "Use a relative path without `..`.")
    for part in (*reversed(pure.parents), pure):
        if str(part) != "." and os.path.islink(run.root / part):  # noqa: PTH114  # False for a name that no disk takes
            raise FileRefused(f"{path} is reached by a link ({part}).", "Put the file itself there.")
    descriptor = descend(run.root, pure.as_posix(), path)
    try:
        refuse_odd(path, os.fstat(descriptor))
        file = OpenFile(path, descriptor)
        yield file
        file.check_unmoved()
    finally:
        os.close(descriptor)


def fact_of(run: RunDirectory, path: str) -> FileFact:
    """Hash and size of a file, or the problem with it."""
    try:
        with opened(run, path) as file:
            return FileFact(sha256=file.sha256(), size=file.size)
    except FileMissing:
        return FileFact(problem="is not there")
    except CheckProblem as problem:
        return FileFact(problem=f"cannot be compared: {problem.message.rstrip('.')}")


def read(run: RunDirectory, path: str) -> tuple[bytes, FileFact]:
    """The bytes of a small file, with the hash of these very bytes. Raises CheckProblem."""
    with opened(run, path) as file:
        data = file.read(TEXT_LIMIT)
    return data, FileFact(sha256=hashlib.sha256(data).hexdigest(), size=len(data))


def present(run: RunDirectory, manifest: Manifest) -> bool:
    """Whether any file that the manifest names lies beneath the directory."""
    return any(os.path.lexists(run.root / path) for path in listed(manifest))


def files(run: RunDirectory, manifest: Manifest) -> tuple[dict[str, FileFact], ScorecardFact | None]:
    """What lies there of the files that the manifest names, and what its scorecard says."""
    card = manifest.scorecard.path if manifest.scorecard else None
    found = {path: fact_of(run, path) for path in listed(manifest) if path != card}
    if not card:
        return found, None
    try:
        data, found[card] = read(run, card)
    except CheckProblem:
        found[card] = fact_of(run, card)
        return found, None  # the file itself is already a contradiction
    return found, scorecard(data, card)


def scorecard(data: bytes, name: str) -> ScorecardFact:
    """What a scorecard's bytes say; a problem when they contradict themselves or say it in no known form."""
    from readiness.engine.suites.scorecard import figures, read_scorecard

    try:
        card = read_scorecard(data, name)
    except (BadContent, ResultError) as problem:
        return ScorecardFact(problem=f"cannot be read: {problem.message.rstrip('.')}")
    return ScorecardFact(
        release=card.release,
        environment=card.environment,
        run_id=card.run_id,
        overall_passed=card.overall_passed,
        partial=card.partial,
        figures=figures(card),
    )
