"""`registered`: the version stands in the registry, described, and is this run's file."""

from __future__ import annotations

import hashlib

import pytest

DIGEST = hashlib.sha256(b"weights").hexdigest()
ENTRY = {
    "name": "digits",
    "version": "1.2.0",
    "stage": "Staging",
    "aliases": ["candidate"],
    "feature_names": ["pixel_0", "pixel_1"],
    "versions": {"python": "3.11.7", "torch": "2.1.0"},
    "sha256": DIGEST,
}
WITHOUT = {k: v for k, v in ENTRY.items() if k not in ("name", "version")}
PARAMS = {"registry": "r.json", "name": "digits", "version": "1.2.0", "model": "m.onnx"}


def check(finding, registry, files=None, **params):
    """Look into one registry."""
    return finding("registered", PARAMS | params, {"r.json": registry, "m.onnx": b"weights"} | (files or {}))


@pytest.mark.parametrize(
    "registry",
    [
        ENTRY,
        [ENTRY],
        {"models": [ENTRY | {"name": "other"}, ENTRY]},
        {"schema_version": 1, "model_versions": [ENTRY]},
        {"registered_models": [{"name": "digits", "latest_versions": [WITHOUT | {"version": "1.2.0"}]}]},
        {"models": [{"name": "digits", "versions": [WITHOUT | {"version": "v1.2.0"}]}]},
        {"models": {"digits": {"versions": {"1.2.0": WITHOUT, "1.1.0": WITHOUT}}}},
        {"models": {"digits": WITHOUT | {"version": "1.2.0"}}},
        {k: v for k, v in ENTRY.items() if k != "feature_names"} | {"metadata": {"feature_names": ["a"]}},
        {k: v for k, v in ENTRY.items() if k != "versions"} | {"tags": {"versions": "torch 2.1"}},
        ENTRY | {"sha256": f"sha256:{DIGEST.upper()}"},
        {k: v for k, v in ENTRY.items() if k != "sha256"} | {"hash": DIGEST},
    ],
)
def test_shapes(finding, registry):
    """The forms in which registries list versions."""
    found = check(finding, registry)
    assert found.outcome == "PASS", found.message
    assert "Recorded SHA-256" in found.message


@pytest.mark.parametrize(
    ("change", "params", "words"),
    [
        ({"sha256": "0" * 64}, {}, "Recorded SHA-256 is 0000"),
        ({"sha256": None}, {}, "records no SHA-256"),
        ({"sha256": DIGEST[:12]}, {}, "records no SHA-256"),
        ({"hash": "0" * 64}, {}, "records two different SHA-256"),
        ({}, {"hash_key": "model.digest"}, "looked under model.digest"),
        ({"stage": "Production"}, {"stage": "Staging"}, "Stage is Production, needs Staging"),
        ({"stage": None}, {"stage": "Staging"}, "Stage is not given"),
        ({"aliases": []}, {"alias": "candidate"}, "Alias is not given"),
        ({"aliases": "champion"}, {"alias": "candidate"}, "Alias is champion"),
        ({"feature_names": []}, {}, "feature_names is empty"),
        ({"feature_names": ["a", ""]}, {}, "feature_names is empty, or with empty entries"),
        ({"feature_names": "TODO"}, {}, "feature_names is TODO, needs given"),
        ({"versions": None}, {}, "versions is missing"),
        ({"versions": {"torch": "unknown"}}, {}, "versions is empty, or with empty"),
        ({}, {"metadata": ["owner"]}, "owner is missing, needs given"),
        ({}, {"version": "1.2"}, "holds no digits of version 1.2"),
        ({}, {"version": None, "stage": "Production"}, "holds no digits of stage Production"),
        ({}, {"version": None, "alias": "x"}, "of alias x"),
        ({"name": "other"}, {}, "does not hold the model digits"),
        ({"version": None}, {}, "no name and version"),
        ({"version": True}, {}, "no name and version"),
        ({"version": [1]}, {}, "no name and version"),
        ({"name": 3}, {}, "no name and version"),
        ({}, {"model": "x.onnx"}, "x.onnx is not in the run"),
    ],
)
def test_fails(finding, change, params, words):
    """Whatever the registry does not say, or says otherwise, is named."""
    found = check(finding, ENTRY | change, **params)
    assert found.outcome == "FAIL", found.message
    assert words in found.message


