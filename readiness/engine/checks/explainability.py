"""The kind `explainability`: feature attributions that belong to this model."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from readiness.engine.checks.sklearn import MetadataParams
from readiness.engine.child import ChildLimits, run_in_child
from readiness.engine.errors import BadContent, ParameterError
from readiness.engine.onnx_child import run_onnx
from readiness.engine.outcome import Chart, Finding, Limit, Measurement, judged, quantity
from readiness.engine.readers import attributions, data
from readiness.engine.readers.attributions import Attributions
from readiness.engine.readers.lfs import refuse_pointer
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

_SHOWN = 15


class ExplainabilityParams(Params, frozen=True):
    """`key`, `names`: where values and feature names stand, found by their usual names unless set; the
    model's inputs come from `features`, `model` (scikit-learn or ONNX) or `metadata`; `partial`: fewer
    features than inputs will do; `top_share_at_most`: in per cent, of the largest attribution.
    """

    file: str
    key: str | None = None
    names: str | None = None
    schema_versions: list[str] = []
    version_key: str = "schema_version"
    features: list[str] | None = None
    model: str | None = None
    metadata: MetadataParams | None = None
    partial: bool = False
    min_examples: int | None = None
    top_share_at_most: float | None = None


@check("explainability", title="Feature attributions belong to the model", short="file")
def explainability(want: ExplainabilityParams, run: RunDirectory) -> Finding:
    """Reads feature attributions (SHAP values, importances) from JSON, YAML or CSV, and compares their names
    with the model's inputs: a list, the names that a scikit-learn or ONNX file keeps, or a metadata file.

    It fails when the schema version is not one of `schema_versions`, when a feature is missing or is not an
    input of the model, when a value is not finite, when all are zero, and when one feature has more than
    `top_share_at_most` per cent of the whole (often a leak of the answer into the data). Values of several
    examples count by the mean of their sizes.

    To resolve: compute the attributions again for this model, and write them with its feature names and the
    version of the file's layout.

    ```yaml check
    explainability:
      file: results/explainability.json
      schema_versions: ["1.0", "1.1"]
      model: models/random_forest_tuned.pkl
      top_share_at_most: 90
    ```
    """
    version, found = _read(want, run)
    inputs, source = _inputs(want, run)
    missing = [name for name in inputs or [] if name not in found.values]
    foreign = [name for name in found.values if inputs is not None and name not in inputs]
    measurements = list(_measurements(want, found, version, missing, foreign, known=inputs is not None))
    return judged(
        measurements,
        _message(found, measurements, missing, foreign, source),
        advice="Compute the attributions again for this model, with its own feature names."
        if inputs is not None
        else "Name the model's inputs with `model`, `metadata` or `features`, so that they can be compared.",
        charts=[_bars(found)],
        details={"values": _largest(found, 200), "inputs_from": source, "schema_version": version},
        warn=inputs is None,
    )


def _read(want: ExplainabilityParams, run: RunDirectory) -> tuple[str | None, Attributions]:
    with run.open(want.file) as file:
        refuse_pointer(file)
    if PurePosixPath(want.file).suffix.lower() == ".csv":
        if want.schema_versions:
            raise ParameterError(
                "A CSV file has no schema version.", "Remove `schema_versions`, or use JSON."
            )
        return None, attributions.of_table(*data.read_csv(run, want.file), want.file)
    held = data.load(run, want.file)
    version = held.get(want.version_key) if isinstance(held, dict) else None
    if want.schema_versions and not isinstance(version, str | int | float):
        raise BadContent(f"{want.file} has no {want.version_key}.", "Write the version of its layout there.")
    told = None if version is None or isinstance(version, bool) else str(version)[:40]
    return told, attributions.of_data(held, want.file, want.key, want.names)


def _inputs(want: ExplainabilityParams, run: RunDirectory) -> tuple[list[str] | None, str]:
    """The model's input names, and where they were found."""
    given = [name for name in ("features", "model", "metadata") if getattr(want, name) is not None]
    if len(given) > 1:
        raise ParameterError(
            f"`explainability` takes one of {', '.join(given)}.", "Keep the one that counts."
        )
    if want.features is not None:
        return want.features, "the checklist"
    if want.model is not None:
        return _of_model(want.model, run), want.model
    if want.metadata is None:
        return None, ""
    file, key = want.metadata.file, want.metadata.features
    names = data.lookup(data.load(run, file), key, file)
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise BadContent(f"{file} · {key} is not a list of names.", "Write the feature names there.")
    return names, f"{file} · {key}"


