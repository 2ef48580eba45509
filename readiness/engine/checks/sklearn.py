"""The kind `sklearn`: a scikit-learn model file is what it should be, judged without unpickling."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from readiness.engine.child import ChildLimits, run_in_child
from readiness.engine.errors import BadContent, ParameterError
from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.readers import data
from readiness.engine.readers.lfs import refuse_pointer
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

_CLOSED = frozenset(("numpy", "scipy", "joblib", "cloudpickle", "dill", "torch", "pip", "setuptools"))


class MetadataParams(Params, frozen=True):
    """A JSON or YAML file beside the model, and the keys of its feature names and scikit-learn version."""

    file: str
    features: str = "feature_names"
    version: str | None = None


class SklearnParams(Params, frozen=True):
    """`estimator`: class name, short or full; `version`: a specifier such as ">=1.4,<2"; `features` in order;
    `key`: the model's entry when the file holds a dictionary; `trusted`: full names of your own classes.
    """

    file: str
    estimator: str | None = None
    version: str | None = None
    features: list[str] | None = None
    n_features: int | None = None
    metadata: MetadataParams | None = None
    key: str | None = None
    trusted: list[str] = []


@check("sklearn", title="A scikit-learn model file is what it should be", short="file")
def sklearn(want: SklearnParams, run: RunDirectory) -> Finding:
    """Looks into a scikit-learn model (`pickle.dump` or `joblib.dump`, compressed or not) without loading it:
    its class, the scikit-learn version that saved it, its feature names, whether it was fitted.

    It fails when the file is empty, cut off, a Git LFS pointer or no model, when the model was not fitted,
    when class, version, features or their number differ from what is asked, and when `metadata` lists other
    features than the model. It also fails when the pickle names anything but scikit-learn's, NumPy's and
    SciPy's plain types: such a file is *not verified*, and nothing of it is run. Load a file that joblib
    wrote with `joblib.load`. That only known classes are named does not make a model good.

    To resolve: fit on a data frame (so that names are kept), save with `joblib.dump(model, path)`, and write
    the metadata from the same fitted model. Name transformers of your own under `trusted`.

    ```yaml check
    sklearn:
      file: models/random_forest_tuned.pkl
      estimator: RandomForestClassifier
      version: ">=1.2"
      metadata: {file: models/random_forest_tuned_metadata.json, features: feature_names,
                 version: sklearn_version}
    ```
    """
    _refuse_unsafe(want.trusted)
    with run.open(want.file) as file:
        refuse_pointer(file)
        result = run_in_child(
            "readiness.engine.sklearn_task:inspect",
            {"name": want.file, "key": want.key, "trusted": want.trusted},
            files=[file],
            limits=ChildLimits.of(run.options),
        )
    found = result.value
    told = data.load(run, want.metadata.file) if want.metadata else None
    measurements = [*_own(want, found), *_metadata(want, told, found)]
    unnamed = told is not None and found["features"] is None
    return judged(
        measurements,
        _message(want, found, measurements),
        advice=_advice(want, found, measurements),
        details={**found, "isolation": result.isolation},
        warn=unnamed or len(found["versions"]) > 1,
    )


def _refuse_unsafe(trusted: list[str]) -> None:
    for name in trusted:
        top = name.partition(".")[0]
        parts = name.split(".")
        if len(parts) < 2 or not all(part.isidentifier() for part in parts):
            raise ParameterError(
                f"`trusted` takes full names of classes, not {name[:80]!r}.", "Write a.b.Class."
            )
        if top in sys.stdlib_module_names or top in _CLOSED or top == "sklearn":
            raise ParameterError(
                f"`trusted` cannot name {name[:80]}: only classes of your own packages.",
                "Remove it from the checklist.",
            )


def _own(want: SklearnParams, found: dict[str, Any]) -> Iterator[Measurement]:
    name, source = found["estimator"], want.file
    short = name.rpartition(".")[2]
    yield Measurement(
        name="Estimator",
        value=name if want.estimator and "." in want.estimator else short,
        limit=Limit("==", want.estimator) if want.estimator else None,
        source=source,
    )
    yield Measurement(name="Fitted", value=found["fitted"], limit=Limit("==", True), source=source)
    version = ", ".join(found["versions"]) or None
    yield Measurement(name="scikit-learn version", value=version, source=source)
    if want.version is not None:
        holds = bool(found["versions"]) and all(_meets(v, want.version) for v in found["versions"])
        yield Measurement(
            name=f"Version meets {want.version}", value=holds, limit=Limit("==", True), source=source
        )
    count = found["n_features"] if found["n_features"] is not None else len(found["features"] or []) or None
    limit = Limit("==", want.n_features) if want.n_features is not None else None
    yield Measurement(name="Features", value=count, limit=limit, source=source)
    if want.features is not None:
        yield _names(want.features, found, source)


def _meets(version: str, wanted: str) -> bool:
    text = wanted.strip()
    try:
        specifier = SpecifierSet(text if text[:1] in "<>=!~" else f"=={text}")
    except InvalidSpecifier:
        raise ParameterError(
            f"`version` is {wanted!r}, which is no specifier.", 'Write ">=1.4,<2".'
        ) from None
    try:
        return specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False


def _names(wanted: list[str], found: dict[str, Any], source: str) -> Measurement:
    same = found["features"] == wanted
    return Measurement(name="Feature names agree", value=same, limit=Limit("==", True), source=source)


def _metadata(want: SklearnParams, told: Any, found: dict[str, Any]) -> Iterator[Measurement]:
    if want.metadata is None:
        return
    file = want.metadata.file
    listed = data.lookup(told, want.metadata.features, file)
    if not isinstance(listed, list) or not listed or not all(isinstance(name, str) for name in listed):
        raise BadContent(
            f"{file} · {want.metadata.features} is not a list of names.", "Write the names there."
        )
    source = f"{file} · {want.metadata.features}"
    if found["features"] is None:
        yield Measurement(
            name="Features in the metadata",
            value=len(listed),
            limit=Limit("==", found["n_features"]),
            source=source,
        )
    else:
        yield _names(listed, found, source)
    if want.metadata.version is not None:
        version = data.lookup(told, want.metadata.version, file)
        yield Measurement(
            name="Version in the metadata",
            value=version if isinstance(version, str) else str(version),
            limit=Limit("in", tuple(found["versions"])),
            source=f"{file} · {want.metadata.version}",
        )


def _message(want: SklearnParams, found: dict[str, Any], measurements: list[Measurement]) -> str:
    bad = [m for m in measurements if m.ok is False]
    short = found["estimator"].rpartition(".")[2]
    steps = (
        f" of {' → '.join(step.rpartition('.')[2] for _, step in found['steps'])}" if found["steps"] else ""
    )
    version = f"scikit-learn {', '.join(found['versions']) or 'of an unknown version'}"
    count = next(m.value for m in measurements if m.name == "Features")
    if count is None:
        features = "number of features not recorded"
    else:
        features = f"{count} {'named ' if found['features'] else ''}features"
    said = f"{want.file} · {short}{steps}, {version}, {features}, not unpickled"
    problems = [_problem(m, want, found) for m in bad]
    if not problems and want.metadata and found["features"] is None:
        problems = [f"the model keeps no feature names to compare with {want.metadata.file}"]
    if not problems and len(found["versions"]) > 1:
        problems = ["its parts were saved by different versions"]
    return "; ".join([said, *problems])


def _problem(measured: Measurement, want: SklearnParams, found: dict[str, Any]) -> str:
    if measured.name == "Fitted":
        return "the model was never fitted"
    if measured.name == "Feature names agree":
        if found["features"] is None:
            return "the model keeps no feature names"
        return f"feature names differ: the model has {', '.join(found['features'][:12])[:200]}"
    if measured.name.startswith("Version meets"):
        return f"needs scikit-learn {want.version}"
    return f"{measured.name.lower()} is {measured.observed}, needs {measured.expected}"


def _advice(want: SklearnParams, found: dict[str, Any], measurements: list[Measurement]) -> str:
    bad = {m.name: m for m in measurements if m.ok is False}
    if "Fitted" in bad:
        return "Save the model after `fit`."
    if not bad and found["features"] is not None:
        return "Fit and save all parts of the model in one environment."
    if found["features"] is None and (not bad or "Feature names agree" in bad):
        return "Fit on a data frame, so that the model keeps its feature names, and save it again."
    if want.metadata and any(m.source and m.source.startswith(want.metadata.file) for m in bad.values()):
        return "Save the intended, fitted model, and write its metadata from the same object."
    return "Save the intended model, or correct what the checklist asks for."
