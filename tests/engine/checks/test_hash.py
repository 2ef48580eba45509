"""`hash`: listed files are there and have the listed digests; a list that says nothing never passes."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

A, B = b"weights", b"other"
SHA_A, SHA_B = hashlib.sha256(A).hexdigest(), hashlib.sha256(B).hexdigest()
MD5_A = hashlib.md5(A, usedforsecurity=False).hexdigest()
FILES = {"m/a.bin": A, "m/b.bin": B}
GNU = f"{SHA_A}  a.bin\n{SHA_B} *b.bin\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("m/SHA256SUMS", GNU),
        ("m/SHA256SUMS", GNU.upper().replace("A.BIN", "a.bin").replace("B.BIN", "b.bin")),
        ("m/SHA256SUMS", "\ufeff" + GNU.replace("\n", "\r\n")),
        ("m/SHA256SUMS", f"# made by hand\n\n{SHA_A}  ./a.bin\n{SHA_B}  b.bin"),
        ("m/checksums.txt", f"SHA256 (a.bin) = {SHA_A}\nSHA256 (b.bin) = {SHA_B}\n"),
        ("m/hashes.json", {"a.bin": SHA_A, "b.bin": f"sha256:{SHA_B.upper()}"}),
        ("m/hashes.json", {"files": {"a.bin": SHA_A, "b.bin": {"sha256": SHA_B}}, "chain_hash": "x"}),
        ("m/hashes.json", {"algorithm": "SHA-256", "files": [{"path": "a.bin", "sha256": SHA_A}]}),
    ],
)
def test_lists(finding, name, content):
    """Every form of list, with what tools put around it."""
    found = finding("hash", {"manifest": name}, FILES | {name: content})
    assert found.outcome == "PASS", found.message
    assert "agree" in found.message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f"{SHA_B}  a.bin\n", "m/a.bin differs"),
        (f"{SHA_A}  c.bin\n", "m/c.bin is missing"),
        (f"{SHA_A}  a.bin\n{SHA_B}  a.bin\n", "twice with different digests"),
        (f"{SHA_A}  a.bin\n{SHA_B}  ./a.bin\n", "twice with different digests"),
        (f"{SHA_A}  a.bin\nhello\n", "line 2 is no digest"),
        (f"{SHA_A[:-1]}  a.bin\n", "expected sha256"),
        (f"{MD5_A}  a.bin\n", "is md5, which does not prove"),
        ("", "lists no file"),
        ("# nothing\n", "lists no file"),
        (b"\xff\xfe\x00", "is not utf-16"),
        (f"{SHA_A}  ../a.bin\n", "not a path inside"),
        (f"{SHA_A}  /etc/passwd\n", "not a path inside"),
        (f"SHA512 (a.bin) = {SHA_A}\n", "is sha512, expected sha256"),
    ],
)
def test_bad_text(finding, content, words):
    """A wrong, unreadable, weak or empty list never passes and names the place."""
    found = finding("hash", "m/SHA256SUMS", FILES | {"m/SHA256SUMS": content})
    assert found.outcome in ("FAIL", "ERROR")
    assert words in f"{found.message} {found.advice}"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, "lists no file"),
        ({"files": {}}, "lists no file"),
        ([], "lists no file"),
        ({"files": None}, "does not map"),
        ("null", "does not map"),
        ({"a.bin": 1}, "is no digest: 1"),
        ({"a.bin": None}, "is no digest"),
        ({"a.bin": [SHA_A]}, "is no digest"),
        ({"a.bin": {"size": 3}}, "has no sha256"),
        ({"a.bin": {"md5": MD5_A}}, "is md5"),
        ({"a.bin": f"md5:{MD5_A}"}, "is md5"),
        ({"algorithm": "md5", "files": {"a.bin": MD5_A}}, "is md5"),
        ({"files": [SHA_A]}, "names no path"),
        ('{"a.bin": "x", "a.bin": "y"}', "twice"),
        ("[" * 300, "nested deeper"),
        ('{"a.bin": ', "JSON"),
    ],
)
def test_bad_json(finding, content, words):
    """JSON of a wrong shape is a FAIL with the place, never a traceback."""
    text = content if isinstance(content, str) else json.dumps(content)
    found = finding("hash", "m/h.json", FILES | {"m/h.json": text})
    assert found.outcome == "FAIL"
    assert words in f"{found.message} {found.advice}"


def test_dvc_is_refused_unless_asked(finding):
    """DVC's MD5 is too weak by default, and understood when the checklist accepts it."""
    dvc = f"outs:\n- md5: {MD5_A}\n  size: 7\n  hash: md5\n  path: a.bin\n"
    refused = finding("hash", "m/a.bin.dvc", FILES | {"m/a.bin.dvc": dvc})
    assert (refused.outcome, "is md5" in refused.message) == ("FAIL", True)
    assert "algorithm: md5" in refused.advice
    asked = {"manifest": "m/a.bin.dvc", "algorithm": "md5"}
    assert finding("hash", asked, {}).outcome == "PASS"
    lock = (
        f"schema: '2.0'\nstages:\n  train:\n    cmd: x\n    outs:\n    - path: m/a.bin\n      md5: {MD5_A}\n"
    )
    assert finding("hash", {"manifest": "dvc.lock", "algorithm": "md5"}, {"dvc.lock": lock}).outcome == "PASS"
    folder = f"outs:\n- md5: {MD5_A}.dir\n  path: data\n"
    found = finding("hash", {"manifest": "d.dvc", "algorithm": "md5"}, {"d.dvc": folder})
    assert (found.outcome, "folder" in found.message) == ("FAIL", True)


