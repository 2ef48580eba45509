"""One row of everything that the API shows, and requests made from the OpenAPI document's own examples."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile

from checklists import blobs, clock
from checklists.actions import evidence, reports
from checklists.api import document
from checklists.api.root import api as ninja_api
from checklists.loaded import load
from checklists.models import (
    CheckRun,
    DeploymentDecision,
    Environment,
    Evidence,
    Rehearsal,
    ReleaseManifest,
    Scorecard,
    SignOff,
    Waiver,
)
from tests import signing
from tests.conftest import run_checks

DOCUMENT = document.build(ninja_api)
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def populate(gate, people, project):
    """A declined gate with evidence, a report, a waiver, and a rehearsal, scorecard, manifest, decision.

    Returns what stands behind each noun in addresses.
    """
    run_checks(gate, people.lead, "weights")
    now = clock.now()
    production = Environment.objects.get(project=project, name="production")
    evidence.attach_file(
        gate=gate.pk, key="issues", by=people.lead, name="issues.txt", content=io.BytesIO(b"none")
    )
    digest = load(gate.pk).judge(now).digest
    signing.decline(
        gate=gate.pk,
        role="technical-lead",
        by=people.lead,
        digest=digest,
        reason="Not yet.",
    )
    report = reports.request(gate=gate.pk, by=people.reader)
    sha256, size = blobs.put(b"%PDF-1.7 not really")
    type(report).objects.filter(pk=report.pk).update(
        state="done", sha256=sha256, size=size, bundle_sha256=sha256, bundle_size=size, finished_at=now,
        claim=None,
    )  # fmt: skip
    text = {name: f"The {name}." for name in ("reason", "risk", "mitigation", "scope")}
    waiver = Waiver.objects.create(
        gate=gate,
        item=gate.items.get(key="review"),
        owner=people.owner,
        requested_by=people.contributor,
        requested_at=now,
        expires_at=now + timedelta(days=7),
        **text,
    )
    rehearsal = Rehearsal.objects.create(
        project=project, environment=production, performed_at=now, performed_by="Rita", from_version="1.4.0",
        to_version="1.3.0", duration_seconds=60, outcome="passed", log_name="log.txt", log_sha256=sha256,
        log_size=size, recorded_by=people.lead, recorded_at=now,
    )  # fmt: skip
    made = {"release": gate.release, "document": {"release": "1.4.0"}, "sha256": sha256}
    card = Scorecard.objects.create(
        run_id="run-1",
        overall_passed=True,
        generated_at=now,
        registered_by=people.lead,
        registered_at=now,
        **made,
    )
    manifest = ReleaseManifest.objects.create(
        environment=production, number=1, origin="assembled", made_by=people.lead, made_at=now, **made
    )
    decision = DeploymentDecision.objects.create(
        release=gate.release, environment=production, gate=gate, manifest=manifest, scorecard=card,
        verdict="reject", record={"rules": [], "reasons": []}, trace_id="0" * 32, asked_by=people.lead,
        decided_at=now,
    )  # fmt: skip
    return {
        "projects": project.slug,
        "releases": gate.release.version,
        "gates": gate.pk,
        "check-runs": CheckRun.objects.get().pk,
        "evidence": Evidence.objects.get().pk,
        "sign-offs": SignOff.objects.get().pk,
        "reports": report.pk,
        "waivers": waiver.pk,
        "rehearsals": rehearsal.pk,
        "scorecards": card.pk,
        "decisions": decision.pk,
    }


def ask(api, name, known=(), **changed):
    """Make the request of an operation from its examples; `known` says what stands behind a noun."""
    method, path, operation = OPERATIONS[name]
    values = {p["name"]: p.get("example") for p in operation["parameters"] if p["in"] == "path"}
    nouns = {part: noun for noun, part in re.findall(r"([\w-]+)/{(\w+)}", path)}
    values |= {part: dict(known)[noun] for part, noun in nouns.items() if noun in dict(known)} | changed
    query = [
        f"{p['name']}={p['example']}" for p in operation["parameters"] if p["in"] == "query" and p["required"]
    ]
    address = path.format(**values) + ("?" + "&".join(query) if query else "")
    ((media_type, content),) = operation.get("requestBody", {}).get("content", {"": {}}).items()
    if media_type == "multipart/form-data":
        return api.client.post(address, form(content["schema"]), headers=api.headers)
    data = content.get("example", "" if "json" in media_type or not media_type else "some bytes")
    data = data if isinstance(data, str | bytes) else json.dumps(data)
    return api.client.generic(method, address, data, content_type=media_type, headers=api.headers)


def form(schema):
    """The fields of a form that must be given, and any file."""
    told = {}
    for name, part in schema["properties"].items():
        if part.get("format") == "binary" or "binary" in str(part.get("anyOf", "")):
            told[name] = SimpleUploadedFile("some.txt", b"some bytes")
        elif name in schema.get("required", ()):
            told[name] = document.sample(part, DOCUMENT["components"]["schemas"])
    return told


def problem_of(answer):
    """The problem that an answer is, seen to be one."""
    assert answer.headers["Content-Type"] == "application/problem+json", (answer.status_code, answer.content)
    told = answer.json()
    assert {"type", "title", "status", "detail", "instance"} <= set(told)
    assert told["status"] == answer.status_code
    assert told["type"].startswith("urn:readiness:problem:")
    assert told["title"]
    assert told["detail"]
    return told
