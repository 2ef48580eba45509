"""`pins`: the environment can be built again, exactly."""

from __future__ import annotations

from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.readers import requirements
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
    """Reads `requirements.txt` (markers, extras, hashes, includes, links) or a conda `environment.yml`.

    Fails when a requirement is not pinned to one exact version (`==`, without a wildcard), to a hash, or to
    a commit; ranges, bare names and editable installs are named with their line. Write the list from the
    environment that trained the model, for example with `pip freeze`.

    ```yaml check
    pins: {files: [requirements.txt, environment.yml]}
    ```
    """
    file = requirements.first(run, want.files)
    found = requirements.read(run, file)
    allowed = {name.lower() for name in want.allow}
    loose = [r for r in found if not r.pinned and r.name.lower() not in allowed]
    measured = [
        Measurement(name="Requirements", value=len(found), limit=Limit(">", 0), source=file),
        Measurement(name="Not pinned", value=len(loose), limit=Limit("==", 0), source=file),
    ]
    return judged(
        measured,
        _message(file, found, loose),
        advice="Pin each to one version, for example torch==2.1.0.",
        details={
            "not_pinned": [{"file": r.file, "line": r.line, "text": r.text[:LONGEST]} for r in loose[:200]]
        },
    )


def _message(file: str, found: list[requirements.Requirement], loose: list[requirements.Requirement]) -> str:
    if not found:
        return f"{file} names no requirement"
    if not loose:
        return f"{len(found)} requirements in {file}, all pinned exactly"
    shown = ", ".join(f"{r.text[:LONGEST]} ({r.file} line {r.line})" for r in loose[:MAX_SHOWN])
    more = f" and {len(loose) - MAX_SHOWN} more" if len(loose) > MAX_SHOWN else ""
    return f"Not pinned: {shown}{more}"
