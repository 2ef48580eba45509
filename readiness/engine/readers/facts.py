"""Facts that a report documents about its run: lines `Name: value` and table rows of one section."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import re2

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.readers import documents, plain_text
from readiness.engine.target import RunDirectory

LONGEST_FIELD = 1000
_FIELD = re2.compile(r"^[\s>*+\-]*(?P<name>[A-Za-z][\w /()\-]{0,40}?)\**\s*:\**\s*(?P<value>\S.*)$")
_CODE = re.compile(r"[`*]")
_VERSION = re.compile(
    r"\b(?P<name>[A-Za-z][\w.\-]{0,80})\s{1,20}v?(?P<version>\d+(?:\.\d+)+)(?P<local>\+[\w.]+)?"
)
_WHOLE = re.compile(r"\d{1,20}")


@dataclass(frozen=True, slots=True)
class Facts:
    """The documented facts of a section, by lower-case name. `place` names file and section."""

    place: str
    fields: dict[str, str]

    def get(self, name: str) -> str:
        """A fact, or "" when it is not documented."""
        return self.fields.get(name, "")

    def need(self, name: str) -> str:
        """A fact. Raises NotFound when it is not documented."""
        if not self.get(name):
            raise NotFound(f"{self.place} does not document the {name}.", f"Add a line `{name.title()}: …`.")
        return self.fields[name]

    def first_word(self, name: str) -> str:
        """The first word of a fact, such as the path before "(epoch 19)". Raises NotFound."""
        return self.need(name).split()[0].rstrip(",;.")


def read(run: RunDirectory, report: str, section: str) -> Facts:
    """The facts of a section. Raises NotFound for a missing section, BadContent for a fact given twice."""
    found = documents.sections(plain_text.read(run, report), report)
    own = next((s for s in found if s.title.casefold() == section.casefold()), None)
    if own is None:
        raise NotFound(
            f"{report} has no section “{section}”.", "Document seed, config, checkpoint, environment."
        )
    lines = (line for line in documents.plain_lines(own.text) if len(line) <= LONGEST_FIELD)
    pairs = [(m["name"].strip(), m["value"]) for line in lines if (m := _FIELD.match(line))]
    pairs += [(label, cells[0]) for label, cells in documents.table_cells(own.text, report) if cells]
    place = f"{report} · {section}"
    fields: dict[str, str] = {}
    for name, value in pairs:
        said = _CODE.sub("", value).strip()
        if fields.setdefault(name.casefold(), said) != said:
            raise BadContent(f"{place} gives {name[:40]} twice.", "Keep the true one.")
    return Facts(place, fields)


def versions(environment: str) -> Iterator[tuple[str, str]]:
    """Names and versions in "Python 3.11.7, PyTorch 2.1.0+cpu"; local parts are left out."""
    for match in _VERSION.finditer(environment):
        yield match["name"], match["version"]


def whole(value: Any, where: str) -> str:
    """A whole number as text: 42, 42.0 and "42" are one. Raises BadContent for anything else."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    if isinstance(value, bool) or not _WHOLE.fullmatch(text):
        raise BadContent(f"{where} is {text[:40]!r}, not a whole number.", "Write the one that was used.")
    return text
