"""`readiness gate PROJECT/VERSION`: exit codes, words, JSON, waiting."""

from __future__ import annotations

import json
import time

import pytest

from checklists.actions import gates, releases, runs
from checklists.actions.runs import claim, execute, finish
from checklists.models import ChecklistVersion, Environment, Gate
from readiness.client import gate as asking

TARGET = "image-classifier/1.4.0"


@pytest.fixture
def gate(server, project, owner, run, settings):
    """The production gate of release 1.4.0, nothing checked yet."""
    settings.RUN_ROOTS = [run.parent]
    checklist = ChecklistVersion.objects.get()
    release = releases.create(project=project, by=owner, version="1.4.0", root=run.name, checklist=checklist)
    production = Environment.objects.get(project=project, name="production")
    return gates.open_gate(release=release, checklist=checklist, environment=production, by=owner)


def work(gate: Gate, by) -> None:
    """Run every check here and now."""
    for pk in runs.request_all(gate=gate.pk, by=by):
        claimed = claim(pk)
        assert claimed
        finish(run=pk, claim=claimed.claim, results=execute(claimed))


def test_undecided_is_four_or_strictly_one(gate, readiness):
    """Nothing is decided: 4, with what is in the way, what to do and the address; --strict makes it 1."""
    code, out, _ = readiness("gate", TARGET)
    assert code == 4
    for words in ("not decided yet", "Weights are there", "To do: Run its checks.", f"/gates/{gate.pk}/"):
        assert words in out
    assert readiness("gate", TARGET, "--strict")[0] == 1


def test_blocked_is_one(gate, owner, run, readiness):
    """A failed check blocks: 1, observed against expected."""
    (run / "metrics.json").write_text('{"test": {"accuracy": 0.5}}')
    releases.take_snapshot(release=gate.release, by=owner)
    work(gate, owner)
    code, out, _ = readiness("gate", TARGET)
    assert code == 1
    assert "blocked" in out
    assert "50 %" in out


def test_json_is_the_servers_document(gate, readiness):
    """`--json` prints the server's document."""
    code, out, _ = readiness("gate", TARGET, "--json")
    said = json.loads(out)
    assert (code, said["verdict"], said["environment"]) == (4, "open", "production")
    assert len(said["blockers"]) > 3


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nothing/1",), 2, "nothing here"),
        (("image-classifier/9",), 2, ""),
        (("image-classifier",), 2, "is not PROJECT/VERSION"),
        ((TARGET, "--environment", "staging"), 2, "No gate of"),
        ((TARGET, "--environment", "moon"), 2, "no environment moon"),
        ((TARGET, "--wait", "soon"), 2, "soon"),
    ],
)
def test_wrong_usage(gate, readiness, arguments, code, words):
    """Wrong names are code 2 and say so."""
    found, _, err = readiness("gate", *arguments)
    assert found == code
    assert words in err


def test_server_away_is_three(readiness, monkeypatch):
    """A server that does not answer is 3, never 0 or 1."""
    monkeypatch.setenv("READINESS_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("READINESS_TOKEN", "rdy_x")
    monkeypatch.setattr("readiness.client.session._pause", lambda attempt: 0.0)
    code, _, err = readiness("gate", TARGET)
    assert code == 3
    assert "cannot be reached" in err


def test_waiting_ends_with_the_time(gate, readiness, monkeypatch):
    """Nobody decides: after the time it is 4; unchanged answers cost a 304 each."""
    seen = []
    real = asking.Session.get
    monkeypatch.setattr(asking.Session, "get", lambda self, *a: seen.append(real(self, *a)) or seen[-1])
    monkeypatch.setattr(asking, "FIRST_PAUSE", 0.2)
    begun = time.monotonic()
    code, _, err = readiness("gate", TARGET, "--wait", "2s")
    assert code == 4
    assert 1.9 < time.monotonic() - begun < 10
    assert [answer.status for answer in seen[:2]] == [200, 304]
    assert err.count("Waiting:") == 1


def test_waiting_sees_the_decision(gate, owner, readiness, monkeypatch):
    """Somebody decides while the pipeline waits: it ends with that."""
    monkeypatch.setattr(asking, "FIRST_PAUSE", 0.2)
    answers = iter(
        [{"verdict": "open", "blockers": []}, {"verdict": "ready", "blockers": []}, {"verdict": "approved"}]
    )

    def get(self, path, headers=None):
        return asking_answer(next(answers))

    monkeypatch.setattr(asking.Session, "get", get)
    monkeypatch.setattr(asking.Session, "post", lambda *a: asking_answer({"state": "approved"}))
    code, out, err = readiness("gate", TARGET, "--wait", "1m")
    assert code == 0
    assert "approved" in out
    assert err.count("Waiting:") == 2


def asking_answer(document):
    """An answer as the server gives it."""
    from readiness.client.session import Answer

    return Answer(200, {"etag": '"1"'}, json.dumps(document).encode())


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        ("approved", 0),
        ("blocked", 1),
        ("declined", 1),
        ("open", 4),
        ("ready", 4),
        ("", 4),
        ("surprise", 4),
        (None, 4),
    ],
)
def test_only_approved_is_zero(server, readiness, monkeypatch, verdict, code):
    """Whatever else a server says, it is not 0."""
    monkeypatch.setattr(asking.Session, "get", lambda *a, **k: asking_answer({"verdict": verdict}))
    monkeypatch.setattr(asking.Session, "post", lambda *a: asking_answer({"state": "approved"}))
    assert readiness("gate", TARGET)[0] == code


