"""`registered`: the model's version stands in a registry, described, and is the file of this run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.outcome import Finding, Limit, Measurement, Scalar, judged
from readiness.engine.readers import data, registries
from readiness.engine.readers.lfs import refuse_pointer
from readiness.engine.readers.registry_entry import Entry
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

_DIGEST = re.compile(r"(?:sha-?256:)?(?P<hex>[0-9a-f]{64})", re.IGNORECASE)
_HASHES = ("sha256", "model_sha256", "hash", "model_hash", "digest", "checksum")
_EMPTY = re.compile(r"(?i)(?:n/?a|none|null|unknown|todo|tbd|-)?")
_SHOWN = 12


class RegisteredParams(Params, frozen=True):
    """`registry`: a file or an MLflow directory; `name`, `version` of the model, `stage` or `alias` that it
    must have. `metadata`: keys that must say something. `model`: a file of the run with the recorded SHA-256,
    which stands under `hash_key`, or under a usual name (`sha256`, `hash`, `digest` …).
    """

    registry: str
    name: str
    version: str | int | float | None = None
    stage: str | None = None
    alias: str | None = None
    metadata: tuple[str, ...] = ("feature_names", "versions")
    model: str | None = None
    hash_key: str = ""

    def __post_init__(self) -> None:
        if self.version is None and not (self.stage or self.alias):
            raise ValueError("it needs `version`, `stage` or `alias`")


@check("registered", title="The model is registered")
def registered(want: RegisteredParams, run: RunDirectory) -> Finding:
    """Looks for one version of a model in a registry, and for what the registry says of it.

    The registry is a JSON, YAML or TOML file (an object with name and version, a list of them, or models with
    `versions`), MLflow's registry directory (`mlruns` with `models/<name>/version-<n>`), or the directory of
    a model that MLflow fetched (`MLmodel` beside `registered_model_meta`; its feature names and versions come
    from signature and flavours). Fails when the version is not there, is in another stage, lacks the alias,
    or when a `metadata` key is missing or says nothing ("", "unknown", []); and, with `model`, when the
    registry records no SHA-256 or another one than the file's. Register the model again from this run.

    ```yaml check
    registered:
      registry: registry/models.json
      name: digits-classifier
      version: 1.2.0
      stage: Staging
      metadata: [feature_names, versions]
      model: models/production/model.onnx
    ```
    """
    entry = _chosen(want, registries.read(run, want.registry, want.name))
    limit = Limit("==", entry.version)  # it was found by it, or by stage and alias
    measured = [Measurement(name="Version", value=entry.version, limit=limit, source=entry.place)]
    if want.stage:
        stage = want.stage if entry.stage.casefold() == want.stage.casefold() else entry.stage or "not given"
        measured.append(
            Measurement(name="Stage", value=stage, limit=Limit("==", want.stage), source=entry.place)
        )
    if want.alias:
        alias = want.alias if want.alias in entry.aliases else ", ".join(entry.aliases) or "not given"
        measured.append(
            Measurement(name="Alias", value=alias, limit=Limit("==", want.alias), source=entry.place)
        )
    measured += _metadata(want, entry)
    measured += _hash(want, entry, run)
    bad = [f"{m.name} is {m.observed}, needs {m.expected}" for m in measured if m.ok is False]
    said = f"{entry.name} {entry.version} in {entry.place}"
    extra = ", ".join(m.name for m in measured[1:])
    return judged(
        measured,
        f"{said}: {'; '.join(bad)}" if bad else f"{said}, with {extra}" if extra else said,
        advice="Register the model again from this run.",
    )


def _chosen(want: RegisteredParams, entries: list[Entry]) -> Entry:
    own = [entry for entry in entries if entry.name == want.name]
    if not own:
        known = ", ".join(dict.fromkeys(e.name for e in entries[:_SHOWN]))
        raise NotFound(f"{want.registry} does not hold the model {want.name}.", f"It has: {known[:200]}.")
    if want.version is not None:
        found = [
            entry for entry in own if entry.version.removeprefix("v") == str(want.version).removeprefix("v")
        ]
        sought = f"version {want.version}"
    else:
        found = [e for e in own if (not want.stage or e.stage.casefold() == want.stage.casefold())]
        found = [e for e in found if not want.alias or want.alias in e.aliases]
        sought = " and ".join(
            s for s in (want.stage and f"stage {want.stage}", want.alias and f"alias {want.alias}") if s
        )
    if not found:
        known = ", ".join(f"{e.version} {e.stage}".strip() for e in own[:_SHOWN])
        raise NotFound(f"{want.registry} holds no {want.name} of {sought}.", f"It has: {known[:200]}.")
    if len(found) > 1:
        shown = ", ".join(e.version for e in found[:_SHOWN])
        raise BadContent(
            f"{want.registry} holds several {want.name} of {sought}: {shown}.", "Name `version`."
        )
    return found[0]


def _metadata(want: RegisteredParams, entry: Entry) -> Iterator[Measurement]:
    for key in want.metadata:
        try:
            found: Any = _within(entry, key)
        except NotFound:
            found = None
        said: Scalar = _said(found)
        limit = Limit("==", said if _says_something(found) else "given")
        yield Measurement(name=key, value=said, limit=limit, source=entry.place)


def _within(entry: Entry, key: str) -> Any:
    # Many registries keep what is free to name under one of these.
    for place in ("", "metadata.", "tags.", "params."):
        try:
            return data.lookup(entry.fields, f"{place}{key}", entry.place)
        except NotFound:
            continue
    raise NotFound(f"{entry.place} has no {key}.")


def _says_something(found: Any) -> bool:
    if isinstance(found, list | dict):
        values = found.values() if isinstance(found, dict) else found
        return bool(found) and all(_says_something(value) for value in values)
    return found is not None and not _EMPTY.fullmatch(str(found).strip())


def _said(found: Any) -> str:
    if found is None:
        return "missing"
    if isinstance(found, list | dict):
        return f"{len(found)} entries" if _says_something(found) else "empty, or with empty entries"
    return str(found)[:80] or "empty"


def _hash(want: RegisteredParams, entry: Entry, run: RunDirectory) -> Iterator[Measurement]:
    if want.model is None:
        return
    with run.open(want.model) as opened:
        refuse_pointer(opened)
        digest = run.used[opened.path].sha256
    recorded = {key: _within_or_none(entry, key) for key in ([want.hash_key] if want.hash_key else _HASHES)}
    found = {m["hex"].lower() for raw in recorded.values() if (m := _DIGEST.fullmatch(str(raw).strip()))}
    if not found:
        asked = want.hash_key or ", ".join(_HASHES)
        raise NotFound(
            f"{entry.place} records no SHA-256 of the model (looked under {asked}).",
            "Record it, or name `hash_key`.",
        )
    if len(found) > 1:
        raise BadContent(f"{entry.place} records two different SHA-256.", "Name the model's as `hash_key`.")
    yield Measurement(
        name="Recorded SHA-256", value=found.pop(), limit=Limit("==", digest), source=want.model
    )


def _within_or_none(entry: Entry, key: str) -> Any:
    try:
        return _within(entry, key)
    except NotFound:
        return None
