"""The deployment page: each rule in words, and where to go to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse

from checklists.models import Deployment, Environment, Release

_GATE = re.compile(r"gate ([0-9]{1,18}) \(([^)]*)\)")
LOOKS = {
    "approved": ("approved", "shield", "Yes"),
    "blocked": ("blocked", "cross", "No, blocked"),
    "declined": ("declined", "cross", "No, declined"),
    "undecided": ("open", "open", "Not decided yet"),
}
OUTCOMES = {
    "passed": ("passed", "check", "Passed"),
    "blocked": ("blocked", "cross", "In the way"),
    "waived": ("waived", "flag", "Waived"),
    "not asked": ("na", "dash", "Not asked"),
}
VERDICTS = {
    "approve": ("approved", "shield", "Approved"),
    "reject": ("blocked", "cross", "Rejected"),
    "waiver required": ("warned", "bang", "Waiver required"),
}
STATES = {
    "monitoring": ("running", "clock", "Monitored"),
    "rolled-out": ("approved", "check", "Rolled out in full"),
    "rolled-back": ("failed", "cross", "Rolled back"),
}


# What the page is called on which a rule's reasons are mended.
PLACES = {
    **dict.fromkeys(("approvals", "separation-of-duties", "signatures", "gates"), "Open the gate"),
    **dict.fromkeys(("artifacts", "files"), "Open the release"),
    **dict.fromkeys(("scorecard", "metrics"), "Scorecards"),
    "rehearsal": "Rehearsals",
    "waivers": "Waivers",
    "manifest": "Policy",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """A state in icon and word."""

    state: str
    icon: str
    word: str

    @classmethod
    def of(cls, table: Mapping[str, tuple[str, str, str]], key: str) -> Badge:
        """From one of the tables above; an unknown key speaks for itself."""
        state, icon, word = table.get(key, ("open", "open", key.capitalize()))
        return cls(state=state, icon=icon, word=word)


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """One reason: what was observed, what to do, and where (address and what it is called)."""

    text: str
    fix: str
    url: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """One rule with its outcome and its reasons. `note` says why it was not asked, or what is waived."""

    rule: str
    title: str
    badge: Badge
    note: str
    reasons: tuple[Why, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules that were asked, those in the way first, and those that were not."""

    asked: tuple[RuleLine, ...]
    unasked: tuple[RuleLine, ...]


def rules_of(
    record: Mapping[str, Any], release: Release, environment: Environment, gate: int | None
) -> Rules:
    """The rules of a decision record."""
    order = ["blocked", "waived", "passed"]
    reasons = [
        dict(reason) | {"url": fix_url(reason, release, environment, gate, record.get("inputs", {}))}
        for reason in record["reasons"]
    ]
    lines = {row["rule"]: _line(row, reasons) for row in record["rules"]}
    asked = sorted(
        (row for row in record["rules"] if row["outcome"] in order),
        key=lambda row: order.index(row["outcome"]),
    )
    return Rules(
        asked=tuple(lines[row["rule"]] for row in asked),
        unasked=tuple(lines[row["rule"]] for row in record["rules"] if row["outcome"] not in order),
    )


def _line(row: Mapping[str, str], reasons: Iterable[Mapping[str, Any]]) -> RuleLine:
    mine = [reason for reason in reasons if reason["rule"] == row["rule"]]
    place = PLACES.get(row["rule"], "Release plan")
    return RuleLine(
        rule=row["rule"],
        title=row["title"],
        badge=Badge.of(OUTCOMES, row["outcome"]),
        note="" if mine or row["outcome"] == "passed" else _sentence(row["text"]),
        reasons=tuple(Why(text=r["text"], fix=r["fix"], url=r["url"], place=place) for r in mine),
    )


def _sentence(text: str) -> str:
    plain = text.replace("`", "").rstrip(".")
    return f"{plain[:1].upper()}{plain[1:]}." if plain else ""


def fix_url(
    reason: Mapping[str, Any],
    release: Release,
    environment: Environment,
    gate: int | None,
    inputs: Mapping[str, Any],
) -> str:
    """The page on which what stands against a release is mended; empty where there is none.

    `inputs` are a decision's: they name the gates that it rests on.
    """
    rule = reason["rule"]
    if rule == "gates":
        gate = _named_gate(reason["item"], inputs)
    gate_page = _address("gate", gate) if gate else _address("release", release.pk)
    pages = {
        "approvals": gate_page,
        "separation-of-duties": gate_page,
        "signatures": gate_page,
        "gates": gate_page,
        "artifacts": _address("release", release.pk),
        "files": _address("release", release.pk),
        "scorecard": _address("release-scorecards", release.pk),
        "metrics": _address("release-scorecards", release.pk),
        "rehearsal": _address("rehearsal-list", release.project.slug),
        "waivers": _address("waiver-list", gate) if gate else gate_page,
        "manifest": _address("policy", release.project.slug, environment.pk),
    }
    return pages.get(rule, _address("release-plan", release.pk, environment.pk))


def _named_gate(item: str, inputs: Mapping[str, Any]) -> int | None:
    """The gate that a reason is about: `gate 12 (staging)` among the inputs, by stage or checklist."""
    for name in inputs:
        found = _GATE.fullmatch(name)
        if found and found[2] in (item, item.split(" ", maxsplit=1)[0]):
            return int(found[1])
    return None


def _address(name: str, *arguments: Any) -> str:
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:  # a page that this installation does not have
        return ""


def state_words(row: Deployment) -> str:
    """How a deployment stands, in one sentence."""
    if row.state == "rolled-back":
        return f"Taken back to {row.rolled_back_to}: {row.rollback_reason}"
    if row.state == "rolled-out":
        return "The monitoring window is over and it is out in full."
    return "It is out and being monitored."