def test_require_all(finding):
    """A file that should be listed and is not fails; so does a pattern that matches nothing."""
    files = FILES | {"m/SHA256SUMS": f"{SHA_A}  a.bin\n"}
    found = finding("hash", {"manifest": "m/SHA256SUMS", "require_all": ["m/*.bin"]}, files)
    assert (found.outcome, "m/b.bin is not listed" in found.message) == ("FAIL", True)
    both = {"manifest": "m/SHA256SUMS", "require_all": ["m/*"]}
    assert finding("hash", both, {"m/SHA256SUMS": GNU}).outcome == "PASS"
    none = {"manifest": "m/SHA256SUMS", "require_all": ["models/*"]}
    assert finding("hash", none, {}).outcome == "FAIL"


def test_base(finding):
    """Paths are relative to the list's folder unless `base` says otherwise."""
    files = FILES | {"release/SHA256SUMS": f"{SHA_A}  m/a.bin\n"}
    assert finding("hash", "release/SHA256SUMS", files).outcome == "FAIL"
    assert finding("hash", {"manifest": "release/SHA256SUMS", "base": "."}, files).outcome == "PASS"


@pytest.mark.parametrize(
    ("params", "outcome", "words"),
    [
        ({"file": "m/a.bin", "sha256": SHA_A}, "PASS", "unchanged"),
        ({"file": "m/a.bin", "sha256": f"sha256:{SHA_A.upper()}"}, "PASS", "unchanged"),
        ({"file": "m/a.bin", "sha256": SHA_B}, "FAIL", "expected"),
        ({"file": "m/c.bin", "sha256": SHA_A}, "FAIL", "not in the run"),
        ({"file": "m/a.bin"}, "ERROR", "sha256"),
        ({"file": "m/a.bin", "sha256": "abc"}, "ERROR", "no digest"),
        ({"file": "m/a.bin", "sha256": MD5_A}, "ERROR", "is md5"),
        ({}, "ERROR", "needs either"),
        ({"file": "m/a.bin", "manifest": "x"}, "ERROR", "needs either"),
        ({"manifest": "x", "algorithm": "crc32"}, "ERROR", "no algorithm"),
    ],
)
def test_one_file(finding, params, outcome, words):
    """One file with its digest in the checklist, and parameters that contradict each other."""
    found = finding("hash", params, FILES)
    assert found.outcome == outcome
    assert words in f"{found.message} {found.advice}"


def test_lfs_pointer(finding):
    """A Git LFS pointer is named as such, not as a changed file."""
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    found = finding("hash", {"file": "m.bin", "sha256": SHA_A}, {"m.bin": pointer})
    assert (found.outcome, "Git LFS pointer" in found.message) == ("FAIL", True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(alphabet=f"{SHA_A[:8]} *\\.#()=\nabn/", max_size=60), st.sampled_from(["h.json", "S", "d.dvc"])
)
def test_text_that_is_no_list_never_passes(finding, text, name):
    """Noise instead of a list: FAIL or ERROR, never a pass."""
    assert finding("hash", name, {name: text, "a": A}).outcome in ("FAIL", "ERROR")


@pytest.mark.parametrize("target", ["a.bin", "../elsewhere.bin", "nowhere"])
def test_a_link_must_be_listed_too(finding, tmp_path, target):
    """What a loader would find by the same glob counts, wherever it leads."""
    files = FILES | {"m/SHA256SUMS": GNU, "elsewhere.bin": B}
    want = {"manifest": "m/SHA256SUMS", "require_all": ["m/*.bin"]}
    assert finding("hash", want, files).outcome == "PASS"
    (tmp_path / "m" / "c.bin").symlink_to(target)
    found = finding("hash", want, files)
    assert (found.outcome, "m/c.bin is not listed" in found.message) == ("FAIL", True), found.message
