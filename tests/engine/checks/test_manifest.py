"""`manifest`: every part of a release manifest is there, is sane, and agrees with the run."""

from __future__ import annotations

import copy
import hashlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

MODEL = b"weights"
SHA = hashlib.sha256(MODEL).hexdigest()
GOOD = {
    "release": "2025.10.01",
    "artifacts": {"models/m.onnx": SHA},
    "configuration_deltas": [{"key": "batch", "from": 16, "to": 32}],
    "rollout_window": {"start": "2025-10-01T12:00:00Z", "end": "2025-10-01T14:00:00Z"},
    "rollback_plan": {"to_version": "2025.09.01", "steps": ["helm rollback classifier"]},
    "approvals": [{"role": "Technical Lead", "name": "Ada"}, {"role": "product_owner", "name": "Grace"}],
    "scorecard": "readiness-scorecard.json",
}
FILES = {"models/m.onnx": MODEL, "readiness-scorecard.json": "{}"}
ASK = {"file": "r.json", "roles": ["technical-lead", "product-owner"], "release": "2025.10.01"}


@pytest.fixture
def examined(finding):
    """`examined(changes, **params)` is the finding on the good manifest with parts changed; None removes."""

    def examine(changes, **params):
        made = copy.deepcopy(GOOD) | changes
        made = {key: value for key, value in made.items() if value is not ...}
        return finding("manifest", ASK | params, FILES | {"r.json": made})

    return examine


def test_good(examined):
    """A complete manifest passes, and says what was seen."""
    found = examined({})
    assert found.outcome == "PASS", found.message
    assert "window 2 h" in found.message


@pytest.mark.parametrize(
    "changes",
    [
        {"configuration_deltas": []},
        {"configuration_deltas": {}},
        {"artifacts": [{"path": "models/m.onnx", "sha256": SHA.upper()}]},
        {"artifacts": {"model": {"path": "./models/m.onnx", "hash": f"sha256:{SHA}"}}},
        {"rollout_window": "2025-10-01T12:00:00Z/2025-10-01T14:00:00Z"},
        {"rollout_window": ["2025-10-01", "2025-10-02"]},
        {"rollout_window": {"starts_at": "2025-10-01T12:00:00+02:00", "until": "2025-10-01T11:00:00Z"}},
        {"rollback_plan": ..., "rollbackPlan": {"target": "v1", "runbook": "docs/rollback.md"}},
        {"approvals": {"technical-lead": "Ada", "product owner": {"by": "Grace", "status": "APPROVED"}}},
        {"scorecard": ...},
    ],
)
def test_other_shapes(examined, changes):
    """What other producers write for the same."""
    found = examined(changes)
    assert found.outcome == "PASS", found.message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"artifacts": ...}, "artifacts is missing"),
        ({"artifacts": {}}, "lists no file"),
        ({"artifacts": None}, "does not map"),
        ({"artifacts": {"models/m.onnx": "0" * 64}}, "another SHA-256"),
        ({"artifacts": {"models/n.onnx": SHA}}, "models/n.onnx is missing"),
        ({"artifacts": {"models/m.onnx": 5}}, "is no digest"),
        ({"artifacts": {"models/m.onnx": "d" * 32}}, "is md5"),
        ({"artifacts": ["models/m.onnx"]}, "names no path"),
        ({"configuration_deltas": ...}, "configuration is missing"),
        ({"configuration_deltas": None}, "lists no deltas"),
        ({"configuration_deltas": "TBD"}, "lists no deltas"),
        ({"configuration_deltas": ["TODO"]}, "lists no deltas"),
        ({"config_deltas": []}, "has both"),
        (
            {"rollout_window": {"start": "2025-10-01T12:00:00Z", "end": "2025-10-01T12:00:00Z"}},
            "does not end",
        ),
        (
            {"rollout_window": {"start": "2025-10-02T12:00:00Z", "end": "2025-10-01T12:00:00Z"}},
            "does not end",
        ),
        ({"rollout_window": {"start": "2025-10-01T12:00:00Z"}}, "has no end"),
        ({"rollout_window": {"start": "soon", "end": "later"}}, "is no time"),
        ({"rollout_window": {"start": 1759320000, "end": 1759330000}}, "is no time"),
        ({"rollout_window": {"start": "2025-10-01T12:00:00", "end": "2025-10-01T14:00:00Z"}}, "time zone"),
        ({"rollout_window": "October"}, "is no window"),
        ({"rollout_window": {}}, "has no start"),
        ({"rollback_plan": {}}, "does not say"),
        ({"rollback_plan": {"to_version": "v1"}}, "does not say how"),
        ({"rollback_plan": {"steps": ["x"]}}, "what to go back to"),
        ({"rollback_plan": {"to_version": "TBD", "steps": [""]}}, "what to go back to and how"),
        ({"rollback_plan": ["helm rollback"]}, "what to go back to"),
        ({"rollback_plan": "todo"}, "does not say"),
        ({"rollback_plan": True}, "does not say"),
        ({"approvals": ...}, "approvals is missing"),
        ({"approvals": []}, "not approved by technical-lead, product-owner"),
        ({"approvals": [{"role": "technical-lead", "name": "Ada"}]}, "not approved by product-owner"),
        ({"approvals": [{"role": "technical-lead", "name": ""}]}, "not approved by technical-lead"),
        ({"approvals": {"technical-lead": "TBD", "product-owner": "G"}}, "not approved by technical-lead"),
        (
            {"approvals": {"technical-lead": {"name": "A", "decision": "declined"}, "product-owner": "G"}},
            "not approved by technical-lead",
        ),
        (
            {"approvals": {"technical-lead": {"name": "A", "approved": False}, "product-owner": "G"}},
            "not approved by technical-lead",
        ),
        ({"approvals": "Ada"}, "no list of approvals"),
        ({"approvals": ["Ada"]}, "no list of approvals"),
        ({"release": "2025.09.01"}, "expected 2025.10.01"),
        ({"release": ...}, "release is missing"),
        ({"release": 20251001}, "expected 2025.10.01"),
        ({"scorecard": "gone.json"}, "gone.json is missing"),
        ({"scorecard": 7}, "names no file"),
    ],
)
def test_gaps(examined, changes, words):
    """Each part absent, empty, a placeholder, of a wrong type or against the run: FAIL that names it."""
    found = examined(changes)
    assert found.outcome == "FAIL"
    assert words in found.message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rollback_plan": "Deploy the version before with helm rollback."}, "only text"),
        ({"scorecard": "https://registry.internal/scorecards/7"}, "an address"),
    ],
)
def test_what_nobody_can_look_into_warns(examined, changes, words):
    """A plan in prose and an address are told as not checked."""
    found = examined(changes)
    assert (found.outcome, words in found.message) == ("WARN", True)


