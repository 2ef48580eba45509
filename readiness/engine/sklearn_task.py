"""The child's side of `sklearn`: what a pickled model says of itself (run by engine/child.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeGuard

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.joblib_file import read_model
from readiness.engine.numpy_arrays import NdArray
from readiness.engine.pickle_globals import Opaque, Pairs
from readiness.engine.sklearn_globals import attributes

_VERSIONS = ("_sklearn_version", "__sklearn_version__")
_LISTED = 10_000
_SEEN = 5_000_000
_INNER = ("best_estimator_", "estimator_", "steps", "estimator")


def inspect(payload: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """What the model on the first descriptor is. `payload`: name, key (or None), trusted.

    Returns `{estimator, versions, features, n_features, classes, fitted, steps, compression, writer,
    names}`; what the model does not say is None. Raises BadContent, Unverified, NotFound, LimitExceeded.
    """
    path = payload["name"]
    found = read_model(fds[0], path, frozenset(payload["trusted"]))
    model = _chosen(found.value, payload["key"], path)
    try:
        return {
            "estimator": model.name,
            "versions": sorted(_versions(model))[:20],
            "features": _features(model),
            "n_features": _count(model),
            "classes": _classes(model),
            "fitted": _fitted(model),
            "steps": [[name[:80], step.name] for name, step in _steps(model)],
            "compression": found.compression,
            "writer": found.writer,
            "names": sorted(found.names)[:200],
        }
    except ValueError as error:
        raise BadContent(f"{path} is not verified: it holds {error}.", "Save the model again.") from None


def _chosen(value: Any, key: str | None, path: str) -> Opaque:
    if isinstance(value, Pairs):
        held = {name: v for name, v in value.named().items() if _is_model(v)}
        if key is None and len(held) == 1:
            return next(iter(held.values()))
        if key is None or key not in held:
            has = ", ".join(name[:40] for name in list(held)[:12]) or "none"
            raise NotFound(
                f"{path} is a dictionary without one clear model; models under: {has}.",
                "Name its entry with `key`.",
            )
        return held[key]
    if not _is_model(value):
        what = value.name if isinstance(value, Opaque) and value.name else f"a {type(value).__name__.lower()}"
        raise BadContent(
            f"{path} holds {what[:120]}, not a scikit-learn model.", "Save the fitted estimator."
        )
    return value


def _is_model(value: Any) -> TypeGuard[Opaque]:
    kinds = (NdArray, Pairs)
    plain = ("numpy", "scipy.", "sklearn.utils._bunch", "datetime")
    return isinstance(value, Opaque) and not isinstance(value, kinds) and bool(value.name) and not (
        value.name.startswith(plain)
    )  # fmt: skip


def _inside(value: Any) -> list[Any]:
    if isinstance(value, Pairs):
        return [held for _, held in value.items]
    if isinstance(value, NdArray):
        return [part for part in value.state[4:5] if isinstance(part, list)] if value.state else []
    if isinstance(value, Opaque):
        return [value.state]
    return list(value) if isinstance(value, list | tuple) else []


def _objects(value: Any) -> Iterator[Opaque]:
    """Every object beneath a described value, each once."""
    seen: set[int] = set()
    open_ = [value]
    while open_ and len(seen) < _SEEN:
        here = open_.pop()
        if not isinstance(here, Pairs | Opaque | list | tuple) or id(here) in seen:
            continue
        seen.add(id(here))
        if isinstance(here, Opaque):
            yield here
        open_.extend(_inside(here))


def _versions(model: Opaque) -> set[str]:
    found = (attributes(thing).get(key) for thing in _objects(model) for key in _VERSIONS)
    return {version[:40] for version in found if isinstance(version, str)}


def _steps(model: Opaque) -> list[tuple[str, Opaque]]:
    held = attributes(model).get("steps")
    pairs = held if isinstance(held, list) else []
    return [
        p for p in pairs if isinstance(p, tuple) and len(p) == 2 and isinstance(p[0], str) and _is_model(p[1])
    ]


def _asked(model: Opaque, name: str, *, last: bool = False) -> Any:
    """An attribute of the model, else of one inside it: a pipeline's first or last step, the best one."""
    for _ in range(20):
        own = attributes(model)
        if name in own:
            return own[name]
        steps = [step for _, step in _steps(model)]
        inner = [own[key] for key in _INNER if _is_model(own.get(key))]
        if not (steps or inner):
            return None
        model = (steps[-1] if last else steps[0]) if steps else inner[0]
    return None


def _features(model: Opaque) -> list[str] | None:
    names = _asked(model, "feature_names_in_")
    values = names.values() if isinstance(names, NdArray) else None
    if not values or len(values) > _LISTED or not all(isinstance(value, str) for value in values):
        return None
    return [value[:200] for value in values]


def _count(model: Opaque) -> int | None:
    count = _asked(model, "n_features_in_")
    return count if isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 1 << 53 else None


def _classes(model: Opaque) -> list[str] | None:
    classes = _asked(model, "classes_", last=True)
    values = classes.values() if isinstance(classes, NdArray) else None
    if not values or not all(isinstance(value, str | int | float) for value in values):
        return None  # a container of containers could be written out forever
    return [str(value)[:80] for value in values[:_LISTED]]


def _fitted(model: Opaque) -> bool:
    """Fitting leaves attributes whose names end with an underscore; in a pipeline, in every step."""
    steps = [step for _, step in _steps(model)]
    if steps:
        return _fitted(steps[-1])
    own = attributes(model)
    return any(name.endswith("_") and not name.startswith("_") for name in own) or "vocabulary" in own
