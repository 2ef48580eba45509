"""Acts on releases: create, take a new snapshot, set parameters."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from checklists import audit, blobs, clock
from checklists.actions import items
from checklists.actions.base import before_after, gate_act
from checklists.errors import Refused, StaleForm
from checklists.models import ArtifactSnapshot, ChecklistVersion, ParameterSet, Person, Project, Release
from checklists.permissions import Act, require
from readiness.engine import indexing, seal, target
from readiness.engine import parameters as engine_parameters
from readiness.engine.errors import RunDirectoryError

EMPTY_RUN = "The run directory holds no files."
NOTHING_CHANGED = "Every file is as it was: the present snapshot still holds."
BAR_NEEDS_REASON = (
    "A check has already used these parameters. Say why they change; it is printed in the report."
)
CHANGED = "Somebody changed the parameters since you opened the page; nothing of yours was saved."
CHANGED_ADVICE = "Compare with the present values above and try again."
BUSY = "Checks are running on the present snapshot; wait until they end."


def resolve_root(path: str) -> Path:
    """The real directory of a run, which must lie beneath a configured root. Raises RunDirectoryError."""
    chosen = Path(path)
    candidates = [chosen] if chosen.is_absolute() else [root / chosen for root in settings.RUN_ROOTS]
    # realpath, because Path.resolve raises on links that lead in a circle
    inside = [real for c in candidates if _beneath(real := Path(os.path.realpath(c)))]
    if not inside:
        raise RunDirectoryError(
            f"{path} is outside the directories where runs may lie.",
            f"Choose one beneath: {', '.join(str(r) for r in settings.RUN_ROOTS)}.",
        )
    found = next((c for c in inside if _is_directory(c)), None)
    if found is None:
        raise RunDirectoryError(f"There is no directory {path}.", "Check the path on the server.")
    return found


def snapshot_index(digest: str) -> dict[str, target.Entry]:
    """The stored index of an artifact snapshot. Raises BlobError when it is missing or altered."""
    rows = json.loads(blobs.get(digest.removeprefix("sha256:")))
    return {path: target.Entry(path, size, sha256) for path, size, sha256 in rows}


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name longer than the file system allows, a folder that may not be read
        return False


def _beneath(path: Path) -> bool:
    return any(path != root and path.is_relative_to(root) for root in settings.RUN_ROOTS)


def run_directories() -> list[str]:
    """Directories directly beneath the roots, to offer in the form; relative to their root."""
    found = (d for root in settings.RUN_ROOTS if root.is_dir() for d in sorted(root.iterdir()))
    return [d.name for d in found if d.is_dir() and not d.is_symlink() and _offered(d.name)]


def _offered(name: str) -> bool:
    # A name that is not UTF-8 cannot be shown in a page nor stored in a row.
    return not name.startswith(".") and name.isprintable()


def create(
    *,
    project: Project,
    by: Person,
    version: str,
    root: str,
    checklist: ChecklistVersion,
    parameters: Mapping[str, Any] | None = None,
    planned_for: date | None = None,
) -> Release:
    """Create a release: index the run directory, promise the parameters.

    Raises Forbidden, RunDirectoryError, FileRefused, FileChanged, ParameterError, Refused.
    """
    require(by, project, Act.CREATE_RELEASE)
    if not version.strip():
        raise Refused("A release needs a version.")
    if Release.objects.filter(project=project, version=version.strip()).exists():
        raise Refused(f"{project.name} {version.strip()} already exists.", "Choose another version.")
    values = engine_parameters.resolve(checklist.checklist.parameters, parameters or {})
    directory = resolve_root(root)
    entries = _index(directory)
    with transaction.atomic():
        now = clock.now()
        # Asked again now: indexing takes long enough for a second click to come first.
        release, created = Release.objects.get_or_create(
            project=project,
            version=version.strip(),
            defaults={
                "root": str(directory),
                "snapshot": _store(entries),
                "planned_for": planned_for,
                "created_by": by,
                "created_at": now,
            },
        )
        if not created:
            raise Refused(f"{release} already exists.", "Choose another version.")
        release.parameters = ParameterSet.objects.create(
            release=release, number=1, values=values, set_by=by, set_at=now
        )
        release.save(update_fields=["parameters"])
        _log(
            release,
            by,
            "release.created",
            root=release.root,
            artifact=release.snapshot.digest,
            parameters=values,
            planned_for=planned_for.isoformat() if planned_for else None,
        )
    return release


def take_snapshot(*, release: Release, by: Person) -> Release:
    """Look at the run directory again. When files changed, results no longer hold: those items reopen.

    Raises Forbidden, Refused (nothing changed, checks running), RunDirectoryError, FileRefused, FileChanged.
    """
    require(by, release.project_id, Act.RUN_CHECKS)
    entries = _index(resolve_root(release.root))
    digest = seal.artifact_digest(entries)
    with transaction.atomic():
        release = Release.objects.select_for_update().get(pk=release.pk)
        old = release.snapshot.digest
        if digest == old:
            raise Refused(NOTHING_CHANGED)
        release.snapshot = _store(entries)
        release.save(update_fields=["snapshot"])
        _log(release, by, "release.snapshot", before={"artifact": old}, after={"artifact": digest})
        for gate in release.gates.values_list("pk", flat=True):
            _reset_results(gate, by, {"artifact": digest}, "release.snapshot")
    return release


def set_parameters(
    *,
    release: Release,
    by: Person,
    values: Mapping[str, Any],
    checklist: ChecklistVersion,
    reason: str = "",
    seen: int | None = None,
) -> ParameterSet:
    """Promise other values. Once a check has used the present ones, the bar counts as moved after a result.

    `seen` is the number of the values that the form showed. Raises Forbidden, ParameterError, StaleForm,
    Refused (no reason although frozen, nothing changed, checks running).
    """
    require(by, release.project_id, Act.PARAMETERS)
    resolved = engine_parameters.resolve(checklist.checklist.parameters, values)
    with transaction.atomic():
        release = (
            Release.objects.select_for_update(of=("self",)).select_related("parameters").get(pk=release.pk)
        )
        present = release.parameters
        if present and seen is not None and seen != present.number:
            raise StaleForm(CHANGED, CHANGED_ADVICE)
        if present is None or present.values == resolved:
            raise Refused("These are the present values; nothing changed.")
        moved = present.frozen_at is not None or present.after_result
        if moved and not reason.strip():
            raise Refused(BAR_NEEDS_REASON)
        release.parameters = ParameterSet.objects.create(
            release=release,
            number=present.number + 1,
            values=resolved,
            reason=reason.strip(),
            after_result=moved,
            set_by=by,
            set_at=clock.now(),
        )
        release.save(update_fields=["parameters"])
        change = before_after(present.values, resolved)
        _log(release, by, "parameters.set", reason=reason, after_result=moved, **change)
        for gate in release.gates.values_list("pk", flat=True):
            _reset_results(gate, by, change, "parameters.set")
        return release.parameters


def _reset_results(gate: int, by: Person, data: Mapping[str, Any], verb: str) -> None:
    with gate_act(gate, by=by, act=None) as act:
        if any(item.run_state for item in act.loaded.items):
            raise Refused(BUSY)
        for item in act.loaded.items:
            if item.row.has_checks and (item.row.run_id or item.row.state != "open"):
                items.clear(item)
                item.row.run = None
                act.save(item, "state", "decided", "decided_by", "decided_at", "reason", "confirmed", "run")
        act.log(verb, **data)


def _index(directory: Path) -> list[target.Entry]:
    entries = indexing.index(directory)
    if not entries:
        raise RunDirectoryError(EMPTY_RUN, "Choose the directory that holds the run's files.")
    return entries


def _store(entries: list[target.Entry]) -> ArtifactSnapshot:
    digest = seal.artifact_digest(entries)
    known = ArtifactSnapshot.objects.filter(digest=digest).first()
    if known:
        return known
    index = seal.canonical([[e.path, e.size, e.sha256] for e in entries])
    blobs.put(io.BytesIO(index))
    try:
        with transaction.atomic():
            return ArtifactSnapshot.objects.create(
                digest=digest,
                file_count=len(entries),
                total_bytes=sum(e.size for e in entries),
                created_at=clock.now(),
            )
    except IntegrityError:  # somebody indexed the same bytes at the same moment
        return ArtifactSnapshot.objects.get(digest=digest)


def _log(release: Release, by: Person, verb: str, **data: Any) -> None:
    audit.append(
        f"project:{release.project_id}", by=by, verb=verb, at=clock.now(), subject=str(release), data=data
    )
