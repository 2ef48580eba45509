"""What a trace must show: synced before it is renamed, and the name safe before a row says so.

Killing a process does not lose what the kernel still holds, so a missing fsync shows only here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.strace import SYNCS, WRITES, Call

# Beneath the installation: SQLite has rules of its own, scratch files and locks are nobody's word.
_LEFT_OUT = ("/scratch/", "readiness.sqlite3", ".lock")
# Appended to: a part file is judged by its digest at the end, a checkpoint by its signature.
_GROWS_IN_PLACE = ("/data/uploads/", "/checkpoints.txt")


@dataclass(slots=True)
class _Seen:
    dirty: set[str] = field(default_factory=set)
    unsafe_names: dict[str, str] = field(default_factory=dict)


def broken(calls: Iterable[Call], live: Path) -> list[str]:
    """Every breach of the rules by the calls of one act."""
    return sorted(set(_breaches(calls, live)))


def _breaches(calls: Iterable[Call], live: Path) -> Iterator[str]:
    seen = _Seen()
    for call in calls:
        if call.failed:
            continue
        if call.name == "sync":
            seen = _Seen()
        elif call.name in SYNCS:
            yield from _synced(call, seen)
        elif call.name in WRITES and call.paths and _ours(call.paths[0], live):
            if not _temporary(call.paths[0]):
                yield f"{call.paths[0]} is written under its final name"
            seen.dirty.add(call.paths[0])
        elif call.name.startswith(("rename", "link")) and len(call.paths) == 2:
            yield from _named(*call.paths, seen, live)
    yield from (f"the name {name} was never synced" for name in seen.unsafe_names)


def _synced(call: Call, seen: _Seen) -> Iterator[str]:
    path = call.paths[0] if call.paths else ""
    seen.dirty.discard(path)
    for name in [name for name, folder in seen.unsafe_names.items() if folder == path]:
        del seen.unsafe_names[name]
    if path.endswith(("-wal", ".sqlite3")):
        yield from (f"a row may come before the name {name} is safe" for name in seen.unsafe_names)


def _named(old: str, new: str, seen: _Seen, live: Path) -> Iterator[str]:
    if not _ours(new, live):
        return
    if old in seen.dirty:
        yield f"{new} is named before its bytes are synced"
    seen.dirty.discard(old)
    seen.unsafe_names[new] = str(Path(new).parent)


def _ours(path: str, live: Path) -> bool:
    return path.startswith(f"{live}/") and not any(part in path for part in _LEFT_OUT)


def _temporary(path: str) -> bool:
    beneath = any(part.startswith((".", "#")) for part in Path(path).parts)  # "#": it never has a name
    return beneath or any(place in path for place in _GROWS_IN_PLACE)
