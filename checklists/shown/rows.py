"""The gate page's rows: state in words, observed against expected, who and when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from checklists import zones
from checklists.loaded import LoadedGate, LoadedItem
from checklists.models import MemberRole, SignOff, Waiver
from checklists.reports.legible import legibly, shorten
from checklists.shown import states, times
from checklists.shown.scene import Scene
from readiness.engine.outcome import Measurement
from readiness.engine.policy import SignatureState

_TAGS = {"conditional": "conditional", "recommended": "recommended", "mandatory": ""}


@dataclass(slots=True, kw_only=True)
class Row:
    """One item as its line shows it. `number` names the row in the document, `url` its own page."""

    number: int
    key: str
    url: str
    title: str
    tag: str
    state: str
    word: str
    icon: SafeString
    observed: SafeString
    hint: str
    when: str
    at: str
    live: str
    evidence: int


@dataclass(slots=True, kw_only=True)
class Section:
    """A heading with its rows and how many of them are settled; `lines` once they are written as HTML."""

    number: int
    title: str
    rows: list[Row]
    settled: int
    lines: list[SafeString] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many rows."""
        return len(self.rows)


def sections(scene: Scene) -> list[Section]:
    """All sections in document order."""
    found = []
    for number, (title, items) in enumerate(scene.loaded.sections()):
        made = [row(scene, item) for item in items]
        settled = sum(r.state in {"passed", "warned", "na", "waived"} for r in made)
        found.append(Section(number=number, title=title, rows=made, settled=settled))
    return found


def row(scene: Scene, item: LoadedItem) -> Row:
    """The line of one item."""
    if item.row.role:
        return _approval(scene, item)
    state = item.shown
    look = states.LOOKS[state]
    when, at, live = _when(item, scene.now)
    return Row(
        number=item.row.position,
        key=item.key,
        url=scene.item_url(item.key),
        title=item.spec.text,
        tag=_TAGS[item.row.requirement],
        state=state,
        word="Waiver expired" if item.lapsed and state == "open" else look.word,
        icon=look.icon,
        observed=_observed(item),
        hint=_hint(item),
        when=when,
        at=at,
        live=live,
        evidence=len(item.evidence),
    )


def _when(item: LoadedItem, now: datetime) -> tuple[str, str, str]:
    """Words, machine-readable moment, and how a script keeps the words true ("since", "ago" or nothing)."""
    if item.run_state == "running" and item.run_started:
        return f"for {times.lasting(item.run_started, now)}", item.run_started.isoformat(), "for"
    if item.run_state:
        return "waits for a worker", "", ""
    if item.row.decided == "person" and item.row.decided_by and item.row.decided_at:
        return f"{item.row.decided_by.name}, {times.day(item.row.decided_at, now)}", "", ""
    return _checked(item, now)


def _checked(item: LoadedItem, now: datetime) -> tuple[str, str, str]:
    finished = item.row.run.finished_at if item.row.run else None
    if not finished:
        return "", "", ""
    if item.reported_by:
        return f"reported {times.ago(finished, now)}", "", ""
    return f"checked {times.ago(finished, now)}", finished.isoformat(), "checked"


def _observed(item: LoadedItem) -> SafeString:
    if item.state == "waived" and item.waiver:
        return SafeString(escape(waived(item.waiver)))
    if item.lapsed and item.waiver:
        expired = zones.words(item.waiver.expires_at, item.waiver.expires_zone)
        plain = emphasised(legibly(item.observed), _measured(item))
        return mark_safe(f"{escape(f'its waiver expired: {expired}')} · {plain}")  # noqa: S308  # both are escaped
    text = legibly(item.observed)
    if item.row.decided != "person" or not item.row.reason:
        return emphasised(text, _measured(item))
    said = escape(text)
    if item.row.state != "passed":
        return SafeString(said)
    seen = emphasised(legibly(item.findings[0]["message"]), _measured(item)) if item.findings else ""
    return mark_safe(f"{seen} · “{said}”" if seen else f"“{said}”")  # noqa: S308  # both parts are escaped


def waived(waiver: Waiver) -> str:
    """Until when, by whom as what, and why."""
    until = zones.words(waiver.expires_at, waiver.expires_zone)
    if waiver.decided_by:
        until += f", by {waiver.decided_by.name} as {MemberRole(waiver.decided_as).label.lower()}"
    return f"waived until {until}: “{shorten(legibly(waiver.reason))}”"


