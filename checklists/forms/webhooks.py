"""Forms of webhooks and channels."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from checklists.forms.base import Form
from checklists.outbox_events import CHOSEN, EVENTS


class Boxes(forms.CheckboxSelectMultiple):
    """One box per choice, in the page's looks; the template sets each with its label."""

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Each box has the class of boxes, whatever the field's own is."""
        option = super().create_option(*args, **kwargs)
        option["attrs"]["class"] = "form-check-input"
        return option


class WebhookForm(Form):
    """An address and the events it wants."""

    url = forms.CharField(
        max_length=1000,
        label="Address",
        help_text="http or https, at a host that the operator allowed. It gets a POST for each event.",
    )
    events = forms.MultipleChoiceField(
        choices=[(name, f"{EVENTS[name].words[0].upper()}{EVENTS[name].words[1:]}") for name in CHOSEN],
        widget=Boxes,
        label="Tell it when",
        error_messages={"required": "Choose at least one event."},
    )


class ChannelsForm(Form):
    """Which of the operator's chats and pagers hear of the project."""

    channels = forms.MultipleChoiceField(choices=[], required=False, widget=Boxes)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["channels"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(name, name) for name in settings.CHANNELS]
