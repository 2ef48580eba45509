"""The kind `explainability`: attributions in every usual form, named as the inputs, finite, not all zero."""

import json
from pathlib import Path

import pytest
from onnx import TensorProto, helper
from onnx_files import linear

from readiness.engine.checklist import CheckSpec
from readiness.engine.outcome import Outcome
from readiness.engine.runner import run_check
from readiness.engine.target import RunDirectory

FIXTURES = Path(__file__).parents[2] / "fixtures" / "models" / "sklearn-1.9"
NAMES = ["age", "income", "visits", "score"]
VALUES = [0.4, -0.3, 0.2, 0.1]
GLOBAL = dict(zip(NAMES, VALUES, strict=True))
ROWS = [[0.4, -0.3, 0.2, 0.1], [-0.4, 0.3, -0.2, 0.1]]


def judge(folder, content, *, file="explainability.json", **params):
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / file).write_text(text)
    spec = CheckSpec(kind="explainability", params={"file": file} | params)
    return run_check(spec, RunDirectory(folder), {}, required=True).finding


FORMS = {
    "attributions": {"schema_version": "1.0", "attributions": GLOBAL},
    "importances": {"feature_importances": GLOBAL},
    "bare": GLOBAL,
    "entries": {"features": [{"name": n, "importance": v} for n, v in GLOBAL.items()]},
    "list of entries": [{"feature": n, "mean_abs_shap": v} for n, v in GLOBAL.items()],
    "lists": {"feature_names": NAMES, "importances": VALUES},
    "features and values": {"features": NAMES, "values": VALUES},
    "SHAP rows": {"feature_names": NAMES, "shap_values": ROWS, "base_value": 0.5},
    "SHAP per class": {"feature_names": NAMES, "shap_values": [ROWS, ROWS]},
    "SHAP per output": {"feature_names": NAMES, "shap_values": [[[v, v] for v in row] for row in ROWS]},
    "columns": {"attributions": {n: [v, -v] for n, v in GLOBAL.items()}},
    "statistics": {"attributions": {n: {"mean": v, "std": 0.1} for n, v in GLOBAL.items()}},
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_understood(tmp_path, form):
    """Each usual layout gives the same largest feature, share and names."""
    found = judge(tmp_path, FORMS[form], features=NAMES)
    assert found.outcome is Outcome.PASS, found.message
    assert "4 features, largest age with 40 %, named as in the checklist" in found.message
    assert found.charts[0].data["labels"][0] == "age"


TABLES = [
    "feature,importance\nage,0.4\nincome,0.3\nvisits,0.2\nscore,0.1\n",
    "age,income,visits,score\n0.4,-0.3,0.2,0.1\n-0.4,0.3,-0.2,0.1\n",
]


@pytest.mark.parametrize("text", TABLES)
def test_tables(tmp_path, text):
    """CSV with a row per feature, and with a column per feature."""
    found = judge(tmp_path, text, file="shap.csv", features=NAMES)
    assert (found.outcome, "largest age with 40 %" in found.message) == (Outcome.PASS, True), found.message


VERSIONS = [
    ({"schema_version": "1.0"}, Outcome.PASS, ""),
    ({"schema_version": 1.0}, Outcome.PASS, ""),
    ({"schema_version": "3.0"}, Outcome.FAIL, "schema version is 3.0, needs one of 1.0, 1.1"),
    ({}, Outcome.FAIL, "has no schema_version"),
    ({"schema_version": None}, Outcome.FAIL, "has no schema_version"),
    ({"schema_version": ["1.0"]}, Outcome.FAIL, "has no schema_version"),
    ({"schema_version": True}, Outcome.FAIL, "schema version is not found"),
]


@pytest.mark.parametrize(("version", "outcome", "words"), VERSIONS)
def test_schema_version_must_be_known(tmp_path, version, outcome, words):
    """A missing, unknown or odd version of the layout is FAIL when versions are declared."""
    found = judge(
        tmp_path, {"attributions": GLOBAL} | version, features=NAMES, schema_versions=["1.0", "1.1"]
    )
    assert (found.outcome, words in found.message) == (outcome, True), found.message


def with_values(**changes):
    return {"attributions": GLOBAL | changes}


WRONG = [
    (with_values(extra=0.1), {}, "not inputs of the model: extra"),
    ({"attributions": {"age": 1.0}}, {}, "no attribution for income, visits, score"),
    ({"attributions": {"age": 1.0, "x": 1.0}}, {"partial": True}, "not inputs of the model: x"),
    (with_values(age=float("nan")), {}, "values that are not finite is 1"),
    (with_values(age=float("inf")), {}, "values that are not finite is 1"),
    (with_values(age=10**400), {}, "values that are not finite is 1"),
    ({"attributions": dict.fromkeys(NAMES, 0)}, {}, "the sum of all sizes is 0"),
    (with_values(age=9), {"top_share_at_most": 90}, "largest share is 93.75 %, needs ≤ 90 %"),
    (with_values(age=True), {}, "age is no number"),
    (with_values(age="high"), {}, "age is no number"),
    (with_values(age=None), {}, "age is no number"),
    ({"attributions": {}}, {}, "holds no attributions"),
    ({"attributions": []}, {}, "holds no attributions"),
    ({"other": 1, "x": "y"}, {}, "no attributions under a known name; it has other, x"),
    ({"shap_values": ROWS}, {}, "has no list of feature names"),
    ({"feature_names": NAMES[:3], "shap_values": ROWS}, {}, "2 × 4, which does not fit 3 feature names"),
    ({"feature_names": NAMES, "shap_values": [[1, 2, 3, 4], [1]]}, {}, "ragged"),
    ({"feature_names": ["age"] * 4, "importances": VALUES}, {}, "names a feature twice"),
    ({"features": [{"name": "age"}]}, {}, "no feature name or no number"),
    ('{"attributions": {"age": 1, "age": 2}}', {}, "stands twice"),
    ("version https://git-lfs.github.com/spec/v1\nsize 9\n", {}, "Git LFS pointer"),
    ("", {}, "not usable JSON"),
    ("[" * 200, {}, "nested deeper"),
    (GLOBAL, {"key": "no"}, "has no no"),
    ({"attributions": GLOBAL}, {"min_examples": 100}, "examples is 1, needs ≥ 100"),
]


@pytest.mark.parametrize(("content", "params", "words"), WRONG)
def test_bad_attributions_fail_with_their_reason(tmp_path, content, params, words):
    """Other names, broken numbers, all zeros, one ruling feature, unknown layouts: FAIL, in their words."""
    found = judge(tmp_path, content, **{"features": NAMES} | params)
    assert (found.outcome, words in found.message) == (Outcome.FAIL, True), found.message
    assert found.advice


def test_top_features_alone_may_do(tmp_path):
    """With `partial`, a list of the strongest features passes."""
    found = judge(tmp_path, {"attributions": {"age": 1.0, "score": 0.5}}, features=NAMES, partial=True)
    assert found.outcome is Outcome.PASS, found.message


def test_without_a_model_it_warns(tmp_path):
    """Names that were compared with nothing are a warning, and said."""
    found = judge(tmp_path, GLOBAL)
    assert (found.outcome, "not compared with a model" in found.message) == (Outcome.WARN, True), (
        found.message
    )


@pytest.mark.parametrize("file", ["random_forest_tuned.pkl", "forest_zlib.joblib", "pipeline.joblib"])
def test_names_of_a_scikit_learn_model(tmp_path, file):
    """The feature names come out of the model file itself, which is not unpickled."""
    (tmp_path / file).write_bytes((FIXTURES / file).read_bytes())
    assert judge(tmp_path, GLOBAL, model=file).outcome is Outcome.PASS
    assert judge(tmp_path, GLOBAL | {"x": 1}, model=file).outcome is Outcome.FAIL


def test_names_of_the_metadata(tmp_path):
    """The feature names come from the metadata beside the model."""
    name = "random_forest_tuned_metadata.json"
    (tmp_path / name).write_text((FIXTURES / name).read_text())
    found = judge(tmp_path, GLOBAL, metadata={"file": name})
    assert (
        found.outcome,
        "named as in random_forest_tuned_metadata.json · feature_names" in found.message,
    ) == (
        Outcome.PASS,
        True,
    )


def onnx(metadata=None, columns=False):
    made = linear()
    if columns:
        ins = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 1]) for name in NAMES]
        out = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
        graph = helper.make_graph([helper.make_node("Sum", NAMES, ["y"])], "g", ins, out)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if metadata is not None:
        helper.set_model_props(made, {"feature_names": metadata})
    return made.SerializeToString()


ONNX = [
    (onnx(json.dumps(NAMES)), Outcome.PASS, "named as in m.onnx"),
    (onnx(", ".join(NAMES)), Outcome.PASS, "named as in m.onnx"),
    (onnx(columns=True), Outcome.PASS, "named as in m.onnx"),
    (onnx(json.dumps([*NAMES, "x"])), Outcome.FAIL, "no attribution for x"),
    (onnx("[1, 2]"), Outcome.FAIL, "does not name its features"),
    (onnx(), Outcome.FAIL, "does not name its features"),
]


@pytest.mark.parametrize(("model", "outcome", "words"), ONNX)
def test_names_of_an_onnx_model(tmp_path, model, outcome, words):
    """Names come from the model's metadata or from its inputs, when there is one per column."""
    (tmp_path / "m.onnx").write_bytes(model)
    found = judge(tmp_path, GLOBAL, model="m.onnx")
    assert (found.outcome, words in found.message) == (outcome, True), found.message


def test_one_source_of_names(tmp_path):
    """Two sources of names are an error of the checklist."""
    found = judge(tmp_path, GLOBAL, features=NAMES, model="m.onnx")
    assert (found.outcome, "takes one of" in found.message) == (Outcome.ERROR, True)