def _hint(item: LoadedItem) -> str:
    """What a person has to do or know, where the observed line does not say it."""
    return " · ".join(words for words in (_to_do(item), _reported(item)) if words)


def _reported(item: LoadedItem) -> str:
    return "not run here" if item.reported_by and not item.run_state else ""


def _to_do(item: LoadedItem) -> str:
    if item.asked:
        return "waiver to decide"
    if item.row.state != "open" or item.run_state or not item.row.has_checks or not item.results:
        return ""
    left = len(item.to_confirm)
    if not left or item.outcome not in ("PASS", "WARN"):
        return ""
    return f"{left} {'criterion' if left == 1 else 'criteria'} to confirm"


def _measured(item: LoadedItem) -> Iterator[str]:
    """Values to emphasise: those that decided. In a failed row, which paints them red, those that failed."""
    failed = item.row.state == "failed"
    for finding in item.findings:
        for stored in finding["measurements"][:8]:
            if stored["limit"] is None or isinstance(stored["value"], bool):
                continue
            measurement = Measurement.from_dict(stored)
            if not (failed and measurement.ok):
                yield legibly(measurement.observed)


def emphasised(text: str, values: Iterable[str]) -> SafeString:
    """The text as HTML with the first occurrence of each measured value in bold, never a part of a word or
    of another number.
    """
    spans: list[tuple[int, int]] = []
    for value in values:
        found = re.search(rf"(?<![\w.,-]){re.escape(value)}(?!\w|[.,]\d)", text) if len(value) > 1 else None
        if found and all(found.end() <= a or found.start() >= b for a, b in spans):
            spans.append(found.span())
    parts, last = [], 0
    for start, end in sorted(spans):
        parts += [escape(text[last:start]), "<b>", escape(text[start:end]), "</b>"]
        last = end
    return mark_safe("".join([*parts, escape(text[last:])]))  # noqa: S308  # every part is escaped


def _approval(scene: Scene, item: LoadedItem) -> Row:
    loaded, judged, role = scene.loaded, scene.judged, item.row.role
    worth = judged.verdict.signatures.get(role, SignatureState.MISSING)
    look = states.LOOKS[states.APPROVALS[worth]]
    signed = latest(loaded, role, judged.digest)
    return Row(
        number=item.row.position,
        key=item.key,
        url=scene.item_url(item.key),
        title=item.spec.text,
        tag=_TAGS[item.row.requirement],
        state=states.APPROVALS[worth],
        word=_WORTH_WORDS[worth],
        icon=look.icon,
        observed=SafeString(escape(_approval_words(loaded, role, worth, signed))),
        hint="",
        when=times.day(signed.signed_at, scene.now) if signed else "",
        at="",
        live="",
        evidence=len(item.evidence),
    )


_WORTH_WORDS = {
    SignatureState.VALID: "Signed",
    SignatureState.DROPPED: "Not needed",
    SignatureState.DECLINED: "Declined",
    SignatureState.STALE: "Stale",
    SignatureState.MISSING: "Not signed",
}


def _approval_words(loaded: LoadedGate, role: str, worth: SignatureState, signed: SignOff | None) -> str:
    label = MemberRole(role).label.lower()
    if worth is SignatureState.DROPPED:
        return next((r.dropped_reason for r in loaded.roles if r.role == role), "")
    if signed is None:
        who = label if role == MemberRole.COMPLIANCE else f"the {label}"
        return f"decided by the signature of {who}, not by a tick"
    if worth is SignatureState.STALE:
        return f"{signed.person_name} signed an earlier state"
    if worth is SignatureState.DECLINED:
        return f"{signed.person_name}: “{shorten(signed.comment)}”"
    return f"{signed.person_name} approved this exact state"


def latest(loaded: LoadedGate, role: str, digest: str) -> SignOff | None:
    """The live sign-off of a role that counts: one of the present state before an older one."""
    mine = [s for s in loaded.signoffs if s.role == role]
    current = [s for s in mine if s.digest == digest]
    declined = [s for s in current if s.decision == "decline"]
    counting = declined or current or mine
    return counting[-1] if counting else None
