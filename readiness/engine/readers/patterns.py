"""Patterns of checklists, and the faults of training logs: RE2, so always in linear time."""

from __future__ import annotations

from typing import Any

import re2

_VALUES = r"loss|losses|acc|accuracy|f1|auc|ppl|perplexity|mae|mse|rmse|norm|grad"
_NOT_A_NUMBER = r"[-+]?(?:nan|inf(?:inity)?)\b"
_EXCEPTIONS = (
    "Runtime|Value|Type|Key|Index|Attribute|Assertion|Import|ModuleNotFound|OS|IO|FileNotFound|Permission"
    "|Connection|Timeout|ZeroDivision|FloatingPoint|Overflow|NotImplemented|Recursion|UnicodeDecode"
)
# A plain number, and words such as "finance" or "no NaN", never match. The name of a fault is shown.
FAULTS = {
    "a value that is not a number": (
        rf"(?i)(?:\b|_)(?:{_VALUES})\w*[\"'\]]?(?:\s*[=:]\s*|\s+(?:(?:is|was|became)\s+)?)(?:tensor\()?{_NOT_A_NUMBER}"
        r"|\bnan\s+(?:loss|gradients?)\b|\b(?:found|detected|encountered|contains?)\s+(?:an?\s+)?nans?\b"
    ),
    "a traceback": r"\bTraceback \(most recent call last\)",
    "an exception": rf"^\s*(?:\w+\.)*(?:(?:{_EXCEPTIONS})Error|KeyboardInterrupt)\b",
    "out of memory": (
        r"(?i)\bout of memory\b|\bOutOfMemoryError\b|\bMemoryError\b|\bbad_alloc\b|\bOOM[- ]?kill"
        r"|\bcannot allocate memory\b"
    ),
    "a killed process": (
        r"(?i)\bsegmentation fault\b|\bcore dumped\b|^\s*killed\s*$|\b\d+ killed\b|\bSIGKILL\b|\bSIGSEGV\b"
        r"|\bdue to time limit\b|\bexit ?code\s*[=:]?\s*(?:-9|137|139)\b"
    ),
    "an error": r"\b(?:ERROR|CRITICAL|FATAL)\b",
}
# Words that say that nothing went wrong; they are taken out of a line before it is judged.
_HARMLESS = (
    r"(?i)\b(?:no|zero|without(?: any)?|never ran)\s+"
    r"(?:nans?|infs?|errors?|critical|fatal|tracebacks?|out of memory)\b"
    r"|\berrors?\s*[=:]\s*0\s*(?:$|[,;|)])|\b0\s+(?:errors?|nans?|killed)\s*(?:$|[,;|).])"
    # a metric of that name: a word, then the number alone ("VALIDATION ERROR: 0.08"); "ERROR: 137" is a level
    r"|\b[a-z]\w*\s+errors?(?:\s+rate)?\s*[=:]\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*%?\s*(?:$|[,;|()])"
    r"|\bbest\w*\s*[=:]\s*[-+]?inf(?:inity)?\b"
)
# A training at work: its start, or the line of an epoch, after what loggers write before it.
_BEFORE = r"(?P<before>(?:[^A-Za-z]|T|Z|INFO|DEBUG|NOTICE|WARN|WARNING|[\w.]+\s*[:\-]\s*)*)"
_AT_WORK = (
    rf"(?i)^{_BEFORE}(?:epoch\W*\d+(?:\s*(?:/|of\b)\s*\d+|\W*$|.*(?:[=:]\s*[-+]?\d|\bloss\b))"
    r"|(?:re)?starting (?:the )?training\b|resuming (?:the )?training\b)"
)


# Decides for the many lines that have no fault with one search.
_ANY = "|".join(f"(?:{pattern})" for pattern in FAULTS.values())


def compiled(pattern: str) -> Any:
    """The pattern, compiled by RE2. Raises ValueError that says why it cannot be used."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(
            f"the pattern {pattern[:80]!r} is not usable: {reason} (RE2: no look-around, no back-references)"
        ) from None


class Faults:
    """Names the first fault of a line. `patterns` are those that find every line worth asking about."""

    def __init__(self, own: dict[str, str], *, training: bool) -> None:
        self._own = {name: compiled(p) for name, p in own.items()}
        self._training = {name: compiled(p) for name, p in FAULTS.items()} if training else {}
        self._harmless = compiled(_HARMLESS)
        self.patterns = [*own.values(), *([_ANY] if training else [])]

    def find(self, line: str) -> str | None:
        """The name of what is wrong in the line, or None."""
        own = next((name for name, p in self._own.items() if p.search(line)), None)
        if own or not self._training:
            return own
        rest = self._harmless.sub(" ", line)
        return next((name for name, p in self._training.items() if p.search(rest)), None)


class Work:
    """Tells a training at work by the lines it writes."""

    pattern = _AT_WORK

    def __init__(self) -> None:
        self._at_work = compiled(_AT_WORK)

    def find(self, line: str) -> bool:
        """Whether the line is an epoch's or a start's; "best: epoch 3/9" only tells of one."""
        match = self._at_work.search(line)
        return bool(match) and "best" not in match["before"].lower()
