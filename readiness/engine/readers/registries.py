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
from pathlib import PurePosixPath
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers import data, mlflow_registry, registry_entry
from readiness.engine.readers.registry_entry import MAX_ENTRIES, Entry
from readiness.engine.target import RunDirectory

_LISTS = ("models", "model_versions", "registered_models")


def read(run: RunDirectory, path: str, name: str) -> list[Entry]:
    """All entries of a registry file or directory (of a directory: those of the model `name`).

    Raises FileMissing for neither, BadContent for a shape nobody understands or a version given twice.
    """
    if PurePosixPath(path).suffix or PurePosixPath(path).name == "MLmodel":
        file = path
    elif run.exists(f"{path}/MLmodel"):
        file = f"{path}/MLmodel"
    else:
        return mlflow_registry.of_store(run, path, name)
    if PurePosixPath(file).name == "MLmodel":
        return [mlflow_registry.of_model(run, file)]
    if PurePosixPath(file).name == "meta.yaml":
        return mlflow_registry.of_store(run, str(PurePosixPath(file).parent), name)
    found = list(_entries(data.load(run, file), {}, file))
    if not found:
        raise BadContent(f"{file} holds no model with a name and a version.", "Write {name, version, …}.")
    registry_entry.check_once(found, file)
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
            yield registry_entry.made(
                {**above, **own, "version": version, **entry}, f"{place} · versions · {version}"
            )
    else:
        yield registry_entry.made({**above, **loaded}, place)


def _named(listed: Mapping[str, Any], place: str) -> Iterator[Entry]:
    for name, entry in listed.items():
        yield from _entries(
            {"name": name, **entry} if isinstance(entry, Mapping) else entry, {}, f"{place} · {name}"
        )


def _of_objects(versions: Mapping[str, Any]) -> bool:
    return bool(versions) and all(isinstance(entry, Mapping) for entry in versions.values())