def test_a_path_out_of_the_run_is_no_pass(examined):
    """An artifact's path that leaves the run is refused."""
    assert examined({"artifacts": {"../m.onnx": SHA}}).outcome == "ERROR"


def test_own_names(finding):
    """`keys` names the parts of another producer; `require` the parts that must be there."""
    made = {"meta": {"files": {"m.onnx": SHA}, "when": GOOD["rollout_window"]}}
    want = {
        "file": "r.yaml",
        "require": ["artifacts", "window"],
        "keys": {"artifacts": "meta.files", "window": "meta.when"},
        "base": "models",
    }
    files = FILES | {"r.yaml": json.dumps(made)}
    assert finding("manifest", want, files).outcome == "PASS"
    assert finding("manifest", want | {"base": "."}, {}).outcome == "FAIL"
    assert finding("manifest", want | {"require": ["rollback"]}, {}).outcome == "FAIL"
    assert finding("manifest", want | {"keys": {"windows": "x"}}, {}).outcome == "ERROR"


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"a": 1, "a": 2}', "{}", "\x00", "[" * 300])
def test_hostile_files(finding, text):
    """What is no manifest never passes."""
    assert finding("manifest", ASK, {"r.json": text}).outcome == "FAIL"


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(set(GOOD) - {"scorecard"})),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=6).filter(lambda s: not s.isascii()),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
        max_leaves=4,
    ),
)
def test_noise_in_a_part_never_passes(examined, name, value):
    """Whatever stands in a required part instead of what belongs there: never a pass, never a crash."""
    found = examined({name: value})
    if name == "configuration_deltas":
        assert found.outcome in ("PASS", "FAIL")
    elif name == "rollback_plan" and isinstance(value, str):
        assert found.outcome in ("WARN", "FAIL")
    else:
        assert found.outcome in ("FAIL", "ERROR")
        assert "broke" not in found.message


OURS = {
    "configuration_deltas": ...,
    "configuration": {"base_release": "2025.09.01", "deltas": [{"key": "batch", "from": 16, "to": 32}]},
    "rollout_window": ...,
    "rollout": {"strategy": "canary", "window": GOOD["rollout_window"]},
    "rollback_plan": ...,
    "rollback": {"steps": ["helm rollback classifier"], "rehearsal": {"to_version": "2025.09.01"}},
    "scorecard": {"path": "readiness-scorecard.json", "overall_passed": True},
    "artifacts": [{"path": "models/m.onnx", "sha256": SHA, "size": 7}],
}
ALL = ["release", "artifacts", "configuration", "window", "rollback", "approvals", "scorecard"]


@pytest.mark.parametrize(
    ("changes", "outcome", "words"),
    [
        ({}, "PASS", "window 2 h, rollback"),
        ({"configuration": {"base_release": "2025.09.01"}}, "PASS", "configuration"),
        ({"configuration": {"batch": 32}}, "FAIL", "configuration is missing"),
        ({"configuration": {"deltas": "none"}}, "FAIL", "configuration.deltas lists no deltas"),
        ({"rollout": {"strategy": "canary"}}, "FAIL", "window is missing"),
        ({"rollout": "canary"}, "FAIL", "window is missing"),
        ({"rollout_window": GOOD["rollout_window"]}, "FAIL", "has both rollout_window and rollout.window"),
        ({"rollback": {"steps": ["x"], "rehearsal": {"from_version": "1"}}}, "FAIL", "what to go back to"),
        ({"rollback": {"rehearsal": {"to_version": "1", "steps": ["x"]}}}, "FAIL", "does not say how"),
        ({"scorecard": {"overall_passed": True}}, "FAIL", "scorecard names no file"),
        ({"scorecard": {"path": "gone.json"}}, "FAIL", "gone.json is missing or empty"),
    ],
)
def test_manifests_of_readiness_itself(examined, changes, outcome, words):
    """The form that `readiness manifest` writes: parts in parts, an empty list of changes left out."""
    found = examined(OURS | changes, require=ALL)
    assert found.outcome == outcome, found.message
    assert words in found.message
