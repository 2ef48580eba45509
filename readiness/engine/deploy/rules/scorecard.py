"""The suites passed, for this release, and the figures are within their limits."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.engine.deploy import words
from readiness.engine.deploy.facts import ScorecardFact
from readiness.engine.deploy.manifest import Manifest, Scorecard
from readiness.engine.deploy.rules.case import Case, Reason, Rule, dated

_RUN = "Run `readiness run` for this release, then write the manifest again."
_UNITS = {"p95_ms": " ms"}


def _passed(case: Case, rule: Rule) -> Iterator[Reason]:
    card = case.manifest.scorecard
    if card is None or not card.path or not card.sha256:
        missing = "no scorecard" if card is None else "a scorecard without path or hash"
        told = f"The manifest has {missing}; path and hash are expected."
        yield rule.reason(case, told, _RUN, item="missing", hard=True)
    if card is None:
        return
    for told in _contradictions(case.manifest, card, case):
        yield rule.reason(case, told, _RUN, item="contradiction", hard=True)
    when = dated(card.generated_at, case.at)
    if when.problem:
        told = f"The scorecard is {when.problem}."
        yield rule.reason(case, told, _RUN, item="date", hard=True, heals_at=when.heals_at)
    if card.overall_passed is None:
        told = "The manifest does not say whether the scorecard passed."
        yield rule.reason(case, told, _RUN, item="unknown", hard=True)
    elif not card.overall_passed:
        told = "The scorecard did not pass."
        yield rule.reason(case, told, "Mend the suites that failed and run them again.", item="failed")


def _contradictions(manifest: Manifest, card: Scorecard, case: Case) -> Iterator[str]:
    if card.partial:
        yield "The scorecard covers only some of the suites."
    yield from _elsewhere(card, "The scorecard", case)
    if card.run_id and manifest.run_ids and card.run_id not in manifest.run_ids:
        yield f"The scorecard is of the run {words.shown(card.run_id)}, which the manifest does not list."
    fact = case.facts.scorecard
    if fact is None:
        return
    if fact.problem:
        yield f"The scorecard's file {fact.problem}."
        return
    yield from _elsewhere(fact, "The scorecard's file", case)
    if fact.partial and not card.partial:
        yield "The scorecard's file covers only some of the suites."
    if fact.overall_passed is not card.overall_passed:
        file, manifest_says = _said(fact.overall_passed), _said(card.overall_passed)
        yield f"The scorecard's file says overall_passed {file}, the manifest says {manifest_says}."
    if fact.run_id != card.run_id:
        told = (words.shown(each) or "no run" for each in (fact.run_id, card.run_id))
        yield "The scorecard's file is of {}, the manifest says {}.".format(*told)


def _elsewhere(card: Scorecard | ScorecardFact, what: str, case: Case) -> Iterator[str]:
    """Whether it is of another release, or of an environment that does not count."""
    release = case.manifest.release
    if card.release and card.release != release:
        yield f"{what} is for the release {words.shown(card.release)}, this is {words.shown(release)}."
    counted = case.config.scorecard_environments or (case.manifest.environment,)
    if card.environment and card.environment not in counted:
        expected = " or ".join(words.shown(name) for name in counted)
        yield f"{what} is for {words.shown(card.environment)}, {expected} is expected."


def _said(value: bool | None) -> str:  # noqa: FBT001  # a value, not a switch
    return "nothing" if value is None else str(value).lower()


def _within(case: Case, rule: Rule) -> Iterator[Reason]:
    file = case.facts.scorecard.figures if case.facts.scorecard else {}
    for name, limit in case.config.metrics.written().items():
        value, unit = getattr(case.manifest.metrics, name), _UNITS.get(name, "")
        if value is not None and file.get(name, value) != value:
            measured = f"the scorecard's file says {file[name]:g}{unit}"
            told = f"{name} is {value:g}{unit} in the manifest, {measured}."
            yield rule.reason(case, told, _RUN, item=name, hard=True)
        elif value is None:
            told = f"{name} is not in the manifest, at most {limit:g}{unit} is expected."
            yield rule.reason(case, told, "Measure it, and write the manifest again.", item=name)
        elif not value <= limit:
            told = f"{name} is {value:g}{unit}, at most {limit:g}{unit} is expected."
            yield rule.reason(case, told, "Mend the cause and measure again.", item=name)


RULE = Rule(
    name="scorecard",
    title="The scorecard passed",
    find=_passed,
    not_asked=lambda case: "" if case.config.require_scorecard else "`require_scorecard` is false",
)
METRICS = Rule(
    name="metrics",
    title="The figures are within their limits",
    find=_within,
    not_asked=lambda case: "" if case.config.metrics.written() else "the configuration sets no limit",
)
