"""Git LFS pointers are told apart from the files that they stand for."""

import pytest

from readiness.engine.errors import BadContent
from readiness.engine.readers.lfs import refuse_pointer

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
POINTERS = [
    (POINTER, "a Git LFS pointer, not the file itself (of 12345 bytes)"),
    (POINTER.replace(b"\n", b"\r\n"), "(of 12345 bytes)"),
    (POINTER.replace(b"git-lfs.github.com", b"hawser.github.com"), "a Git LFS pointer"),
    (POINTER.replace(b"12345", b"many"), "not the file itself."),
    (POINTER[:45], "not the file itself."),
]
FILES = [b"", b"hello", b" " + POINTER, POINTER + bytes(2000), b"version 1\n"]


@pytest.mark.parametrize(("text", "words"), POINTERS)
def test_pointers_are_refused(run, text, words):
    """A pointer in any version and line end is refused, with the size that it names."""
    with run({"m.pt": text}).open("m.pt") as file, pytest.raises(BadContent) as problem:
        refuse_pointer(file)
    assert words in problem.value.message
    assert "git lfs pull" in problem.value.advice


@pytest.mark.parametrize("content", FILES)
def test_files_are_left_alone(run, content):
    """Everything else passes, also what merely speaks of Git LFS."""
    with run({"m.pt": content}).open("m.pt") as file:
        refuse_pointer(file)
        assert file.read(1 << 20) == content
