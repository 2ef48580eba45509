"""The run directory: safe paths, sizes, hashes. Nothing escapes the root.

Every file is opened component by component with O_NOFOLLOW on descriptors, so that a link swapped in
later leads nowhere; links inside the directory are resolved first and must stay beneath the root.
The bytes that are hashed are the bytes that are parsed: both come from one descriptor, and its size
and modification time must not move meanwhile.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from readiness.engine.errors import (
    BadContent,
    CheckProblem,
    FileChanged,
    FileMissing,
    FileRefused,
    LimitExceeded,
    RunDirectoryError,
)
from readiness.engine.options import Options
from readiness.engine.sizes import size_words

CHUNK = 1 << 20
TEXT_LIMIT = 32 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an artifact snapshot: path beneath the root (POSIX), size in bytes, lower-case SHA-256."""

    path: str
    size: int
    sha256: str


class OpenFile:
    """An open file of the run: its descriptor, size and lazily computed SHA-256 of the same descriptor."""

    def __init__(self, path: str, fd: int, cancelled: threading.Event | None = None) -> None:
        self.path = path
        self.fd = fd
        self._cancelled = cancelled or threading.Event()
        self._before = os.fstat(fd)
        self.size = self._before.st_size

    def chunks(self, size: int = CHUNK) -> Iterator[bytes]:
        """The bytes from the beginning, at most `size` at once. Ends early when the run is cancelled."""
        os.lseek(self.fd, 0, os.SEEK_SET)
        while chunk := os.read(self.fd, size):
            if self._cancelled.is_set():
                raise CheckProblem(f"Reading {self.path} was interrupted.")
            yield chunk

    def sha256(self, progress: Callable[[int], None] | None = None) -> str:
        """Hash the whole file through this descriptor in constant memory; the position afterwards is 0.

        `progress` is called with the number of bytes of each chunk; what it raises ends the hashing.
        """
        digest = hashlib.sha256()
        for chunk in self.chunks():
            digest.update(chunk)
            if progress:
                progress(len(chunk))
        os.lseek(self.fd, 0, os.SEEK_SET)
        return digest.hexdigest()

    def read(self, limit: int) -> bytes:
        """All bytes. Raises LimitExceeded when the file is larger than `limit` bytes."""
        if self.size > limit:
            raise LimitExceeded(
                f"{self.path} has {size_words(self.size)}; this check reads at most {size_words(limit)}."
            )
        return b"".join(self.chunks())

    def check_unmoved(self) -> None:
        """Raise FileChanged when the file was written since it was opened."""
        now = os.fstat(self.fd)
        if (now.st_size, now.st_mtime_ns) != (self._before.st_size, self._before.st_mtime_ns):
            raise FileChanged(
                f"{self.path} changed while it was read.",
                "Run the checks again when nothing writes to the run.",
            )


