"""MLflow's `MLmodel`: a YAML description of a saved model, with the features it was trained on.

`signature.inputs` is JSON in text: a list of columns {type, name, required}, or of tensors {type:
"tensor", tensor-spec, name}. Versions stand beside the flavours (`sklearn_version`, `python_version`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers import data, plain_json
from readiness.engine.target import RunDirectory


def read(run: RunDirectory, file: str) -> dict[str, Any]:
    """Its fields, with `feature_names` (in order) and `versions` where it tells them. Raises BadContent."""
    fields = data.load(run, file)
    if not isinstance(fields, Mapping) or not isinstance(fields.get("flavors"), Mapping):
        raise BadContent(f"{file} is no MLmodel: it has no flavors.", "Save the model with MLflow.")
    made = dict(fields)
    names = _features(fields.get("signature"), file)
    if names:
        made["feature_names"] = names
    found = {
        key.removesuffix("_version"): str(value)
        for holder in (fields, *fields["flavors"].values())
        if isinstance(holder, Mapping)
        for key, value in holder.items()
        if isinstance(key, str) and key.endswith("_version") and isinstance(value, str)
    }
    if found:
        made["versions"] = found
    return made


def _features(signature: Any, file: str) -> list[str]:
    inputs = signature.get("inputs") if isinstance(signature, Mapping) else None
    if not isinstance(inputs, str):
        return []
    columns = plain_json.parse(inputs, f"{file} · signature.inputs")
    listed = columns if isinstance(columns, list) else []
    named = [c.get("name") for c in listed if isinstance(c, Mapping)]
    return [str(name) for name in named] if named and all(named) else []
