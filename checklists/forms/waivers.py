"""The forms of a waiver: its text, and its end as a day, a time and a zone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings

from checklists import zones
from checklists.forms.base import Form
from checklists.forms.rehearsals import known_zone
from checklists.loaded import LoadedGate
from checklists.models import Person, Waiver
from checklists.permissions import AUDITOR, READER
from checklists.reads.waivers import RULE_TITLES
from readiness.engine.deploy.config import WAIVABLE

COMMON_ZONES = (
    "UTC", "Europe/London", "Europe/Berlin", "Europe/Kyiv", "America/New_York", "America/Chicago",
    "America/Los_Angeles", "America/Sao_Paulo", "Africa/Johannesburg", "Asia/Dubai", "Asia/Kolkata",
    "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney",
)  # fmt: skip


def _words(rows: int = 3, **more: Any) -> forms.CharField:
    return forms.CharField(max_length=5000, widget=forms.Textarea(attrs={"rows": rows}), **more)


class _People(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic in the stubs only
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class WaiverForm(Form):
    """What a waiver says. `target` is `item:KEY` or `rule:NAME`; a draft's own is kept."""

    target = forms.ChoiceField(
        label="What is to be waived", help_text="Open and failed items, and rules of the deployment gate."
    )
    reason = _words(help_text="Why it cannot be settled now.")
    risk = _words(help_text="What may go wrong because of it, and for whom.")
    mitigation = _words(
        label="Mitigation plan",
        help_text="What keeps the risk small meanwhile, and how it is settled in the end.",
    )
    scope = _words(
        2, help_text="What it covers: versions, users, data, environments. Nothing else is waived."
    )
    owner = _People(
        queryset=Person.objects.none(),
        empty_label=None,
        help_text="Who sees to it that the plan is carried out. The owner cannot approve it.",
    )
    expires_on = forms.DateField(
        label="Expires on", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    expires_time = forms.TimeField(
        label="At",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="Without a time it holds until the end of that day.",
    )
    zone = forms.CharField(
        label="Time zone", max_length=60, help_text="Such as UTC or Europe/Berlin.", initial="UTC"
    )

    def __init__(self, *args: Any, loaded: LoadedGate, waiver: Waiver | None = None, **kwargs: Any) -> None:
        kwargs["initial"] = _present(waiver, loaded) | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        people = {
            m.person_id for m in loaded.members if m.role not in (READER, AUDITOR) and not m.person.is_service
        }
        owner, target = self.fields["owner"], self.fields["target"]
        assert isinstance(owner, forms.ModelChoiceField)
        assert isinstance(target, forms.ChoiceField)
        owner.queryset = Person.objects.filter(pk__in=people).order_by("first_name", "username")
        target.choices = _targets(loaded)
        if waiver:
            del self.fields["target"]
        self.fields["zone"].widget.attrs |= {"list": "zones", "autocomplete": "off"}
        self.fields["expires_on"].help_text = f"At most {settings.WAIVER_MAX_DAYS} days from now."

    def clean_zone(self) -> str:
        """A known zone, in its own spelling."""
        return known_zone(self.cleaned_data["zone"])

    def clean(self) -> dict[str, Any]:
        """The end as one moment."""
        data = self.cleaned_data
        if data.get("expires_on") and data.get("zone") and "expires_time" in data:
            try:
                data["expires_at"] = zones.moment(data["expires_on"], data["expires_time"], data["zone"])
            except ValueError as error:
                self.add_error("expires_time", f"{str(error).capitalize()}. Choose another time.")
        return data

    def facts(self) -> dict[str, Any]:
        """The arguments of the acts."""
        kept = {name: self.cleaned_data[name] for name in ("reason", "risk", "mitigation", "scope", "owner")}
        return kept | {
            "expires_at": self.cleaned_data["expires_at"],
            "expires_zone": self.cleaned_data["zone"],
        }

    def target_of(self) -> dict[str, str]:
        """`{key}` or `{rule}`, as `waivers.draft` takes it."""
        kind, _, name = self.cleaned_data["target"].partition(":")
        return {"rule": name} if kind == "rule" else {"key": name}


def _targets(loaded: LoadedGate) -> list[tuple[str, Any]]:
    open_items = [item for item in loaded.items if not item.row.role and item.row.state in ("open", "failed")]
    return [
        ("Items", [(f"item:{item.key}", item.spec.text) for item in open_items]),
        ("Rules of the deployment gate", [(f"rule:{name}", RULE_TITLES[name]) for name in WAIVABLE]),
    ]


def _present(waiver: Waiver | None, loaded: LoadedGate) -> dict[str, Any]:
    if waiver is None:
        return {"zone": settings.TIME_ZONE}
    local: datetime = waiver.expires_at.astimezone(ZoneInfo(waiver.expires_zone))
    whole_day = local.time() == zones.END_OF_DAY
    texts = {name: getattr(waiver, name) for name in ("reason", "risk", "mitigation", "scope", "owner")}
    return texts | {
        "expires_on": local.date(),
        "expires_time": None if whole_day else local.time(),
        "zone": waiver.expires_zone,
    }
