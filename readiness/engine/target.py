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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from readiness.engine.errors import (
    BadContent,
    FileChanged,
    FileMissing,
    FileRefused,
    LimitExceeded,
    RunDirectoryError,
)
from readiness.engine.options import Options

CHUNK = 1 << 20
TEXT_LIMIT = 32 << 20
MAX_FILES = 200_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an artifact snapshot: path beneath the root (POSIX), size in bytes, lower-case SHA-256."""

    path: str
    size: int
    sha256: str


class OpenFile:
    """An open file of the run: its descriptor, size and lazily computed SHA-256 of the same descriptor."""

    def __init__(self, path: str, fd: int) -> None:
        self.path = path
        self.fd = fd
        self._before = os.fstat(fd)
        self.size = self._before.st_size

    def sha256(self) -> str:
        """Hash the whole file through this descriptor in constant memory; the position afterwards is 0."""
        digest = hashlib.sha256()
        os.lseek(self.fd, 0, os.SEEK_SET)
        while chunk := os.read(self.fd, CHUNK):
            digest.update(chunk)
        os.lseek(self.fd, 0, os.SEEK_SET)
        return digest.hexdigest()

    def read(self, limit: int) -> bytes:
        """All bytes. Raises LimitExceeded when the file is larger than `limit` bytes."""
        if self.size > limit:
            raise LimitExceeded(f"{self.path} has {self.size} bytes; this check reads at most {limit}.")
        os.lseek(self.fd, 0, os.SEEK_SET)
        parts = []
        while chunk := os.read(self.fd, CHUNK):
            parts.append(chunk)
        return b"".join(parts)

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
    checks of recommended and conditional items, whose missing files are SKIP instead of FAIL.
    """

    root: Path
    snapshot: Mapping[str, Entry] | None = None
    options: Options = field(default_factory=Options)
    required: bool = True
    used: dict[str, Entry] = field(default_factory=dict)

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
        return RunDirectory(root=self.root, snapshot=self.snapshot, options=self.options, required=required)

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
            file = OpenFile(name, fd)
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

    def glob(self, pattern: str) -> list[str]:
        """Paths of plain files matching a glob beneath the root, sorted; links are not followed out."""
        _clean(pattern)
        matches = (p for p in self.root.glob(pattern) if p.is_file() and not p.is_symlink())
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
        relative = os.path.relpath(real, self.root)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        current = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            *folders, last = PurePosixPath(relative).parts or (".",)
            for folder in folders:
                current = _step(current, folder, flags | os.O_DIRECTORY, name)
            current = _step(current, last, flags, name)
            _refuse_odd(name, os.fstat(current))
        except BaseException:
            os.close(current)
            raise
        return current


def _step(parent: int, part: str, flags: int, name: str) -> int:
    try:
        child = os.open(part, flags, dir_fd=parent)
    except OSError as error:
        raise _open_problem(name, error) from None
    os.close(parent)
    return child


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


def _refuse_odd(name: str, info: os.stat_result) -> None:
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


def index(root: Path, progress: Progress | None = None) -> list[Entry]:
    """Every plain file beneath `root` with size and SHA-256, sorted by path.

    Raises RunDirectoryError for a missing root or too many files, FileRefused for links that leave,
    devices, hard links and folders that cannot be read, FileChanged when a file is written meanwhile
    (a half-written run).
    """
    run = RunDirectory(root)
    names = list(_walk(run.root))
    if len(names) > MAX_FILES:
        raise RunDirectoryError(
            f"{root} holds more than {MAX_FILES} files.", "Point at the run itself, not above it."
        )
    for done, name in enumerate(names, 1):
        with run.open(name):
            pass
        if progress:
            progress(done, len(names))
    return sorted(run.used.values(), key=lambda entry: entry.path)


def _walk(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root, onerror=partial(_refuse_closed, root)):
        base = Path(folder)
        for name in (*folders, *files):
            _refuse_unreadable(name)
        for name in list(folders):
            if (base / name).is_symlink():
                # A linked folder is not part of the run's own bytes unless it leads to files inside it,
                # which are indexed under their own names; one that leads out is refused.
                folders.remove(name)
                _refuse_leaving(root, base / name)
        for name in files:
            if (base / name).is_symlink():
                _refuse_leaving(root, base / name)
                continue
            yield (base / name).relative_to(root).as_posix()


def _refuse_closed(root: Path, error: OSError) -> None:
    # os.walk leaves such a folder out; its files would be missing from the snapshot without a word
    name = os.path.relpath(error.filename, root)
    raise FileRefused(
        f"{root if name == '.' else name} cannot be read: {error.strerror}.",
        "Make it readable for the account that runs the checks.",
    )


def _refuse_unreadable(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise FileRefused(
            f"The name {os.fsencode(name)!r} in the run directory is not UTF-8.", "Rename it."
        ) from None


def _refuse_leaving(root: Path, link: Path) -> None:
    target = os.path.realpath(link)
    if target != str(root) and not target.startswith(f"{root}{os.sep}"):
        name = link.relative_to(root).as_posix()
        raise FileRefused(
            f"{name} is a link that leaves the run directory.", "Copy what it leads to into the run."
        )
