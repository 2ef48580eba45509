"""Which kind of run this is: a validation run, a training run, or neither."""

from __future__ import annotations

from enum import StrEnum

from readiness.engine.ready.files import RunFiles
from readiness.engine.ready.listing import DECISION, HASHES, MANIFEST

RUN_META = "run_meta.json"
ENVIRONMENT = "environment.json"
CONFIG = "config.yaml"
EVALUATION = "eval/eval_results.json"


class Layout(StrEnum):
    """VALIDATION needs manifest.json and decision.json, TRAINING run_meta.json, BOTH all three."""

    VALIDATION = "validation"
    TRAINING = "training"
    BOTH = "both"
    NEITHER = "neither"


REQUIRED = {
    Layout.VALIDATION: (MANIFEST, DECISION),
    Layout.TRAINING: (RUN_META,),
    Layout.BOTH: (MANIFEST, DECISION, RUN_META),
    Layout.NEITHER: (MANIFEST, DECISION),
}


def of(files: RunFiles) -> Layout:
    """The layout, by the files that are there."""
    manifest, meta = files.there(MANIFEST), files.there(RUN_META)
    if manifest and meta:
        return Layout.BOTH
    if manifest:
        return Layout.VALIDATION
    if meta or files.there(HASHES):
        return Layout.TRAINING
    return Layout.VALIDATION if files.there(DECISION) else Layout.NEITHER


def training(files: RunFiles) -> bool:
    """Whether the files of a training run are expected."""
    return of(files) in (Layout.TRAINING, Layout.BOTH)
