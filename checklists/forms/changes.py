"""Forms of change control."""

from __future__ import annotations

from django import forms

from checklists.forms.base import Form
from checklists.models.change import ProposalKind


class ProposalForm(Form):
    """What shall change, and why. The act checks the text."""

    title = forms.CharField(max_length=200, help_text="What changes, in one line.")
    reason = forms.CharField(
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Why it changes; it stands in the changelog, and for thresholds in the report.",
    )
    link = forms.CharField(
        required=False, max_length=1000, label="RFC or ticket", help_text="https://…, where it was discussed."
    )
    text = forms.CharField(
        max_length=100_000,
        strip=False,
        label="The new text",
        widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "false"}),
    )

    def __init__(self, *args: object, kind: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["text"]
        field.widget.attrs["class"] += " code-text"
        if kind == ProposalKind.CONTROL:
            del self.fields["text"]
        elif kind == ProposalKind.THRESHOLD:
            field.label, field.widget.attrs["rows"] = "The new values", 6
            field.help_text = "One `name: value` a line. Lines left out stay as they are."


class VoteForm(Form):
    """A word with a vote."""

    comment = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed to reject.",
    )


class BoardForm(Form):
    """Where the change board is told."""

    address = forms.CharField(
        required=False,
        max_length=254,
        label="Change board’s address",
        help_text="It gets a mail when a change is proposed, approved, rejected and activated.",
    )
