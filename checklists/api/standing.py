"""What a gate says now, for machines: verdict, counts, and everything in the way with what resolves it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from checklists.api.shapes import Digest, Moment, Shape, Url, page_url
from checklists.loaded import LoadedGate, LoadedItem
from checklists.scoring import score_of
from readiness.engine.policy import Blocker

# A verdict of several gates is the worst of theirs.
WORST = ("declined", "blocked", "open", "ready", "approved")

RESOLVE = {
    "failed": "Correct what the check observed, look at the run again, and run its checks.",
    "waiver": "Settle the item, or ask for a new waiver.",
    "reason": "Give a reason on the gate's page, or settle the item.",
    "open": "A person ticks it on the gate's page, with evidence.",
    "empty": "Open a gate with a checklist that has items.",
    "stage": "Get the earlier stage approved first.",
    "declined": "Resolve what was named as the reason, then ask for the signature again.",
    "stale": "Ask for a signature of the present state.",
    "unsigned": "Ask for the signature, once every item is settled.",
}


class BlockerShape(Shape):
    """One thing in the way."""

    kind: str = Field(
        description="failed, waiver, reason, open, empty, stage, declined, stale or unsigned",
        examples=["failed"],
    )
    item: str = Field(description="The item's id; empty when none is meant", examples=["accuracy"])
    title: str = Field(examples=["Test accuracy meets the target"])
    text: str = Field(examples=["test.accuracy is 72.8 %, needs ≥ 80 %"])
    resolve: str = Field(description="What to do about it", examples=["Train on, or lower the target."])
    url: Url


class ChecklistLink(Shape):
    """Which checklist the gate applies."""

    slug: str = Field(examples=["small"])
    version: str = Field(examples=["1.0.0"])
    title: str = Field(examples=["Small checklist"])


class CountsShape(Shape):
    """Items by state."""

    open: int = Field(examples=[5])
    passed: int = Field(examples=[2])
    failed: int = Field(examples=[1])
    na: int = Field(description="Not applicable", examples=[0])
    waived: int = Field(examples=[0])
    total: int = Field(examples=[8])


class Standing(Shape):
    """What one gate says now."""

    id: int = Field(examples=[1])
    verdict: str = Field(description="blocked, open, ready, approved or declined", examples=["blocked"])
    digest: Digest = Field(description="Names the present state; signatures cover it")
    revision: int = Field(description="Rises with every change", examples=[41])
    project: str = Field(examples=["image-classifier"])
    release: str = Field(examples=["1.4.0"])
    environment: str = Field(examples=["production"])
    stage: str = Field(description="Empty for a gate without stages", examples=[""])
    checklist: ChecklistLink
    counts: CountsShape
    score: float | None = Field(description="Weighted, 0 to 100; never decides", examples=[43.8])
    signatures: dict[str, str] = Field(
        description="By role: valid, stale, missing, dropped or declined",
        examples=[{"technical-lead": "missing"}],
    )
    blockers: list[BlockerShape]
    until: Moment | None = Field(description="When time alone changes this next: a waiver expires")
    url: Url


def standing(loaded: LoadedGate, at: datetime) -> dict[str, Any]:
    """What a loaded gate says at a moment; decided anew."""
    judged, gate = loaded.judge(at), loaded.gate
    verdict, release = judged.verdict, gate.release
    base = page_url("gate", gate.pk)
    items = {item.key: item for item in loaded.items}
    earlier = {f"Stage {stage.label.lower()}": before for stage, before in loaded.before}
    return {
        "id": gate.pk,
        "verdict": verdict.state.value,
        "digest": judged.digest,
        "revision": gate.revision,
        "project": release.project.slug,
        "release": release.version,
        "environment": gate.environment.name,
        "stage": gate.stage,
        "checklist": {
            "slug": gate.checklist.slug,
            "version": gate.checklist.version,
            "title": gate.checklist.title,
        },
        "counts": {state.value: count for state, count in verdict.counts.items()}
        | {"total": len(loaded.items)},
        "score": score_of(loaded).value,
        "signatures": {role: state.value for role, state in verdict.signatures.items()},
        "blockers": [
            {
                "kind": blocker.kind,
                "item": blocker.item,
                "title": blocker.title,
                "text": blocker.text,
                "resolve": resolve(blocker, items.get(blocker.item)),
                "url": _where(blocker, base, items.get(blocker.item), earlier),
            }
            for blocker in verdict.blockers
        ],
        "until": loaded.verdict_until(at),
        "url": base,
    }


def resolve(blocker: Blocker, item: LoadedItem | None) -> str:
    """What to do about a blocker: the check's own advice where there is some."""
    if item is not None and blocker.kind == "failed":
        advice = next((f["advice"] for f in item.findings if f["advice"] and f["outcome"] != "PASS"), "")
        return advice or RESOLVE["failed"]
    if item is not None and blocker.kind == "open" and item.row.has_checks:
        if item.run_state:
            return "Wait for its result."
        return (
            "Confirm the rest on the gate's page." if item.outcome in ("PASS", "WARN") else "Run its checks."
        )
    return RESOLVE[blocker.kind]


def _where(
    blocker: Blocker, base: str, item: LoadedItem | None, earlier: dict[str, LoadedGate | None]
) -> str:
    if blocker.kind == "stage":
        before = earlier.get(blocker.title)
        return page_url("gate", before.gate.pk) if before else base
    if item is None:
        return f"{base}#sign-off" if blocker.kind == "unsigned" else base
    return f"{base}#item-{item.key}"


def worst(standings: list[dict[str, Any]]) -> dict[str, Any]:
    """The one whose verdict counts for all."""
    return min(standings, key=lambda one: WORST.index(one["verdict"]))
