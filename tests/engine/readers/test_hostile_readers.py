"""Hostile files for the readers of what tools write: our errors with the file's name, and nothing else."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readiness.engine.errors import BadContent, CheckProblem, FileRefused, NotFound
from readiness.engine.readers import classes, confusion, data, mlflow, model_card, requirements
from readiness.engine.readers import sklearn_report as printed

META = "run_id: abc\nstatus: 3\nlifecycle_stage: active\n"
DEEP = 150


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.jsonl", '{"a": 1}\n{"a": 1, "a": 2}\n'),
        ("m.jsonl", '{"a": 1}\n{"a": 1e999}\n'),
        ("m.jsonl", '{"a": 1}\n{"a": "\\ud800"}\n'),
        ("m.jsonl", '{"a": 1}\n' + "[" * DEEP),
        ("m.jsonl", '{"a": 1}\nnot json\n'),
        ("m.jsonl", ""),
        ("m.jsonl", "\n\n"),
        ("m.toml", "a = 1\na = 2\n"),
        ("m.toml", "a = " + "[" * DEEP + "]" * DEEP),
        ("m.toml", "[a" + ".a" * DEEP + "]\n"),
        ("m.toml", "a = " + "9" * 5000),
        ("m.toml", "a = [\n"),
        ("uv.lock", "a" * 10_000_000),
        ("poetry.lock", "\x00"),
        ("dvc.lock", "a: &x 1\nb: *x\n"),
        ("dvc.lock", "a: !!python/object/apply:os.system [id]\n"),
        ("MLmodel", "[" * DEEP + "]" * DEEP),
        ("m.json", b"\xff\xfe\x00"),
        ("m.toml", b"\xff"),
        ("m.jsonl", '"' + "x" * 10_000_000),
    ],
)
def test_data(run, name, text):
    """Doubled keys, depth, numbers out of range, half characters, endless lines, other encodings."""
    started = time.monotonic()
    with pytest.raises(BadContent) as raised:
        data.load(run({name: text}), name)
    assert name in raised.value.message
    assert len(raised.value.message) < 500
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "step"),
        ("1", "line 1 is no logged value"),
        ("1 abc 0", "is no logged value"),
        ("1 0.5 x", "is no logged value"),
        ("1 1e5e5 0", "holds no number"),
        ("1 0x10 0", "is no logged value"),
        ("x" * 10_000_000, "is no logged value"),
        ("1 " + "9" * 100 + " 0", "is no logged value"),
    ],
)
def test_mlflow_lines(run, line, words):
    """A broken line spoils the metric; an empty file holds no value."""
    made = run({"r/meta.yaml": META, "r/metrics/acc": line})
    if not line:
        assert mlflow.read(made, "r", "acc") == []
        return
    with pytest.raises(BadContent, match=words):
        mlflow.read(made, "r", "acc")


@pytest.mark.parametrize(
    ("meta", "words"),
    [
        ("status: 3\n", "not that of an MLflow run"),
        ("- a\n", "not that of an MLflow run"),
        (META.replace("active", "deleted"), "is deleted"),
        ("a: &x 1\nb: *x\n", "alias"),
    ],
)
def test_mlflow_runs(run, meta, words):
    """Other directories and deleted runs give no value."""
    with pytest.raises(BadContent, match=words):
        mlflow.read(run({"r/meta.yaml": meta, "r/metrics/acc": "1 0.5 0"}), "r", "acc")


@pytest.mark.parametrize("key", ["../../m", "metrics/../../m", "params/../../../m", "/etc/passwd"])
def test_mlflow_keys_stay_inside(run, key):
    """A key is no way out of the run."""
    with pytest.raises((FileRefused, NotFound)):
        mlflow.read(run({"r/meta.yaml": META, "m": "1 0.5 0"}), "r", key)


@pytest.mark.parametrize(
    ("status", "said"), [("1", "RUNNING"), ("4", "FAILED"), ("7", 7), ("FINISHED", "FINISHED")]
)
def test_mlflow_status(run, status, said):
    """A status is given by its name; an unknown number stays one."""
    made = run({"r/meta.yaml": META.replace("3", status)})
    assert mlflow.read(made, "r", "meta/status") == said


def test_mlflow_values_are_in_order_of_steps(run):
    """The last value is that of the highest step, whatever the order of the lines."""
    lines = "9 0.3 2\n8 0.1 0\n7 0.2 1\n9 0.4 2\n"
    logged = mlflow.read(run({"r/meta.yaml": META, "r/metrics/a": lines}), "r", "a")
    assert [entry.value for entry in logged] == [0.1, 0.2, 0.3, 0.4]


CARD = "---\nmodel-index: {}\n---\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("# no front matter\n", NotFound),
        ("---\n- a\n---\n", NotFound),
        ("---\nmodel-index: 3\n---\n", BadContent),
        ("---\nmodel-index: [3]\n---\n", BadContent),
        ("---\nmodel-index: [{results: {a: 1}}]\n---\n", BadContent),
        ("---\nmodel-index: [{results: [{metrics: 3}]}]\n---\n", BadContent),
        ("---\nmodel-index: [{results: [{metrics: [{type: f1, value: 1}]}]}]\n---\n", NotFound),
        ("---\nmodel-index: []\n---\n", NotFound),
        ("---\nmodel-index: *x\n---\n", BadContent),
        ("---\na: 1\na: 2\n---\n", BadContent),
        ("---\n" + "[" * DEEP + "]" * DEEP + "\n---\n", BadContent),
        (
            "---\nmodel-index: [{results: [{metrics: [{type: acc, value: 1}, {name: ACC}]}]}]\n---\n",
            BadContent,
        ),
    ],
)
def test_model_cards(text, problem):
    """Front matter of another shape, and two values for one name."""
    with pytest.raises(problem) as raised:
        model_card.read(text, "model-index.acc", "README.md")
    assert "README.md" in raised.value.message


@pytest.mark.parametrize(
    "rows",
    [
        [["1", "2"]],
        [["1"], ["2", "3"]],
        [["1", "2"], ["3", "4"], ["5", "6"]],
        [["1", "2", "3"], ["3", "4", "5"]],
        [["", "a", "b"], ["a", "1", "2"], ["c", "3", "4"]],
        [["", "a", "a"], ["a", "1", "2"], ["a", "3", "4"]],
        [["", "a", ""], ["a", "1", "2"], ["", "3", "4"]],
        [["1", "-2"], ["3", "4"]],
        [["0.5", "0.5"], ["0.1", "0.9"]],
        [["1", "x"], ["3", "4"]],
        [["1", "nan"], ["3", "4"]],
        [["1", "1e400"], ["3", "4"]],
        [["1", ""], ["3", "4"]],
        [["a"]],
        [["", "a"]],
        [[""]],
        [["1"] * 1001] * 1001,
    ],
)
def test_confusion_tables(rows):
    """Not square, other names, doubled ones, shares, negative, NaN, too many: no matrix."""
    with pytest.raises(BadContent, match=r"m\.csv"):
        confusion.of_table(rows, "m.csv")


@given(
    st.integers(1, 5).flatmap(
        lambda n: st.lists(st.lists(st.integers(0, 99), min_size=n, max_size=n), min_size=n, max_size=n)
    )
)
def test_confusion_forms_agree(matrix):
    """With names around it, above it, beside it or bare: the same counts."""
    names = [f"class {n}" for n in range(len(matrix))]
    bare = [[f"{n}" for n in row] for row in matrix]
    beside = [[name, *row] for name, row in zip(names, bare, strict=True)]
    assert confusion.of_table(bare, "m.csv") == (matrix, [str(n) for n in range(len(matrix))])
    for rows in ([["", *names], *beside], [names, *bare], beside):
        assert confusion.of_table(rows, "m.csv") == (matrix, names)


REPORT = {
    "a": {"f1-score": 0.8, "recall": 0.8, "support": 10},
    "b": {"f1-score": 0.6, "recall": 0.7, "support": 5},
}


@pytest.mark.parametrize(
    ("average", "words"),
    [
        ({"f1-score": 0.7, "support": 20}, "adds up to 15, macro avg says 20"),
        ({"f1-score": 0.9, "support": 15}, "mean F1 is 0.700, macro avg says 0.9"),
        ({"f1-score": float("nan")}, "not a finite number"),
        ({"f1-score": "high"}, "the text"),
    ],
)
def test_reports_that_lost_a_class(run, average, words):
    """The averages are over all classes: a class that was taken out is missed."""
    with pytest.raises(BadContent, match=words):
        classes.report(run({"r.json": REPORT | {"macro avg": average}}), "r.json", "")


def test_accuracy_may_begin_a_class_name():
    """`accuracy` with four figures is a class, not the last line."""
    assert list(printed.parse("accuracy of x 0.1 0.2 0.3 4\naccuracy 0.9 4\n", "r.txt")) == [
        "accuracy of x",
        "accuracy",
    ]


TEXT = st.text(alphabet="ab=.[]{}\"'\n-:@ 1#,", max_size=60)
LOCKS = [
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "pylock.toml",
    "pyproject.toml",
    "e.yml",
    "r.txt",
]
BEGINNINGS = [
    "",
    "[[package]]\n",
    "[[packages]]\nname = ",
    "package:\n  - ",
    '{"default": {',
    "@EXPLICIT\n",
    "[project]\n",
]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(LOCKS), st.sampled_from(BEGINNINGS), TEXT)
def test_any_lock_file(run, name, beginning, text):
    """Whatever stands in a lock file: requirements, or one of our errors."""
    with suppress(CheckProblem):
        for requirement in requirements.read(run({name: beginning + text}), name):
            assert requirement.name
            assert not (requirement.version and not requirement.pinned)


@pytest.mark.parametrize(
    ("name", "text", "pinned"),
    [
        ("uv.lock", '[[package]]\nname = "a"\nversion = "1"\nsource = { registry = "x" }\n', True),
        ("uv.lock", '[[package]]\nname = "a"\nsource = { registry = "x" }\n', False),
        (
            "uv.lock",
            '[[package]]\nname = "a"\nversion = "1"\nsource = { git = "https://x.y/a?rev=main" }\n',
            False,
        ),
        ("uv.lock", '[[package]]\nname = "a"\nversion = "1"\nsource = { path = "a.whl" }\n', False),
        ("uv.lock", '[[package]]\nname = "a"\nversion = "1"\n', False),
        (
            "poetry.lock",
            '[[package]]\nname = "a"\nversion = "1"\nsource = {type = "git", resolved_reference = "main"}\n',
            False,
        ),
        ("poetry.lock", '[[package]]\nname = "a"\nversion = "1"\n[package.source]\ntype = "file"\n', False),
        ("pdm.lock", '[[package]]\nname = "a"\nversion = "1"\ngit = "x"\nrevision = "main"\n', False),
        ("Pipfile.lock", '{"default": {"a": {"version": ">=1"}}}', False),
        ("Pipfile.lock", '{"default": {"a": "*"}}', False),
        ("Pipfile.lock", '{"default": {}, "develop": {"a": {"version": "==1.*"}}}', False),
        ("pylock.toml", '[[packages]]\nname = "a"\nversion = "1"\n', False),
        ("pylock.gpu.toml", '[[packages]]\nname = "a"\nversion = "1"\nsdist = {hashes = {}}\n', False),
        ("pyproject.toml", '[project]\ndependencies = ["a>=1"]\n', False),
        ("pyproject.toml", '[project]\ndependencies = ["a==1"]\n', True),
    ],
)
def test_lock_entries(run, name, text, pinned):
    """Branches, folders, entries without version or hash are not pinned."""
    assert [r.pinned for r in requirements.read(run({name: text}), name)] == [pinned]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("uv.lock", "version = 1\n"),
        ("uv.lock", "package = 3\n"),
        ("uv.lock", "[[package]]\nversion = '1'\n"),
        ("Pipfile.lock", "[]"),
        ("Pipfile.lock", '{"_meta": {}}'),
        ("pyproject.toml", "[project]\ndynamic = ['dependencies']\n"),
        ("pyproject.toml", "[tool.poetry.dependencies]\na = '^1'\n"),
        ("conda-lock.yml", "package:\n  - {name: a}\n"),
        ("e.txt", "@EXPLICIT\nnumpy==1\n"),
        ("e.yml", "dependencies:\n  - {pip: [a], other: 1}\n"),
    ],
)
def test_lock_files_of_another_shape(run, name, text):
    """What nobody understands names no requirement silently."""
    with pytest.raises(BadContent, match=name.replace(".", r"\.")):
        requirements.read(run({name: text}), name)
