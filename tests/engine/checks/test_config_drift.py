"""`config-drift`: what differs from the approved configuration is named, old and new, secrets masked."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readiness.engine.checklist import CheckSpec
from readiness.engine.runner import run_check
from readiness.engine.target import RunDirectory

OLD = "lr: 0.1\nhosts: [a, b]\ndb: {password: hunter2, pool: 5}\nlog: {level: info}\n"


def check(finding, new, old=OLD, **params):
    """Compare two YAML texts."""
    return finding(
        "config-drift",
        {"file": "c.yaml", "against": "old/c.yaml"} | params,
        {"c.yaml": new, "old/c.yaml": old},
    )


@pytest.mark.parametrize(
    ("before", "after", "words", "counts"),
    [
        ("lr: 0.1", "lr: 0.2", "lr changed 0.1 → 0.2", (0, 0, 1)),
        ("lr: 0.1", "lr: true", "lr changed 0.1 → true", (0, 0, 1)),
        ("lr: 0.1", "lr: null", "lr changed 0.1 → null", (0, 0, 1)),
        ("lr: 0.1", "lr: 0.1\nseed: 7", "seed added = 7", (1, 0, 0)),
        ("lr: 0.1\n", "", "lr removed (was 0.1)", (0, 1, 0)),
        ("[a, b]", "[b, a]", "hosts.0 changed a → b; hosts.1 changed b → a", (0, 0, 2)),
        ("[a, b]", "[a]", "hosts.1 removed (was b)", (0, 1, 0)),
        ("[a, b]", "[]", "hosts added = nothing; hosts.0 removed", (1, 2, 0)),
        ("hunter2", "hunter3", "db.password changed ••• → •••", (0, 0, 1)),
        ("{level: info}", "info", "log added = info; log.level removed", (1, 1, 0)),
    ],
)
def test_differences(finding, before, after, words, counts):
    """Added, removed, changed: each counted, and told with its values; a changed secret is not shown."""
    found = check(finding, OLD.replace(before, after))
    assert found.outcome == "FAIL"
    assert words in found.message
    measured = {m.name: m.value for m in found.measurements}
    assert (measured["Added"], measured["Removed"], measured["Changed"]) == counts
    assert "hunter" not in str(found.to_dict())


@pytest.mark.parametrize(
    "new",
    [
        OLD,
        "# a comment\nlog:\n  level: info\ndb:\n  pool: 5\n  password: hunter2\nhosts:\n- a\n- b\nlr: 0.10\n",
        OLD.replace("pool: 5", "pool: 5.0"),
        OLD.encode("utf-16"),
    ],
)
def test_same(finding, new):
    """Order of keys, comments, spaces, 5 and 5.0, the encoding: the same settings."""
    assert check(finding, new).message == "c.yaml is as approved in old/c.yaml"


@pytest.mark.parametrize(
    ("allow", "outcome", "allowed"),
    [
        (["lr", "log.*"], "PASS", 2),
        (["LR", "log.level"], "PASS", 2),
        (["*"], "PASS", 2),
        (["l?"], "FAIL", 1),
        (["log"], "FAIL", 0),
        ([".*"], "FAIL", 0),
    ],
)
def test_allowed(finding, allow, outcome, allowed):
    """Globs of keys may differ; they are still counted and told."""
    found = check(finding, OLD.replace("0.1", "0.2").replace("info", "debug"), allow=allow)
    assert found.outcome == outcome
    assert {m.name: m.value for m in found.measurements}["Allowed changes"] == allowed
    assert [c["key"] for c in found.details["changes"]] == ["log.level", "lr"]


def test_expected_in_the_checklist(finding):
    """The approved settings may stand in the checklist itself."""
    params = {"file": "c.json", "expected": {"lr": 0.1, "db": {"pool": 5}}}
    assert finding("config-drift", params, {"c.json": {"db": {"pool": 5}, "lr": 0.1}}).outcome == "PASS"
    assert (
        "db.pool changed 5 → 6"
        in finding("config-drift", params, {"c.json": {"db": {"pool": 6}, "lr": 0.1}}).message
    )


@pytest.mark.parametrize(("old", "new"), [(1, True), (0, False), (True, 1), (1, "1"), (None, ""), ([], {})])
def test_types_count(finding, old, new):
    """What is equal only for Python is another setting."""
    params = {"file": "c.json", "expected": {"a": old}}
    assert finding("config-drift", params, {"c.json": {"a": new}}).outcome == "FAIL"
    assert finding("config-drift", params, {"c.json": {"a": old}}).outcome == "PASS"


def test_digest(finding):
    """A digest says only whether it is the same file."""
    digest = hashlib.sha256(OLD.encode()).hexdigest()
    for text in (digest, f"sha256:{digest.upper()}"):
        assert finding("config-drift", {"file": "c.yaml", "sha256": text}, {"c.yaml": OLD}).outcome == "PASS"
    other = finding("config-drift", {"file": "c.yaml", "sha256": digest}, {"c.yaml": OLD + " "})
    assert (other.outcome, "is not the approved file" in other.message) == ("FAIL", True)
    assert (
        finding("config-drift", {"file": "c.yaml", "sha256": digest[:12]}, {"c.yaml": OLD}).outcome == "FAIL"
    )


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "No release was approved before"),
        ({"against": "d.yaml", "sha256": "a"}, "it takes one of"),
        ({"against": "c.yaml"}, "is the file itself"),
        ({"against": "./x/../c.yaml"}, "is the file itself"),
        ({"sha256": "a" * 64, "allow": ["x"]}, "does not say what changed"),
        ({"against": "d.yaml"}, "d.yaml is not in the run"),
        ({"expected": {}}, "holds no settings"),
        ({"against": "empty.yaml"}, "empty.yaml holds no settings"),
        ({"against": "lfs.yaml"}, "Git LFS pointer"),
    ],
)
def test_nothing_to_compare_with(finding, params, words):
    """Without an approved configuration nothing passes."""
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    files = {"c.yaml": OLD, "empty.yaml": "", "lfs.yaml": pointer}
    found = finding("config-drift", {"file": "c.yaml"} | params, files)
    assert found.outcome in ("FAIL", "ERROR")
    assert words in found.message


def test_many_changes_are_cut(finding):
    """The message shows five, the details two hundred."""
    found = check(finding, "".join(f"k{n}: 1\n" for n in range(300)), "a: 1\n")
    assert "and 296 more" in found.message
    assert len(found.details["changes"]) == 200


CONFIG = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(
        st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "x"]),
        lambda inner: (
            st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2)
        ),
        max_leaves=5,
    ),
    min_size=1,
)


def typed(value):
    """A value that equals another only with the same types."""
    return json.dumps(value, sort_keys=True)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CONFIG, CONFIG)
def test_passes_exactly_for_the_same(finding, new, old):
    """Any two configurations: a PASS means that they say the same, and the same always passes."""
    found = finding("config-drift", {"file": "a.json", "expected": old}, {"a.json": new})
    assert (found.outcome == "PASS") == (typed(new) == typed(old))


def against_last(finding, tmp_path, approved):
    """Compare with another run directory, as the command line and the server do."""
    run = RunDirectory(tmp_path, approved=approved)
    (tmp_path / "c.yaml").write_text(OLD.replace("lr: 0.1", "lr: 0.2"))
    spec = CheckSpec(kind="config-drift", params={"file": "c.yaml"})
    return run_check(spec, run, {}, required=True).finding


def test_the_last_approved_release(finding, tmp_path, tmp_path_factory):
    """Without an approved file of its own the check compares with the last approved release's."""
    before = tmp_path_factory.mktemp("before")
    (before / "c.yaml").write_text(OLD)
    last = RunDirectory(before, label="the approved release 1.3.0")
    found = against_last(finding, tmp_path, lambda: last)
    assert found.message == "c.yaml differs from the approved release 1.3.0: lr changed 0.1 → 0.2"
    (before / "c.yaml").unlink()
    assert "the approved release 1.3.0 has no c.yaml" in against_last(finding, tmp_path, lambda: last).message


def test_an_approved_release_that_has_gone(finding, tmp_path):
    """Its directory was taken away: that is said, and nothing passes."""
    found = against_last(finding, tmp_path, lambda: RunDirectory(tmp_path / "gone"))
    assert found.outcome == "FAIL"
    assert "cannot be read: The run directory" in found.message
