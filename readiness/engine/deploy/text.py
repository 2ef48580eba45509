"""A decision in words: the verdict first, then what stands in the way and what to do."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import msgspec

from readiness.engine.deploy import dates, words
from readiness.engine.deploy.decision import Decision, RuleOutcome, Verdict
from readiness.engine.guard import legible

_HEAD = {
    Verdict.APPROVE: "APPROVED: {release} may go to {environment}.",
    Verdict.REJECT: "REJECTED: {release} must not go to {environment}.",
    Verdict.WAIVER_REQUIRED: "WAIVER REQUIRED: {release} may go to {environment} only with waivers.",
}
_MARKS = {
    RuleOutcome.PASSED: "✓",
    RuleOutcome.BLOCKED: "✗",
    RuleOutcome.WAIVED: "~",
    RuleOutcome.NOT_ASKED: "–",
}


def render(decision: Decision, width: int = 100) -> str:
    """Lines for a terminal or a log, without colours."""
    lines: list[str] = []
    for line in _lines(decision):
        first = len(line) - len(line.lstrip())
        wrapped = textwrap.wrap(
            legible(line), max(width, 40), subsequent_indent=" " * (first + 2), break_on_hyphens=False,
            break_long_words=False,
        )  # fmt: skip
        lines += wrapped or [""]
    return "\n".join(lines)


def _lines(decision: Decision) -> Iterator[str]:
    release = f"{words.shown(decision.project)} {words.shown(decision.release)}"
    yield _HEAD[decision.verdict].format(release=release, environment=words.shown(decision.environment))
    yield f"As of {dates.words(decision.as_of)}."
    if decision.reasons:
        yield ""
        yield f"In the way ({len(decision.reasons)}):"
        for reason in decision.reasons:
            yield f"  ✗ {reason.text}"
            yield f"    To do: {reason.fix}" + (" It may be waived." if reason.waivable else "")
    if decision.waived:
        yield ""
        yield "Waived:"
        for each in decision.waived:
            until = dates.read(each.waiver.expires_at)
            yield f"  ~ {each.reason.text}"
            by, end = words.shown(each.waiver.approved_by), dates.words(until.at) if until else "no end"
            yield f"    By {by} until {end}: {words.shown(each.waiver.reason)}"
    if decision.warnings:
        yield ""
        yield "To know:"
        for warning in decision.warnings:
            yield f"  ! {warning.text} {warning.fix}".rstrip()
    yield from _explained(decision)


def _explained(decision: Decision) -> Iterator[str]:
    yield ""
    yield "Rules:"
    for rule in decision.rules:
        why = f" ({rule.text})" if rule.outcome is RuleOutcome.NOT_ASKED else ""
        yield f"  {_MARKS[rule.outcome]} {rule.outcome.value:<9} {rule.title}{why}"
    if decision.approvals:
        yield ""
        yield "Approvals:"
        for told in decision.approvals:
            by = f" by the key {words.shown(told.key)}" if told.key else ""
            yield (
                f"  {words.shown(told.role) or '?'}: {words.shown(told.name) or 'nobody'},"
                f" {words.shown(told.decision) or 'undecided'} {words.shown(told.at)}, {told.standing}{by}"
            )
        if any(told.standing == "declared" for told in decision.approvals):
            yield "  Declared: somebody's word, written into the manifest. Only verified ones are proved."
    if decision.inputs:
        yield ""
        read = [f"{name} {digest[:23]}…" for name, digest in decision.inputs.items()]
        yield f"Decided on: {', '.join([*read, f'{len(decision.files)} files compared'])}"
    if decision.trace_id:
        yield f"Trace: {decision.trace_id}"


def plain(decision: Decision) -> str:
    """The decision record as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(decision.to_dict()), indent=2).decode()
