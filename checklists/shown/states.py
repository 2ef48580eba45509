"""How each state looks: its word and the path of its icon (drawn beside the word, never instead of it)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString

from readiness.engine.policy import SignatureState


@dataclass(frozen=True, slots=True)
class Look:
    """A state's word, its plural for the legend, and its icon."""

    word: str
    legend: str
    icon: SafeString


def _icon(path: str) -> SafeString:
    return SafeString(f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{path}"/></svg>')


LOOKS: dict[str, Look] = {
    "passed": Look("Passed", "passed", _icon("M5 12l5 5L20 7")),
    "warned": Look("Passed with warning", "passed with a warning", _icon("M12 5v9M12 18.5v.5")),
    "failed": Look("Failed", "failed", _icon("M6 6l12 12M18 6L6 18")),
    "running": Look("Running", "running", _icon("M12 4a8 8 0 1 1-8 8")),
    "queued": Look("Queued", "queued", _icon("M7 4h10M7 20h10M8 4c0 8 8 8 8 16M16 4c0 8-8 8-8 16")),
    "open": Look("Open", "open", SafeString("")),
    "unsigned": Look("Not signed", "to sign", SafeString("")),
    "na": Look("Not applicable", "not applicable", _icon("M6 12h12")),
    "waived": Look("Waived", "waived", _icon("M5 19V5h11l-2 4 2 4H5")),
}
ORDER = tuple(LOOKS)

# What an approval item shows for what its signature is worth.
APPROVALS: dict[SignatureState, str] = {
    SignatureState.VALID: "passed",
    SignatureState.DROPPED: "na",
    SignatureState.DECLINED: "failed",
    SignatureState.STALE: "unsigned",
    SignatureState.MISSING: "unsigned",
}
