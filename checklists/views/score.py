"""How far a gate is: score by section, gaps, roadmap, and its course over time."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from checklists.models import ScorePoint
from checklists.scoring import score_of
from checklists.shown import score as shown
from checklists.views.visit import Request, signed_in, visit

MAX_POINTS = 2000


@require_GET
@signed_in
def page(request: Request, pk: int) -> HttpResponse:
    """The page."""
    scene = visit(request, pk)
    found = score_of(scene.loaded)
    newest = ScorePoint.objects.filter(gate=pk).order_by("-revision")[:MAX_POINTS]
    points = list(newest)[::-1]
    course, course_words = shown.course(points, scene.now)
    context = {
        "gate": scene.loaded.gate,
        "release": scene.loaded.gate.release,
        "base": scene.base,
        "score": found,
        "weighted": any(section.weight is not None for section in found.sections),
        "sections": shown.section_lines(found),
        "steps": shown.roadmap(found, scene.base),
        "course": course,
        "course_words": course_words,
        "moments": shown.moments(points, scene.now),
        "first_gaps": [shown.gap_line(gap, scene.base) for gap in found.gaps[:5]],
    }
    return render(request, "checklists/score.html", context)
