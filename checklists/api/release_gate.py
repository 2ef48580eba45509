"""May a release go? The question that pipelines ask, of all its gates that count."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse
from ninja import Query, Router
from pydantic import Field

from checklists import clock
from checklists.actions import deciding
from checklists.api import door, tags
from checklists.api.door import ApiRequest, needs
from checklists.api.problems import Problem, missing
from checklists.api.releases import RELEASE
from checklists.api.shapes import Shape, Slug, Version, page_url
from checklists.api.standing import BlockerShape, Standing, standing, worst
from checklists.loaded import load
from checklists.models import Gate, ProjectStage, Release
from checklists.models.access import Scope
from checklists.models.gate import Stage

router = Router(tags=["gates"])

NO_GATE = "No gate of {release} is open{where}."
NO_GATE_ADVICE = "Open one: POST {path} or on the release's page."


class ReleaseStanding(Standing):
    """What the release's gates of an environment say: the fields are those of the worst one."""

    blockers: list[BlockerShape] = Field(description="Of every gate that counts")
    gates: list[Standing] = Field(description="Every gate that counts")


class Asked(Shape):
    """Which of a release's gates are asked about."""

    environment: str | None = Field(
        None, max_length=60, description="Only gates that lead there", examples=["production"]
    )
    stage: Stage | None = Field(None, description="Only the gate of this stage", examples=[None])


@router.get(
    f"{RELEASE}/gate",
    response=ReleaseStanding,
    auth=needs(Scope.READ),
    summary="Ask whether a release may go",
)
def release_gate(
    request: ApiRequest,
    response: HttpResponse,
    slug: Slug,
    version: Version,
    asked: Annotated[Asked, Query()],
) -> Any:
    """The gates of the release (of an environment), decided anew; the worst verdict counts.

    Replaced gates do not count, nor does the gate after deployment unless its stage is asked for. A stage on
    the way that has no gate yet keeps the verdict at open. Poll with If-None-Match: 304 costs next to
    nothing. 404 when no gate is open yet.
    """
    rows = list(_counting(request, slug, version, asked))
    if not rows:
        raise _no_gate(request, slug, version, asked.environment)
    unopened: bool = getattr(rows[0], "unopened")  # noqa: B009  # annotated by `_counting`
    lacking = _lacking(rows[0], asked.environment) if unopened and not asked.stage else []
    tag = "" if lacking else tags.of(rows)
    if tags.seen(request, tag):
        return tags.unchanged(tag)
    tags.put(response, tag)
    now = clock.now()
    found = [standing(load(row.pk), now) for row in rows]
    blockers = [blocker for one in found for blocker in one["blockers"]] + lacking
    least = worst(found)
    verdict = "open" if lacking and least["verdict"] in ("ready", "approved") else least["verdict"]
    return least | {"verdict": verdict, "blockers": blockers, "gates": found}


def _lacking(gate: Gate, environment: str | None) -> list[dict[str, Any]]:
    """A blocker for each stage on the way there that has no gate."""
    release = Release.objects.select_related("project").get(pk=gate.release_id)
    places = release.project.environments.all()
    wanted = places.filter(name=environment) if environment is not None else places
    found = {one.stage: one for place in wanted for one in deciding.before_deployment(release, place)[1]}
    return [
        {
            "kind": "stage",
            "item": "",
            "title": f"Stage {one.title.lower()}",
            "text": f"has no gate yet; {one.checklist} is expected",
            "resolve": "Open the gates of the stages on the release’s page.",
            "url": page_url("release", release.pk),
        }
        for one in found.values()
    ]


def _counting(request: ApiRequest, slug: str, version: str, asked: Asked) -> QuerySet[Gate]:
    rows = Gate.objects.filter(
        release__project__in=door.projects(request),
        release__project__slug=slug,
        release__version=version,
        superseded_by=None,
    )
    if asked.environment is not None:
        rows = rows.filter(environment__name=asked.environment)
    rows = rows.filter(stage=asked.stage) if asked.stage else rows.exclude(stage=Stage.POST_DEPLOYMENT)
    there = Gate.objects.filter(
        release=OuterRef(OuterRef("release")), stage=OuterRef("stage"), superseded_by=None
    )
    without = ProjectStage.objects.filter(~Exists(there), project=OuterRef("release__project"))
    return rows.annotate(unopened=Exists(without.exclude(stage=Stage.POST_DEPLOYMENT))).order_by("pk")


def _no_gate(request: ApiRequest, slug: str, version: str, environment: str | None) -> Problem:
    release = door.release(request, slug, version)
    where = f" for {environment}" if environment is not None else ""
    if environment is not None and not release.project.environments.filter(name=environment).exists():
        known = ", ".join(release.project.environments.values_list("name", flat=True))
        return Problem(
            404, f"{release.project.name} has no environment {environment}.", f"There are: {known}."
        )
    path = f"/api/v1/projects/{slug}/releases/{version}/gates"
    return missing(NO_GATE.format(release=release, where=where), NO_GATE_ADVICE.format(path=path))
