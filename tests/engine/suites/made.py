"""Suites made from a few words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from readiness.engine.suites.config import Config, Grant, Plan
from readiness.engine.suites.config_file import parse
from readiness.engine.suites.judge import Judging

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def config_of(*suites: dict[str, Any], **more: Any) -> Config:
    """A configuration of these suites, read from YAML as JSON."""
    listed = [{"name": f"s{n}", "kind": "unit", "command": "true"} | suite for n, suite in enumerate(suites)]
    text = json.dumps({"release": "1.0", "owner": "platform", "suites": listed, **more})
    return parse(text.encode(), "readiness.yml")


def plan_of(kind: str, **more: Any) -> Plan:
    """One suite, ready to run."""
    return config_of({"kind": kind, **more}).suites[0]


def judging(plan: Plan, grants: tuple[Grant, ...] = ()) -> Judging:
    """How a suite is judged, at NOW."""
    return Judging(plan=plan, grants=grants, at=NOW)