def _of_model(model: str, run: RunDirectory) -> list[str]:
    if PurePosixPath(model).suffix.lower() == ".onnx":
        value = run_onnx("readiness.engine.onnx_tasks:inspect", {"name": model}, [model], [], run).value
        names = _listed(value["metadata"]) or [port["name"] for port in value["inputs"]]
        return names if len(names) > 1 else _unnamed(model)
    with run.open(model) as file:
        refuse_pointer(file)
        payload: dict[str, Any] = {"name": model, "key": None, "trusted": []}
        limits = ChildLimits.of(run.options)
        result = run_in_child("readiness.engine.sklearn_task:inspect", payload, files=[file], limits=limits)
    return list(result.value["features"] or _unnamed(model))


def _listed(metadata: dict[str, str]) -> list[str]:
    """Feature names that an export wrote into the model's metadata, as a JSON list or with commas."""
    text = next((metadata[key] for key in attributions.NAME_KEYS if key in metadata), "")
    try:
        names = json.loads(text)
    except (ValueError, RecursionError):
        names = [part.strip() for part in text.split(",")]
    return names if isinstance(names, list) and all(isinstance(name, str) and name for name in names) else []


def _unnamed(model: str) -> list[str]:
    raise BadContent(
        f"{model} does not name its features.",
        "Fit on a data frame, or name a metadata file with `metadata` instead of `model`.",
    )


def _measurements(
    want: ExplainabilityParams,
    found: Attributions,
    version: str | None,
    missing: list[str],
    foreign: list[str],
    *,
    known: bool,
) -> Iterator[Measurement]:
    source = found.source
    if want.schema_versions:
        limit = Limit("in", tuple(want.schema_versions))
        yield Measurement(name="Schema version", value=version, limit=limit, source=want.file)
    yield Measurement(name="Features", value=len(found.values), limit=Limit(">=", 1), source=source)
    broken = sum(not math.isfinite(value) for value in found.values.values())
    yield Measurement(name="Values that are not finite", value=broken, limit=Limit("==", 0), source=source)
    total = sum(map(abs, found.values.values()))
    yield Measurement(name="Sum of sizes", value=total, limit=Limit(">", 0), source=source)
    if known:
        bound = None if want.partial else Limit("==", 0)
        yield Measurement(name="Inputs without attribution", value=len(missing), limit=bound, source=source)
        yield Measurement(name="Features unknown to the model", value=len(foreign), limit=Limit("==", 0))
    if want.min_examples is not None:
        bound = Limit(">=", want.min_examples)
        yield Measurement(name="Examples", value=found.examples, limit=bound, source=source)
    if total and math.isfinite(total):
        share = round(100 * max(map(abs, found.values.values())) / total, 2)
        bound = None if want.top_share_at_most is None else Limit("<=", want.top_share_at_most)
        yield Measurement(name="Largest share", value=share, unit="%", limit=bound, source=source)


def _message(
    found: Attributions, measurements: list[Measurement], missing: list[str], foreign: list[str], source: str
) -> str:
    top = max(found.values, key=lambda name: abs(found.values[name]))
    share = next((m for m in measurements if m.name == "Largest share"), None)
    said = f"{found.source}: {len(found.values)} features"
    said += f", largest {top[:60]} with {share.observed}" if share else ""
    said += f", named as in {source}" if source and not (missing or foreign) else ""
    told = {
        "Inputs without attribution": f"no attribution for {', '.join(missing[:5])[:160]}",
        "Features unknown to the model": f"not inputs of the model: {', '.join(foreign[:5])[:160]}",
        "Sum of sizes": f"the sum of all sizes is {quantity(sum(map(abs, found.values.values())))}",
    }
    bad = [
        told.get(m.name, f"{m.name.lower()} is {m.observed}, needs {m.expected}")
        for m in measurements
        if m.ok is False
    ]
    if not source:
        bad.append("not compared with a model")
    return "; ".join([said, *bad])


def _largest(found: Attributions, count: int) -> dict[str, Any]:
    ranked = sorted(found.values.items(), key=lambda pair: -abs(pair[1]) if math.isfinite(pair[1]) else 0)
    return {name[:80]: value if math.isfinite(value) else str(value) for name, value in ranked[:count]}


def _bars(found: Attributions) -> Chart:
    shown = {name: value for name, value in _largest(found, _SHOWN).items() if not isinstance(value, str)}
    return Chart(
        kind="bars",
        title="Largest feature attributions",
        data={"labels": list(shown), "values": list(shown.values())},
    )
