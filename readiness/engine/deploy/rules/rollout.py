"""The moment lies inside the rollout window."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.engine.deploy import dates, words
from readiness.engine.deploy.rules.case import Case, Reason, Rule

_NEW = "Agree on a window and write the manifest again."


def _inside(case: Case, rule: Rule) -> Iterator[Reason]:
    window = case.manifest.rollout.window if case.manifest.rollout else None
    if window is None:
        told = "The manifest has no rollout window, one is expected."
        yield rule.reason(case, told, _NEW, item="missing", hard=True)
        return
    start, end = dates.read(window.start), dates.read(window.end)
    for name, text, read in (("start", window.start, start), ("end", window.end, end)):
        if read is None:
            told = f"The window's {name} is {words.shown(text)!r}, which is no time."
            yield rule.reason(case, told, dates.HOW, item=name, hard=True)
    if start is None or end is None:
        return
    now = dates.words(case.at)
    if end.at <= start.at:
        told = f"The window ends {dates.words(end.at)}, which is not after its start {dates.words(start.at)}."
        yield rule.reason(case, told, _NEW, item="order", hard=True)
    elif case.at < start.at:
        told = f"The window begins {dates.words(start.at)}, it is {now}."
        yield rule.reason(case, told, "Wait, or agree on another window.", item="early", heals_at=start.at)
    elif case.at >= end.at:
        yield rule.reason(case, f"The window ended {dates.words(end.at)}, it is {now}.", _NEW, item="late")


RULE = Rule(
    name="rollout-window",
    title="The rollout window is open",
    find=_inside,
    not_asked=lambda case: (
        "" if case.config.rollout_window.require else "`rollout_window.require` is not set"
    ),
)
