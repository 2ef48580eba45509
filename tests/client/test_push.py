"""`readiness push` against a server: what travels, what it prints, what goes wrong."""

from __future__ import annotations

import json

import pytest

from checklists import blobs
from checklists.actions import run_directory
from checklists.models import CheckRun, Evidence, Gate, Release, Scorecard, StoredFile, Upload
from readiness.client import push as pushing
from readiness.engine import indexing, seal
from tests.client.conftest import token_of
from tests.conftest import make_person

RELEASE = ("--release", "image-classifier/1.5.0")


def test_push_makes_a_release(server, run, readiness):
    """The run arrives whole: same digest here and there, gate open, checks queued, addresses printed."""
    code, out, err = readiness("push", run, *RELEASE, "--set", "target_accuracy=85")
    assert (code, err) == (0, "")
    release, gate = Release.objects.get(), Gate.objects.get()
    digest = seal.artifact_digest(indexing.index(run))
    assert release.snapshot.digest == digest
    assert seal.artifact_digest(indexing.index(run_directory.run_directory(release))) == digest
    assert release.promised.values == {"target_accuracy": 85.0}
    assert CheckRun.objects.filter(state="queued").count() == 3
    for words in ("4 sent", digest, f"{server}/releases/{release.pk}/", f"{server}/gates/{gate.pk}/"):
        assert words in out


def test_second_push_sends_what_changed(server, run, readiness, lifted_triggers):
    """Pushed again with one file changed, one file travels; unchanged, none does."""
    readiness("push", run, *RELEASE)
    CheckRun.objects.all().delete()
    (run / "card.md").write_text("# Another card\n")
    assert ": 1 sent (15 bytes)" in readiness("push", run, *RELEASE)[1]
    assert ": 0 sent (0 bytes)" in readiness("push", run, *RELEASE)[1]
    assert ": 0 sent" in readiness("push", run, "--release", "image-classifier/1.5.1")[1]
    assert StoredFile.objects.count() == 5


def test_json_is_the_servers_document(server, run, readiness):
    """`--json` prints one document and nothing else."""
    code, out, _ = readiness("push", run, *RELEASE, "--json", "--environment", "staging")
    said = json.loads(out)
    assert code == 0
    assert (said["version"], said["gate"]["environment"], len(said["runs"])) == ("1.5.0", "staging", 3)


def scorecard(release: str, *, passed: bool = True) -> str:
    """A scorecard as `readiness run` writes it."""
    suite = {"name": "unit", "status": "passed" if passed else "failed", "duration": 1.0}
    return json.dumps(
        {
            "schema_version": 1,
            "release": release,
            "suites": [suite],
            "waivers": [],
            "generated_at": "2026-01-31T12:00:00Z",
            "owner": "platform",
            "overall_passed": passed,
        }
    )


def test_scorecards_are_registered_with_the_run(server, run, tmp_path, readiness, lifted_triggers):
    """Byte for byte; pushed again, nothing is registered twice."""
    card = tmp_path / "readiness-scorecard.json"
    card.write_text(scorecard("1.5.0"))
    for _ in range(2):
        code, _, err = readiness("push", run, *RELEASE, "--scorecard", card)
        assert (code, err) == (0, "")
        CheckRun.objects.all().delete()
    (row,) = Scorecard.objects.all()
    assert (row.overall_passed, blobs.get(row.sha256)) == (True, card.read_bytes())


def test_scorecard_of_another_release_is_refused(server, run, tmp_path, readiness):
    """The run is there, the scorecard is not, and the reason is said."""
    card = tmp_path / "readiness-scorecard.json"
    card.write_text(scorecard("9.9.9"))
    code, _, err = readiness("push", run, *RELEASE, "--scorecard", card)
    assert code == 2
    assert "9.9.9" in err
    assert not Scorecard.objects.exists()


def test_what_cannot_be_read_is_said_before_anything_is_sent(server, run, tmp_path, readiness):
    """A path that is wrong costs no push."""
    code, _, err = readiness("push", run, *RELEASE, "--manifest", tmp_path / "nothing.json")
    assert code == 2
    assert "nothing.json cannot be read" in err
    assert not Release.objects.exists()


def test_large_file_goes_on_in_parts(server, run, readiness, monkeypatch):
    """A file larger than a part travels in several, and arrives whole."""
    monkeypatch.setattr(pushing, "PART", 500_000)
    assert readiness("push", run, *RELEASE)[0] == 0
    assert Upload.objects.get().state == "done"


