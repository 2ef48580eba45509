"""`file`: there, not empty, of a sane size, and not a stand-in."""

from __future__ import annotations

import hashlib

import pytest

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 12345\n"


@pytest.mark.parametrize(
    ("params", "content", "outcome", "words"),
    [
        ("a.bin", b"x" * 34_000, "PASS", "a.bin · 34 kB"),
        ("a.bin", b"", "FAIL", "size is 0 bytes, needs ≥ 1 byte"),
        ({"path": "a.bin", "min_bytes": 10}, b"x", "FAIL", "needs ≥ 10 bytes"),
        ({"path": "a.bin", "max_bytes": 10}, b"x" * 11, "FAIL", "needs ≤ 10 bytes"),
        ({"path": "a.bin", "min_bytes": "1 kB"}, b"x" * 999, "FAIL", "size is 999 bytes, needs ≥ 1 kB"),
        ({"path": "a.bin", "min_bytes": "1 kB", "max_bytes": "5 MB"}, b"x" * 1000, "PASS", ""),
        ({"path": "a.bin", "max_bytes": "5 Mb/s"}, b"x", "ERROR", "`max_bytes`: "),
        ({"path": "a.bin", "max_bytes": "5 Mb/s"}, b"x", "ERROR", "a size such as 5 MB"),
        ({"path": "a.bin", "sha256": "0" * 64}, b"x", "FAIL", "sha-256 is"),
        ({"path": "a.bin", "sha256": "sha256:" + hashlib.sha256(b"x").hexdigest().upper()}, b"x", "PASS", ""),
        ("a.bin", POINTER, "FAIL", "git lfs pull"),
        ("b.bin", b"x", "FAIL", "b.bin is not in the run"),
        ("../a.bin", b"x", "ERROR", "not a path inside"),
    ],
)
def test_file(finding, params, content, outcome, words):
    """Size limits, hashes in any spelling, pointers, absence, escape."""
    found = finding("file", params, {"a.bin": content})
    assert found.outcome == outcome
    assert words in f"{found.message} {found.advice}"


def test_link_that_leaves(finding, tmp_path):
    """A link out of the run is refused, not followed."""
    (tmp_path / "a.bin").symlink_to("/etc/hostname")
    assert finding("file", "a.bin", {}).outcome == "ERROR"
