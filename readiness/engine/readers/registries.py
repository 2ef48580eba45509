"""Entries of model registries: a file of our own or another tool's, and MLflow's directories.

- A JSON, YAML or TOML file: one object with `name` and `version`; a list of them, bare or under `models`,
  `model_versions` or `registered_models`; or models with `versions` (a list, or an object by version).
- MLflow's file store: `models/<name>/version-<n>/meta.yaml`, `tags/`, and `models/<name>/aliases/<alias>`
  (mlflow/store/model_registry/file_store.py); name the directory `mlruns`, `models` or that of one version.
- An MLflow model directory: `MLmodel` beside `registered_model_meta` (`model_name`, `model_version`), which
  MLflow writes when it fetches a registered model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from readiness.engine.errors import BadContent, FileMissing
from readiness.engine.readers import data, mlmodel, plain_text
from readiness.engine.target import RunDirectory

MAX_ENTRIES = 10_000
_LISTS = ("models", "model_versions", "registered_models")
_NAMES = ("name", "model_name", "registered_name")


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered version: its name, its version as text, stage and aliases ("" and none where not given),
    all else that the registry says, and where.
    """

    name: str
    version: str
    stage: str
    aliases: tuple[str, ...]
    fields: Mapping[str, Any]
    place: str


def read(run: RunDirectory, path: str, name: str) -> list[Entry]:
    """All entries of a registry file or directory (of a directory: those of the model `name`).

    Raises FileMissing for neither, BadContent for a shape nobody understands or a version given twice.
    """
    if PurePosixPath(path).suffix or PurePosixPath(path).name == "MLmodel":
        file = path
    elif run.exists(f"{path}/MLmodel"):
        file = f"{path}/MLmodel"
    else:
        return _store(run, path, name)
    if PurePosixPath(file).name == "MLmodel":
        return [_of_model(run, file)]
    if PurePosixPath(file).name == "meta.yaml":
        return _store(run, str(PurePosixPath(file).parent), name)
    found = list(_entries(data.load(run, file), {}, file))
    if not found:
        raise BadContent(f"{file} holds no model with a name and a version.", "Write {name, version, …}.")
    _check_once(found, file)
    return found


def _entries(loaded: Any, above: Mapping[str, Any], place: str) -> Iterator[Entry]:
    if isinstance(loaded, list):
        if len(loaded) > MAX_ENTRIES:
            raise BadContent(f"{place} holds {len(loaded)} entries; at most {MAX_ENTRIES} are read.", "")
        for position, entry in enumerate(loaded):
            yield from _entries(entry, above, f"{place} · {position}")
        return
    if not isinstance(loaded, Mapping):
        raise BadContent(f"{place} is not an object with name and version.", "Write {name, version, …}.")
    inside = next((key for key in _LISTS if isinstance(loaded.get(key), list | Mapping)), None)
    if inside and not above:
        listed = loaded[inside]
        yield from (
            _named(listed, f"{place} · {inside}")
            if isinstance(listed, Mapping)
            else _entries(listed, {}, f"{place} · {inside}")
        )
        return
    versions = loaded.get("versions", loaded.get("latest_versions"))
    own = {k: v for k, v in loaded.items() if k not in ("versions", "latest_versions")}
    # `versions` may also be what the model was made with: {python: 3.11}
    if isinstance(versions, list) and versions and all(isinstance(v, Mapping) for v in versions):
        yield from _entries(versions, {**above, **own}, f"{place} · versions")
    elif "version" not in loaded and isinstance(versions, Mapping) and _of_objects(versions):
        for version, entry in versions.items():
            yield _entry({**above, **own, "version": version, **entry}, f"{place} · versions · {version}")
    else:
        yield _entry({**above, **loaded}, place)


def _named(listed: Mapping[str, Any], place: str) -> Iterator[Entry]:
    for name, entry in listed.items():
        yield from _entries(
            {"name": name, **entry} if isinstance(entry, Mapping) else entry, {}, f"{place} · {name}"
        )


def _of_objects(versions: Mapping[str, Any]) -> bool:
    return bool(versions) and all(isinstance(entry, Mapping) for entry in versions.values())


def _entry(fields: Mapping[str, Any], place: str) -> Entry:
    name = next((fields[key] for key in _NAMES if isinstance(fields.get(key), str)), "")
    version = fields.get("version", fields.get("model_version"))
    if not name or isinstance(version, bool) or not isinstance(version, str | int | float) or version == "":
        raise BadContent(f"{place} has no name and version of a model.", "Write {name, version, …}.")
    stage = fields.get("stage", fields.get("current_stage", fields.get("status_stage", "")))
    aliases = fields.get("aliases", fields.get("alias", ()))
    aliases = [aliases] if isinstance(aliases, str) else aliases if isinstance(aliases, list | tuple) else ()
    return Entry(name, str(version), str(stage or ""), tuple(map(str, aliases)), fields, place)


def _of_model(run: RunDirectory, file: str) -> Entry:
    fields = mlmodel.read(run, file)
    beside = str(PurePosixPath(file).parent / "registered_model_meta")
    try:
        registered = data.load(run, beside)
    except FileMissing:
        raise FileMissing(
            f"{file} does not say which registered model it is: {beside} is not in the run.",
            "Fetch the model from the registry (models:/<name>/<version>), or name the registry itself.",
        ) from None
    if not isinstance(registered, Mapping):
        raise BadContent(f"{beside} does not say model_name and model_version.", "Fetch the model again.")
    return _entry({**fields, "name": None, **registered}, beside)


def _store(run: RunDirectory, path: str, name: str) -> list[Entry]:
    pattern = (
        f"{path}/meta.yaml",
        f"{path}/{name}/version-*/meta.yaml",
        f"{path}/models/{name}/version-*/meta.yaml",
    )
    files = [file for one in pattern for file in run.glob(one)]
    found = [_of_version(run, file) for file in files[:MAX_ENTRIES]]
    found = [entry for entry in found if entry.stage.casefold() != "deleted_internal"]
    if not found:
        raise FileMissing(
            f"{path} holds no version of the model {name}.", "Name the registry's directory, or its file."
        )
    _check_once(found, path)
    return found


def _of_version(run: RunDirectory, file: str) -> Entry:
    fields = data.load(run, file)
    if not isinstance(fields, Mapping):
        raise BadContent(f"{file} is not MLflow's description of a version.", "")
    status = fields.get("status", "READY")
    if status != "READY":
        raise BadContent(f"{file}: the version is {str(status)[:40]}, not READY.", "Register it again.")
    folder = PurePosixPath(file).parent
    tags = {
        tag.removeprefix(f"{folder}/tags/"): plain_text.read(run, tag).strip()
        for tag in run.glob(f"{folder}/tags/**/*")
    }
    version = str(fields.get("version"))
    aliases = [
        PurePosixPath(alias).name
        for alias in run.glob(f"{folder.parent}/aliases/*")
        if plain_text.read(run, alias).strip() == version
    ]
    return _entry({**tags, "tags": tags, **fields, "aliases": aliases}, file)


def _check_once(found: list[Entry], file: str) -> None:
    seen: set[tuple[str, str]] = set()
    for entry in found:
        if (entry.name, entry.version) in seen:
            raise BadContent(
                f"{file} holds {entry.name[:60]} {entry.version[:40]} twice.", "Keep the true one."
            )
        seen.add((entry.name, entry.version))
