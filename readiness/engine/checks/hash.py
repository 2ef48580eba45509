"""`hash`: files are the ones whose digests were listed."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath

from readiness.engine.errors import BadContent, FileMissing, ParameterError
from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.readers import digests
from readiness.engine.readers.lfs import refuse_pointer
from readiness.engine.registry import Params, check
from readiness.engine.target import OpenFile, RunDirectory

_SHOWN = 5


class HashParams(Params, frozen=True):
    """A `manifest` of digests, its paths relative to `base` (default: its folder); or one `file`.

    `require_all`: globs of files that must be listed.
    """

    manifest: str = ""
    base: str | None = None
    require_all: tuple[str, ...] = ()
    algorithm: str = "sha256"
    file: str = ""
    sha256: str = ""


@check("hash", title="Files are unchanged", short="manifest")
def hash_(want: HashParams, run: RunDirectory) -> Finding:
    """Computes the digest of every file that a list names, and compares.

    The list is what `sha256sum` writes, JSON (`{path: digest}`, or under `files`), a `.dvc` file or
    `dvc.lock`. Fails on a file that is missing or differs, on a list that is empty or that nobody
    understands, and on a file that matches `require_all` and is not listed. MD5 and SHA-1, which DVC and
    others write, prove nothing against intent: they are refused unless `algorithm` asks for them. One file
    alone is given with `file` and `sha256`. When a file differs, find out who changed it; do not just write
    the list again.

    ```yaml check
    hash: {manifest: models/SHA256SUMS, require_all: ["models/*.onnx"]}
    ```
    """
    algorithm = digests.known_algorithm(want.algorithm)
    if bool(want.manifest) == bool(want.file):
        raise ParameterError("`hash` needs either `manifest` or `file`.", "Name the list of digests.")
    if want.file:
        return _one(want, run)
    listed = digests.read(run, want.manifest, algorithm)
    base = PurePosixPath(want.manifest).parent.as_posix() if want.base is None else want.base
    wanted = {(PurePosixPath(base) / path).as_posix(): entry.digest for path, entry in listed.items()}
    problems = [p for path, digest in wanted.items() if (p := _problem(run, path, digest, algorithm))]
    unlisted = sorted(_required(want, run) - wanted.keys())
    measured = [
        Measurement(
            name="Files with the listed digest",
            value=len(wanted) - len(problems),
            limit=Limit("==", len(wanted)),
            source=want.manifest,
        )
    ]
    if want.require_all:
        measured.append(
            Measurement(
                name="Files not listed", value=len(unlisted), limit=Limit("==", 0), source=want.manifest
            )
        )
    return judged(
        measured,
        _message(want.manifest, len(wanted), problems, unlisted, algorithm),
        advice="Restore the files, or find out who changed them and why before you list them again.",
        details={"different": problems[:100], "unlisted": unlisted[:100], "algorithm": algorithm},
    )


def _one(want: HashParams, run: RunDirectory) -> Finding:
    if not want.sha256 or want.algorithm != "sha256" or want.require_all or want.base is not None:
        raise ParameterError("`file` goes with `sha256` alone.", "Write `hash: {file: …, sha256: …}`.")
    try:
        expected = digests.digest_of(want.sha256, "sha256", "`sha256`")
    except BadContent as problem:
        raise ParameterError(problem.message, problem.advice) from None
    with run.open(want.file) as opened:
        refuse_pointer(opened)
        found = run.used[opened.path].sha256
    same = found == expected
    return judged(
        [Measurement(name="SHA-256", value=found, limit=Limit("==", expected), source=want.file)],
        f"{want.file} is unchanged (SHA-256 {found[:12]}…)"
        if same
        else f"{want.file} has SHA-256 {found[:12]}…, expected {expected[:12]}…",
        advice="Restore the file, or find out who changed it.",
    )


def _problem(run: RunDirectory, path: str, digest: str, algorithm: str) -> str:
    """What is wrong with a listed file; "" when it agrees."""
    try:
        with run.open(path) as opened:
            found = run.used[opened.path].sha256 if algorithm == "sha256" else _digest(opened, algorithm)
    except FileMissing:
        return f"{path} is missing"
    return "" if found == digest else f"{path} differs"


def _digest(file: OpenFile, algorithm: str) -> str:
    made = hashlib.new(algorithm, usedforsecurity=False)
    for chunk in file.chunks():
        made.update(chunk)
    return made.hexdigest()


def _required(want: HashParams, run: RunDirectory) -> set[str]:
    found: set[str] = set()
    for pattern in want.require_all:
        matches = set(run.glob(pattern, links=True)) - {PurePosixPath(want.manifest).as_posix()}
        if not matches:
            raise FileMissing(f"No file matches {pattern}.", "Correct `require_all`, or write the files.")
        found |= matches
    return found


def _message(file: str, total: int, problems: list[str], unlisted: list[str], algorithm: str) -> str:
    said = [*problems[:_SHOWN], *(f"{path} is not listed" for path in unlisted[:_SHOWN])]
    hidden = len(problems) + len(unlisted) - len(said)
    if said:
        return f"{file}: {', '.join(said)}" + (f" and {hidden} more" if hidden else "")
    files = "1 file agrees" if total == 1 else f"{total} files agree"
    return f"{files} with {file} ({algorithm})"
