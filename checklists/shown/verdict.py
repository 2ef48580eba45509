"""The verdict card: state in words, what is in the way, the segmented bar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from checklists.models import MemberRole
from checklists.scoring import score_of
from checklists.shown import states, times
from checklists.shown.rows import Section
from checklists.shown.scene import Scene
from readiness.engine.policy import SignatureState, State, Verdict, VerdictState

BAR = 1000.0
_NAMES = {
    VerdictState.BLOCKED: "Blocked",
    VerdictState.OPEN: "Open",
    VerdictState.READY: "Ready to sign",
    VerdictState.APPROVED: "Approved",
    VerdictState.DECLINED: "Declined",
}


@dataclass(slots=True, kw_only=True)
class Segment:
    """A part of the bar; `start` and `width` in thousandths of it."""

    state: str
    count: int
    words: str
    start: str
    width: str


@dataclass(slots=True, kw_only=True)
class Card:
    """The verdict as the page shows it."""

    state: str
    name: str
    words: str
    decided: int
    total: int
    score: str
    opened: str
    segments: list[Segment]
    label: str


REPLACED = "a newer version of the checklist took this gate’s place"


def card(scene: Scene, sections: Iterable[Section]) -> Card:
    """The card of a gate at a moment."""
    loaded, verdict = scene.loaded, scene.judged.verdict
    counts = Counter(row.state for section in sections for row in section.rows)
    parts = segments(counts)
    replaced = bool(loaded.gate.superseded_by_id)  # what it would say counts no more
    return Card(
        state=VerdictState.OPEN.value if replaced else verdict.state.value,
        name="Replaced" if replaced else _NAMES[verdict.state],
        words=REPLACED if replaced else headline(verdict),
        decided=len(loaded.items) - verdict.counts[State.OPEN],
        total=len(loaded.items),
        score=score_of(loaded).percent,
        opened=times.ago(loaded.gate.opened_at, scene.now),
        segments=parts,
        label=", ".join(part.words for part in parts),
    )


def segments(counts: Counter[str]) -> list[Segment]:
    """Parts of the bar in the states' order; widths add up to the whole."""
    total, start, parts = sum(counts.values()), 0.0, []
    for state in states.ORDER:
        if count := counts[state]:
            width = BAR * count / total
            words = f"{count} {states.LOOKS[state].legend}"
            parts.append(
                Segment(state=state, count=count, words=words, start=f"{start:.1f}", width=f"{width:.1f}")
            )
            start += width
    return parts


def headline(verdict: Verdict) -> str:
    """What follows the verdict's name: how many, and what to do."""
    if verdict.state is VerdictState.APPROVED:
        signed = sum(s is SignatureState.VALID for s in verdict.signatures.values())
        return f"{_count(signed, 'role')} signed exactly this state{_waived(verdict, '; ')}"
    if verdict.state is VerdictState.READY:
        waiting = [role for role, s in verdict.signatures.items() if s in _UNSIGNED]
        settled = f"every item is settled{_waived(verdict, ', ')}; {_roles(waiting)} to sign"
        return settled if waiting else "no role is left to sign"
    kinds = Counter(blocker.kind for blocker in verdict.blockers)
    hard, soft = kinds["failed"], kinds["open"] + kinds["reason"]
    stages = [b.title.lower() for b in verdict.blockers if b.kind == "stage"]
    parts = [f"{_count(hard, 'item')} failed"] if hard else []
    if kinds["waiver"]:
        parts.append(
            f"{_count(kinds['waiver'], 'waiver')} no longer {'holds' if kinds['waiver'] == 1 else 'hold'}"
        )
    if soft:
        still = f"{soft} {'is' if soft == 1 else 'are'} open"
        parts.append(still if parts else f"{_count(soft, 'item')} left to decide")
    if stages:
        parts.append(f"{' and '.join(stages)} must be approved first")
    if verdict.state is VerdictState.DECLINED:
        names = [b.title.lower() for b in verdict.blockers if b.kind == "declined"]
        return f"by {' and '.join(names)}" + (f"; {', '.join(parts)}" if parts else "")
    return ", ".join(parts) or "the checklist has no items, so nothing is known"


def _waived(verdict: Verdict, before: str) -> str:
    count = verdict.counts[State.WAIVED]
    return f"{before}{count} by a waiver" if count else ""


_UNSIGNED = (SignatureState.MISSING, SignatureState.STALE)


def _roles(roles: list[str]) -> str:
    names = [MemberRole(role).label.lower() for role in roles]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
