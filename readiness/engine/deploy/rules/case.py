"""What a rule gets and gives: a case in, reasons and warnings out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from readiness.engine.deploy import dates, words
from readiness.engine.deploy.config import GateConfig
from readiness.engine.deploy.facts import Facts
from readiness.engine.deploy.manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing in the way. `text` is observed against expected, `fix` what to do, both for people.

    `item` is what it is about (a role, a path, a metric). `heals_at`: the moment from which it would not
    stand any more though nobody did anything (a date in the future); None: time alone never mends it.
    `warning` reasons are told and do not block.
    """

    rule: str
    title: str
    text: str
    fix: str
    item: str = ""
    waivable: bool = False
    heals_at: datetime | None = None
    warning: bool = False

    def to_dict(self) -> dict[str, Any]:
        """`{rule, title, item, text, fix, waivable, heals_at}`."""
        return {
            "rule": self.rule,
            "title": self.title,
            "item": self.item,
            "text": self.text,
            "fix": self.fix,
            "waivable": self.waivable,
            "heals_at": dates.utc(self.heals_at) if self.heals_at else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A manifest, the configuration it must hold against, the moment that counts, and what was found."""

    manifest: Manifest
    config: GateConfig
    at: datetime
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule by its name. `not_asked` says why it is not asked in a case, or nothing when it is."""

    name: str
    title: str
    find: Callable[[Case, Rule], Iterable[Reason]]
    not_asked: Callable[[Case], str] = lambda _: ""  # a field's default

    def reason(
        self,
        case: Case,
        text: str,
        fix: str,
        *,
        item: str = "",
        hard: bool = False,
        heals_at: datetime | None = None,
    ) -> Reason:
        """A reason of this rule; `hard` ones cannot be waived, whatever the configuration says."""
        waivable = not hard and not case.config.disallow_waivers and self.name in case.config.waivable
        return Reason(
            rule=self.name,
            title=self.title,
            text=text,
            fix=fix,
            item=item,
            waivable=waivable,
            heals_at=heals_at,
        )

    def warn(self, text: str, fix: str = "", *, item: str = "") -> Reason:
        """Something to know that blocks nothing."""
        return Reason(rule=self.name, title=self.title, text=text, fix=fix, item=item, warning=True)


@dataclass(frozen=True, slots=True)
class Dated:
    """A time as a rule sees it: the moment, or what is wrong with it and when that mends itself."""

    at: datetime | None
    problem: str = ""
    heals_at: datetime | None = None


def dated(text: str, now: datetime) -> Dated:
    """A time that must be readable and not in the future; `problem` reads after "it is"."""
    if not text.strip():
        return Dated(None, "not dated")
    moment = dates.read(text)
    if moment is None:
        return Dated(None, f"dated {words.shown(text)!r}, which is no time")
    if moment.at > now:
        told = f"dated {dates.words(moment.at)}, which is in the future"
        return Dated(None, told, heals_at=moment.at)
    return Dated(moment.at)
