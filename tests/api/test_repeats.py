"""Idempotency-Key: one request, one effect, one answer."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError

from checklists.actions import runs
from checklists.models import CheckRun, Evidence, Gate, IdempotencyKey
from tests.api.conftest import as_person
from tests.api.world import problem_of

GATES = "projects/image-classifier/releases/1.4.0/gates"
BODY = {"checklist": "small", "environment": "staging"}


def test_same_answer(api, release):
    """Sent twice, one gate; the second answer is the first one, marked."""
    first = api.post(GATES, BODY, Idempotency_Key="open-1")
    again = api.post(GATES, BODY, Idempotency_Key="open-1")
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert Gate.objects.count() == 1
    assert api.post(GATES, BODY).status_code == 409  # without the key it is another request


def test_another_request(api, release):
    """The key with another body, or another address, is refused."""
    api.post(GATES, BODY, Idempotency_Key="k")
    for answer in (
        api.post(GATES, BODY | {"environment": "production"}, Idempotency_Key="k"),
        api.post(GATES + "?a=1", BODY, Idempotency_Key="k"),
    ):
        told = problem_of(answer)
        assert (told["status"], told["type"]) == (422, "urn:readiness:problem:key-reused")
    assert Gate.objects.count() == 1


def test_keys_are_the_tokens_own(api, people, release):
    """Two pipelines may choose the same key."""
    other = as_person(people.lead)
    assert api.post(GATES, BODY, Idempotency_Key="k").status_code == 201
    assert other.post(GATES, BODY | {"environment": "production"}, Idempotency_Key="k").status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "é"])
def test_wrong_keys(key, api, release):
    """A key is 1 to 200 visible ASCII characters."""
    assert problem_of(api.post(GATES, BODY, Idempotency_Key=key))["status"] == 422
    assert not Gate.objects.exists()


def test_a_refusal_is_not_kept(api, release):
    """What did nothing may be tried again with the same key, and then counts."""
    wrong = BODY | {"environment": "moon"}
    assert api.post(GATES, wrong, Idempotency_Key="k").status_code == 422
    assert not IdempotencyKey.objects.exists()
    assert api.post(GATES, BODY, Idempotency_Key="k").status_code == 201


def test_a_crash_leaves_nothing(api, gate, monkeypatch):
    """When the act breaks half-way, neither its rows nor the key stay; the next try works."""
    url = f"gates/{gate.pk}/check-runs"

    def half(**arguments):
        real(**arguments)
        raise DatabaseError("the disk is full")

    real = runs.request_all
    monkeypatch.setattr(runs, "request_all", half)
    assert problem_of(api.post(url, {}, Idempotency_Key="k"))["status"] == 500
    assert (CheckRun.objects.count(), IdempotencyKey.objects.count()) == (0, 0)
    monkeypatch.setattr(runs, "request_all", real)
    assert api.post(url, {}, Idempotency_Key="k").status_code == 202
    assert CheckRun.objects.count() == 3


def test_an_answer_that_cannot_be_kept_undoes_the_act(api, gate, monkeypatch):
    """Act and answer are one transaction: without the answer there is no act."""

    def broken(self, **arguments):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(IdempotencyKey, "save", broken)
    monkeypatch.setattr(
        IdempotencyKey.objects,
        "create",
        lambda **values: IdempotencyKey.objects.bulk_create([IdempotencyKey(**values)])[0],
    )
    assert problem_of(api.post(f"gates/{gate.pk}/check-runs", {}, Idempotency_Key="k"))["status"] == 500
    assert (CheckRun.objects.count(), IdempotencyKey.objects.count()) == (0, 0)


def test_forms(api, gate):
    """Of a form, fields and file make the request, not the boundary between them."""
    url = f"/api/v1/gates/{gate.pk}/items/issues/evidence"
    headers = api.headers | {"Idempotency-Key": "k"}

    def send(data):
        return api.client.post(url, {"file": SimpleUploadedFile("a.txt", data)}, headers=headers)

    first, again = send(b"one"), send(b"one")
    assert (first.status_code, again.status_code) == (201, 201), first.content
    assert first.content == again.content
    assert problem_of(send(b"two"))["status"] == 422
    assert Evidence.objects.count() == 1


def test_reading_takes_no_key(api, gate):
    """A GET is the same however often; its key is not even looked at."""
    assert api.get("projects", Idempotency_Key="k").status_code == 200
    assert not IdempotencyKey.objects.exists()
