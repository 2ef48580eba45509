"""The artifact snapshot of a run directory: every file with size and SHA-256, hashed on all cores.

First the folders are walked for names and sizes, then each file is opened from its folder's descriptor,
component by component and without following links, in the calling thread; large ones are hashed by a few
threads (hashlib lets go of the interpreter), small ones at once. Progress, errors and Ctrl-C arrive in the
calling thread.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

from readiness.engine.errors import FileRefused, RunDirectoryError
from readiness.engine.target import Entry, OpenFile, RunDirectory, descend, refuse_odd, step_down

MAX_FILES = 200_000
INLINE = 1 << 16  # bytes: below, handing a file to a thread costs more than hashing it
AHEAD = 32  # files open at once
TELL_EVERY = 0.1  # seconds

Progress = Callable[[int, int], None]


def index(root: Path, progress: Progress | None = None, *, workers: int | None = None) -> list[Entry]:
    """Every plain file beneath `root` with size and SHA-256, sorted by path.

    `progress` gets the bytes hashed so far and the bytes in all. Raises RunDirectoryError for a missing root
    or too many files, FileRefused for links that leave, devices, hard links and folders that cannot be read,
    FileChanged when a file is written meanwhile (a half-written run).
    """
    run = RunDirectory(root)
    sizes = dict(_walk(run.root))
    if len(sizes) > MAX_FILES:
        raise RunDirectoryError(
            f"{root} holds more than {MAX_FILES} files.", "Point at the run itself, not above it."
        )
    meter = _Meter(sum(sizes.values()), progress)
    with closing(_Folder(run.root)) as folder, _pool(workers or os.cpu_count() or 1, meter) as pool:
        entries = list(_hashed((folder.open(name) for name in sorted(sizes)), pool, meter))
    meter.tell(last=True)
    return sorted(entries, key=lambda entry: entry.path)


class _Meter:
    """Counts hashed bytes over all threads; tells the caller now and then, in the caller's thread."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self.cancelled = threading.Event()
        self._lock, self._done, self._total = threading.Lock(), 0, total
        self._progress, self._told = progress, 0.0

    def add(self, count: int) -> None:
        """Note `count` more bytes. Called by the hashing threads; ends them when the caller has gone."""
        if self.cancelled.is_set():
            raise _CancelledError
        with self._lock:
            self._done += count

    def tell(self, *, last: bool = False) -> None:
        """Call `progress`, but not more often than somebody could look."""
        now = monotonic()
        if self._progress and (last or now - self._told >= TELL_EVERY):
            self._told = now
            # a file may have grown or shrunk since it was listed
            self._progress(self._total if last else min(self._done, self._total), self._total)


class _CancelledError(Exception):
    """The caller was interrupted; nobody waits for this hash."""


@contextmanager
def _pool(workers: int, meter: _Meter) -> Iterator[ThreadPoolExecutor]:
    pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="hash")
    try:
        yield pool
    except BaseException:
        meter.cancelled.set()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _hashed(files: Iterator[OpenFile], pool: ThreadPoolExecutor, meter: _Meter) -> Iterator[Entry]:
    """Entries in the order of `files`; a few are hashed ahead. The first error ends it."""
    waiting: deque[tuple[OpenFile, Future[Entry] | None]] = deque()
    try:
        for file in files:
            waiting.append((file, None))  # now closed whatever happens next
            if file.size > INLINE:
                waiting[-1] = (file, pool.submit(_entry, file, meter))
            while len(waiting) >= AHEAD:
                yield _next(waiting, meter)
        while waiting:
            yield _next(waiting, meter)
    finally:
        meter.cancelled.set()
        for file, future in waiting:
            if future and not future.cancel():
                future.exception()  # a descriptor must not be closed under a thread that reads it
            os.close(file.fd)


def _next(waiting: deque[tuple[OpenFile, Future[Entry] | None]], meter: _Meter) -> Entry:
    file, future = waiting[0]
    while future and not future.done():
        try:
            future.exception(timeout=TELL_EVERY)
        except TimeoutError:
            meter.tell()
    entry = future.result() if future else _entry(file, meter)
    waiting.popleft()
    os.close(file.fd)
    meter.tell()
    return entry


def _entry(file: OpenFile, meter: _Meter) -> Entry:
    digest = file.sha256(meter.add)
    file.check_unmoved()
    return Entry(file.path, file.size, digest)


class _Folder:
    """The descriptor of the folder of the files opened last, so that neighbours need one step each."""

    def __init__(self, root: Path) -> None:
        self._root, self._name, self._fd = root, ".", descend(root, ".")

    def open(self, path: str) -> OpenFile:
        """Open a file found by the walk. Raises FileRefused for what is not a plain file any more."""
        folder, _, name = path.rpartition("/")
        if folder != self._name:
            fd = descend(self._root, folder or ".")
            os.close(self._fd)
            self._name, self._fd = folder, fd
        fd = step_down(self._fd, name, path)
        try:
            refuse_odd(path, os.fstat(fd))
            return OpenFile(path, fd)
        except BaseException:
            os.close(fd)
            raise

    def close(self) -> None:
        """Close the folder's descriptor."""
        os.close(self._fd)


def _walk(root: Path) -> Iterator[tuple[str, int]]:
    """Path and size of each file; links within the run are left out, their targets have their own names."""
    folders = [""]
    while folders:
        folder = folders.pop()
        for entry in _listed(root, folder):
            name = f"{folder}/{entry.name}" if folder else entry.name
            _refuse_unreadable(entry.name)
            if entry.is_symlink():
                # A linked folder is not part of the run's own bytes unless it leads to files inside it,
                # which are indexed under their own names; one that leads out is refused.
                _refuse_leaving(root, name)
            elif entry.is_dir(follow_symlinks=False):
                folders.append(name)
            else:
                yield name, entry.stat(follow_symlinks=False).st_size


def _listed(root: Path, folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(root / folder) as entries:
            return list(entries)
    except OSError as error:
        # left out, its files would be missing from the snapshot without a word
        raise FileRefused(
            f"{folder or root} cannot be read: {error.strerror}.",
            "Make it readable for the account that runs the checks.",
        ) from None


def _refuse_unreadable(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise FileRefused(
            f"The name {os.fsencode(name)!r} in the run directory is not UTF-8.", "Rename it."
        ) from None


def _refuse_leaving(root: Path, name: str) -> None:
    target = os.path.realpath(root / name)
    if target != str(root) and not target.startswith(f"{root}{os.sep}"):
        raise FileRefused(
            f"{name} is a link that leaves the run directory.", "Copy what it leads to into the run."
        )
