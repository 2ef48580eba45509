"""Uploads over HTTP: who may, what is answered, streams that are wrong, results made elsewhere."""

from __future__ import annotations

import hashlib
import json

import pytest

from checklists import blobs, tasks
from checklists.models import CheckRun, Gate, Release, StoredFile, Upload
from readiness.engine import file_index
from readiness.engine.file_frames import head
from readiness.engine.target import Entry
from tests.api.conftest import as_person

FILES = {
    "model.bin": b"weights",
    "card.md": b"# Model card\nWhat it is for.\n",
    "metrics.json": b'{"test": {"accuracy": 0.876}}',
}
BASE = "projects/image-classifier/uploads"


@pytest.fixture(autouse=True)
def sent_runs(monkeypatch):
    """The runs that were handed to the broker."""
    found = []
    monkeypatch.setattr(tasks, "send_runs", found.extend)
    return found


def sha(data: bytes) -> str:
    """Hex SHA-256."""
    return hashlib.sha256(data).hexdigest()


def index_of(files=FILES) -> bytes:
    """The index of these files."""
    return file_index.pack(Entry(p, len(d), sha(d)) for p, d in files.items())


def raw(api, method, path, data=b"", kind="application/octet-stream"):
    """A request with bytes as they are."""
    return api.client.generic(
        method, f"/api/v1/{path}", data, content_type=kind, headers=api.headers | {"Content-Type": kind}
    )


def opened(api, files=FILES, version="2.0.0"):
    """An upload, opened."""
    return raw(api, "POST", f"{BASE}?version={version}", index_of(files)).json()


def fill(api, files=FILES, version="2.0.0"):
    """An upload with every file."""
    upload = opened(api, files, version)
    frames = b"".join(head(sha(d), len(d)) + d for d in files.values())
    assert raw(api, "POST", f"{BASE}/{upload['id']}/batch", frames).json() == {"taken": len(files)}
    return f"{BASE}/{upload['id']}"


def test_push_by_hand(api, project, checklist, sent_runs, django_capture_on_commit_callbacks):
    """Index, one file in two parts, the rest in a batch, complete: a release, a gate, checks sent."""
    upload = opened(api)
    assert upload["missing"] == sorted(sha(d) for d in FILES.values())
    assert (upload["missing_count"], upload["partial"], upload["state"]) == (3, {}, "open")
    path = f"{BASE}/{upload['id']}"
    card = FILES["card.md"]
    first = raw(api, "PUT", f"{path}/files/{sha(card)}", card[:5])
    assert first.json() == {"received": 5, "complete": False}
    assert api.get(path).json()["partial"] == {sha(card): 5}
    wrong = raw(api, "PUT", f"{path}/files/{sha(card)}?offset=4", card[4:])
    assert (wrong.status_code, wrong.json()["received"]) == (409, 5)
    assert wrong.json()["type"].endswith(":offset")
    last = raw(api, "PUT", f"{path}/files/{sha(card)}?offset=5", card[5:])
    assert last.json() == {"received": len(card), "complete": True}
    left = [d for d in FILES.values() if d != card]
    assert (
        raw(api, "POST", f"{path}/batch", b"".join(head(sha(d), len(d)) + d for d in left)).json()["taken"]
        == 2
    )
    with django_capture_on_commit_callbacks(execute=True):
        answer = api.post(
            f"{path}/complete", {"environment": "production", "parameters": {"target_accuracy": 85}}
        )
    said = answer.json()
    assert answer.status_code == 200, said
    release, gate = Release.objects.get(), Gate.objects.get()
    assert said["digest"] == release.snapshot.digest == upload["digest"]
    assert (said["gate"]["id"], said["files"], said["version"]) == (gate.pk, 3, "2.0.0")
    assert sorted(said["runs"]) == sorted(sent_runs) == sorted(CheckRun.objects.values_list("pk", flat=True))
    again = api.post(f"{path}/complete", {"environment": "production"}).json()
    assert again == said | {"runs": []}


def test_missing_is_paged(api, project, checklist, monkeypatch):
    """More digests than one answer holds are listed page by page."""
    from checklists.api import uploads as module

    monkeypatch.setattr(module, "AT_ONCE", 2)
    upload = opened(api)
    wanted = sorted(sha(d) for d in FILES.values())
    assert (upload["missing"], upload["missing_count"]) == (wanted[:2], 3)
    page = api.get(f"{BASE}/{upload['id']}/missing?after={wanted[1]}").json()
    assert page == {"missing": wanted[2:], "more": False}


@pytest.mark.parametrize("scope", ["read", "register", "decide"])
def test_scope(people, project, checklist, scope):
    """Only the scope `push` brings files, on every address."""
    api, good = as_person(people.lead, scope), as_person(people.lead, "push")
    path = fill(good)
    assert raw(api, "POST", f"{BASE}?version=9", index_of()).status_code == 403
    for method, tail in (("PUT", f"files/{sha(b'x')}"), ("POST", "batch"), ("GET", "missing"), ("GET", "")):
        assert raw(api, method, f"{path}/{tail}".rstrip("/")).status_code == 403
    assert api.post(f"{path}/complete").status_code == 403
    for tail in ("index", "results"):
        assert raw(api, "POST", f"projects/image-classifier/releases/9/{tail}").status_code == 403
    assert not Release.objects.exists()


