"""Acts that turn pushed files into a release: complete an upload, declare files that lie elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction

from checklists import audit, clock, parts
from checklists.actions import gates, releases, runs, stages, uploads
from checklists.errors import Refused
from checklists.models import ChecklistVersion, Environment, Gate, Person, Project, Release, Upload
from checklists.models.release import ReleaseFiles
from checklists.models.upload import UploadState
from checklists.permissions import Act, require
from readiness.engine import file_index
from readiness.engine.target import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a push asks for besides its files. Names as the pipeline writes them; empty ones are found.

    `checklist` is a slug or slug@version. Without `environment` no gate is opened, and the gates that are
    there are checked anew.
    """

    checklist: str = ""
    environment: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    planned_for: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What became of a push: the release, the gate that was asked for, the runs to send to the broker."""

    release: Release
    gate: Gate | None
    runs: list[int] = field(default_factory=list)


def complete(*, upload: Upload, by: Person, wanted: Wanted) -> Pushed:
    """Every file is here: make the release, or bind it to these files; open the gate; queue the checks.

    Done again, it changes nothing. Raises Forbidden, Refused (files missing, checks running), ParameterError.
    """
    require(by, upload.project_id, Act.CREATE_RELEASE)
    with transaction.atomic():
        upload = (
            Upload.objects.select_for_update(of=("self",), no_key=True)
            .select_related("project", "release")
            .get(pk=upload.pk)
        )
        if upload.state == UploadState.DONE and upload.release:
            found = _present_gate(upload.release, wanted, _environment(upload.project, wanted))
            return Pushed(release=upload.release, gate=found)
        if upload.state != UploadState.OPEN:
            raise Refused(uploads.NOT_OPEN, uploads.NOT_OPEN_ADVICE)
        if left := uploads.missing(upload):
            raise Refused(
                f"{len(left)} files of this upload are not here yet.", "Send them, then complete it."
            )
        entries = uploads.entries_of(upload.index_sha256)
        pushed = store(
            project=upload.project,
            by=by,
            version=upload.version,
            entries=entries,
            files=ReleaseFiles.STORED,
            wanted=wanted,
        )
        upload.state, upload.release, upload.finished_at = UploadState.DONE, pushed.release, clock.now()
        upload.save(update_fields=["state", "release", "finished_at"])
    parts.drop(upload.pk)
    return pushed


def declare(*, project: Project, by: Person, version: str, index: bytes, wanted: Wanted) -> Pushed:
    """Make or bind a release of files that stay where they are; their results are reported afterwards.

    Raises Forbidden, IndexRefused, ParameterError, Refused.
    """
    require(by, project, Act.CREATE_RELEASE)
    version = uploads.checked_version(project, version)
    entries = file_index.unpack(index)
    with transaction.atomic():
        return store(
            project=project,
            by=by,
            version=version,
            entries=entries,
            files=ReleaseFiles.ELSEWHERE,
            wanted=wanted,
        )


def store(
    *, project: Project, by: Person, version: str, entries: list[Entry], files: ReleaseFiles, wanted: Wanted
) -> Pushed:
    """The release of these files with its gate, in the caller's transaction; checks are queued, not sent."""
    environment = _environment(project, wanted)
    release = Release.objects.filter(project=project, version=version).first()
    if release:
        before = {gate.pk for gate in releases.gates_of(release)}
        release, changed = releases.replace_snapshot(release=release, by=by, entries=entries, files=files)
        _promise_again(release, by, wanted)
    else:
        before, changed = set(), True
        checklist = _checklist(project, wanted, environment)
        values = releases.promise(project=project, checklist=checklist, parameters=wanted.parameters)
        release = releases.create_of(
            project=project, by=by, version=version, entries=entries, values=values, files=files,
            planned_for=wanted.planned_for,
        )  # fmt: skip
    gate = _gate(release, by, wanted, environment)
    audit.append(
        f"project:{project.pk}", by=by, verb="release.pushed", at=clock.now(), subject=str(release),
        data={"artifact": release.snapshot.digest, "files": len(entries), "where": str(files)},
    )  # fmt: skip
    return Pushed(release=release, gate=gate, runs=_queue(release, by, set() if changed else before))


