"""Acts on releases: create, take a new snapshot, set parameters."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from checklists import audit, blobs, clock
from checklists.actions import items, stages
from checklists.actions.base import before_after, gate_act
from checklists.actions.run_directory import ELSEWHERE, ELSEWHERE_ADVICE, resolve_root
from checklists.errors import Refused, StaleForm
from checklists.models import (
    ArtifactSnapshot,
    ChecklistVersion,
    Gate,
    ParameterSet,
    Person,
    Project,
    Proposal,
    Release,
)
from checklists.models.release import ReleaseFiles
from checklists.permissions import Act, require
from checklists.reads import stages as stage_rows
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
NO_STAGES = "Only in a project with stages no checklist need be named."
PUSHED = "The files of this release were pushed; there is no directory to look at again."
PUSHED_ADVICE = "Push the run again: its files replace these, and the checks run anew."
IN_DIRECTORY = "The files of this release lie in a directory on the server."
IN_DIRECTORY_ADVICE = "Push under another version, or look at the directory again on the gate's page."
BY_PROPOSAL = "This project is under change control: thresholds change by a proposal that two others approve."
BY_PROPOSAL_ADVICE = "Propose the change on the project’s page of changes."
BUSY = "Checks are running on the present snapshot; wait until they end."
STORED_HERE = "The files of this release are stored here; results that were made elsewhere are not taken."
STORED_HERE_ADVICE = "Push the files, or choose another version."


def create(
    *,
    project: Project,
    by: Person,
    version: str,
    root: str,
    checklist: ChecklistVersion | None = None,
    parameters: Mapping[str, Any] | None = None,
    planned_for: date | None = None,
) -> Release:
    """Create a release: index the run directory, promise the parameters, open the gates of the stages.

    The parameters are those of the checklist, and of the stages' checklists where the project has stages
    (then no checklist need be named). Raises Forbidden, RunDirectoryError, FileRefused, FileChanged,
    ParameterError, Refused.
    """
    require_new(by=by, project=project, version=version)
    values = promise(project=project, checklist=checklist, parameters=parameters or {})
    directory = resolve_root(root)
    return create_of(
        project=project,
        by=by,
        version=version,
        entries=_index(directory),
        root=str(directory),
        values=values,
        planned_for=planned_for,
    )


def promise(
    *, project: Project, checklist: ChecklistVersion | None, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Typed values of the parameters of a new release: the checklist's, and those of the project's stages.

    Raises ParameterError, Refused when there is neither checklist nor stage.
    """
    asked = [*([checklist] if checklist else []), *stage_rows.checklists_of(project)]
    if not asked:
        raise Refused("Choose the checklist of the release.", NO_STAGES)
    if checklist and checklist.project_id not in (None, project.pk):
        raise Refused("This checklist belongs to another project.")
    return engine_parameters.resolve(stage_rows.declared(asked), parameters)


def require_new(*, by: Person, project: Project, version: str) -> None:
    """Raise Forbidden, or Refused for a version that is empty or there already."""
    require(by, project, Act.CREATE_RELEASE)
    if not version.strip():
        raise Refused("A release needs a version.")
    if Release.objects.filter(project=project, version=version.strip()).exists():
        raise Refused(f"{project.name} {version.strip()} already exists.", "Choose another version.")


def create_of(
    *,
    project: Project,
    by: Person,
    version: str,
    entries: list[target.Entry],
    values: Mapping[str, Any],
    files: ReleaseFiles = ReleaseFiles.DIRECTORY,
    root: str = "",
    planned_for: date | None = None,
) -> Release:
    """Create a release of files that are indexed already, and open the gates of the project's stages.

    `values` are its resolved parameters (see `promise`). Raises Forbidden, Refused.
    """
    require_new(by=by, project=project, version=version)
    with transaction.atomic():
        now = clock.now()
        # Asked again now: indexing takes long enough for a second click to come first.
        release, created = Release.objects.get_or_create(
            project=project,
            version=version.strip(),
            defaults={
                "files": files,
                "root": root,
                "snapshot": _store(entries),
                "planned_for": planned_for,
                "created_by": by,
                "created_at": now,
                "pushed_by": None if files == ReleaseFiles.DIRECTORY else by,
            },
        )
        if not created:
            raise Refused(f"{release} already exists.", "Choose another version.")
        release.parameters = ParameterSet.objects.create(
            release=release, number=1, values=dict(values), set_by=by, set_at=now
        )
        release.save(update_fields=["parameters"])
        _log(
            release,
            by,
            "release.created",
            root=release.root,
            **({} if files == ReleaseFiles.DIRECTORY else {"files": str(files)}),
            artifact=release.snapshot.digest,
            parameters=dict(values),
            planned_for=planned_for.isoformat() if planned_for else None,
        )
        stages.open_stages(release=release, by=by)
    return release


