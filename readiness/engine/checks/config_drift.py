"""`config-drift`: the configuration is the approved one, but for what is allowed to change."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Any

from readiness.engine.errors import BadContent, NotFound, RunDirectoryError
from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.readers import config_file
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

_FIRST = "Name it with --approved on the command line; for a first release write `expected`."
MAX_SHOWN = 5
MAX_DETAILS = 200
_NOTHING = object()


class ConfigDriftParams(Params, frozen=True):
    """Without any of the next three: the same file of the last approved release. `against`: the approved file
    in the run; `expected`: its settings; `sha256`: its digest. `allow`: keys, or globs of keys (`server.*`),
    that may differ.
    """

    file: str
    against: str | None = None
    expected: dict[str, Any] | None = None
    sha256: str | None = None
    allow: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if sum(w is not None for w in (self.against, self.expected, self.sha256)) > 1:
            raise ValueError("it takes one of `against`, `expected` and `sha256`")
        if self.against is not None and posixpath.normpath(self.against) == posixpath.normpath(self.file):
            raise ValueError("`against` is the file itself, which never differs")
        if self.sha256 is not None and self.allow:
            raise ValueError("`allow` goes without `sha256`: a digest does not say what changed")


@dataclass(frozen=True, slots=True)
class _Change:
    """One key that differs; `old` and `new` are masked texts, "" where the key is not set."""

    kind: str
    key: str
    old: str
    new: str

    @property
    def sentence(self) -> str:
        told = {
            "Added": f"= {self.new}",
            "Removed": f"(was {self.old})",
            "Changed": f"{self.old} → {self.new}",
        }
        return f"{self.key} {self.kind.lower()} {told[self.kind]}"


@check("config-drift", title="The configuration is the approved one")
def config_drift(want: ConfigDriftParams, run: RunDirectory) -> Finding:
    """Compares a YAML, TOML, JSON or INI file with the configuration that was approved, key by key.

    The approved one is the same file of the last release that was approved for this environment (on the
    command line: of the run that `--approved` names), or a file of the run (`against`), settings in the
    checklist (`expected`), a digest (`sha256`). Fails when nothing was approved yet, and when a key was
    added, removed or changed and is not in `allow`; every change is listed with its old and its new value,
    secrets masked. 1 and 1.0 are the same value, true and 1 are not; the order of a list counts, that of
    keys, comments and spaces do not (for a digest everything counts). Approve the change, allow it, or take
    it back.

    ```yaml check
    config-drift: {file: configs/final_config.yaml, allow: [logging.*]}
    ```
    """
    if want.sha256 is not None:
        return _by_digest(want.file, want.sha256, run)
    own = config_file.settings(config_file.load(run, want.file), want.file)
    approved, where = _approved(want, run)
    allowed = config_file.matcher(want.allow)
    every = [change for key in sorted(own | approved) if (change := _change(key, approved, own))]
    drift = [change for change in every if not allowed(change.key)]
    return judged(
        _measured(drift, len(every) - len(drift), len(own), want.file),
        _message(want.file, where, drift, len(every) - len(drift)),
        advice="Approve the change, add it to `allow`, or take it back.",
        details={"changes": [_told(c, allowed=allowed(c.key)) for c in every[:MAX_DETAILS]]},
    )


def _approved(want: ConfigDriftParams, run: RunDirectory) -> tuple[dict[str, Any], str]:
    """The approved settings, and where they come from."""
    if want.against is not None:
        return config_file.settings(config_file.load(run, want.against), want.against), want.against
    if want.expected is None:
        last = _last(want.file, run)
        return config_file.settings(config_file.load(last, want.file), want.file), last.label
    settings = config_file.settings(config_file.plain(want.expected), "`expected`")
    if not settings:
        raise BadContent("`expected` holds no settings.", "Write those of the approved release.")
    return settings, "the checklist"


def _last(file: str, run: RunDirectory) -> RunDirectory:
    try:
        last = run.approved()
    except RunDirectoryError as problem:  # its directory has gone
        raise NotFound(f"The approved release cannot be read: {problem.message}", problem.advice) from None
    if last is None:
        raise NotFound("No release was approved before.", _FIRST)
    if not last.exists(file):
        raise NotFound(f"{last.label} has no {file}.", "Compare with `expected` or `against`.")
    return last


def _by_digest(file: str, digest: str, run: RunDirectory) -> Finding:
    with run.open(file) as opened:
        found = run.used[opened.path].sha256
    expected = digest.lower().removeprefix("sha256:")
    measured = [Measurement(name="SHA-256", value=found, limit=Limit("==", expected), source=file)]
    same = "is" if found == expected else "is not"
    return judged(
        measured,
        f"{file} {same} the approved file (SHA-256 {found[:12]}…, approved {expected[:12]}…)",
        advice="Compare it with the approved release's file; `against` lists what changed.",
    )


def _change(key: str, approved: dict[str, Any], own: dict[str, Any]) -> _Change | None:
    old, new = approved.get(key, _NOTHING), own.get(key, _NOTHING)
    if _same(old, new):
        return None
    kind = "Added" if old is _NOTHING else "Removed" if new is _NOTHING else "Changed"
    return _Change(kind, key[:200], _shown(key, old), _shown(key, new))


def _same(old: Any, new: Any) -> bool:
    # true and 1 are equal for Python, but not in a configuration
    return isinstance(old, bool) == isinstance(new, bool) and bool(old == new)


def _shown(key: str, value: Any) -> str:
    return "" if value is _NOTHING else config_file.word(config_file.shown(key, value))


def _measured(drift: list[_Change], allowed: int, total: int, file: str) -> list[Measurement]:
    none = Limit("==", 0)
    counts = {kind: sum(c.kind == kind for c in drift) for kind in ("Added", "Removed", "Changed")}
    return [
        Measurement(name="Settings", value=total, limit=Limit(">", 0), source=file),
        *(Measurement(name=kind, value=n, limit=none, source=file) for kind, n in counts.items()),
        Measurement(name="Allowed changes", value=allowed, source=file),
    ]


def _message(file: str, where: str, drift: list[_Change], allowed: int) -> str:
    if not drift:
        more = f" ({allowed} allowed changes)" if allowed else ""
        return f"{file} is as approved in {where}{more}"
    shown = "; ".join(change.sentence for change in drift[:MAX_SHOWN])
    more = f" and {len(drift) - MAX_SHOWN} more" if len(drift) > MAX_SHOWN else ""
    return f"{file} differs from {where}: {shown}{more}"


def _told(change: _Change, *, allowed: bool) -> dict[str, Any]:
    return {
        "change": change.kind.lower(),
        "key": change.key,
        "old": change.old,
        "new": change.new,
        "allowed": allowed,
    }
