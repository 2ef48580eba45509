"""`secrets`: no hard-coded secret in the run's text files."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from readiness.engine.child import ChildLimits, ChildResult, run_in_child
from readiness.engine.errors import ExtraMissing, FileMissing, LimitExceeded, ParameterError
from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.readers import secrets_baseline
from readiness.engine.readers.secrets_baseline import FINGERPRINT
from readiness.engine.registry import Params, check
from readiness.engine.scan import candidates, secret_search
from readiness.engine.scan.secret_search import Search
from readiness.engine.target import RunDirectory

_SHOWN = 3
_LISTED = 100
# What people think up themselves: a plain digest of it is as good as the word to who can guess.
_GUESSABLE = frozenset(("Secret Keyword", "Basic Auth Credentials", "password", "connection_string"))
_ROUNDS = 100_000
_MOST_ALLOWED = 300


class SecretsParams(Params, frozen=True):
    """Globs of files to look at and to leave out; known findings by fingerprint (`allow`) or `baseline`."""

    paths: tuple[str, ...] = ("**/*",)
    exclude: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    baseline: str = ""
    entropy: bool = False


@dataclass(frozen=True, slots=True)
class Secret:
    """One finding. `digest` is the SHA-1 that baselines of detect-secrets hold; it is not shown where the
    secret could be guessed from it.
    """

    type: str
    path: str
    line: int
    preview: str
    digest: str

    @property
    def fingerprint(self) -> str:
        """What names the finding in results and in `allow`: 40 hexadecimal digits."""
        return _slow(self.digest, self.path) if self.type in _GUESSABLE else self.digest

    def to_dict(self) -> dict[str, Any]:
        """`{type, path, line, preview, fingerprint}`."""
        return {name: getattr(self, name) for name in ("type", "path", "line", "preview", "fingerprint")}


@check("secrets", title="No hard-coded secrets", short="paths")
def secrets(want: SecretsParams, run: RunDirectory) -> Finding:
    """Looks for passwords, tokens and keys written into the run's text files.

    Two searches together: the plugins of detect-secrets, which run in a limited child process and send
    nothing anywhere, and the patterns of `readiness audit`. Files that are no text are left out; a file that
    could not be read to its end is a warning. Long random strings in quotes count only with `entropy: true`.
    A finding names file, line and type, never the secret; the fingerprint of a password is a slow hash, so
    that it cannot be guessed from a result. When there is one: revoke it where it is valid,
    take it out of the file, and pass it in by the environment. A false alarm is allowed by its fingerprint
    (`allow`), by a `baseline` of detect-secrets, or by the comment `pragma: allowlist secret` on its line; a
    finding that a baseline marks as a real secret still counts.

    ```yaml check
    secrets: {paths: ["**/*.py", "configs/**/*"], exclude: ["tests/**/*"]}
    ```
    """
    if importlib.util.find_spec("detect_secrets") is None:
        raise ExtraMissing("detect-secrets", "security")
    known = _known(want, run)
    search = secret_search.search(run, _paths(want, run), entropy=want.entropy)
    if not search.files:
        raise FileMissing(
            "No text file to look at matches `paths`.", "Correct `paths`, or leave it out to look at all."
        )
    child = _ask(want, run, search)
    found = list(dict.fromkeys(_merged(search, child)))
    new = [s for s in found if (s.path, s.digest) not in known]
    new = _not_allowed(new, frozenset(want.allow))
    measured = [
        Measurement(name="Secrets", value=len(new), limit=Limit("==", 0)),
        Measurement(name="Files looked at", value=search.files, limit=Limit(">=", 1)),
    ]
    return judged(
        measured,
        _message(new, search),
        advice="Revoke the secret, take it out of the file, and pass it in by the environment."
        if new
        else "Fetch or repair the file, or leave it out with `exclude`.",
        warn=bool(search.unread),
        details={
            "secrets": [s.to_dict() for s in new[:_LISTED]],
            "known": len(found) - len(new),
            "lines_allowed_by_comment": len(child.value["allowed"]),
            "not_read": search.unread,
            "no_text": search.binary,
            "isolation": child.isolation,
        },
    )


def _not_allowed(found: list[Secret], allow: frozenset[str]) -> list[Secret]:
    """The findings whose fingerprint is not in `allow`; of guessable ones the first 300 are compared."""
    left = [s for s in found if s.digest not in allow]
    if not allow:
        return left
    slow = [s for s in left if s.type in _GUESSABLE][:_MOST_ALLOWED]
    allowed = {s for s in slow if s.fingerprint in allow}
    return [s for s in left if s not in allowed]


@cache
def _slow(digest: str, path: str) -> str:
    return hashlib.pbkdf2_hmac(
        "sha256", digest.encode(), path.encode(errors="surrogateescape"), _ROUNDS, 20
    ).hex()


def _paths(want: SecretsParams, run: RunDirectory) -> list[str]:
    try:
        wanted = dict.fromkeys(path for pattern in want.paths for path in run.glob(pattern))
        left_out = {path for pattern in want.exclude for path in run.glob(pattern)}
    except ValueError as error:
        raise ParameterError(f"A glob cannot be used: {error}.", "Write for example `**/*.py`.") from None
    if want.baseline:
        left_out.add(PurePosixPath(want.baseline).as_posix())
    return [path for path in wanted if path not in left_out]


def _ask(want: SecretsParams, run: RunDirectory, search: Search) -> ChildResult:
    names = [*candidates.PATTERNS, *(candidates.ENTROPY if want.entropy else ())]
    payload = {"plugins": names, "lines": [[c.path, c.text] for c in search.candidates]}
    limits = ChildLimits.of(run.options)
    try:
        return run_in_child("readiness.engine.secrets_task:find", payload, limits=limits)
    except LimitExceeded as problem:
        raise LimitExceeded(problem.message, "Leave out large or generated files with `exclude`.") from None


def _merged(search: Search, child: ChildResult) -> Iterator[Secret]:
    """The library's findings, and ours on lines where it has none."""
    lines: set[tuple[str, int]] = set()
    for entry in child.value["found"]:
        place = search.candidates[entry["index"]]
        lines.add((place.path, place.line))
        yield Secret(entry["type"], place.path, place.line, entry["preview"], entry["fingerprint"])
    allowed = {(search.candidates[n].path, search.candidates[n].line) for n in child.value["allowed"]}
    for own in search.own:
        if (own.path, own.line) not in lines | allowed:
            yield Secret(own.type, own.path, own.line, own.preview, own.fingerprint)


def _known(want: SecretsParams, run: RunDirectory) -> set[tuple[str, str]]:
    bad = next((f for f in want.allow if not FINGERPRINT.fullmatch(f)), None)
    if bad:
        raise ParameterError(
            "`allow` holds something that is no fingerprint.", "Copy fingerprints from the finding's details."
        )
    return secrets_baseline.accepted(run, want.baseline) if want.baseline else set()


def _message(new: list[Secret], search: Search) -> str:
    if new:
        shown = ", ".join(f"{s.path}:{s.line} ({s.type})" for s in new[:_SHOWN])
        more = f" and {len(new) - _SHOWN} more" if len(new) > _SHOWN else ""
        return f"{len(new)} secret{'s' if len(new) > 1 else ''}: {shown}{more}"
    files = "1 file" if search.files == 1 else f"{search.files} files"
    unread = f"; not read to the end: {', '.join(list(search.unread)[:_SHOWN])}" if search.unread else ""
    return f"No secret in {files}{unread}"
