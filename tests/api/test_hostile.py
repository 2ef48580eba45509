"""Hostile requests: a problem each, never a server error, never a row."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checklists.models import Evidence, Gate, Release
from tests.api.world import problem_of

RELEASES = "/api/v1/projects/image-classifier/releases"
GATES = f"{RELEASES}/1.4.0/gates"
GATE = {"checklist": "small", "environment": "staging"}


def raw(api, path, data, content_type="application/json", **headers):
    """A POST of exactly these bytes."""
    return api.client.generic("POST", path, data, content_type=content_type, headers=api.headers | headers)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 415, "not nothing"),
        (b"{", 400, "not usable JSON"),
        (b"null", 422, "Some fields"),
        (b"[]", 422, "Some fields"),
        (b'"text"', 422, "Some fields"),
        (b'{"checklist": "a", "checklist": "b"}', 400, "stands twice"),
        (b'{"checklist": NaN}', 400, "NaN"),
        (b'{"checklist": -Infinity}', 400, "Infinity"),
        (b'{"checklist": 1e999}', 400, "out of range"),
        (b'{"checklist": ' + b"[" * 5000 + b"]" * 5000 + b"}", 400, "nested deeper"),
        (b'{"checklist": "a\\u0000b", "environment": "staging"}', 400, "NUL"),
        (b'{"checklist": "a\\ud800", "environment": "staging"}', 400, "surrogate"),
        (b'{"checklist": "\xff"}', 400, "UTF-8"),
        (b'{"checklist": 7, "environment": {}}', 422, "Some fields"),
        (b'{"checklist": ' + b"9" * 5000 + b"}", 400, "not usable JSON"),
        (json.dumps(GATE | {"checklist": "x" * 101}).encode(), 422, "Some fields"),
    ],
)
def test_bodies(body, status, words, api, release):
    """Broken, doubled, deep, huge, half a character: the body is refused with what is wrong with it."""
    told = problem_of(raw(api, GATES, body))
    assert (told["status"], words in told["detail"]) == (status, True), told
    assert not Gate.objects.exists()


def test_fields_are_named(api, release):
    """The errors name each field and what is wrong with it."""
    told = problem_of(api.post(GATES, {"environment": 7, "verdict": "approved"}))
    assert {error["field"]: error["message"] for error in told["errors"]} == {
        "body.checklist": "Field required",
        "body.environment": "Input should be a valid string",
        "body.verdict": "This field is not known here.",
    }


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_media_types(kind, api, release):
    """JSON in anything else is refused, so that no browser form can send it."""
    told = problem_of(raw(api, GATES, json.dumps(GATE), kind))
    assert told["status"] == 415
    assert "application/json" in told["detail"]


def test_too_large(api, release):
    """More than is read at once is 413, with and without a key."""
    body = json.dumps(GATE | {"checklist": "x" * 3_000_000})
    assert problem_of(raw(api, GATES, body))["status"] == 413
    assert problem_of(raw(api, GATES, body, **{"Idempotency-Key": "a"}))["status"] == 413


@pytest.mark.parametrize(
    "path",
    [
        "gates/99999999999999999999999999",
        "gates/0",
        "gates/1/items/%00",
        "gates?limit=0",
        "gates?limit=201",
        "gates?limit=x",
        "gates?before=-1",
        "gates?before=99999999999999999999999999",
        "gates?before=%00",
        "projects/image-classifier/releases/1.4.0/gate?environment=%00",
        "projects/image-classifier/releases/1.4.0/gate?environment=" + "x" * 61,
        "projects/image-classifier/releases/1.4.0/gate?stage=moon",
        "projects/image-classifier/releases/%00",
        "projects/image-classifier/releases/" + "9" * 61,
        "projects/image-classifier/releases/1.4.0/artifacts?offset=-1",
        "projects/image-classifier/releases/1.4.0/artifacts?offset=99999999999999999999",
    ],
)
def test_addresses(path, api, gate):
    """Numbers out of range, NUL characters and unknown words are 400, 404 or 422."""
    assert problem_of(api.get(path))["status"] in {400, 404, 422}


@pytest.mark.parametrize("header", ["Bearer " + "x" * 100_000, "Bearer \xff\xfe", "Bearer a b c", "bearer\t"])
def test_headers(header, api, gate):
    """Whatever stands in the Authorization header."""
    api.headers = {"Authorization": header}
    assert problem_of(api.get("projects"))["status"] == 401


@pytest.mark.parametrize(
    "name", ["a\x00b.txt", "../../etc/passwd", "<img onerror=x>.html", "x" * 300, "\u202egnp.exe"]
)
def test_file_names(name, api, gate):
    """A file's name is only shown, and comes out clean."""
    url = f"/api/v1/gates/{gate.pk}/items/issues/evidence"
    answer = api.client.post(url, {"file": SimpleUploadedFile(name, b"bytes")}, headers=api.headers)
    if answer.status_code != 201:
        assert problem_of(answer)["status"] in {400, 422}
        return
    kept = Evidence.objects.get().name
    assert "/" not in kept
    assert not any(ord(c) < 32 or c == "\u202e" for c in kept)
    content = api.get(answer.json()["content"].removeprefix("http://localhost:8000"))
    assert content.headers["Content-Disposition"].startswith("attachment")
    assert content.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert content.headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("content", "data"),
    [
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=x", b"--x\r\nnothing"),
        ("multipart/form-data; boundary=" + "x" * 300, b""),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="revision"\r\n\r\n\x00\r\n--x--',
        ),
    ],
)
def test_forms(content, data, api, gate):
    """Forms that are none."""
    url = f"/api/v1/gates/{gate.pk}/items/issues/evidence"
    assert problem_of(raw(api, url, data, content))["status"] in {400, 415, 422}


COLUMNS = {
    "id", "pk", "created_by", "created_by_id", "project", "project_id", "snapshot", "root_id", "created_at",
    "gates", "is_service", "parameters_id", "files", "by", "person", "verdict",
}  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    extra=st.dictionaries(
        st.sampled_from(sorted(COLUMNS)) | st.text(min_size=1, max_size=12), VALUES, min_size=1, max_size=3
    )
)
def test_no_field_is_assigned_that_is_not_named(extra, api, people, project, checklist, settings):
    """Fields of the tables in a request are refused by name; none is ever taken."""
    good = {"version": "2.0.0", "root": "nowhere", "checklist": "small"}
    body = extra | good
    told = problem_of(api.post(RELEASES, body))
    unknown = set(extra) - {"version", "root", "checklist", "checklist_version", "parameters", "planned_for"}
    if unknown and told["status"] == 422 and "errors" in told:
        assert {f"body.{name}" for name in unknown} <= {error["field"] for error in told["errors"]}
    assert told["status"] in {400, 422}
    assert not Release.objects.exists()


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes(data, api, release):
    """Whatever the body, the answer is a problem that says so."""
    assert problem_of(raw(api, GATES, data))["status"] in ({400, 422} if data else {415})
