"""Contract integrity: the files that a run needs are there, valid, and the gate let it pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.outcome import Finding
from readiness.engine.ready import decision, layout, shape
from readiness.engine.ready.check import finding, readiness_check
from readiness.engine.ready.decision import Decision
from readiness.engine.ready.files import RunFiles
from readiness.engine.ready.layout import EVALUATION, REQUIRED, RUN_META, Layout
from readiness.engine.ready.listing import DECISION, MANIFEST
from readiness.engine.ready.status import ReadinessStatus
from readiness.engine.ready.words import Word

PASSED = "All required files present and valid"
_FINISHED = (
    "completed",
    "complete",
    "finished",
    "done",
    "succeeded",
    "success",
    "successful",
    "ok",
    "pass",
    "passed",
)
_WANTED = ("version", "contracts", "datasets")


@readiness_check("contract_integrity")
def check_contract_integrity(files: RunFiles) -> Finding:
    """The required files exist, are valid and carry their fields; the decision lets the run pass."""
    kind = layout.of(files)
    missing = [name for name in REQUIRED[kind] if not files.there(name)]
    if missing:
        return finding(
            ReadinessStatus.FAIL,
            f"Missing required files: {', '.join(missing)}",
            _how_to_get(kind),
            {"missing_files": missing},
        )
    notes = list(_fields(files, kind))
    gate = decision.load(files)
    if gate:
        notes += _decision(gate)
    names = _run_ids(files)
    if notes:
        return finding(
            ReadinessStatus.WARN,
            "; ".join(notes),
            "Write what is missing, and look at what warns.",
            {"files": names},
        )
    return finding(ReadinessStatus.PASS, PASSED, details={"files": list(REQUIRED[kind])})


def _how_to_get(kind: Layout) -> str:
    if kind is Layout.NEITHER:
        return f"Point at a validation run ({MANIFEST}, {DECISION}) or a training run ({RUN_META})."
    return "Check that the run ended; `readiness decide` writes decision.json."


def _fields(files: RunFiles, kind: Layout) -> Iterator[str]:
    """What is not there but should be. Raises BadContent for what cannot do without."""
    if kind is not Layout.TRAINING:
        manifest = files.object(MANIFEST) or {}
        shape.as_text(manifest.get("run_id"), f"{MANIFEST} · run_id")
        _check_time(manifest.get("timestamp"), f"{MANIFEST} · timestamp")
        yield from (f"{MANIFEST} has no {name}" for name in _WANTED if manifest.get(name) is None)
        for name, wanted in (
            ("contracts", list | dict),
            ("datasets", list | dict),
            ("version", str | int | float),
        ):
            value = manifest.get(name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, wanted)):
                raise shape.wrong(f"{MANIFEST} · {name}", value, "text" if name == "version" else "a list")
    if kind in (Layout.TRAINING, Layout.BOTH):
        meta = files.object(RUN_META) or {}
        shape.as_text(meta.get("run_id"), f"{RUN_META} · run_id")
        _check_finished(meta)


def _check_time(value: Any, place: str) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value > 0:
            return  # seconds since 1970
    else:
        try:
            datetime.fromisoformat(shape.as_text(value, place).strip())
        except ValueError:
            pass
        else:
            return
    raise BadContent(f"{place} is {str(value)[:40]!r}; expected a date and time.", "Write ISO 8601.")


def _check_finished(meta: Mapping[str, Any]) -> None:
    status = meta.get("status")
    if status is None:
        return
    said = shape.as_text(status, f"{RUN_META} · status").strip()
    if said.casefold() not in _FINISHED:
        raise BadContent(
            f"{RUN_META} · status is {said[:40]!r}; expected 'completed'.",
            "Let the training end, or repeat it.",
        )


def _decision(gate: Decision) -> Iterator[str]:
    """What of the decision needs a look. Raises BadContent when it does not let the run pass."""
    if not gate.says:
        raise BadContent(
            f"{DECISION} names no status, passed or recommendation.",
            "Write the decision: `readiness decide`.",
        )
    if gate.word is Word.TWO:
        raise BadContent(f"{DECISION} says two things: {', '.join(gate.claims())}.", "Decide again.")
    if gate.word is Word.FAIL:
        failed = gate.named(Word.FAIL)
        about = f" (failed: {', '.join(failed[:5])})" if failed else ""
        raise BadContent(
            f"The decision gate failed: {DECISION} says {', '.join(gate.claims())}{about}.",
            "Mend what failed.",
        )
    unknown = [name for name, meaning in gate.says.items() if meaning is Word.UNKNOWN]
    if unknown:
        said = ", ".join(f"{name} {decision.claim(gate.raw[name])}" for name in unknown)
        raise BadContent(f"{DECISION} says {said}, which is no known status.", "Write PASS, WARN or FAIL.")
    strange = gate.named(Word.UNKNOWN)
    if strange:
        raise BadContent(
            f"{DECISION} · checks.{strange[0]} has no known status.", "Write PASS, WARN or FAIL."
        )
    yield from _second_look(gate)


def _second_look(gate: Decision) -> Iterator[str]:
    """What lets the run pass, but not without a word."""
    if gate.word is Word.SKIP:
        yield f"The decision is not made: {', '.join(gate.claims())}"
    if gate.word is Word.WARN:
        yield f"The decision asks for a look: {', '.join(gate.claims())}"
    if warned := gate.named(Word.WARN):
        yield f"Checks of the decision warn: {', '.join(warned[:5])}"
    if skipped := gate.named(Word.SKIP):
        yield f"Checks of the decision did not run: {', '.join(skipped[:5])}"
    if not gate.checks:
        yield f"{DECISION} names no checks"


def _run_ids(files: RunFiles) -> list[str]:
    """The files that name the run. Raises BadContent when they name different runs."""
    named: dict[str, str] = {}
    for name in (MANIFEST, DECISION, RUN_META, EVALUATION):
        raw = files.object(name)
        if raw and raw.get("run_id") is not None:
            named[name] = shape.as_text(raw["run_id"], f"{name} · run_id")
    if len(set(named.values())) > 1:
        said = ", ".join(f"{name} says {run_id[:60]!r}" for name, run_id in named.items())
        raise BadContent(f"The files belong to different runs: {said}.", "Put the files of one run together.")
    return list(named)