def _queue(release: Release, by: Person, settled: set[int]) -> list[int]:
    """Queue the checks of the release's gates, but for those whose results still hold."""
    if release.files == ReleaseFiles.ELSEWHERE:
        return []
    fresh = [gate.pk for gate in releases.gates_of(release) if gate.pk not in settled]
    return [run for gate in fresh for run in runs.request_all(gate=gate, by=by)]


def _promise_again(release: Release, by: Person, wanted: Wanted) -> None:
    """Other parameters for a release that is there: the owner's act, with its rules."""
    first = next(iter(releases.gates_of(release)), None)
    if not wanted.parameters or first is None:
        return
    values = {name: release.promised.values.get(name) for name in wanted.parameters}
    typed = releases.retyped(
        release, first.checklist, dict(release.promised.values) | dict(wanted.parameters)
    )
    if any(typed.get(name) != value for name, value in values.items()):
        releases.set_parameters(release=release, by=by, values=typed, checklist=first.checklist, reason="")


def _environment(project: Project, wanted: Wanted) -> Environment | None:
    if not wanted.environment:
        return None
    found = project.environments.filter(name=wanted.environment).first()
    if found is None:
        names = ", ".join(project.environments.order_by("name").values_list("name", flat=True))
        raise Refused(f"{project.name} has no environment {wanted.environment!r}.", f"It has: {names}.")
    return found


def _checklist(project: Project, wanted: Wanted, environment: Environment | None) -> ChecklistVersion | None:
    """The checklist that was asked for, else that of the project's newest gate, else the only one there is.

    None where the project's stages name theirs.
    """
    if wanted.checklist:
        return _named(project, wanted.checklist)
    if stages.of(project):
        return None
    opened = Gate.objects.filter(release__project=project)
    last = (
        (opened.filter(environment=environment) if environment else opened)
        .order_by("-opened_at", "-pk")
        .first()
    )
    if last:
        return stages.newest(project, last.checklist.slug)
    mine = ChecklistVersion.objects.filter(project=None) | ChecklistVersion.objects.filter(project=project)
    slugs = sorted(set(mine.order_by().values_list("slug", flat=True)))
    if len(slugs) == 1:
        return stages.newest(project, slugs[0])
    raise Refused(
        "Name the checklist that this release must meet.",
        f"Published are: {', '.join(slugs[:20])}." if slugs else "None is published yet.",
    )


def _named(project: Project, asked: str) -> ChecklistVersion:
    slug, _, version = asked.partition("@")
    found = stages.newest(project, slug)
    if version and found:
        mine = ChecklistVersion.objects.filter(project=None) | ChecklistVersion.objects.filter(
            project=project
        )
        found = mine.filter(slug=slug, version=version).first()
    if found is None:
        raise Refused(f"There is no published checklist {asked!r}.", "Its list is on the page Checklists.")
    return found


def _gate(release: Release, by: Person, wanted: Wanted, environment: Environment | None) -> Gate | None:
    """The gate that was asked for: the one that is open, else a new one."""
    if environment is None:
        return None
    present = _present_gate(release, wanted, environment)
    if present:
        return present
    checklist = _checklist(release.project, wanted, environment)
    if checklist is None:
        return None
    return gates.open_gate(release=release, checklist=checklist, environment=environment, by=by)


def _present_gate(release: Release, wanted: Wanted, environment: Environment | None) -> Gate | None:
    if environment is None:
        return None
    mine = release.gates.filter(environment=environment, superseded_by=None).select_related("checklist")
    slug, _, version = wanted.checklist.partition("@")
    if slug:
        mine = mine.filter(checklist__slug=slug)
    if version:
        mine = mine.filter(checklist__version=version)
    return mine.order_by("-opened_at", "-pk").first()
