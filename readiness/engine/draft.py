"""One item while its parts are collected; `finish` makes the value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from markdown_it.tree import SyntaxTreeNode

from readiness.engine import check_blocks, inline
from readiness.engine.checklist import Block, CheckSpec, Criterion, Item, Requirement, Role
from readiness.engine.errors import ChecklistError
from readiness.engine.inline import Attributes
from readiness.engine.labels import Part, label

MAX_TEXT = 1_000
MAX_PARAGRAPH = 10_000

Word = TypeVar("Word", Role, Requirement)


@dataclass(slots=True)
class Draft:
    """An item of a document. `line` and `end` are its first and last source line, 1-based; `part` says
    where the next paragraph goes.
    """

    text: str
    attributes: Attributes
    depth: int
    checked: bool
    state: str | None
    heading: str
    line: int
    end: int
    part: Part | None = None
    criteria: list[Criterion] = field(default_factory=list)
    verification: list[Block] = field(default_factory=list)
    checks: list[CheckSpec] = field(default_factory=list)
    prose: dict[Part, list[str]] = field(default_factory=dict)

    def paragraph(self, text: str, line: int) -> None:
        """Add a paragraph; each of its lines may open another part by its label."""
        if len(text) > MAX_PARAGRAPH:
            raise self._too_much(text, line)
        collected: list[str] = []
        for number, source in enumerate(text.split("\n"), line):
            found = label(source)
            if found:
                self.add(collected, line)
                self.part, rest = found
                collected, line = [rest], number
            else:
                collected.append(source)
        self.add(collected, line)

    def block(self, markdown: str, line: int) -> None:
        """Add any other block (a table, a list, a quotation) as it is written."""
        if len(markdown) > MAX_PARAGRAPH:
            raise self._too_much(markdown, line)
        self.add([markdown], line)

    def add(self, lines: list[str], line: int) -> None:
        """Add Markdown to the current part (guidance when no label was met)."""
        text = "\n".join(lines).strip()
        if not text:
            return
        if self.part is Part.VERIFICATION:
            self.verification.append(Block(language="", text=text, line=line))
        else:
            self.prose.setdefault(self.part or Part.GUIDANCE, []).append(text)

    def fence(self, node: SyntaxTreeNode, line: int) -> None:
        """Add a fenced block: scripted checks, a part of the current prose, or verification by hand."""
        if check_blocks.is_check(node.info):
            self.checks.extend(check_blocks.read(node.content, line))
        elif self.part in (Part.REMEDIATION, Part.EVIDENCE):
            self.add([f"{node.markup}{node.info}", node.content.rstrip("\n"), node.markup], line)
        else:
            language = (node.info.split() or [""])[0]
            self.verification.append(Block(language=language, text=node.content.rstrip("\n"), line=line))

    def criterion(self, text: str, line: int) -> None:
        """Add a criterion; lines from a label on belong to the item (a lazy continuation in Markdown)."""
        lines = text.split("\n")
        own = next((n for n, source in enumerate(lines) if n and label(source)), len(lines))
        words, confirm = inline.take_confirm(inline.plain("\n".join(lines[:own])))
        if len(words) > MAX_TEXT:
            raise too_long("criterion", words, line)
        if words:
            self.criteria.append(Criterion(text=words, confirm=confirm))
        if own < len(lines):
            self.paragraph("\n".join(lines[own:]), line + own)

    def finish(self, item_id: str, markdown: str, conditional: frozenset[Role]) -> Item:
        """The item's value. Roles in `conditional` may be dropped, so their items are conditional."""
        role = self.choice("role", Role)
        return Item(
            id=item_id,
            text=self.text,
            markdown=markdown,
            depth=self.depth,
            checked=self.checked,
            state=self.state,
            requirement=self.requirement(role, conditional),
            criteria=tuple(self.criteria),
            verification=tuple(self.verification),
            checks=tuple(self.checks),
            guidance=self.markdown(Part.GUIDANCE),
            evidence=self.markdown(Part.EVIDENCE),
            remediation=self.markdown(Part.REMEDIATION),
            role=role,
            line=self.line,
        )

    def markdown(self, part: Part) -> str:
        """All Markdown collected for a part."""
        return "\n\n".join(self.prose.get(part, ()))

    def requirement(self, role: Role | None, conditional: frozenset[Role]) -> Requirement:
        """The level: from the attribute, else the item's words, else its heading's; mandatory otherwise."""
        if role:
            return Requirement.CONDITIONAL if role in conditional else Requirement.MANDATORY
        said = self.choice("requirement", Requirement)
        return (
            said or inline.requirement(self.text) or inline.requirement(self.heading) or Requirement.MANDATORY
        )

    @staticmethod
    def _too_much(text: str, line: int) -> ChecklistError:
        return ChecklistError(
            f"this paragraph has {len(text)} characters; at most {MAX_PARAGRAPH} are read.",
            "Split it, or move it into a document of its own.",
            line=line,
        )

    def choice(self, name: str, kind: type[Word]) -> Word | None:
        """An attribute's value as an enum. Raises ChecklistError for another word."""
        value = self.attributes.values.get(name)
        if value is None:
            return None
        if value not in tuple(kind):
            raise ChecklistError(
                f"{name}={value} is not known.", f"Use one of: {', '.join(kind)}.", line=self.line
            )
        return kind(value)


def too_long(what: str, text: str, line: int) -> ChecklistError:
    """The error for an item or criterion that is no line of a checklist any more."""
    return ChecklistError(
        f"the text of this {what} has {len(text)} characters; at most {MAX_TEXT} are read.",
        "Keep one sentence, and move the rest into a paragraph below it.",
        line=line,
    )
