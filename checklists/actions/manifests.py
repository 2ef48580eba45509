"""Acts on release manifests: assemble one from the rows, register one that a pipeline wrote."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.urls import reverse

from checklists import audit, blobs, clock, outbox
from checklists.actions import assembling, deciding
from checklists.actions.run_directory import snapshot_index
from checklists.actions.storable import refuse_nul
from checklists.errors import Refused
from checklists.models import Environment, Person, Release, ReleaseManifest, Scorecard
from checklists.models.registry import ManifestOrigin
from checklists.permissions import Act, require
from readiness.engine.deploy import assemble as engine
from readiness.engine.deploy import reading
from readiness.engine.deploy.manifest import Manifest, bare, digest_of

AGAIN = "Write the manifest again from what is registered here, or push what is missing first."


def assemble(*, release: Release, environment: Environment, by: Person) -> ReleaseManifest:
    """Assemble the manifest from what is known now and keep it; unchanged, it is the newest one.

    Raises Forbidden, Refused, DeployError for a contradiction, BlobError.
    """
    require(by, release.project_id, Act.REGISTER)
    _same_project(release, environment)
    with transaction.atomic():
        release = deciding.locked(release)
        look = deciding.sources(release, environment, clock.now())
        return keep(look, assembling.assemble(look), by)


def keep(known: assembling.Sources, manifest: Manifest, by: Person) -> ReleaseManifest:
    """Store an assembled manifest; inside the transaction of an act. Unchanged, the newest row is given."""
    document = manifest.to_dict()
    rows = known.release.manifests.filter(environment=known.environment)
    present = rows.order_by("-number").first()
    if present and _lasting(present.document) == _lasting(document):
        return present
    data = engine.dump(manifest).encode()
    return _store(known.release, known.environment, (document, data), ManifestOrigin.ASSEMBLED, by)


def _lasting(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "generated_at"}


def _store(
    release: Release, environment: Environment, made_of: tuple[dict[str, Any], bytes], origin: str, by: Person
) -> ReleaseManifest:
    document, data = made_of
    sha256, _ = blobs.put(data)
    last = release.manifests.order_by("-number").values_list("number", flat=True).first() or 0
    made = ReleaseManifest.objects.create(
        release=release,
        environment=environment,
        number=last + 1,
        document=document,
        sha256=sha256,
        origin=origin,
        made_by=by,
        made_at=clock.now(),
    )
    audit.append(
        f"project:{release.project_id}",
        by=by,
        verb="manifest.assembled" if origin == ManifestOrigin.ASSEMBLED else "manifest.registered",
        at=made.made_at,
        subject=f"{release} → {environment.name}",
        data={"number": made.number, "sha256": sha256},
    )
    if origin == ManifestOrigin.PUSHED:
        _tell(made, by)
    return made


def _tell(row: ReleaseManifest, by: Person) -> None:
    outbox.emit(
        "manifest.registered",
        project=row.release.project,
        subject_url_path=reverse("release-manifests", args=[row.release_id]),
        title=f"A pipeline registered manifest {row.number} of {row.release}",
        data={"release": row.release.version, "number": row.number, "sha256": row.sha256},
        key=str(row.pk),
        by=by,
    )


def register(*, release: Release, data: bytes, by: Person) -> ReleaseManifest:
    """Keep the bytes of a pipeline's `release-manifest.json`; the same bytes again give the same row.

    What contradicts the server's own facts is refused by name. A manifest's approvals, waivers and gates are
    somebody's word: a decision here takes those of the server, and the rest from the manifest.
    Raises Forbidden, DeployError, Refused.
    """
    require(by, release.project_id, Act.REGISTER)
    read = reading.read(data, "release-manifest.json")
    refuse_nul(read.manifest.to_dict(), "The manifest")
    environment = release.project.environments.filter(name=read.manifest.environment).first()
    wrong = list(_contradictions(release, environment, read.manifest))
    if wrong or environment is None:
        raise Refused(f"The manifest contradicts this release: {'; '.join(wrong)}.", AGAIN)
    with transaction.atomic():
        release = deciding.locked(release)
        known = release.manifests.filter(sha256=read.sha256, origin=ManifestOrigin.PUSHED).first()
        return known or _store(
            release, environment, (read.manifest.to_dict(), data), ManifestOrigin.PUSHED, by
        )


def _contradictions(release: Release, environment: Environment | None, pushed: Manifest) -> Iterator[str]:
    project = release.project
    if pushed.project not in (project.slug, project.name):
        yield f"it is of the project {pushed.project!r}, this is {project.slug!r}"
    if pushed.release != release.version:
        yield f"it is of the release {pushed.release!r}, this is {release.version!r}"
    if environment is None:
        yield f"the project has no environment {pushed.environment!r}"
    yield from _artifacts(release, pushed)
    if pushed.scorecard and pushed.scorecard.sha256:
        rows = Scorecard.objects.filter(release=release, sha256=bare(pushed.scorecard.sha256))
        row = rows.first()
        if row is None:
            yield "its scorecard is not registered here"
        elif pushed.scorecard.overall_passed != row.overall_passed:
            yield "it says another outcome of the scorecard than the scorecard does"


def _artifacts(release: Release, pushed: Manifest) -> Iterator[str]:
    index = snapshot_index(release.snapshot.digest)
    for artifact in pushed.artifacts:
        entry = index.get(artifact.path)
        if entry is None:
            yield f"the release has no file {artifact.path}"
        elif artifact.sha256 and bare(artifact.sha256) != entry.sha256:
            yield f"{artifact.path} has another SHA-256"
        elif artifact.size is not None and artifact.size != entry.size:
            yield f"{artifact.path} has another size"
        else:
            continue
        return  # one named file is enough
    stated = {bare(pushed.artifact_digest)} - {""}
    if stated - {bare(release.snapshot.digest), bare(digest_of(pushed.artifacts))}:
        yield f"its artifact digest is not {release.snapshot.digest[:19]}…"


def _same_project(release: Release, environment: Environment) -> None:
    if environment.project_id != release.project_id:
        raise Refused("This environment belongs to another project.")
