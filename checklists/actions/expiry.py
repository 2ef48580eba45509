"""What time does to waivers: the log says that one expired, and what lists keep is decided anew.

Nothing waits for this: whoever judges a gate judges it at a moment, so an expired waiver counts no more from
its second on.
"""

from __future__ import annotations

from datetime import UTC, datetime

from checklists.actions import waiver_news
from checklists.actions.base import gate_act, refresh
from checklists.models import Gate, Waiver
from checklists.models.waiver import WaiverState


def settle_due(now: datetime) -> int:
    """Note each waiver that expired, once, and decide the gates anew whose time has come; how many moved.

    Gates that were replaced stay as they are: they only stay to be read.
    """
    present = Gate.objects.filter(superseded_by=None)
    due = Waiver.objects.filter(
        state=WaiverState.APPROVED, expires_at__lte=now, expiry_noted_at=None, gate__in=present
    )
    noted = sum(_note(pk, gate) for pk, gate in due.order_by("expires_at", "pk").values_list("pk", "gate"))
    left = list(present.filter(verdict_until__lte=now).order_by("pk").values_list("pk", flat=True))
    for gate in left:
        refresh(gate, now)
    return noted + len(left)


def _note(waiver: int, gate: int) -> bool:
    with gate_act(gate, by=None, act=None) as act:
        mine = Waiver.objects.filter(pk=waiver, expiry_noted_at=None)
        if not mine.update(expiry_noted_at=act.at):
            return False  # another sweep was quicker
        row = Waiver.objects.select_related("item", "owner", "requested_by", "decided_by").get(pk=waiver)
        item = act.loaded.item(row.item.key) if row.item else None
        if item:
            act.save(item)
        act.log(
            "waiver.expired",
            subject=item.key if item else f"rule {row.rule}",
            waiver=row.pk,
            expires_at=row.expires_at.astimezone(UTC).isoformat(timespec="seconds"),
        )
        waiver_news.expired(act, row)
    return True