@pytest.mark.parametrize("name", ["model.bin", "metrics.json"])
def test_file_that_changes_is_named(server, run, readiness, monkeypatch, name):
    """A run that is still being written is no release: the changed file is named, whatever its size."""
    real = pushing.index

    def then_change(root, step):
        entries = real(root, step)
        path = run / name
        path.write_bytes(path.read_bytes().replace(b"w", b"W").replace(b"8", b"9"))
        return entries

    monkeypatch.setattr(pushing, "index", then_change)
    code, _, err = readiness("push", run, *RELEASE)
    assert code == 2
    assert f"{name} changed while it was pushed" in err
    assert not Release.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--release", "nothing"), "is not PROJECT/VERSION"),
        (("--release", "nothing/1"), "nothing here that this token may see"),
        (("--release", "image-classifier/a/b"), "is not PROJECT/VERSION"),
        ((*RELEASE, "--environment", "moon"), "has no environment 'moon'"),
        ((*RELEASE, "--checklist", "moon"), "no published checklist 'moon'"),
        ((*RELEASE, "--set", "x"), "is not NAME=VALUE"),
        ((*RELEASE, "--set", "x=1"), "x"),
        ((*RELEASE, "--wait", "soon"), "is not a duration"),
        ((*RELEASE, "--server", "http://readiness.example"), "is not encrypted"),
        ((*RELEASE, "--server", "ftp://localhost"), "is not the address of a server"),
        ((*RELEASE, "--token-file", "nowhere"), "cannot be read"),
        ((*RELEASE, "--allow-host", "x"), "go with --results-only"),
    ],
)
def test_wrong_usage(server, run, readiness, arguments, words):
    """Each mistake is code 2 with words, and makes no release."""
    code, _, err = readiness("push", run, *arguments)
    assert (code, words in err) == (2, True), err
    assert not Release.objects.exists()


def test_missing_run_and_token(server, run, readiness, monkeypatch, tmp_path):
    """No such directory, an empty one, no token, no server: code 2, before anything is asked."""
    (tmp_path / "empty").mkdir()
    assert readiness("push", tmp_path / "none", *RELEASE)[0] == 2
    assert "holds no files" in readiness("push", tmp_path / "empty", *RELEASE)[2]
    monkeypatch.delenv("READINESS_TOKEN")
    assert "no token" in readiness("push", run, *RELEASE)[2]
    monkeypatch.delenv("READINESS_URL")
    assert "No server is named" in readiness("push", run, *RELEASE)[2]


def test_token_from_a_file(server, run, readiness, monkeypatch, tmp_path, owner):
    """A token file is read; its token appears nowhere in what is printed."""
    token = token_of(owner)
    (tmp_path / "token").write_text(f"{token}\n")
    monkeypatch.delenv("READINESS_TOKEN")
    code, out, err = readiness("push", run, *RELEASE, "--token-file", tmp_path / "token")
    assert code == 0
    assert token not in out + err


def test_scope_and_role_count(server, run, readiness, monkeypatch, owner):
    """A token without the scope, or of somebody outside, pushes nothing."""
    monkeypatch.setenv("READINESS_TOKEN", token_of(owner, "read"))
    assert "has not the scope" in readiness("push", run, *RELEASE)[2]
    monkeypatch.setenv("READINESS_TOKEN", token_of(make_person("stranger")))
    assert "nothing here" in readiness("push", run, *RELEASE)[2]
    assert not StoredFile.objects.exists()


def test_server_that_is_away(run, readiness, monkeypatch):
    """Nobody listens: code 3 after a few tries, with the address."""
    monkeypatch.setenv("READINESS_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("READINESS_TOKEN", "rdy_x")
    monkeypatch.setattr("readiness.client.session._pause", lambda attempt: 0.0)
    code, _, err = readiness("push", run, *RELEASE)
    assert code == 3
    assert "http://127.0.0.1:9 cannot be reached" in err


def test_evidence_is_attached_once(server, run, readiness, tmp_path, lifted_triggers):
    """Evidence goes to its item; pushed again, it is not attached twice; an unknown item is said."""
    review = tmp_path / "review.txt"
    review.write_text("Looks good to me.")
    for arguments in ((), ("--results-only", "--release", "image-classifier/2.0.0")):
        for _ in range(2):
            CheckRun.objects.filter(state="queued").delete()
            words = ("push", run, *RELEASE, "--evidence", f"review={review}", *arguments)
            assert readiness(*words)[0] == 0
    assert list(Evidence.objects.values_list("item__key", "name")) == [("review", "review.txt")] * 2
    code, _, err = readiness("push", run, *RELEASE, "--evidence", f"nothing={review}")
    assert code == 2, err
    assert "is not ITEM=FILE" in readiness("push", run, *RELEASE, "--evidence", "review")[2]
    assert "There is no file" in readiness("push", run, *RELEASE, "--evidence", "review=absent")[2]
