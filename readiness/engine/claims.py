"""What a Markdown document claims about itself, as sections of a score: nothing of it is verified.

Items are task items, or, in a document without any, plain bullet points: those that end with `(done)`,
`(partial)` or `(pending)`, and those on the top level of a list of which no nested point ends so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from markdown_it.tree import SyntaxTreeNode

from readiness.engine import inline, markdown, tree
from readiness.engine.checklist import Checklist, Item, Section
from readiness.engine.errors import ChecklistError
from readiness.engine.policy import State
from readiness.engine.score_items import ScoreItem, ScoreSection


def read(source: str | bytes, *, name: str = "checklist") -> Checklist:
    """The document as a checklist, plain bullet points included where it has no task item.

    Raises ChecklistError as `markdown.parse`, and for a document that claims nothing: neither a task item,
    nor a bullet point with a claim, nor a heading with a weight above bullet points.
    """
    checklist = markdown.parse(source, name=name)
    if checklist.items:
        return checklist
    lines, root = markdown.structure(source)
    places = sorted(set(_bullets(root.children)))
    if places and (any(_claims(node) for node in root.walk()) or any(s.weight for s in checklist.sections)):
        for line, words in places:
            before, _, after = lines[line - 1].rpartition(words)
            lines[line - 1] = f"{before}[ ] {words}{after}"
        checklist = markdown.parse("\n".join(lines), name=name)
    if not checklist.items:
        raise ChecklistError(
            "The document claims nothing that can be scored.",
            "Write items as `- [ ] text`, or bullet points that end with (done), (partial) or (pending).",
        )
    return checklist


def sections(checklist: Checklist) -> tuple[ScoreSection, ...]:
    """The claims of a checklist for `score.score`; a ticked box claims done. Approvals are left out."""
    return tuple(
        ScoreSection(title=title, weight=weight, items=tuple(map(_item, items)))
        for title, weight, items in grouped(checklist)
    )


def grouped(checklist: Checklist) -> Iterator[tuple[str, float | None, list[Item]]]:
    """Title, weight and items (approvals left out) of each section that has items or a weight.

    A heading without a weight below one that has a weight belongs to that one.
    """
    groups: list[tuple[Section, list[Item]]] = []
    above: list[int] = []  # places in `groups` of the headings with a weight around the present one
    for section in checklist.sections:
        above = [place for place in above if groups[place][0].level < section.level]
        items = [item for item in section.items if item.role is None]
        if section.weight is None and above:
            groups[above[-1]][1].extend(items)
            continue
        if section.weight is not None:
            above.append(len(groups))
        groups.append((section, items))
    for section, items in groups:
        if items or section.weight is not None:
            yield section.title, section.weight, items


def _item(item: Item) -> ScoreItem:
    claim = item.state or ("done" if item.checked else "pending")
    return ScoreItem(
        key=item.id,
        title=item.text,
        requirement=item.requirement,
        state=State.PASSED if claim == "done" else State.OPEN,
        partial=claim == "partial",
        remediation=item.remediation,
    )


def _bullets(nodes: Iterable[SyntaxTreeNode]) -> Iterator[tuple[int, str]]:
    """The line (from 1) of each bullet point that is an item, and the first line of its text."""
    for node in nodes:
        if node.type == "blockquote":
            yield from _bullets(node.children)
        elif node.type in tree.LISTS:
            for entry in node.children:
                yield from _entry(entry, top=node.type == "bullet_list")


def _entry(entry: SyntaxTreeNode, *, top: bool) -> Iterator[tuple[int, str]]:
    nested = [point for child in entry.children if child.type in tree.LISTS for point in child.children]
    below = [place for point in nested for place in _entry(point, top=False)]
    if _claims(entry) or (top and not below and entry.children and entry.children[0].type == "paragraph"):
        first = entry.children[0]
        yield tree.line_of(first), tree.content(first).split("\n")[0].rstrip()
    yield from below


def _claims(node: SyntaxTreeNode) -> bool:
    if node.type != "list_item" or not node.children or node.children[0].type != "paragraph":
        return False
    words, _, _ = tree.title(tree.content(node.children[0]))
    return inline.take_state(inline.plain(words))[1] is not None
