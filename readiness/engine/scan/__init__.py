"""Looks for personal data and secrets in the files of a run.

Text of any size is read in pieces, in constant memory: UTF-8, UTF-16 and UTF-32 with a byte order mark, and
the same packed by gzip, bzip2 or xz. One RE2 pattern decides for the many pieces that hold nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from readiness.engine.errors import FileMissing, FileRefused
from readiness.engine.scan.finder import find
from readiness.engine.scan.text import SkipFileError, pieces
from readiness.engine.scan.values import Hit, Scan, Tally
from readiness.engine.target import RunDirectory

__all__ = ["Hit", "Scan", "scan_run"]


def scan_run(run: RunDirectory, paths: Iterable[str]) -> Scan:
    """Look at files of the run, each once; their SHA-256 are in `run.used` afterwards.

    What is absent, refused, binary, empty or damaged is named in `skipped`, never silently left out. Raises
    FileChanged when a file is written meanwhile or differs from the snapshot.
    """
    scan, tally = Scan(), Tally()
    for path in dict.fromkeys(paths):
        try:
            scan.size += _file(run, path, tally)
            scan.files += 1
        except SkipFileError as reason:
            scan.skipped[path] = str(reason)
        except (FileMissing, FileRefused) as problem:
            scan.skipped[path] = problem.message
    scan.by_type, scan.low_by_type, scan.hits = tally.counts("high"), tally.counts("low"), tally.hits()
    return scan


def _file(run: RunDirectory, path: str, tally: Tally) -> int:
    meter = _Meter()
    with run.open(path) as file:
        find(path, meter.counted(pieces(file)), tally)
    return meter.size


class _Meter:
    def __init__(self) -> None:
        self.size = 0

    def counted(self, parts: Iterator[bytes]) -> Iterator[bytes]:
        for part in parts:
            self.size += len(part)
            yield part
