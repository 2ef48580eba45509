"""The files of a run as the seven checks see them: each is read and parsed once."""

from __future__ import annotations

import math
import os
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from readiness.engine.errors import BadContent, CheckProblem, FileMissing, FileRefused
from readiness.engine.readers import plain_json
from readiness.engine.ready import shape
from readiness.engine.target import Entry, RunDirectory, decode

DATA_ENDINGS = frozenset(
    (
        ".csv",
        ".tsv",
        ".jsonl",
        ".ndjson",
        ".parquet",
        ".arrow",
        ".feather",
        ".avro",
        ".orc",
        ".npy",
        ".npz",
        ".xlsx",
        ".sqlite",
        ".db",
    )
)
_DATA_FOLDERS = ("data", "datasets", "dataset")
_MOST_FILES = 200_000
_ABSENT = object()  # null is a content


class RunFiles:
    """A run directory with what was parsed of it; `read` collects the paths that one check asked for."""

    def __init__(self, run: RunDirectory, cache: dict[str, Any] | None = None) -> None:
        self.run = run
        self.read: dict[str, None] = {}
        self._cache = {} if cache is None else cache

    def fresh(self) -> RunFiles:
        """The same files, with `read` empty."""
        return RunFiles(self.run, self._cache)

    def there(self, name: str) -> bool:
        """Whether something lies at `name`; reading it may still be refused."""
        return os.path.lexists(self.run.root / name)

    def object(self, name: str) -> Mapping[str, Any] | None:
        """The JSON object in a file, or None when there is no such file.

        Raises BadContent (naming file and place), FileRefused, LimitExceeded.
        """
        value = self._once(name, _json)
        return None if value is _ABSENT else shape.as_object(value, name)

    def yaml(self, name: str) -> Any:
        """The plain data of a YAML file, or None when there is no such file. Raises as `object` does."""
        value = self._once(name, _yaml)
        return None if value is _ABSENT else value

    def sha256(self, path: str) -> str:
        """The SHA-256 of a listed file. Raises FileMissing, FileRefused, FileChanged."""
        entry = self._once(f"sha256:{path}", lambda run, _: _hashed(run, path))
        if entry is _ABSENT:
            raise FileMissing(f"{path} is not in the run.", "Put it back, or list what is there.")
        self.read[entry.path] = None
        digest: str = entry.sha256
        return digest

    def data_files(self) -> list[str]:
        """Paths of files that look like data: by their ending, or under data/."""
        found: list[str] = self._once("glob:data", lambda run, _: sorted(_data(run)))
        return found

    def _once(self, name: str, load: Any) -> Any:
        """What `load` makes of a file, or _ABSENT; a problem is remembered and raised again."""
        if name not in self._cache:
            try:
                self._cache[name] = load(self.run, name)
            except CheckProblem as problem:
                absent = isinstance(problem, FileMissing) and not self.there(name.removeprefix("sha256:"))
                self._cache[name] = _ABSENT if absent else problem
        if ":" not in name and self._cache[name] is not _ABSENT:
            self.read[name] = None
        if isinstance(self._cache[name], CheckProblem):
            raise self._cache[name]
        return self._cache[name]


def open_run(run: RunFiles | RunDirectory | str | Path) -> RunFiles:
    """The files of a run given as a path or as a RunDirectory. Raises RunDirectoryError."""
    if isinstance(run, RunFiles):
        return run.fresh()
    return RunFiles(run if isinstance(run, RunDirectory) else RunDirectory(Path(run)))


def _json(run: RunDirectory, name: str) -> Any:
    data = run.read_bytes(name)
    if data[:2] in (BOM_UTF16_LE, BOM_UTF16_BE):
        raise BadContent(f"{name} is UTF-16 text; JSON files are UTF-8.", "Save it as UTF-8.")
    text = decode(data, name)
    if not text.strip():
        raise BadContent(f"{name} is empty.", "Write it again: what should have written it did not end.")
    parsed = plain_json.parse(text, name)
    _refuse_nan(parsed, name)
    return parsed


def _yaml(run: RunDirectory, name: str) -> Any:
    if not run.exists(name):
        raise FileMissing(f"{name} is not in the run.")
    from readiness.engine.readers import plain_yaml  # slow to load, and not every run has YAML

    text = run.read_text(name, plain_yaml.LIMIT)
    data = plain_yaml.parse(text, name)
    if data is None:
        raise BadContent(f"{name} is empty.", "Write the configuration of the run into it.")
    _refuse_nan(data, name)
    return data


def _refuse_nan(data: Any, name: str) -> None:
    left: list[tuple[str, Any]] = [("", data)]
    while left:
        place, value = left.pop()
        if isinstance(value, dict):
            left += [(f"{place}.{key}", inner) for key, inner in value.items()]
        elif isinstance(value, list):
            left += [(f"{place}.{number}", inner) for number, inner in enumerate(value)]
        elif isinstance(value, float) and not math.isfinite(value):
            raise BadContent(
                f"{name} · {place[1:] or 'the top level'} is {value}; expected a finite number.",
                "Find out where the number was lost; JSON has no NaN.",
            )


def _hashed(run: RunDirectory, path: str) -> Entry:
    with run.open(path) as file:
        return run.used[file.path]


def _data(run: RunDirectory) -> Iterator[str]:
    """Paths that look like data. Links are among them (whoever opens them sees where they lead), also folders
    that are links: what lies behind them is not looked at, and must not be forgotten.
    """
    count = 0
    for folder, folders, names in os.walk(run.root, onerror=_unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        linked = [name for name in folders if os.path.islink(os.path.join(folder, name))]  # noqa: PTH114, PTH118
        count += len(names)
        if count > _MOST_FILES:
            raise BadContent(f"The run holds more than {_MOST_FILES} files.", "Point at the run itself.")
        inside = PurePosixPath(folder).relative_to(run.root)
        in_data = bool(inside.parts) and inside.parts[0] in _DATA_FOLDERS
        for name in names:
            ending = name[name.rfind(".") :].lower() if "." in name else ""
            if not name.startswith(".") and (in_data or ending in DATA_ENDINGS):
                yield (inside / name).as_posix()
        yield from ((inside / name).as_posix() for name in linked)


def _unreadable(error: OSError) -> None:
    raise FileRefused(
        f"{error.filename} cannot be read: {error.strerror}.", "Make it readable for who runs the checks."
    )
