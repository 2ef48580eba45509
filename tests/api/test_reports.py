"""Reports with an audit bundle, asked for and downloaded by a pipeline."""

from __future__ import annotations

import hashlib
import io

from checklists.actions import evidence, reports
from readiness.engine.sealed import canonical_zip
from tests.api.world import problem_of

LOCAL = "http://localhost:8000"


def test_report_with_bundle(api, gate, people):
    """With a bundle and evidence asked for: both as downloads once they are made, and their hashes."""
    evidence.attach_file(
        gate=gate.pk, key="issues", by=people.lead, name="issues.csv", content=io.BytesIO(b"none")
    )
    asked = {"evidence": "all", "bundle": True}
    made = api.post(f"gates/{gate.pk}/reports", asked).json()
    url = f"gates/{gate.pk}/reports/{made['id']}"
    assert (made["with_bundle"], made["bundle"], made["bundle_sha256"]) == (True, None, "")
    assert "not made yet" in problem_of(api.get(f"{url}/bundle"))["detail"]
    reports.render(made["id"])
    told = api.get(url).json()
    answer = api.get(told["bundle"].removeprefix(LOCAL))
    data = b"".join(answer.streaming_content)
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (told["bundle_sha256"], told["bundle_size"])
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"].startswith("attachment")
    assert canonical_zip.read(data, "the bundle")
    refused = problem_of(api.post(f"gates/{gate.pk}/reports", {"evidence": [10**6]}))
    assert refused["status"] == 409
    wrong = [{"evidence": "some"}, {"evidence": [1] * 500}, {"bundle": "perhaps"}, {"also": 1}]
    assert {problem_of(api.post(f"gates/{gate.pk}/reports", body))["status"] for body in wrong} == {422}
