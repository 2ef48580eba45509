"""Walks the block tree of a document and collects its headings and task items.

A task item is a list item whose first paragraph starts with `[ ]` or `[x]` (GFM), at any depth, with any
list marker. What follows a list on the same level, up to the next heading, rule or list of tasks, belongs
to its last item: code and labelled paragraphs always, other prose only when the list has one task.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from markdown_it.tree import SyntaxTreeNode

from readiness.engine import check_blocks, inline, tree
from readiness.engine.draft import MAX_TEXT, Draft, too_long
from readiness.engine.errors import ChecklistError
from readiness.engine.labels import label


@dataclass(slots=True)
class Part:
    """A heading and the drafts below it. `level` 0 is the part before the first heading."""

    title: str
    level: int
    weight: float | None
    line: int
    drafts: list[Draft] = field(default_factory=list)


@dataclass(slots=True)
class Walker:
    """Collects `parts` from a block tree over `lines` (the document's source)."""

    lines: list[str]
    parts: list[Part] = field(default_factory=lambda: [Part("", 0, None, 1)])
    current: Draft | None = None
    alone: bool = False
    bullets: int = 0
    tables: int = 0

    def document(self, blocks: Iterable[SyntaxTreeNode]) -> None:
        """Walk blocks of the top level, or of a quotation that holds tasks."""
        for node in blocks:
            self._block(node)

    def _block(self, node: SyntaxTreeNode) -> None:
        if node.type == "heading":
            self._heading(node)
        elif node.type == "hr":
            self.current = None
        elif node.type in tree.LISTS:
            self._list(node)
        elif node.type == "blockquote" and tree.has_tasks(node):
            self.document(node.children)
        elif node.type == "fence" and check_blocks.is_check(node.info) and self.current is None:
            raise ChecklistError(
                "this check block belongs to no item.",
                "Move it below the item it decides.",
                line=tree.line_of(node),
            )
        else:
            self.tables += node.type == "table"
            self._trailing(node)

    def _heading(self, node: SyntaxTreeNode) -> None:
        title, weight = inline.take_weight(inline.plain(tree.content(node)))
        title, _ = inline.take_attributes(title)
        self.parts.append(Part(title.strip(), int(node.tag[1]), weight, tree.line_of(node)))
        self.current = None

    def _list(self, node: SyntaxTreeNode) -> None:
        if not tree.has_tasks(node):
            self.bullets += len(node.children)
            self._trailing(node)
            return
        before = len(self.parts[-1].drafts)
        for entry in node.children:
            self._entry(entry, 0)
        added = self.parts[-1].drafts[before:]
        self.current = next((d for d in reversed(added) if d.depth == 0), added[-1])
        self.current.part = None
        self.alone = sum(d.depth == self.current.depth for d in added) == 1

    def _trailing(self, node: SyntaxTreeNode) -> None:
        draft = self.current
        if draft is None or node.type == "html_block":
            return
        taken = self.alone or draft.part is not None or node.type == "fence"
        if taken or (node.type == "paragraph" and label(tree.content(node))):
            draft.end = max(draft.end, tree.end_of(node))
            self._own(draft, node)

    def _entry(self, entry: SyntaxTreeNode, depth: int) -> None:
        match = tree.task(entry)
        if match is None:
            for child in entry.children:
                if child.type in tree.LISTS:
                    for nested in child.children:
                        self._entry(nested, depth + 1)
            return
        first, *rest = entry.children
        draft = self._draft(first, match, depth, tree.end_of(entry))
        self.parts[-1].drafts.append(draft)
        for child in rest:
            if child.type in tree.LISTS and (draft.part is None or tree.has_tasks(child)):
                for nested in child.children:
                    self._nested(draft, nested, depth + 1)
            elif child.type != "html_block":
                self._own(draft, child)

    def _draft(self, first: SyntaxTreeNode, match: re.Match[str], depth: int, end: int) -> Draft:
        text, after, attributes = tree.title(tree.content(first)[match.end() :])
        words = inline.plain(text)
        text, state = inline.take_state(words)
        # a box before nothing but marks still is an item: it is shown as it is written
        text = text or words or tree.content(first)
        line = tree.line_of(first)
        if len(text) > MAX_TEXT:
            raise too_long("item", text, line)
        checked = match[1] != " "
        heading = self.parts[-1].title
        draft = Draft(text, attributes, depth, checked, state, heading, line, end)
        if after:
            draft.paragraph("\n".join(after), line + tree.content(first).count("\n") + 1 - len(after))
        return draft

    def _nested(self, draft: Draft, entry: SyntaxTreeNode, depth: int) -> None:
        if tree.task(entry) is not None:
            self._entry(entry, depth)
            return
        for child in entry.children:
            if child.type in tree.LISTS:
                for nested in child.children:
                    self._nested(draft, nested, depth + 1)
            elif child.type == "paragraph":
                draft.criterion(tree.content(child), tree.line_of(child))
            elif child.type != "html_block":
                self._own(draft, child)

    def _own(self, draft: Draft, node: SyntaxTreeNode) -> None:
        if node.type == "paragraph":
            draft.paragraph(tree.content(node), tree.line_of(node))
        elif node.type == "fence":
            draft.fence(node, tree.line_of(node))
        elif node.type != "hr":
            draft.block(tree.source(self.lines, tree.line_of(node), tree.end_of(node)), tree.line_of(node))
