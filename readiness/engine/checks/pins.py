"""`pins`: the environment can be built again, exactly."""

from __future__ import annotations

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.readers import locks, requirements
from readiness.engine.readers.requirement import Requirement
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

MAX_SHOWN = 5
LONGEST = 200  # characters of a requirement that are shown


class PinsParams(Params, frozen=True):
    """`files`: alternatives, the first that exists counts. `allow` names packages that need no pin."""

    files: tuple[str, ...] = ("requirements.txt", "environment.yml")
    allow: tuple[str, ...] = ()


@check("pins", title="Every requirement is pinned")
def pins(want: PinsParams, run: RunDirectory) -> Finding:
    """Reads `requirements.txt` (markers, extras, hashes, includes, constraints, links), a conda
    `environment.yml` or `conda list --explicit`, or a lock file: `uv.lock`, `poetry.lock`, `pdm.lock`,
    `Pipfile.lock`, `pylock.toml`, `conda-lock.yml`; and `pyproject.toml`'s dependencies.

    Fails when a requirement is not pinned to one exact version (`==`, without a wildcard), to a file's hash,
    or to a full commit; ranges, bare names, branches, folders and editable installs are named with their
    line. Conda's `name=1.2` is a range, too. A package that is pinned to two versions fails as well. Write
    the list from the environment that trained the model, for example with `pip freeze`.

    ```yaml check
    pins: {files: [requirements.txt, environment.yml]}
    ```
    """
    file = requirements.first(run, want.files)
    found = requirements.read(run, file)
    allowed = {canonicalize_name(name) for name in want.allow}
    loose = [r for r in found if not r.pinned and canonicalize_name(r.name) not in allowed]
    twice = _twice(found)
    measured = [
        Measurement(name="Requirements", value=len(found), limit=Limit(">", 0), source=file),
        Measurement(name="Not pinned", value=len(loose), limit=Limit("==", 0), source=file),
        Measurement(name="Pinned to two versions", value=len(twice), limit=Limit("==", 0), source=file),
    ]
    return judged(
        measured,
        _message(file, found, loose, twice),
        advice="Pin each to one version, for example torch==2.1.0.",
        details={
            "not_pinned": [{"file": r.file, "line": r.line, "text": r.text[:LONGEST]} for r in loose[:200]]
        },
    )


def _twice(found: list[Requirement]) -> list[tuple[Requirement, Requirement]]:
    # Only where nothing says that they are for different machines; lock files may hold several versions.
    first: dict[str, Requirement] = {}
    pairs = []
    for requirement in found:
        if requirement.version and not requirement.when and not locks.is_lock(requirement.file):
            known = first.setdefault(canonicalize_name(requirement.name), requirement)
            if not _same(known.version, requirement.version):
                pairs.append((known, requirement))
    return pairs


def _same(first: str, second: str) -> bool:
    try:
        return Version(first) == Version(second)
    except InvalidVersion:  # ===, conda's own versions
        return first == second


def _message(
    file: str,
    found: list[Requirement],
    loose: list[Requirement],
    twice: list[tuple[Requirement, Requirement]],
) -> str:
    if not found:
        return f"{file} names no requirement"
    said = []
    if loose:
        more = f" and {len(loose) - MAX_SHOWN} more" if len(loose) > MAX_SHOWN else ""
        said.append(f"Not pinned: {', '.join(map(_shown, loose[:MAX_SHOWN]))}{more}")
    if twice:
        pairs = "; ".join(f"{_shown(one)} and {_shown(other)}" for one, other in twice[:MAX_SHOWN])
        said.append(f"Pinned to two versions: {pairs}")
    return (
        "; ".join(said) or f"{len(found)} requirement{'s' * (len(found) != 1)} in {file}, all pinned exactly"
    )


def _shown(requirement: Requirement) -> str:
    return f"{requirement.text[:LONGEST]} ({requirement.file} line {requirement.line})"
