"""Reproducibility: seed and versions are recorded, and the files agree on them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.outcome import Finding
from readiness.engine.ready import shape
from readiness.engine.ready.check import finding, readiness_check
from readiness.engine.ready.files import RunFiles
from readiness.engine.ready.layout import CONFIG, ENVIRONMENT, RUN_META
from readiness.engine.ready.status import ReadinessStatus

PASSED = "Reproducibility artifacts present"
NONE = "No reproducibility artifacts found"
HOW = f"Write {ENVIRONMENT} with the random seed and the versions of Python and the packages."
_SEEDS = ("seed", "random_seed", "rng_seed", "global_seed")
_TABLES = ("versions", "dependencies", "packages", "libraries", "requirements", "pip_freeze")
_SINGLE = ("python", "python_version")
_VERSION = re.compile(r"v?\d++(?:\.\d++)++\S*+")


@readiness_check("reproducibility")
def check_reproducibility(files: RunFiles) -> Finding:
    """environment.json is there with versions, a seed is recorded, and no two files name different ones."""
    seeds = dict(_seeds(files))
    if len({repr(seed) for seed in seeds.values()}) > 1:
        said = ", ".join(f"{place} is {seed}" for place, seed in seeds.items())
        raise BadContent(f"The files name different seeds: {said}.", "Write down the one that was used.")
    environment = files.object(ENVIRONMENT)
    versions = _versions(environment) if environment is not None else {}
    if environment is None and not seeds:
        return finding(ReadinessStatus.WARN, NONE, HOW)
    lacking = []
    if environment is None:
        lacking.append(f"{ENVIRONMENT} is not there")
    elif not versions:
        lacking.append(f"{ENVIRONMENT} names no versions")
    if not seeds:
        lacking.append("no random seed is recorded")
    details = {"seed": next(iter(seeds.values()), None), "versions": len(versions)}
    if lacking:
        what = f"Partial reproducibility artifacts: {'; '.join(lacking)}"
        return finding(ReadinessStatus.WARN, what, HOW, details)
    return finding(ReadinessStatus.PASS, PASSED, details=details)


def _seeds(files: RunFiles) -> Iterator[tuple[str, Any]]:
    """Each recorded seed with its place. Raises BadContent for a seed that is no number."""
    for name in (ENVIRONMENT, RUN_META, "manifest.json"):
        yield from _seeds_in(files.object(name), name)
    config = files.yaml(CONFIG)
    if config is not None:
        table = shape.as_object(config, CONFIG)
        yield from _seeds_in(table, CONFIG)
        for part in ("training", "train", "run"):
            if isinstance(table.get(part), dict):
                yield from _seeds_in(table[part], f"{CONFIG} · {part}")


def _seeds_in(table: Mapping[str, Any] | None, name: str) -> Iterator[tuple[str, Any]]:
    for key in _SEEDS:
        value = (table or {}).get(key)
        if value is not None:
            yield f"{name} · {key}", shape.as_count(value, f"{name} · {key}")
    several = (table or {}).get("seeds")
    if isinstance(several, dict | list) and several and not any(key in (table or {}) for key in _SEEDS):
        parts = several.values() if isinstance(several, dict) else several
        yield f"{name} · seeds", tuple(shape.as_count(seed, f"{name} · seeds") for seed in parts)


def _versions(environment: Mapping[str, Any]) -> dict[str, Any]:
    """Names with their versions, wherever the producer puts them. Raises BadContent."""
    found: dict[str, Any] = {}
    for key in _TABLES:
        if environment.get(key) is not None:
            found |= _table(environment[key], f"{ENVIRONMENT} · {key}")
    for key, value in environment.items():
        if key in _SINGLE and value is not None:
            found[key] = shape.as_text(value, f"{ENVIRONMENT} · {key}")
        elif isinstance(value, str) and key not in _SEEDS and _VERSION.fullmatch(value.strip()):
            found[key] = value
    return found


def _table(value: Any, place: str) -> dict[str, Any]:
    if isinstance(value, str):
        return {line.strip(): line for line in value.splitlines() if line.strip()}
    if isinstance(value, list):
        return {shape.as_text(entry, f"{place}.{n}"): entry for n, entry in enumerate(value)}
    table = shape.as_object(value, place)
    return {name: _version(entry, f"{place}.{name}") for name, entry in table.items() if entry is not None}


def _version(value: Any, place: str) -> Any:
    return shape.as_number(value, place) if isinstance(value, float | int) else shape.as_text(value, place)
