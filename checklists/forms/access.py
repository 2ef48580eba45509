"""Forms of tokens and service accounts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms

from checklists import clock
from checklists.actions.tokens import MAX_DAYS, SERVICE_ROLES
from checklists.forms.base import Form
from checklists.models import MemberRole, Person, Project
from checklists.models.access import Scope

DAYS = (7, 30, 90, 180, MAX_DAYS)
USUAL = 90


class TokenForm(Form):
    """A new token: its name, what it may do, and until when."""

    name = forms.CharField(max_length=80, help_text="What will use it, such as “nightly build”.")
    scopes = forms.MultipleChoiceField(
        choices=Scope,
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.READ],
        label="May",
        error_messages={"required": "Choose at least one, or the token can do nothing."},
    )
    days = forms.TypedChoiceField(coerce=int, label="Expires", initial=USUAL)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].widget.attrs["class"] = "form-check-input"
        days = self.fields["days"]
        assert isinstance(days, forms.TypedChoiceField)
        now = clock.now()
        days.choices = [(n, f"in {n} days, on {now + timedelta(days=n):%-d %B %Y}") for n in DAYS]

    def wanted(self) -> dict[str, Any]:
        """What the act takes."""
        data = dict(self.cleaned_data)
        return {"expires_at": _in_days(data.pop("days")), **data}


def _in_days(days: int) -> datetime:
    # A little before the limit: the act's own clock reading comes later than this one.
    return clock.now() + timedelta(days=days) - timedelta(minutes=1)


class OwnTokenForm(TokenForm):
    """A token of one's own, perhaps for one project only."""

    project = forms.ModelChoiceField(
        queryset=Project.objects.none(),
        required=False,
        empty_label="All my projects",
        help_text="A token for one project sees no other.",
    )
    field_order = ("name", "project", "scopes", "days")

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["project"]
        assert isinstance(chosen, forms.ModelChoiceField)
        chosen.queryset = Project.objects.visible_to(person)


class ServiceAccountForm(Form):
    """A new service account."""

    name = forms.CharField(max_length=60, help_text="The pipeline it is for, such as “Build”.")
    role = forms.ChoiceField(
        choices=[(role, MemberRole(role).label) for role in SERVICE_ROLES],
        help_text="It never signs and never owns.",
    )