def take_snapshot(*, release: Release, by: Person) -> Release:
    """Look at the run directory again. When files changed, results no longer hold: those items reopen.

    Raises Forbidden, Refused (nothing changed, checks running), RunDirectoryError, FileRefused, FileChanged.
    """
    if release.files == ReleaseFiles.STORED:
        raise Refused(PUSHED, PUSHED_ADVICE)
    if release.files == ReleaseFiles.ELSEWHERE:
        raise Refused(ELSEWHERE, ELSEWHERE_ADVICE)
    require(by, release.project_id, Act.RUN_CHECKS)
    release, changed = replace_snapshot(release=release, by=by, entries=_index(resolve_root(release.root)))
    if not changed:
        raise Refused(NOTHING_CHANGED)
    return release


def replace_snapshot(
    *, release: Release, by: Person, entries: list[target.Entry], files: ReleaseFiles | None = None
) -> tuple[Release, bool]:
    """Bind a release to other files, and whether they differ. Results then no longer hold: items reopen.

    `files` says where they are now; a release of a directory stays one, and what is stored here is checked
    here. Raises Forbidden, Refused.
    """
    require(by, release.project_id, Act.RUN_CHECKS)
    digest = seal.artifact_digest(entries)
    with transaction.atomic():
        release = (
            Release.objects.select_for_update(of=("self",), no_key=True)
            .select_related("snapshot")
            .get(pk=release.pk)
        )
        if files and release.files == ReleaseFiles.DIRECTORY:
            raise Refused(IN_DIRECTORY, IN_DIRECTORY_ADVICE)
        if files == ReleaseFiles.ELSEWHERE and release.files == ReleaseFiles.STORED:
            raise Refused(STORED_HERE, STORED_HERE_ADVICE)
        old = release.snapshot.digest
        moved = bool(files) and files != release.files
        if digest == old and not moved:
            return release, False
        release.files = files or release.files
        release.snapshot = _store(entries)
        release.pushed_by = by if files else None
        release.save(update_fields=["files", "snapshot", "pushed_by"])
        where = {"files": str(release.files)} if moved else {}
        _log(release, by, "release.snapshot", before={"artifact": old}, after={"artifact": digest} | where)
        for gate in stage_rows.in_order(release):
            _reset_results(gate.pk, by, {"artifact": digest}, "release.snapshot")
    return release, True


def set_parameters(
    *,
    release: Release,
    by: Person,
    values: Mapping[str, Any],
    checklist: ChecklistVersion,
    reason: str = "",
    seen: int | None = None,
    proposal: Proposal | None = None,
) -> ParameterSet:
    """Promise other values. Once a check has used the present ones, the bar counts as moved after a result.

    `seen` is the number of the values that the form showed. Under change control values change by an
    approved proposal only, which whoever may vote activates. Raises Forbidden, ParameterError, StaleForm,
    Refused (no proposal, no reason although frozen, nothing changed, checks running).
    """
    require(by, release.project_id, Act.VOTE if proposal else Act.PARAMETERS)
    if proposal is None and Project.objects.filter(pk=release.project_id, change_control=True).exists():
        raise Refused(BY_PROPOSAL, BY_PROPOSAL_ADVICE)
    with transaction.atomic():
        release = (
            Release.objects.select_for_update(of=("self",), no_key=True)
            .select_related("parameters")
            .get(pk=release.pk)
        )
        present = release.parameters
        if present and seen is not None and seen != present.number:
            raise StaleForm(CHANGED, CHANGED_ADVICE)
        resolved = retyped(release, checklist, values)
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
        for gate in stage_rows.in_order(release):
            _reset_results(gate.pk, by, change, "parameters.set")
        return release.parameters


def retyped(release: Release, checklist: ChecklistVersion, values: Mapping[str, Any]) -> dict[str, Any]:
    """Typed values of the parameters of all the release's gates; what is not given stays as it is."""
    own = {p.name for p in checklist.checklist.parameters}
    asked = stage_rows.declared([checklist, *(gate.checklist for gate in gates_of(release))])
    stays = release.parameters.values if release.parameters else {}
    others = {p.name: stays[p.name] for p in asked if p.name in stays and p.name not in own}
    return engine_parameters.resolve(asked, others | dict(values))


def gates_of(release: Release) -> list[Gate]:
    """A release's gates that still count, with their checklists, first opened first."""
    rows = release.gates.filter(superseded_by=None).select_related("checklist")
    return list(rows.order_by("opened_at", "pk"))


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
