"""The side panel: what is in the way, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from checklists.loaded import LoadedItem
from checklists.models.release import ReleaseFiles
from checklists.reports.legible import legibly
from checklists.shown.scene import Scene
from readiness.engine.policy import Blocker

SHOWN_BLOCKERS = 8
NOT_CHECKED = "is not checked yet"
BEING_CHECKED = "is being checked"


@dataclass(slots=True, kw_only=True)
class Obstacle:
    """One line of "In the way": a link, what is wrong, how to resolve it."""

    href: str
    title: str
    text: str
    resolve: str = ""


def obstacles(scene: Scene) -> tuple[list[Obstacle], int]:
    """The lines to show, and how many more there are. Items that merely wait for a check are one line."""
    grouped: list[Obstacle] = []
    single: list[Obstacle] = []
    blockers, base = scene.judged.verdict.blockers, scene.base
    elsewhere = scene.loaded.gate.release.files == ReleaseFiles.ELSEWHERE
    how = "Their pipeline reports them." if elsewhere else "Run all checks."
    for words, advice in ((NOT_CHECKED, how), (BEING_CHECKED, "Their results appear here.")):
        same = [b for b in blockers if b.text == words]
        if len(same) > 2:
            verb = words.replace("is ", "are ", 1)
            grouped.append(_obstacle(same[0], base, f"{len(same)} items", verb, advice))
            blockers = tuple(b for b in blockers if b.text != words)
    items = {item.key: item for item in scene.loaded.items}
    for blocker in blockers:
        if blocker.kind == "stage":
            single.append(_stage(scene, blocker))
            continue
        resolve = _resolve(blocker, items.get(blocker.item), elsewhere=elsewhere)
        single.append(_obstacle(blocker, base, blocker.title, blocker.text, resolve))
    shown = [*single[: SHOWN_BLOCKERS - len(grouped)], *grouped]
    return shown, len(single) + len(grouped) - len(shown)


def _stage(scene: Scene, blocker: Blocker) -> Obstacle:
    """An earlier stage: its gate's page, or the release's, where a missing one is opened."""
    named = {f"Stage {stage.label.lower()}": gate for stage, gate in scene.loaded.before}
    gate = named.get(blocker.title)
    page = ("gate", gate.gate.pk) if gate else ("release", scene.loaded.gate.release_id)
    advice = "" if gate else "Open the missing gates on the release’s page."
    href = reverse(page[0], args=[page[1]])
    return Obstacle(href=href, title=blocker.title, text=_verbal(blocker.text), resolve=advice)


def _obstacle(blocker: Blocker, base: str, title: str, text: str, resolve: str) -> Obstacle:
    href = f"#item-{blocker.item}" if blocker.item else f"{base}#sign-off"
    return Obstacle(href=href, title=title, text=_verbal(legibly(text, 160)), resolve=legibly(resolve, 160))


def _verbal(text: str) -> str:
    """Blockers come as verbs ("is not checked yet") or as what was observed; the latter gets a colon."""
    return text if text.split(" ", 1)[0] in _VERBS else f": {text}"


_VERBS = {"its", "comes", "is", "are", "has", "must", "waits", "needs", "failed", "checks"}


def _resolve(blocker: Blocker, item: LoadedItem | None, *, elsewhere: bool) -> str:
    if blocker.kind == "failed" and item is not None:
        advice = next((f["advice"] for f in item.findings if f["advice"] and f["outcome"] != "PASS"), "")
        return advice or "Correct it, look at the run again, and run its checks."
    if blocker.kind == "waiver":
        return "Settle the item, or ask for another waiver."
    if item is None or blocker.kind != "open":
        return ""
    if blocker.text == NOT_CHECKED:
        return "Its pipeline reports it." if elsewhere else "Run its checks."
    if item.row.has_checks:
        return "" if item.outcome in ("PASS", "WARN") else "The checks found nothing to look at."
    return ""


NEXT_STEPS: tuple[tuple[str, str], ...] = (
    ("Staging", "Deploy the approved artifact, and compare its digest with the one signed here."),
    ("Canary", "Send it a little traffic, and compare errors and latency with the present version."),
    ("Watch 24–48 h", "Follow the metrics and alerts of the monitoring plan; roll back when one fires."),
    ("Full rollout", "Move all traffic, and keep the previous version ready."),
)
