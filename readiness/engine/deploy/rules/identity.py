"""Which release this is, and whether its earlier stages let it through."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.engine.deploy import dates, words
from readiness.engine.deploy.rules.case import Case, Reason, Rule, dated

_APPROVED = frozenset(("approved", "approve"))


def _identity(case: Case, rule: Rule) -> Iterator[Reason]:
    manifest = case.manifest
    for name in ("project", "release", "environment", "owner"):
        value = getattr(manifest, name)
        if not words.real(value):
            yield rule.reason(
                case, f"The {name} is {words.shown(value)!r}, which names none.", "Name it.", item=name
            )
    written = dated(manifest.generated_at, case.at)
    if written.problem:
        yield rule.reason(
            case,
            f"The manifest is {written.problem}; a date up to {dates.words(case.at)} is expected.",
            "Write the manifest again, and look at the clock of the machine that wrote it.",
            item="generated_at",
            heals_at=written.heals_at,
        )


def _gates(case: Case, rule: Rule) -> Iterator[Reason]:
    for gate in case.manifest.gates:
        named = (
            " ".join(words.shown(part) for part in (gate.stage, gate.checklist) if part.strip())
            or "without a name"
        )
        if words.word(gate.verdict) not in _APPROVED:
            said = words.shown(gate.verdict) or "nothing"
            yield rule.reason(
                case,
                f"The gate {named} says {said!r}, approved is expected.",
                "Have that gate approved, then write the manifest again.",
                item=gate.stage or gate.checklist,
            )


RULE = Rule(
    name="identity", title="The manifest says which release it is, and when it was written", find=_identity
)
GATES = Rule(
    name="gates",
    title="The gates of earlier stages are approved",
    find=_gates,
    not_asked=lambda case: "" if case.manifest.gates else "the manifest names no gate",
)
