"""`readiness push --results-only`: only index and results travel; lies that can be seen are refused."""

from __future__ import annotations

import json

import pytest

from checklists.api import results as door
from checklists.loaded import load
from checklists.models import Gate, Release, StoredFile
from checklists.models.access import ApiToken
from readiness.client import results as reporting
from readiness.engine import indexing, seal

RELEASE = ("--release", "image-classifier/1.5.0", "--results-only")


def outcomes() -> dict[str, str]:
    """What the server holds of each item with checks."""
    return {item.key: item.outcome for item in load(Gate.objects.get().pk).items if item.row.has_checks}


def test_results_travel_alone(server, run, readiness):
    """The server knows digests and results, holds no byte of the run, and says who reported."""
    code, out, err = readiness("push", run, *RELEASE)
    assert (code, err) == (0, "")
    release = Release.objects.get()
    assert (release.files, release.snapshot.digest) == (
        "elsewhere",
        seal.artifact_digest(indexing.index(run)),
    )
    assert outcomes() == {"weights": "PASS", "accuracy": "PASS", "card": "PASS"}
    assert not StoredFile.objects.exists()
    loaded = load(Gate.objects.get().pk)
    assert loaded.item("weights").row.state == "passed"
    assert loaded.item("accuracy").row.state == "open"  # a person confirms the rest
    assert loaded.item("weights").reported_by == door.named(ApiToken.objects.get())
    assert release.promised.frozen_at is not None
    assert "none of them was sent" in out


def test_parameters_are_the_releases(server, run, readiness):
    """The bar is the one promised on the server: 90 % is missed, and a second report cannot lower it."""
    assert readiness("push", run, *RELEASE, "--set", "target_accuracy=90")[0] == 0
    assert outcomes()["accuracy"] == "FAIL"
    assert readiness("push", run, *RELEASE)[0] == 0
    assert outcomes()["accuracy"] == "FAIL"


def test_new_files_reopen(server, run, readiness):
    """Other bytes, reported again: the item fails now."""
    readiness("push", run, *RELEASE)
    (run / "metrics.json").write_text('{"test": {"accuracy": 0.5}}')
    readiness("push", run, *RELEASE)
    assert outcomes()["accuracy"] == "FAIL"
    assert load(Gate.objects.get().pk).item("accuracy").row.state == "failed"


def measurement(document):
    """The accuracy's measurement in a report."""
    accuracy = next(item for item in document["items"] if item["key"] == "accuracy")
    return accuracy["results"][0]["finding"]["measurements"][0]


def lower_bar(document):
    measurement(document)["value"] = 10.0


def lower_bar_and_ok(document):
    measurement(document)["value"] = 10.0
    measurement(document)["ok"] = False


def warned_over_limit(document):
    lower_bar_and_ok(document)
    next(i for i in document["items"] if i["key"] == "accuracy")["results"][0]["finding"]["outcome"] = "WARN"


def other_params(document):
    next(i for i in document["items"] if i["key"] == "accuracy")["results"][0]["params"]["at_least"] = 1.0


def other_kind(document):
    document["items"][0]["results"][0]["kind"] = "document"


def check_left_out(document):
    document["items"][0]["results"] = []


def check_added(document):
    document["items"][0]["results"] *= 2


def other_file(document):
    document["items"][0]["results"][0]["files"][0]["sha256"] = "0" * 64


def made_up_file(document):
    document["items"][0]["results"][0]["files"].append({"path": "x", "size": 1, "sha256": "0" * 64})


def other_digest(document):
    document["digest"] = "sha256:" + "0" * 64


def other_checklist(document):
    document["checklist"]["sha256"] = "0" * 64


def other_number(document):
    document["parameters"] = 2


def other_gate(document):
    document["gate"] = 999


def item_twice(document):
    document["items"].append(document["items"][0])


def item_of_people(document):
    document["items"][0]["key"] = "issues"


def unknown_item(document):
    document["items"][0]["key"] = "nothing"


def unknown_field(document):
    document["items"][0]["results"][0]["finding"]["trust"] = "me"


def huge_number(document):
    document["items"][0]["results"][0]["finding"]["measurements"].append(
        {
            "name": "n",
            "value": 10**30,
            "unit": None,
            "limit": None,
            "source": None,
            "volatile": False,
            "ok": None,
        }
    )


def wrong_operator(document):
    measurement(document)["limit"]["op"] = "!="


def unknown_outcome(document):
    document["items"][0]["results"][0]["finding"]["outcome"] = "GREAT"


LIES = [
    (lower_bar, "not judged by its own limit"), (lower_bar_and_ok, "passed although"),
    (warned_over_limit, "passed although"), (other_params, "not those of the checks"),
    (other_kind, "not those of the checks"), (check_left_out, "not results of checks"),
    (check_added, "not those of the checks"), (other_file, "not in the index"),
    (made_up_file, "not in the index"), (other_digest, "other files"), (other_checklist, "another checklist"),
    (other_number, "other parameters"), (other_gate, "no such gate"), (item_twice, "reported twice"),
    (item_of_people, "a person decides it"), (unknown_item, "not part of the gate"),
    (unknown_field, "not results of checks"), (huge_number, "cannot be sealed"),
    (wrong_operator, "not results of checks"), (unknown_outcome, "not results of checks"),
]  # fmt: skip


@pytest.mark.parametrize(("lie", "words"), LIES, ids=lambda one: getattr(one, "__name__", ""))
def test_lies_that_can_be_seen(server, run, readiness, monkeypatch, lie, words):
    """What contradicts checklist, parameters, index or itself is refused whole; nothing of it is stored."""
    real = json.dumps

    def dumps(document, **options):
        if isinstance(document, dict) and "items" in document:
            lie(document)
        return real(document, **options)

    monkeypatch.setattr(reporting.json, "dumps", dumps)
    code, _, err = readiness("push", run, *RELEASE)
    assert (code, words in err) == (2, True), err
    assert set(outcomes().values()) == {""}


def test_a_missing_file_is_no_pass(server, run, readiness):
    """A check that fails here is failed there."""
    (run / "model.bin").unlink()
    assert readiness("push", run, *RELEASE)[0] == 0
    assert outcomes()["weights"] == "FAIL"
