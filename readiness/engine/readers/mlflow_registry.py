"""MLflow's registry directories and fetched models, as entries.

The layout is that of mlflow/store/model_registry/file_store.py: `models/<name>/version-<n>/meta.yaml` with
`tags/` beside it, and `models/<name>/aliases/<alias>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from readiness.engine.errors import BadContent, FileMissing
from readiness.engine.readers import data, mlmodel, plain_text, registry_entry
from readiness.engine.readers.registry_entry import MAX_ENTRIES, Entry
from readiness.engine.target import RunDirectory


def of_model(run: RunDirectory, file: str) -> Entry:
    """The entry that a fetched model says it is. Raises FileMissing, BadContent."""
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
    return registry_entry.made({**fields, "name": None, **registered}, beside)


def of_store(run: RunDirectory, path: str, name: str) -> list[Entry]:
    """All versions of a model in a registry directory. Raises FileMissing for none, BadContent."""
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
    registry_entry.check_once(found, path)
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
    return registry_entry.made({**tags, "tags": tags, **fields, "aliases": aliases}, file)