def test_hostile_text_is_shown_as_escapes(server, readiness, monkeypatch):
    """Text of a server cannot steer the terminal."""
    said = {"verdict": "blocked", "blockers": [{"title": "\x1b[2Jgone\u202e", "text": "x\ny"}]}
    monkeypatch.setattr(asking.Session, "get", lambda *a, **k: asking_answer(said))
    monkeypatch.setattr(asking.Session, "post", lambda *a: asking_answer({"state": "blocked"}))
    out = readiness("gate", TARGET)[1]
    assert "\x1b" not in out
    assert "\\x1b[2Jgone\\u202e" in out


@pytest.mark.parametrize(
    ("state", "code"),
    [("approved", 0), ("blocked", 1), ("declined", 1), ("undecided", 4), ("surprise", 4), (None, 4)],
)
def test_rules_may_say_more_than_gates(server, readiness, monkeypatch, state, code):
    """An approved gate is 0 only with an approving decision; its reasons are listed with what to do."""
    reason = {
        "rule": "rehearsal",
        "title": "The rollback was rehearsed",
        "text": "None.",
        "fix": "Rehearse it.",
    }
    answer = {"state": state, "verdict": "reject", "decision": 7, "reasons": [reason], "url": "u"}
    monkeypatch.setattr(asking.Session, "get", lambda *a, **k: asking_answer({"verdict": "approved"}))
    monkeypatch.setattr(asking.Session, "post", lambda *a: asking_answer(answer))
    found, out, _ = readiness("gate", TARGET)
    assert found == code
    for words in ("Decision 7", "The rollback was rehearsed: None.", "To do: Rehearse it."):
        assert words in out


@pytest.mark.parametrize(
    ("verdict", "status", "code"),
    [
        ("approved", 404, 2),
        ("approved", 403, 2),
        ("approved", 409, 2),
        ("blocked", 403, 1),
        ("blocked", 404, 1),
        ("declined", 409, 1),
    ],
)
def test_decision_that_may_not_be_asked(server, readiness, monkeypatch, verdict, status, code):
    """A token that may not ask for decisions never turns into an approval."""

    def refuse(*_):
        raise asking.ServerRefused("The token has not the scope.", "Create one.", status, {})

    monkeypatch.setattr(asking.Session, "get", lambda *a, **k: asking_answer({"verdict": verdict}))
    monkeypatch.setattr(asking.Session, "post", refuse)
    assert readiness("gate", TARGET)[0] == code


def test_blocked_gate_is_stored_as_a_decision(gate, owner, run, readiness):
    """Asking a blocked gate leaves a decision on the server, once."""
    from checklists.models import DeploymentDecision

    (run / "metrics.json").write_text('{"test": {"accuracy": 0.5}}')
    releases.take_snapshot(release=gate.release, by=owner)
    work(gate, owner)
    for _ in range(2):
        code, out, _ = readiness("gate", TARGET)
        assert code == 1
    assert f"Decision {DeploymentDecision.objects.get().pk}: reject" in out
