"""Forms of members and invitations. Acts judge; forms only turn text into values."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.utils import timezone

from checklists.forms.base import Form
from checklists.models import MemberRole, Person

TWO = "The two passwords differ."
UNSEEN = ("Cf", "Cc", "Cs", "Co", "Cn", "Zl", "Zp")


def end_of(day: date) -> datetime:
    """The end of a day in the installation's time zone."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


class EndField(forms.DateField):
    """The last day of somebody's access; its end as a moment, or None."""

    def __init__(self, help_text: str) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(label="Last day of access", required=False, widget=widget, help_text=help_text)

    def clean(self, value: Any) -> datetime | None:
        """The moment. Raises ValidationError."""
        day = super().clean(value)
        try:
            return end_of(day) if day else None
        except OverflowError:
            raise ValidationError("Choose a day within a year.") from None


class MemberForm(Form):
    """A role for a person who has an account."""

    username = forms.CharField(max_length=150, label="User name")
    role = forms.ChoiceField(choices=MemberRole, initial=MemberRole.CONTRIBUTOR)
    until = EndField("An auditor’s access must end; others’ may. An owner’s has no end.")

    def clean_username(self) -> Person:
        """The person of that user name."""
        name = self.cleaned_data["username"].strip()
        active = Person.objects.filter(is_active=True)
        alike = list(active.filter(username__iexact=name)[:2])
        # "Anna" and "anna" may be two people: then only the exact spelling names one.
        person = active.filter(username=name).first() or (alike[0] if len(alike) == 1 else None)
        if person is None:
            raise forms.ValidationError(f"There is no account {name!r}. Invite who has none.")
        return person


class InviteForm(Form):
    """An invitation: where it goes, the role, and its end."""

    address = forms.EmailField(
        max_length=254, label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(choices=MemberRole, initial=MemberRole.CONTRIBUTOR)
    until = EndField("An auditor’s access must end; others’ may. An owner’s has no end.")


class EndForm(Form):
    """Another end of somebody's access."""

    until = EndField("Empty: no end. An auditor’s access must end.")


class NewAccountForm(Form):
    """The account of somebody who was invited: they choose name and password."""

    username = forms.CharField(
        max_length=150,
        label="User name",
        help_text="Letters, digits and @ . + - _",
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    name = forms.CharField(
        max_length=150,
        label="Your name",
        help_text="First and last name, as it is to stand beside what you do and sign.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=1000,
        help_text="At least 12 characters.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="The password again",
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_username(self) -> str:
        """In the form that is compared, not taken yet, whatever the case."""
        name: str = Person.normalize_username(self.cleaned_data["username"])
        if Person.objects.filter(username__iexact=name).exists():
            raise ValidationError("There is already an account of this name. Choose another one.")
        return name

    def clean_name(self) -> str:
        """Composed, with single spaces, and only characters that can be seen."""
        name = " ".join(unicodedata.normalize("NFC", self.cleaned_data["name"]).split())
        hidden = next((c for c in name if unicodedata.category(c) in UNSEEN), None)
        if hidden:
            raise ValidationError(f"Take out the invisible character U+{ord(hidden):04X}.")
        return name

    def clean(self) -> dict[str, Any]:
        """Equal passwords that the installation's rules accept."""
        data = super().clean() or self.cleaned_data
        password = data.get("password")
        if password and data.get("again") and password != data["again"]:
            self.add_error("again", TWO)
        if password:
            first, _, last = data.get("name", "").partition(" ")
            likely = Person(username=data.get("username", ""), first_name=first, last_name=last)
            try:
                validate_password(password, user=likely)
            except ValidationError as error:
                self.add_error("password", error)
        return data
