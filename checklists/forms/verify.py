"""The form that takes a report or a bundle to verify."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from checklists.forms.base import Form
from readiness.engine.errors import ReadinessError
from readiness.engine.sealed import checkpoint, keys
from readiness.engine.sealed.keys import Keyring
from readiness.engine.sizes import size_words

MAX_TEXT_FILE = 1_000_000
TOO_LARGE = (
    "The file has {}; this page takes at most {}. Verify it on a machine of your own with: "
    "readiness verify FILE --key KEYS."
)


class VerifyForm(Form):
    """The file, and what somebody trusts more than this installation: keys and a checkpoint of their own."""

    file = forms.FileField(
        label="Report (PDF) or audit bundle (ZIP)",
        allow_empty_file=True,
        error_messages={"required": "Choose a file."},
    )
    key = forms.FileField(
        label="Your own public key",
        required=False,
        help_text="PEM or keys.json, got another way than from this installation. Then only it is trusted.",
    )
    checkpoint = forms.FileField(
        label="Your own checkpoint",
        required=False,
        help_text="A signed head of the audit log that you were sent and kept.",
    )

    def clean_file(self) -> UploadedFile[bytes]:
        """Refuses what is larger than this page takes."""
        found: UploadedFile[bytes] = self.cleaned_data["file"]
        size, most = found.size or 0, settings.VERIFY_MAX_BYTES
        if size > most:
            raise forms.ValidationError(TOO_LARGE.format(size_words(size), size_words(most)))
        return found

    def clean_key(self) -> Keyring | None:
        """The keys that it holds."""
        data = self._text("key")
        return _understood(keys.read, data, "The key file") if data else None

    def clean_checkpoint(self) -> bytes:
        """The note, once it is one."""
        data = self._text("checkpoint")
        if data:
            _understood(checkpoint.read, data, "The checkpoint")
        return data

    def _text(self, name: str) -> bytes:
        found: UploadedFile[bytes] | None = self.cleaned_data[name]
        if found is None:
            return b""
        if (found.size or 0) > MAX_TEXT_FILE:
            raise forms.ValidationError(f"The file has {size_words(found.size or 0)}; that is too much.")
        data: bytes = found.read()
        return data


def _understood(read: Any, data: bytes, place: str) -> Any:
    try:
        return read(data, place)
    except ReadinessError as error:
        raise forms.ValidationError(str(error)) from error