@pytest.mark.parametrize(
    ("registry", "words"),
    [
        ([], "holds no model"),
        ({}, "no name and version"),
        ('"x"', "not an object"),
        ([3], "not an object"),
        ([ENTRY, ENTRY], "holds digits 1.2.0 twice"),
        ({"models": []}, "holds no model"),
        ('{"name": "digits", "name": "x"}', "stands twice"),
        ("[" * 200, "nested deeper"),
        ("", "not usable JSON"),
        (b"\xff\xfe\x00", "text: byte"),
        ([{"name": "a"}] * 10_001, "holds 10001 entries"),
    ],
)
def test_hostile_registries(finding, registry, words):
    """Empty, doubled, deep, broken, huge: never a pass."""
    found = finding("registered", PARAMS, {"r.json": registry, "m.onnx": b"weights"})
    assert found.outcome == "FAIL"
    assert words in found.message


def test_two_versions_in_a_stage(finding):
    """Which one is meant must be said."""
    registry = [ENTRY, ENTRY | {"version": "1.3.0"}]
    found = check(finding, registry, version=None, stage="Staging")
    assert (found.outcome, "several digits of stage Staging: 1.2.0, 1.3.0" in found.message) == ("FAIL", True)


def test_something_must_be_asked(finding):
    """A model without version, stage or alias could be any."""
    assert "it needs `version`" in check(finding, ENTRY, version=None).message


META = "aliases: []\ncurrent_stage: {}\nname: digits\nstatus: {}\nversion: 3\n"
SAVED = 'flavors: {sklearn: {sklearn_version: 1.5.2}}\nsignature: {inputs: \'[{"name": "a"}]\'}\n'


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            {"mlruns/models/digits/version-3/meta.yaml": META.format("None", "FAILED_REGISTRATION")},
            "not READY",
        ),
        (
            {"mlruns/models/digits/version-3/meta.yaml": META.format("Deleted_Internal", "READY")},
            "no version",
        ),
        ({"mlruns/models/digits/version-3/meta.yaml": "- x\n"}, "not MLflow's description"),
        (
            {"mlruns/models/digits/version-2/meta.yaml": META.format("None", "READY").replace("3", "2")},
            "no digits",
        ),
        (
            {"mlruns/models/other/version-3/meta.yaml": META.format("None", "READY")},
            "no version of the model",
        ),
        ({"mlruns/MLmodel": SAVED}, "does not say which registered model"),
        ({"mlruns/MLmodel": "flavors: 3\n"}, "is no MLmodel"),
        ({"mlruns/MLmodel": SAVED, "mlruns/registered_model_meta": "x"}, "does not say model_name"),
        (
            {
                "mlruns/MLmodel": SAVED.replace("[{", "{"),
                "mlruns/registered_model_meta": "model_name: digits\n",
            },
            "not usable JSON",
        ),
        ({}, "holds no version of the model digits"),
    ],
)
def test_mlflow_directories(finding, files, words):
    """Versions that are not ready, deleted, another's, or not described."""
    found = finding("registered", {"registry": "mlruns", "name": "digits", "version": 3}, files)
    assert found.outcome == "FAIL"
    assert words in found.message


def test_features_of_an_unnamed_signature(finding):
    """Tensors without names tell no feature names."""
    files = {
        "m/MLmodel": SAVED.replace('"name": "a"', '"type": "tensor"'),
        "m/registered_model_meta": "model_name: digits\nmodel_version: 3\n",
    }
    found = finding("registered", {"registry": "m", "name": "digits", "version": 3}, files)
    assert (found.outcome, "feature_names is missing" in found.message) == ("FAIL", True)


def test_a_pointer_is_no_model(finding):
    """The digest of a Git LFS pointer would only differ; the message says what it is."""
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    assert "m.onnx is a Git LFS pointer" in check(finding, ENTRY, {"m.onnx": pointer}).message
