"""`readiness push`: index the run, send what the server lacks, make it a release.

Nothing is remembered here: the server knows what it has, so a push that broke is simply started again.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from readiness.client.session import Body, ConnectionBroken, ServerBroken, ServerRefused, Session
from readiness.client.target import Target
from readiness.engine import file_index, indexing
from readiness.engine.errors import FileChanged, ReadinessError
from readiness.engine.file_frames import head
from readiness.engine.options import Options
from readiness.engine.target import Entry, OpenFile, RunDirectory

SMALL = 1 << 20  # below, files travel together
BATCH_BYTES, BATCH_FILES = 1 << 20, 200
PART = 32 << 20
PIECE = 1 << 18
CONNECTIONS = 4
STUCK = 60  # tries without a single byte more
PAUSE = 0.5  # seconds between them

Step = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the release shall be measured by; empty: the server finds it."""

    checklist: str = ""
    environment: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    options: Options | None = None  # of checks that run here


@dataclass(slots=True, kw_only=True)
class Sent:
    """What a push did: the server's answer, and how much had to travel."""

    answer: dict[str, Any]
    files: int = 0
    bytes: int = 0
    seconds: float = 0.0


def index(root: Path, step: Step) -> list[Entry]:
    """Every file of the run with its SHA-256, ready to be sent. Raises ReadinessError."""
    return file_index.checked(indexing.index(root, lambda done, total: step("Reading files", done, total)))


def push(root: Path, session: Session, release: Target, wishes: Wishes, step: Step) -> Sent:
    """Push a run directory; the release that it became. Raises ReadinessError."""
    started = time.monotonic()
    entries = index(root, step)
    opened = _open(session, release, entries)
    base = f"{release.project_path}/uploads/{opened['id']}"
    sizes = {entry.sha256: entry for entry in entries}
    lacking = [sizes[sha256] for sha256 in _missing(session, base, opened) if sha256 in sizes]
    sender = _Sender(session, base, RunDirectory(root), step, sum(entry.size for entry in lacking))
    sender.send(lacking, opened.get("partial") or {})
    answer = session.post(
        f"{base}/complete",
        {
            "checklist": wishes.checklist,
            "environment": wishes.environment,
            "parameters": dict(wishes.parameters),
        },
    ).json()
    return Sent(answer=answer, files=len(lacking), bytes=sender.sent, seconds=time.monotonic() - started)


def _open(session: Session, release: Target, entries: Iterable[Entry]) -> dict[str, Any]:
    packed = file_index.pack(entries)
    path = f"{release.project_path}/uploads?version={quote(release.version, safe='')}"
    opened: dict[str, Any] = session.send("POST", path, lambda: _pieces(packed), len(packed)).json()
    wanted = f"sha256:{hashlib.sha256(packed).hexdigest()}"
    if opened.get("digest") != wanted:
        raise ServerBroken(f"The server names these files {opened.get('digest')}, not {wanted}.")
    return opened


def _missing(session: Session, base: str, opened: Mapping[str, Any]) -> list[str]:
    found: list[str] = list(opened.get("missing") or [])
    more = len(found) < int(opened.get("missing_count") or 0)
    while more and found:
        page = session.get(f"{base}/missing?after={found[-1]}").json()
        found += page["missing"]
        more = page["more"]
    return found


def _pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """How far a file is on the server; `busy` while that is not certain."""

    received: int
    complete: bool = False
    busy: bool = False


