"""Template filters and tags: icons, states in icon and word, numbers with units, times, sizes."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from checklists import clock
from checklists.models import MemberRole
from checklists.shown import times
from readiness.engine import outcome

register = template.Library()

UNITS = r"%|points?|ms|s|min|h|kB|MB|GB|B|/ s|requests?|images?|files?|tests?"
_QUANTITY = re.compile(rf"(?<![\w.#&-])([+−-]?\d[\d.,]*(?: (?:{UNITS}))(?![\w]))")

# A state's icon and word; the word always stands beside the icon.
STATES: dict[str, tuple[str, str]] = {
    "passed": ("check", "Passed"),
    "warned": ("bang", "Warning"),
    "failed": ("cross", "Failed"),
    "running": ("spin", "Running"),
    "queued": ("clock", "Queued"),
    "open": ("open", "Open"),
    "na": ("dash", "Not applicable"),
    "waived": ("flag", "Waived"),
    "blocked": ("cross", "Blocked"),
    "ready": ("person", "Ready to sign"),
    "approved": ("shield", "Approved"),
    "declined": ("cross", "Declined"),
    "valid": ("check", "Signed"),
    "stale": ("clock", "Stale"),
    "missing": ("person", "Waiting"),
    "dropped": ("dash", "Not needed"),
    "done": ("check", "Done"),
    "draft": ("doc", "Draft"),
    "review": ("clock", "In review"),
    "withdrawn": ("dash", "Withdrawn"),
    "rejected": ("cross", "Rejected"),
    "revoked": ("cross", "Revoked"),
    "expired": ("clock", "Expired"),
    "fresh": ("check", "Fresh"),
    "due": ("clock", "Due soon"),
    "overdue": ("clock", "Overdue"),
    "verified": ("check", "Verified"),
    "not-verified": ("bang", "Not verified"),
    "broken": ("cross", "Failed"),
    "in-use": ("check", "In use"),
    "retired": ("dash", "Retired"),
}
VERDICTS: dict[str, str] = {
    "blocked": "Blocked",
    "open": "Open",
    "ready": "Ready to sign",
    "approved": "Approved",
    "declined": "Declined",
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of the sprite, hidden from assistive technology: the word beside it speaks."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static("icons.svg"), name
    )


@register.filter
def state(value: object) -> SafeString:
    """A state as badge with icon and word."""
    name = str(value)
    symbol, word = STATES.get(name, ("open", name.capitalize()))
    return format_html('<span class="state state-{}">{}{}</span>', name, icon(symbol), word)


@register.filter
def verdict_words(value: object) -> str:
    """A verdict as a word: "Ready to sign"."""
    return VERDICTS.get(str(value), str(value).capitalize())


@register.filter(needs_autoescape=True)
def quantities(value: str, autoescape: bool = True) -> SafeString:  # noqa: FBT001, FBT002  # Django's protocol
    """A message with its numbers with units emphasised: "needs <b>80 %</b>". Escapes what is not safe yet."""
    escaped = conditional_escape(value) if autoescape else str(value)
    return mark_safe(_QUANTITY.sub(r"<b>\1</b>", escaped))  # noqa: S308  # escaped above


@register.filter
def since(value: datetime | None) -> SafeString | str:
    """How long ago, with the exact moment for machines and as a tooltip."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    exact = f"{local:%Y-%m-%d %H:%M:%S %z}"
    words = times.ago(value, clock.now())
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), exact, words)


@register.filter
def last_day(value: datetime) -> str:
    """The last day before a moment that is a day's end: "3 December 2026"."""
    day = timezone.localtime(value - timedelta(seconds=1))
    return f"{day.day} {day:%B %Y}"


@register.filter
def filesize(value: int | None) -> str:
    """Bytes in words with decimal units: "812 B", "34 kB", "1.2 MB", "3.4 GB"."""
    number = float(value or 0)
    if number < 999.5:
        return f"{number:.0f} B"
    if number < 999_500:
        return f"{number / 1e3:.0f} kB"
    return f"{number / 1e6:.1f} MB" if number < 999_950_000 else f"{number / 1e9:.1f} GB"


@register.filter
def control(field: BoundField) -> SafeString:
    """A form's control in the page's looks, for forms that are not ours; the label says what goes in."""
    return field.as_widget(attrs={"class": "form-control", "placeholder": ""})


@register.filter
def role_words(value: object) -> str:
    """A role as a word: "technical-lead" → "Technical lead"."""
    return str(MemberRole(str(value)).label)


@register.filter
def quantity(value: str | float | bool | None, unit: str = "") -> str:  # noqa: FBT001  # a stored value of any type
    """A value with its unit: "80 %", "yes", "5 points"."""
    return outcome.quantity(value, unit or None)


@register.filter
def share(value: float | str | None) -> str:
    """A fraction of 1 as percent: 0.985 → "98.5 %"; nothing as a dash."""
    return "–" if value is None or value == "" else f"{round(float(value) * 100, 2):g} %"
