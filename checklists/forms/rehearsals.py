"""The form of a rollback rehearsal: when, from what to what, how long, how it ended, and its log."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from checklists import zones
from checklists.forms.base import Form
from checklists.models import Environment, Project
from checklists.models.rehearsal import RehearsalOutcome


class RehearsalForm(Form):
    """One rehearsal. The duration is typed as minutes and seconds."""

    environment = forms.ModelChoiceField(queryset=Environment.objects.none(), empty_label=None)
    performed_on = forms.DateField(
        label="Carried out on", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    performed_time = forms.TimeField(
        label="At", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    zone = forms.CharField(label="Time zone", max_length=60, initial="UTC")
    performed_by = forms.CharField(max_length=200, label="By", help_text="Who carried it out.")
    from_version = forms.CharField(max_length=60, label="From version", help_text="The one that was running.")
    to_version = forms.CharField(max_length=60, label="Back to version")
    minutes = forms.IntegerField(min_value=0, max_value=43_199, label="Took, minutes", initial=0)
    seconds = forms.IntegerField(min_value=0, max_value=59, label="and seconds", initial=0)
    outcome = forms.ChoiceField(choices=RehearsalOutcome)
    gaps = forms.CharField(
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What went wrong or was missing. Needed when it failed.",
    )
    log = forms.FileField(required=False, allow_empty_file=True, help_text="Kept with its SHA-256.")

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        kwargs["initial"] = {"zone": settings.TIME_ZONE} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        environment = self.fields["environment"]
        assert isinstance(environment, forms.ModelChoiceField)
        environment.queryset = project.environments.all()
        self.fields["zone"].widget.attrs |= {"list": "zones", "autocomplete": "off"}

    def clean_zone(self) -> str:
        """A known zone, in its own spelling."""
        return known_zone(self.cleaned_data["zone"])

    def clean(self) -> dict[str, Any]:
        """The moment and the duration as one value each."""
        data = self.cleaned_data
        day, at, zone = (data.get(name) for name in ("performed_on", "performed_time", "zone"))
        if day is not None and at is not None and zone:
            try:
                data["performed_at"] = zones.moment(day, at, zone)
            except ValueError as error:
                self.add_error("performed_time", f"{str(error).capitalize()}. Correct the time.")
        return data

    def facts(self) -> dict[str, Any]:
        """The arguments of the act."""
        data = self.cleaned_data
        names = ("environment", "performed_at", "performed_by", "from_version", "to_version", "outcome")
        log = data["log"]
        return {name: data[name] for name in (*names, "gaps")} | {
            "duration_seconds": data["minutes"] * 60 + data["seconds"],
            "log": log,
            "log_name": log.name if log else "",
        }


def known_zone(typed: str) -> str:
    """The zone of that name, whatever its case. Raises ValidationError."""
    known = {name.lower(): name for name in zones.names()}
    if typed.strip().lower() not in known:
        raise forms.ValidationError("There is no time zone of that name. Use one such as Europe/Berlin.")
    return known[typed.strip().lower()]
