"""`per-class`: the weakest class decides, and the matrix must agree."""

from __future__ import annotations

import pytest

REPORT = {
    "cat": {"precision": 0.9, "recall": 0.8, "f1-score": 0.84, "support": 10},
    "dog": {"precision": 0.8, "recall": 0.9, "f1-score": 0.85, "support": 10},
    "accuracy": 0.85,
    "macro avg": {"precision": 0.85, "recall": 0.85, "f1-score": 0.845, "support": 20},
}
TEXT = """              precision    recall  f1-score   support

         cat       0.90      0.80      0.85        10
     big dog       0.80      0.90      0.84        10

    accuracy                           0.85        20
   macro avg       0.85      0.85      0.84        20
"""
MATRIX = [[8, 2], [1, 9]]


def check(finding, report, **params):
    """Run on a JSON report."""
    return finding("per-class", {"file": "r.json"} | params, {"r.json": report})


def test_passes_and_names_the_weakest(finding):
    """Averages do not count as classes; the chart shows every class beside the limit."""
    found = check(finding, REPORT)
    assert (found.outcome, found.message) == (
        "PASS",
        "Lowest F1 0.84 (class “cat”), needs > 0.7 for every class",
    )
    assert found.charts[0].data == {"labels": ["cat", "dog"], "values": [0.84, 0.85]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cat": {"recall": 0.8, "f1-score": 0.7}}, "Lowest F1 0.7 (class “cat”)"),
        ({"cat": {"recall": 0.49, "f1-score": 0.8}}, "Lowest recall (class cat) 0.49, needs ≥ 0.5"),
        ({"cat": {"recall": 0.8}}, "class cat lacks F1"),
        ({"cat": {"f1-score": 0.8}}, "class cat lacks recall"),
        ({"cat": 0.9}, "not an object"),
        ({"cat": {"recall": 0.8, "f1-score": "high"}}, "the text"),
        ({"cat": {"recall": 0.8, "f1-score": 85}}, "expected 0 to 1"),
        ({"cat": {"recall": 0.8, "f1-score": float("nan")}}, "not a finite number"),
    ],
)
def test_fails(finding, change, words):
    """At the limit, too seldom recalled, missing, text, per cent and NaN."""
    found = check(finding, {name: REPORT[name] for name in ("cat", "dog", "accuracy")} | change)
    assert found.outcome == "FAIL"
    assert words in found.message


@pytest.mark.parametrize("report", [{}, {"accuracy": 0.9}, [], "x"])
def test_no_classes(finding, report):
    """A report without classes proves nothing."""
    assert check(finding, report).outcome == "FAIL"


def test_text_report(finding):
    """The printed report of sklearn, class names with blanks included."""
    found = finding("per-class", {"file": "r.txt"}, {"r.txt": TEXT})
    assert (found.outcome, "big dog" in found.message) == ("PASS", True)


def test_confusion_matrix(finding):
    """An agreeing matrix is drawn; a contradicting or ragged one is refused."""
    report = {"per_class": {k: v for k, v in REPORT.items() if k in ("cat", "dog")}}
    params = {"key": "per_class", "confusion": "matrix"}
    assert [c.kind for c in check(finding, report | {"matrix": MATRIX}, **params).charts] == [
        "bars",
        "matrix",
    ]
    for matrix in ([[10, 0], [1, 9]], [[8, 2]], [[8, 2], [1, True]], [[8, 2], [1, -9]], "x"):
        assert check(finding, report | {"matrix": matrix}, **params).outcome == "FAIL"


@pytest.mark.parametrize(
    "params", [{"labels": "classes"}, {"labels": "classes", "confusion": "m", "key": "k"}]
)
def test_labels_without_use(finding, params):
    """`labels` beside a report that names its classes itself would be ignored: it is refused."""
    assert "`labels` names the classes" in check(finding, REPORT, **params).message


def test_confusion_matrix_alone(finding):
    """Without `key`, recall and F1 of every class come from the matrix; `labels` names the classes."""
    report = {"matrix": [[8, 2], [1, 9]], "classes": ["cat", "dog"]}
    found = check(finding, report, confusion="matrix", labels="classes")
    assert (found.outcome, found.message) == (
        "PASS",
        "Lowest F1 0.842 (class “cat”), needs > 0.7 for every class",
    )
    assert found.charts[0].data == {"labels": ["cat", "dog"], "values": [16 / 19, 18 / 21]}
    assert found.measurements[-1].value == 0.8
    assert found.charts[1].data == {"labels": ["cat", "dog"], "rows": report["matrix"]}
    assert "(class “0”)" in check(finding, report, confusion="matrix").message


@pytest.mark.parametrize(
    ("matrix", "labels", "words"),
    [
        ([[8, 2], [6, 4]], ["a", "b"], "Lowest recall (class b) 0.4, needs ≥ 0.5"),
        ([[8, 0], [0, 0]], ["a", "b"], "has no example of class b"),
        ([[8, 2]], ["a"], "not a square table of counts"),
        ([[1.5]], ["a"], "not a square table of counts"),
        ([], [], "not a square table of counts"),
        ([[1]], ["a", "b"], "does not name 1 classes"),
        ([[1, 0], [0, 1]], ["a", "a"], "does not name 2 classes"),
        ([[1]], "a", "does not name 1 classes"),
    ],
)
def test_bad_confusion_matrix_alone(finding, matrix, labels, words):
    """Seldom recalled, a class without examples, no table, labels that do not fit."""
    found = check(finding, {"m": matrix, "names": labels}, confusion="m", labels="names")
    assert found.outcome == "FAIL"
    assert words in found.message