def test_outsiders_and_readers(people, project, checklist):
    """Outsiders find nothing, whatever they name; readers may not; nothing is stored for either."""
    path = fill(as_person(people.lead))
    StoredFile.objects.all().delete()
    for person, status in ((people.outsider, 404), (people.reader, 403)):
        api = as_person(person)
        assert raw(api, "POST", f"{BASE}?version=9", index_of()).status_code == status
        assert (
            raw(api, "PUT", f"{path}/files/{sha(FILES['card.md'])}", FILES["card.md"]).status_code == status
        )
        frame = head(sha(b"weights"), 7) + b"weights"
        assert raw(api, "POST", f"{path}/batch", frame).status_code == status
        assert api.post(f"{path}/complete").status_code == status
    assert raw(as_person(people.outsider), "GET", path).status_code == 404
    assert not StoredFile.objects.exists()


def test_token_of_another_project(people, project, checklist):
    """A token that is limited to another project finds nothing here, and no upload of another project."""
    from checklists.actions import projects

    other = projects.create(by=people.owner, name="Other", environments=("production",))
    path = fill(as_person(people.owner))
    limited = as_person(people.owner, "push", project=other)
    assert raw(limited, "GET", path).status_code == 404
    assert raw(limited, "GET", path.replace("image-classifier", "other")).status_code == 404


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (b"", "not a list"),
        (b"{}", "not a list"),
        (b"[]", "holds no files"),
        (json.dumps([["../a", 1, "0" * 64]]).encode(), "../a"),
        (json.dumps([["a", 1, "0" * 64]] * 2).encode(), "twice"),
    ],
)
def test_wrong_index(api, project, index, words):
    """An index that cannot be taken is 422 with words."""
    answer = raw(api, "POST", f"{BASE}?version=2", index)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert not Upload.objects.exists()


def test_too_large(api, project, settings, monkeypatch):
    """Over the quota, and an index over its bound: 413 before any file is sent."""
    from checklists.api import uploads as module

    settings.PUSH_MAX_BYTES = 10
    assert raw(api, "POST", f"{BASE}?version=2", index_of()).status_code == 413
    monkeypatch.setattr(module, "MAX_INDEX_BYTES", 20)
    assert raw(api, "POST", f"{BASE}?version=2", index_of()).status_code == 413


@pytest.mark.parametrize("version", ["", "a" * 61, "a%2Fb", "a%0Ab", "%00"])
def test_wrong_version(api, project, version):
    """A version that cannot be one is refused."""
    assert raw(api, "POST", f"{BASE}?version={version}", index_of()).status_code in (400, 409, 422)


def test_wrong_bytes(api, project):
    """Other bytes than the digest's are dropped: 422 `wrong-bytes`, nothing kept."""
    path = f"{BASE}/{opened(api)['id']}"
    for answer in (
        raw(api, "PUT", f"{path}/files/{sha(b'weights')}", b"weighty"),
        raw(api, "PUT", f"{path}/files/{sha(b'weights')}", b"weights!"),
        raw(api, "POST", f"{path}/batch", head(sha(b"weights"), 7) + b"weighty"),
    ):
        assert answer.status_code == 422
        assert answer.json()["type"].endswith(":wrong-bytes")
    assert not StoredFile.objects.exists()


def test_incomplete_is_conflict(api, project, checklist):
    """Completing before every file is there: 409, how many are missing."""
    answer = api.post(f"{BASE}/{opened(api)['id']}/complete")
    assert answer.status_code == 409
    assert "3 files" in answer.json()["detail"]


def test_large_body_is_streamed(api, project, checklist):
    """A file over the size of any form travels; only its digest counts."""
    data = b"0123456789abcdef" * 300_000
    path = f"{BASE}/{opened(api, {'big': data})['id']}"
    assert raw(api, "PUT", f"{path}/files/{sha(data)}", data).json()["complete"] is True
    assert blobs.get(sha(data)) == data


def test_declared_answer_holds_the_checklist(api, project, checklist):
    """Declaring files elsewhere answers with checklist and parameters; the set ones are typed."""
    path = "projects/image-classifier/releases/3/index?environment=production&set=target_accuracy=85"
    said = raw(api, "POST", path, index_of()).json()
    assert said["checklist"]["source"] == checklist.source
    assert said["parameters"] == {"number": 1, "values": {"target_accuracy": 85.0}}
    assert Release.objects.get().files == "elsewhere"
    wrong = raw(api, "POST", path.replace("target_accuracy=85", "target"), index_of())
    assert wrong.status_code == 422


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"\xff", 400),
        (b"[" * 10_000, 400),
        (b'{"a": 1, "a": 2}', 400),
        (b"[]", 409),
        (b"{}", 409),
    ],
)
def test_results_that_are_none(api, project, checklist, body, status):
    """Bodies that are no report: refused with words, never a crash."""
    base = "projects/image-classifier/releases/3"
    raw(api, "POST", f"{base}/index?environment=production", index_of())
    answer = raw(api, "POST", f"{base}/results", body, "application/json")
    assert answer.status_code == status
    assert answer.json()["detail"]
