"""Cases of the deployment gate, made from the table's good release and what differs from it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from readiness.engine.deploy import config, dates, reading
from readiness.engine.deploy.decision import Decision, decide
from readiness.engine.deploy.facts import Facts, FileFact, ScorecardFact, SignatureFact
from readiness.engine.deploy.manifest import Manifest, digest_of
from readiness.engine.deploy.rules.artifacts import listed


class _Text(yaml.SafeLoader):
    """Dates stay text, as in JSON."""


_Text.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith("timestamp")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
TABLE: dict[str, Any] = yaml.load((Path(__file__).parent / "table.yml").read_text(), _Text)


def changed(
    base: Mapping[str, Any], changes: Mapping[str, Any], drop: list[str] | None = None
) -> dict[str, Any]:
    """A deep copy with values set by dotted path (`+` appends) and others taken out."""
    made: Any = copy.deepcopy(dict(base))
    for path, value in changes.items():
        *steps, last = [int(s) if s.isdecimal() else s for s in str(path).split(".")]
        holder = made
        for step in steps:
            holder = holder[step] if isinstance(step, int) else holder.setdefault(step, {})
        if last == "+":
            holder.append(value)
        else:
            holder[last] = value
    for path in drop or []:
        *steps, last = [int(s) if s.isdecimal() else s for s in path.split(".")]
        holder = made
        for step in steps:
            holder = holder[step]
        del holder[last]
    return made


def facts_of(manifest: Manifest, said: Mapping[str, Any]) -> Facts:
    """Facts as a case writes them: `files: same` with `gone`, `changed` and `resized` paths."""
    files = None
    if said.get("files") == "same":
        files = {p: FileFact(sha256=h, size=s or 0) for p, (h, s) in listed(manifest).items()}
        if "only" in said:
            files = {said["only"]: files[said["only"]]}
        if "gone" in said:
            files[said["gone"]] = FileFact(problem="is not there")
        if "changed" in said:
            files[said["changed"]] = FileFact(
                sha256="f" * 64, size=files.get(said["changed"], FileFact()).size
            )
        if "resized" in said:
            old = files[said["resized"]]
            files[said["resized"]] = FileFact(sha256=old.sha256, size=old.size + 1)
    card = ScorecardFact(**said["scorecard"]) if "scorecard" in said else None
    signatures = {place: SignatureFact(**fact) for place, fact in said.get("signatures", {}).items()}
    return Facts(files=files, scorecard=card, signatures=signatures)


def make(case: Mapping[str, Any]) -> tuple[Manifest, config.GateConfig, datetime, Facts]:
    """What `decide` takes, for a case of the table."""
    document = changed(TABLE["manifest"], case.get("manifest", {}), case.get("drop"))
    if "waiver" in case:
        document.setdefault("waivers", []).append(changed(TABLE["waiver"], case["waiver"]))
    if document.get("artifact_digest") == "right":
        del document["artifact_digest"]
        document["artifact_digest"] = digest_of(reading.convert(document, "m").artifacts)
    manifest = reading.convert(document, "m.json")
    settings = msgspec.convert(changed(TABLE["config"], case.get("config", {})), config.GateConfig)
    moment = dates.read(case.get("at", TABLE["at"]))
    assert moment is not None
    return manifest, settings, moment.at, facts_of(manifest, case.get("facts", {}))


@pytest.fixture(scope="session")
def judged() -> Callable[..., Decision]:
    """`judged(drop=["rollback"], config={...})`: the decision about a release that differs so."""

    def judge(**case: Any) -> Decision:
        return decide(*make(case))

    return judge


@pytest.fixture(scope="session")
def made() -> Callable[..., tuple[Manifest, config.GateConfig, datetime, Facts]]:
    """`made(drop=[...])`: manifest, configuration, moment and facts of such a case."""
    return lambda **case: make(case)


@pytest.fixture(scope="session")
def table() -> dict[str, dict[str, Any]]:
    """The cases of the table by name."""
    return {case["name"]: case for case in TABLE["cases"]}


@pytest.fixture(scope="session")
def good() -> dict[str, Any]:
    """The good manifest as plain data (a copy)."""
    return copy.deepcopy(TABLE["manifest"])