class _Sender:
    """Sends files over several connections; the first error ends them all."""

    def __init__(self, session: Session, base: str, run: RunDirectory, step: Step, total: int) -> None:
        self.session, self.base, self.run, self.step, self.total = session, base, run, step, total
        self.sent = 0
        self._lock = threading.Lock()

    def send(self, entries: Sequence[Entry], partial: Mapping[str, int]) -> None:
        """Send them all. Raises ReadinessError."""
        jobs = [lambda some=some: self._batch(some) for some in _batches(entries)]
        large = sorted((e for e in entries if e.size > SMALL), key=lambda e: -e.size)
        jobs = [lambda e=e: self._file(e, partial.get(e.sha256, 0)) for e in large] + jobs
        if not jobs:
            return
        pool = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="push")
        waiting: set[Future[None]] = set()
        try:
            waiting = {pool.submit(job) for job in jobs}
            while waiting:
                done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_EXCEPTION)
                for future in done:
                    future.result()
                self.step("Sending", min(self.sent, self.total), self.total)
        except BaseException:
            self.session.ended.set()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _batch(self, entries: Sequence[Entry]) -> None:
        parts: list[bytes] = []
        for entry in entries:
            parts += [head(entry.sha256, entry.size), self._bytes(entry)]
        length = sum(map(len, parts))
        path = f"{self.base}/batch"
        with _naming(entries):
            self.session.send("POST", path, lambda: _pieces(b"".join(parts)), length)
        self._count(sum(entry.size for entry in entries))

    def _bytes(self, entry: Entry) -> bytes:
        with self.run.open(entry.path, verify=False) as file:
            data = file.read(max(entry.size, 1) + 1) if file.size == entry.size else b""
        if len(data) != entry.size or hashlib.sha256(data).hexdigest() != entry.sha256:
            raise _changed(entry)
        return data

    def _file(self, entry: Entry, here: int) -> None:
        """Send one file in parts; `here` bytes of it are on the server, as it said.

        Behind a connection that broke the server may still be writing what came: so it is asked, by sending
        nothing, before bytes are sent that would be in vain.
        """
        with self.run.open(entry.path, verify=False) as file, _naming([entry]):
            if file.size != entry.size:
                raise _changed(entry)
            state, tries = _State(received=here, busy=here > 0), 0
            while not state.complete:
                offset = state.received
                state = self._put(entry, offset) if state.busy else self._part(entry, file, offset)
                tries = 0 if state.received > offset else tries + 1
                if tries > STUCK:
                    raise ServerBroken(f"The server does not take {entry.path}.", "Push again later.")
                if state.busy:
                    self.session.ended.wait(PAUSE)

    def _part(self, entry: Entry, file: OpenFile, offset: int) -> _State:
        length = max(0, min(PART, entry.size - offset))
        try:
            return self._put(entry, offset, lambda: self._read(entry, file, offset, length), length)
        except ConnectionBroken:
            if self.session.attempts == 1 or self.session.ended.is_set():
                raise
            return _State(received=offset, busy=True)

    def _put(self, entry: Entry, offset: int, body: Body = tuple, length: int = 0) -> _State:
        path = f"{self.base}/files/{entry.sha256}?offset={offset}"
        try:
            said = self.session.send("PUT", path, body, length, once=length > 0).json()
        except ServerRefused as error:
            if error.status != 409 or "received" not in error.problem:
                raise
            busy = str(error.problem.get("type", "")).endswith(":busy")
            return _State(received=int(error.problem["received"]), busy=busy)
        return _State(received=int(said["received"]), complete=bool(said.get("complete")))

    def _read(self, entry: Entry, file: OpenFile, offset: int, length: int) -> Iterator[bytes]:
        end = offset + length
        while offset < end:
            if self.session.ended.is_set():
                raise ReadinessError("Sending was interrupted.")
            data = os.pread(file.fd, min(PIECE, end - offset), offset)
            if not data:
                raise _changed(entry)
            offset += len(data)
            self._count(len(data))
            yield data

    def _count(self, size: int) -> None:
        with self._lock:
            self.sent += size


class _naming:  # noqa: N801  # reads as a word where it stands
    """The server's refusal of bytes names only a digest: here it gets the file's name."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ServerRefused) and str(error.problem.get("type", "")).endswith(":wrong-bytes"):
            raise _changed(self.entries[0], more=len(self.entries) - 1) from None


def _changed(entry: Entry, more: int = 0) -> FileChanged:
    others = f" (or one of {more} sent with it)" if more else ""
    return FileChanged(
        f"{entry.path}{others} changed while it was pushed.", "Push again when nothing writes to the run."
    )


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    some: list[Entry] = []
    size = 0
    for entry in entries:
        if entry.size > SMALL:
            continue
        if some and (size + entry.size > BATCH_BYTES or len(some) >= BATCH_FILES):
            yield some
            some, size = [], 0
        some.append(entry)
        size += entry.size
    if some:
        yield some
