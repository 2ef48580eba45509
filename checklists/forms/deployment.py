"""Forms of release plans, scorecards, policies and deployments."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils import timezone

from checklists.actions.deployments import WINDOW
from checklists.actions.plans import Plan
from checklists.forms.base import Form
from readiness.engine.deploy import dates

WHEN = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
STRATEGIES = (
    ("", "Not said"),
    ("canary", "Canary: a small part first"),
    ("blue-green", "Blue-green: beside the old one, then over"),
    ("rolling", "Rolling: one instance after the other"),
    ("all-at-once", "All at once"),
)
LOGS = ("name", "outcome", "at", "log", "sha256")
SECRETS = ("name", "version", "rotated_at", "evidence")


def moment(**more: Any) -> forms.DateTimeField:
    """A day with a time of day, in the installation's zone."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=WHEN[0])
    return forms.DateTimeField(widget=widget, input_formats=WHEN, **more)


def lines(text: str) -> list[str]:
    """Lines that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def parts(text: str, names: tuple[str, ...]) -> list[dict[str, str]]:
    """`a | b | c` lines as objects; what is empty is left out. Raises ValidationError."""
    found = []
    for line in lines(text):
        values = [part.strip() for part in line.split("|")]
        if len(values) > len(names):
            raise forms.ValidationError(f"A line has at most {len(names)} parts: {' | '.join(names)}.")
        found.append({name: value for name, value in zip(names, values, strict=False) if value})
    return found


_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?")


def value(text: str) -> bool | int | float | str:
    """A feature flag's value: true and false, plain numbers, else text."""
    if text in ("true", "false"):
        return text == "true"
    number = _NUMBER.fullmatch(text)
    if number is None:
        return text
    return float(text) if number[1] else int(text)


class Lines(forms.CharField):
    """Several lines."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            required=False, max_length=8000, widget=forms.Textarea(attrs={"rows": 3}), strip=False, **more
        )


class PlanForm(Form):
    """What only people know of a rollout."""

    owner = forms.CharField(max_length=200, help_text="Who answers for this rollout.")
    strategy = forms.ChoiceField(choices=STRATEGIES, required=False, label="How it goes out")
    start = moment(required=False, label="Window begins")
    end = moment(required=False, label="Window ends")
    steps = Lines(label="Steps of the rollout", help_text="One a line, such as “5 % for an hour”.")
    trigger = forms.CharField(
        required=False, max_length=2000, label="When it is taken back", help_text="“Error rate above 2 %.”"
    )
    rollback = Lines(label="Steps of the way back", help_text="One a line.")
    flags = Lines(label="Feature flags", help_text="One a line: name = value.")
    secrets = Lines(
        label="Secrets, by version",
        help_text="One a line: name | version | rotated on | what shows it. Never the secret itself.",
    )
    migrations = Lines(
        help_text="One a line: name | outcome of the dry run | when | log file | SHA-256 of the log."
    )
    error_rate = forms.FloatField(
        required=False, min_value=0, max_value=1, label="Error rate now", help_text="A fraction: 0.01 is 1 %."
    )
    incidents = forms.IntegerField(required=False, min_value=0, label="Open critical incidents")

    @classmethod
    def of(cls, plan: Plan) -> PlanForm:
        """The form filled with a plan."""
        rollout, rollback = plan.rollout, plan.rollback
        window = rollout.window if rollout else None
        dry = [(m, m.dry_run) for m in plan.migrations]
        rows = {
            "owner": plan.owner,
            "strategy": (rollout.strategy or "") if rollout else "",
            "start": _local(window.start) if window else None,
            "end": _local(window.end) if window else None,
            "steps": "\n".join(rollout.steps) if rollout else "",
            "trigger": rollback.trigger if rollback else "",
            "rollback": "\n".join(rollback.steps) if rollback else "",
            "flags": "\n".join(f"{k} = {_flat(v)}" for k, v in plan.feature_flags.items()),
            "secrets": "\n".join(_joined(s.name, s.version, s.rotated_at, s.evidence) for s in plan.secrets),
            "migrations": "\n".join(
                _joined(m.name, d.outcome, d.at, d.log, d.sha256) if d else m.name for m, d in dry
            ),
            "error_rate": plan.metrics.error_rate,
            "incidents": plan.metrics.open_critical_incidents,
        }
        return cls(initial=rows)

    def clean_flags(self) -> dict[str, Any]:
        """Names with their values."""
        found: dict[str, Any] = {}
        for line in lines(self.cleaned_data["flags"]):
            name, sign, text = line.partition("=")
            if not sign or not name.strip():
                raise forms.ValidationError(f"“{line[:60]}” is no flag: write name = value.")
            found[name.strip()] = value(text.strip())
        return found

    def clean_secrets(self) -> list[dict[str, str]]:
        """Names with their versions."""
        return parts(self.cleaned_data["secrets"], SECRETS)

    def clean_migrations(self) -> list[dict[str, Any]]:
        """Names with their dry runs."""
        rows = parts(self.cleaned_data["migrations"], LOGS)
        return [{"name": row.pop("name", "")} | ({"dry_run": row} if row else {}) for row in map(dict, rows)]

    def content(self) -> dict[str, Any]:
        """The plan's JSON form."""
        data = self.cleaned_data
        window = {side: dates.utc(data[side]) for side in ("start", "end") if data[side]}
        rollout = {"strategy": data["strategy"] or None, "window": window or None}
        rollout |= {"steps": lines(data["steps"])}
        rollback = {"trigger": data["trigger"], "steps": lines(data["rollback"])}
        metrics = {"error_rate": data["error_rate"], "open_critical_incidents": data["incidents"]}
        return {
            "owner": data["owner"],
            "feature_flags": data["flags"],
            "secrets": data["secrets"],
            "migrations": data["migrations"],
            "metrics": {name: number for name, number in metrics.items() if number is not None},
            **({"rollout": rollout} if any(rollout.values()) else {}),
            **({"rollback": rollback} if any(rollback.values()) else {}),
        }


def _local(text: str) -> datetime | None:
    read = dates.read(text)
    return timezone.localtime(read.at.astimezone(UTC)) if read else None


def _flat(flag: Any) -> str:
    return str(flag).lower() if isinstance(flag, bool) else str(flag)


def _joined(*values: Any) -> str:
    return " | ".join("" if v is None else str(v) for v in values).rstrip(" |")


class ScorecardForm(Form):
    """A scorecard as a file."""

    file = forms.FileField(
        label="readiness-scorecard.json", help_text="As “readiness run” wrote it; it is kept byte for byte."
    )


class PolicyForm(Form):
    """An environment's policy, as text."""

    source = forms.CharField(
        max_length=20_000,
        strip=False,
        label="Policy (gate.yml)",
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
    )


class DeployForm(Form):
    """A release went out."""

    at = moment(required=False, label="Deployed at", help_text="Left empty: now.")
    hours = forms.IntegerField(
        min_value=WINDOW[0],
        max_value=WINDOW[1],
        initial=WINDOW[0],
        label="Hours of monitoring",
        help_text=f"{WINDOW[0]} to {WINDOW[1]} hours, before it may be rolled out in full.",
    )


class RollBackForm(Form):
    """A release was taken back."""

    to_version = forms.CharField(max_length=60, label="Version that runs now")
    reason = forms.CharField(
        max_length=2000, widget=forms.Textarea(attrs={"rows": 2}), help_text="Stays on record."
    )