@dataclass(slots=True)
class RunDirectory:
    """A run as the checks see it.

    `snapshot` maps path to Entry when the run is bound to an artifact snapshot: a file whose bytes
    differ raises FileChanged. `used` collects the files that were read, with their hashes.
    `options` says what the operator allows; `required` is False for the
    checks of recommended and conditional items, whose missing files are SKIP instead of FAIL. Setting
    `cancelled` ends whatever still reads, within a chunk: nobody waits for it any more. `approved` gives
    the run of the last approved release, for checks that compare with it, or None when there is none; what
    messages call that run is its `label`.
    """

    root: Path
    snapshot: Mapping[str, Entry] | None = None
    options: Options = field(default_factory=Options)
    required: bool = True
    used: dict[str, Entry] = field(default_factory=dict)
    cancelled: threading.Event = field(default_factory=threading.Event)
    approved: Callable[[], RunDirectory | None] = lambda: None  # a field's default
    label: str = ""

    def __post_init__(self) -> None:
        root = Path(os.path.realpath(self.root))
        if not root.exists():
            raise RunDirectoryError(f"The run directory {self.root} does not exist.", "Check the path.")
        if not root.is_dir():
            raise RunDirectoryError(
                f"{self.root} is not a directory.", "Name the directory that holds the run's files."
            )
        self.root = root

    def fresh(self, *, required: bool) -> RunDirectory:
        """The same run with an empty `used`, for one check."""
        return RunDirectory(
            root=self.root,
            snapshot=self.snapshot,
            options=self.options,
            required=required,
            cancelled=self.cancelled,
            approved=self.approved,
            label=self.label,
        )

    def exists(self, path: str) -> bool:
        """Whether a plain file lies at `path`; a refused path (a link that leaves) raises FileRefused."""
        try:
            with self.open(path, verify=False):
                return True
        except FileMissing:
            return False

    @contextmanager
    def open(self, path: str, *, verify: bool = True) -> Iterator[OpenFile]:
        """Open a file beneath the root for reading; hash it, and compare with the snapshot if there is one.

        Raises FileMissing, FileRefused (link that leaves, device, hard link), FileChanged.
        """
        name = _clean(path)
        fd = self._descend(name)
        try:
            file = OpenFile(name, fd, self.cancelled)
            if verify:
                self._record(file)
            yield file
            file.check_unmoved()
        finally:
            os.close(fd)

    def read_bytes(self, path: str, limit: int = TEXT_LIMIT) -> bytes:
        """The bytes of a file, hashed and compared with the snapshot.

        Raises LimitExceeded over `limit` bytes.
        """
        with self.open(path, verify=False) as file:
            data = file.read(limit)
            self._note(file.path, len(data), hashlib.sha256(data).hexdigest())
        return data

    def read_text(self, path: str, limit: int = TEXT_LIMIT) -> str:
        """The text of a UTF-8 (or BOM-marked UTF-16) file. Raises BadContent naming the first bad byte."""
        return decode(self.read_bytes(path, limit), path)

    def glob(self, pattern: str, *, links: bool = False) -> list[str]:
        """Paths of plain files matching a glob beneath the root, sorted; links are left out, or with `links`
        listed too, wherever they lead.
        """
        _clean(pattern)
        matches = (p for p in self.root.glob(pattern) if (links if p.is_symlink() else p.is_file()))
        return sorted(p.relative_to(self.root).as_posix() for p in matches)

    def _record(self, file: OpenFile) -> None:
        self._note(file.path, file.size, file.sha256())

    def _note(self, name: str, size: int, sha256: str) -> None:
        if self.snapshot is not None:
            known = self.snapshot.get(name)
            if known is None:
                raise FileChanged(
                    f"{name} is not in the artifact snapshot: it appeared later.",
                    "Take a new snapshot of the run.",
                )
            if known.sha256 != sha256:
                raise FileChanged(
                    f"{name} changed since the snapshot.",
                    "Restore the file, or take a new snapshot of the run.",
                )
        self.used[name] = Entry(name, size, sha256)

    def _descend(self, name: str) -> int:
        try:
            real = os.path.realpath(self.root / name)
        except OSError as error:  # a link swapped in while it was resolved
            raise _open_problem(name, error) from None
        if real != str(self.root) and not real.startswith(f"{self.root}{os.sep}"):
            raise FileRefused(
                f"{name} is a link that leaves the run directory.", "Copy the file into the run."
            )
        current = descend(self.root, os.path.relpath(real, self.root), name)
        try:
            refuse_odd(name, os.fstat(current))
        except BaseException:
            os.close(current)
            raise
        return current


def descend(root: Path, relative: str, name: str = "") -> int:
    """A descriptor of the file or folder `relative` beneath `root`, reached without following any link.

    `name` is what messages call it. Raises FileMissing, FileRefused.
    """
    current = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    *folders, last = PurePosixPath(relative).parts or (".",)
    try:
        for part in folders:
            child = step_down(current, part, name or relative, os.O_DIRECTORY)
            os.close(current)
            current = child
        return step_down(current, last, name or relative)
    finally:
        os.close(current)


def step_down(folder: int, part: str, name: str, flags: int = 0) -> int:
    """Open `part` of an open folder; a link is not followed. Raises FileMissing, FileRefused."""
    try:
        return os.open(
            part, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | flags, dir_fd=folder
        )
    except OSError as error:
        raise _open_problem(name, error) from None


def _open_problem(name: str, error: OSError) -> FileMissing | FileRefused:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return FileMissing(
            f"{name} is not in the run.", "Write it there, or correct the path in the checklist."
        )
    if error.errno == errno.ELOOP:
        return FileRefused(
            f"{name} became a link while it was opened.",
            "Run the checks again when nothing writes to the run.",
        )
    return FileRefused(
        f"{name} cannot be opened: {error.strerror}.",
        "Make it readable for the account that runs the checks.",
    )


def refuse_odd(name: str, info: os.stat_result) -> None:
    """Raise FileMissing for a folder, FileRefused for a device, a pipe, a socket or a hard link."""
    if stat.S_ISDIR(info.st_mode):
        raise FileMissing(f"{name} is a directory, not a file.", "Name a file in the checklist.")
    if not stat.S_ISREG(info.st_mode):
        raise FileRefused(f"{name} is a device, pipe or socket.", "Only plain files are read.")
    if info.st_nlink > 1:
        raise FileRefused(
            f"{name} has {info.st_nlink} names (hard links), so it could be changed from outside.",
            "Copy the file.",
        )


def _clean(path: str) -> str:
    pure = PurePosixPath(path)
    if not path or "\0" in path or pure.is_absolute() or ".." in pure.parts:
        raise FileRefused(
            f"{path!r} is not a path inside the run directory.", "Use a relative path without `..`."
        )
    return pure.as_posix()


def decode(data: bytes, path: str) -> str:
    """Text from UTF-8 with or without BOM, or UTF-16 with BOM. Raises BadContent with the byte offset."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadContent(
            f"{path} is not {error.encoding} text: byte {error.start} is invalid.", "Save it as UTF-8."
        ) from None
