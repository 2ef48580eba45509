"""Rows that stand in the training data and in the evaluation data, whatever a contamination check says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader, FileIO
from pathlib import PurePosixPath

from readiness.engine.errors import FileMissing, FileRefused
from readiness.engine.ready import listing
from readiness.engine.ready.files import RunFiles

_TRAIN = {"train", "training"}
_HELD_OUT = {"test", "eval", "evaluation", "val", "valid", "validation", "dev", "holdout", "heldout"}
_HEADED = (".csv", ".tsv")
_READABLE = (*_HEADED, ".jsonl", ".ndjson", ".txt")
_LARGEST = 64 << 20  # bytes of one file; the kind `leakage` of a checklist compares any size
_SHORTEST = 20  # bytes of a row: shorter ones are equal by accident


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many rows of a held-out file stand, byte for byte, in a training file too."""

    train: str
    held_out: str
    rows: int
    of: int

    @property
    def words(self) -> str:
        """For people: "3 of 200 rows of test.csv also stand in train.csv"."""
        return f"{self.rows} of {self.of} rows of {self.held_out} also stand in {self.train}"


def found(files: RunFiles) -> list[Overlap]:
    """Every overlap between the run's training and held-out files; what cannot be read is passed over.

    Training and held-out files are told apart by the words of their names (or of their key in the manifest).
    """
    named = {entry.path: entry.place for entry in listing.manifest(files) if entry.what == "dataset"}
    paths = dict.fromkeys([*named, *files.data_files()])
    words = {path: _words(f"{path} {named.get(path, '').rpartition('.')[2]}") for path in paths}
    train = [path for path in paths if words[path] & _TRAIN and not words[path] & _HELD_OUT]
    held_out = [path for path in paths if words[path] & _HELD_OUT and not words[path] & _TRAIN]
    if not train or not held_out:
        return []
    seen = {path: set(_rows(files, path)) for path in train}
    return [found for path in held_out for found in _compared(path, list(_rows(files, path)), seen)]


def _compared(path: str, rows: list[int], seen: dict[str, set[int]]) -> Iterator[Overlap]:
    for train, known in seen.items():
        both = sum(row in known for row in rows)
        if both:
            yield Overlap(train, path, both, len(rows))


def _words(text: str) -> set[str]:
    return set(re.split(r"[^a-z]+", text.casefold()))


def _rows(files: RunFiles, path: str) -> Iterator[int]:
    """The rows of a file as 64-bit hashes, without its header; none of a file that is too large."""
    ending = PurePosixPath(path).suffix.lower()
    if ending not in _READABLE:
        return
    try:
        with files.run.open(path) as file:
            files.read[path] = None
            if file.size > _LARGEST:
                return
            with BufferedReader(FileIO(file.fd, closefd=False)) as lines:
                for number, line in enumerate(lines):
                    row = line.strip()
                    if len(row) >= _SHORTEST and not (number == 0 and ending in _HEADED):
                        yield hash(row)
    except (FileMissing, FileRefused):
        return
