"""`decision.json`: what the gate decided, and whether it says one thing only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readiness.engine.ready import shape, words
from readiness.engine.ready.files import RunFiles
from readiness.engine.ready.listing import DECISION as FILE
from readiness.engine.ready.words import Word

_FIRST = ("status", "passed", "recommendation")
# These decide too where they hold a known word; some producers put other things there.
_ALSO = ("decision", "verdict", "result", "outcome", "state", "ok", "success", "valid", "approved", "ship")
_COUNTERS = ("failed", "failures", "errors", "blockers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision: the meaning of each field that decides, and of each check that it names."""

    raw: Mapping[str, Any]
    says: Mapping[str, Word]
    checks: Mapping[str, Word]
    counted: Mapping[str, int]

    @property
    def word(self) -> Word:
        """What the fields say together: TWO when one passes and another fails."""
        return words.together(self.says.values())

    @property
    def warnings(self) -> list[Any] | None:
        """`summary.warnings`, or None when the decision has none."""
        summary = self.raw.get("summary")
        if isinstance(summary, dict) and "warnings" in summary:
            return shape.as_list(summary["warnings"], f"{FILE} · summary.warnings")
        return None

    def contradictions(self) -> list[str]:
        """What the decision says against itself, in words; empty when it says one thing."""
        found = []
        if self.word is Word.TWO:
            found.append("it says " + " beside ".join(self.claims()))
        code = self.raw.get("exit_code")
        if code is not None and bool(shape.as_count(code, f"{FILE} · exit_code")) is (self.word is Word.PASS):
            found.append(f"it says {', '.join(self.claims())} beside exit_code {code}")
        if self.word in (Word.PASS, Word.WARN):
            found += [f"it passes, but its check {name} failed" for name in self.named(Word.FAIL)]
            found += [f"it passes, but summary.{k} is {n}" for k, n in self.counted.items() if n]
        found += [f"its check {name} says two things" for name in self.named(Word.TWO)]
        return found

    def claims(self) -> list[str]:
        """The deciding fields as they stand: "status PASS"."""
        return [f"{name} {claim(self.raw[name])}" for name in self.says]

    def named(self, *meanings: Word) -> list[str]:
        """The names of the checks that mean one of these."""
        return [name for name, meaning in self.checks.items() if meaning in meanings]


def load(files: RunFiles) -> Decision | None:
    """The decision of a run, or None when it has none. Raises BadContent."""
    raw = files.object(FILE)
    if raw is None:
        return None
    says = {name: words.read(raw[name]) for name in (*_FIRST, *_ALSO) if raw.get(name) is not None}
    says = {name: word for name, word in says.items() if name in _FIRST or word is not Word.UNKNOWN}
    return Decision(raw=raw, says=says, checks=_checks(raw.get("checks")), counted=_counts(raw))


def claim(value: Any) -> str:
    """A status as a producer wrote it, shortened."""
    if isinstance(value, bool):
        return str(value).lower()
    return value[:40] if isinstance(value, str) else shape.kind(value)


def _checks(value: Any) -> dict[str, Word]:
    place = f"{FILE} · checks"
    if value is None:
        return {}
    if isinstance(value, list):
        entries = [shape.as_object(entry, f"{place}.{n}") for n, entry in enumerate(value)]
        named = [(_name(entry, f"{place}.{n}"), entry) for n, entry in enumerate(entries)]
        return {
            name: words.together(words.read(e) for other, e in named if other == name) for name, _ in named
        }
    return {name: words.read(entry) for name, entry in shape.as_object(value, place).items()}


def _name(entry: Mapping[str, Any], place: str) -> str:
    for key in ("name", "check", "id", "contract", "file"):
        if key in entry:
            return shape.as_text(entry[key], f"{place}.{key}")
    raise shape.wrong(place, dict(entry), "an object with a name")


def _counts(raw: Mapping[str, Any]) -> dict[str, int]:
    summary = raw.get("summary")
    if summary is None or isinstance(summary, str):
        return {}
    table = shape.as_object(summary, f"{FILE} · summary")
    return {key: _number(table[key], f"{FILE} · summary.{key}") for key in _COUNTERS if key in table}


def _number(value: Any, place: str) -> int:
    return len(value) if isinstance(value, list | dict) else shape.as_count(value, place)
