"""Writes the hashes that a run is missing, and never replaces one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from readiness.engine import atomic, indexing
from readiness.engine.errors import FileChanged, FileMissing, FileRefused, RunDirectoryError
from readiness.engine.ready import hashes, layout, listing, shape
from readiness.engine.ready.files import RunFiles, open_run
from readiness.engine.ready.layout import Layout
from readiness.engine.ready.listing import HASHES, MANIFEST, Listed
from readiness.engine.target import RunDirectory

# What the companions write after sealing, and what sealing writes itself
_UNSEALED = (HASHES, MANIFEST, listing.DECISION, "redaction_audit.json")


@dataclass(slots=True)
class Seal:
    """What sealing did: lines of what was written, and of what disagrees (then nothing was written).

    `pending` holds the files as they are to be written, so that both are known good before one is replaced.
    """

    written: list[str] = field(default_factory=list)
    disagreements: list[str] = field(default_factory=list)
    verified: int = 0
    pending: dict[str, bytes] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """`{schema_version, written[], disagreements[], verified}`."""
        return {
            "schema_version": 1,
            "written": self.written,
            "disagreements": self.disagreements,
            "verified": self.verified,
        }


def seal(run_dir: str | Path | RunDirectory) -> Seal:
    """Complete `hashes.json` of a training run, or the dataset hashes in `manifest.json` of a validation run.

    A hash that stands there and disagrees stops it before anything is written. Raises RunDirectoryError, and
    BadContent, FileRefused or FileChanged for files that cannot be sealed.
    """
    files = open_run(run_dir)
    kind, done = layout.of(files), Seal()
    if kind is Layout.NEITHER or (kind is Layout.VALIDATION and not files.there(MANIFEST)):
        raise RunDirectoryError(
            f"{run_dir} has neither {MANIFEST} nor {layout.RUN_META}.", "Point at the run itself."
        )
    _verify([*listing.manifest(files), *listing.sealed(files)], files, done)
    chained = kind in (Layout.TRAINING, Layout.BOTH) or files.there(HASHES)
    table = _table(files, done) if chained else {}
    if done.disagreements:
        return done
    if kind in (Layout.VALIDATION, Layout.BOTH):
        _seal_manifest(files, done)
    if chained and not done.disagreements:
        _seal_hashes(files, table, done)
    for name, content in done.pending.items() if not done.disagreements else ():
        atomic.write(files.run.root, name, content, last_look=partial(_refuse_changed, files, name))
    return done


def _refuse_changed(files: RunFiles, name: str) -> None:
    before = files.run.used.get(name)
    if before and RunFiles(RunDirectory(files.run.root)).sha256(name) != before.sha256:
        raise FileChanged(
            f"{name} changed while it was sealed.", "Seal again when nothing writes to the run."
        )


def _encoded(data: Mapping[str, Any]) -> bytes:
    """Indented JSON. Raises FileRefused for the name of a file that is no text."""
    try:
        return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError as error:
        near = str(error.object)[max(0, error.start - 40) : error.start + 10]
        raise FileRefused(f"The name of a file is no text, near {near!r}.", "Rename the file.") from None


def _verify(listed: list[Listed], files: RunFiles, done: Seal) -> None:
    for entry in listed:
        try:
            computed = files.sha256(entry.path)
        except FileMissing:
            done.disagreements.append(f"{entry.path} is listed ({entry.place}) and not there")
            continue
        if entry.sha256 not in (None, computed):
            done.disagreements.append(
                f"{entry.path} has SHA-256 {computed}, {entry.place} says {entry.sha256}"
            )
        done.verified += entry.sha256 == computed


def _table(files: RunFiles, done: Seal) -> dict[str, str]:
    """Name to hash of what `hashes.json` lists now; a chain hash that does not belong to it disagrees."""
    recorded = listing.chain_hash(files)
    if recorded not in (None, *listing.chains(files)):
        done.disagreements.append(f"{HASHES} · chain_hash is not that of its files")
    return {entry.path: entry.sha256 for entry in listing.table(files) if entry.sha256}


def _seal_hashes(files: RunFiles, table: dict[str, str], done: Seal) -> None:
    entries = {entry.path: entry.sha256 for entry in indexing.index(files.run.root)}
    new = {
        path: digest
        for path, digest in entries.items()
        if path not in table and path not in _UNSEALED and not path.startswith(".") and "/." not in path
    }
    complete = dict(sorted({**table, **new}.items()))
    old = dict(files.object(HASHES) or {})
    if not complete or (not new and old.get("chain_hash")):
        return
    done.written += [f"{HASHES} · files.{path} = {digest}" for path, digest in sorted(new.items())]
    chain = hashes.chain(complete)
    done.written.append(f"{HASHES} · chain_hash = {chain}")
    done.pending[HASHES] = _encoded({**old, "files": complete, "chain_hash": chain})


def _seal_manifest(files: RunFiles, done: Seal) -> None:
    manifest = dict(files.object(MANIFEST) or {})
    known = {entry.path for entry in [*listing.manifest(files), *listing.sealed(files)]}
    wrote: list[str] = []
    datasets = _filled(manifest.get("datasets"), files, wrote)
    for path in files.data_files():
        if path not in known:
            digest = files.sha256(path)
            wrote.append(f"{MANIFEST} · datasets · {path} = {digest}")
            if isinstance(datasets, dict):
                datasets[path] = digest
            else:
                datasets.append({"path": path, "hash": digest})
    if wrote and any(entry.path == MANIFEST for entry in listing.sealed(files)):
        done.disagreements.append(
            f"{MANIFEST} lacks hashes, and {HASHES} holds its own: it cannot be written"
        )
    elif wrote:
        done.written += wrote
        done.pending[MANIFEST] = _encoded({**manifest, "datasets": datasets})


def _filled(datasets: Any, files: RunFiles, wrote: list[str]) -> Any:
    """The datasets with a hash each, in the form they had."""
    place = f"{MANIFEST} · datasets"
    if isinstance(datasets, dict):
        return {name: _entry(entry, name, files, wrote) for name, entry in datasets.items()}
    return [_entry(entry, None, files, wrote) for entry in shape.as_list(datasets or [], place)]


def _entry(entry: Any, name: str | None, files: RunFiles, wrote: list[str]) -> Any:
    listed = listing.one(entry, name)
    if listed.sha256 is not None:
        return entry
    digest = files.sha256(listed.path)
    wrote.append(f"{MANIFEST} · datasets · {listed.path} = {digest}")
    if isinstance(entry, dict):
        return {**entry, "hash": digest}
    return digest if name is not None else {"path": entry, "hash": digest}
