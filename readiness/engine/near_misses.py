"""Lines of a checklist that look like task items or check blocks, and are neither."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it.tree import SyntaxTreeNode

from readiness.engine import check_blocks, tree

_MOST = 10
# a link, a footnote and a number in brackets are no boxes
_BOX = re.compile(r"\[(?:[^\]\w]?|[vVoO]|[xX])\](?![(\[:])|[☐☑☒✅✔❌]")
_GLUED = re.compile(r"[-*+]\s*\[[ xX]?\]")
_BLOCK = re.compile(r"(?:ya?ml\W*)?checks?(?:\W*ya?ml)?", re.IGNORECASE)


def notes(root: SyntaxTreeNode) -> Iterator[str]:
    """A sentence for the boxes that are no task items, and one for the blocks that are no checks."""
    boxes = sorted({tree.line_of(node) for node in root.walk() if _looks_like_item(node)})
    blocks = [tree.line_of(node) for node in root.walk() if node.type == "fence" and _looks_like_check(node)]
    if boxes:
        some = "look like task items and are none" if len(boxes) > 1 else "looks like a task item and is none"
        yield f"{_lines(boxes)} {some}. Write each item as `- [ ] text`."
    if blocks:
        some = (
            "look like check blocks and are none"
            if len(blocks) > 1
            else "looks like a check block and is none"
        )
        yield f"{_lines(blocks)} {some}: a person would decide. Open the block with ```` ```yaml check ````."


def _looks_like_item(node: SyntaxTreeNode) -> bool:
    if node.type == "paragraph":
        return any(_GLUED.match(line.strip()) for line in tree.content(node).split("\n"))
    if node.type != "list_item" or tree.task(node) or not node.children:
        return False
    first = node.children[0]
    return first.type == "paragraph" and bool(_BOX.match(tree.content(first)))


def _looks_like_check(node: SyntaxTreeNode) -> bool:
    info = node.info.strip()
    return bool(_BLOCK.fullmatch(info)) and not check_blocks.is_check(info)


def _lines(numbers: list[int]) -> str:
    more = f" and {len(numbers) - _MOST} more" if len(numbers) > _MOST else ""
    return f"Line{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers[:_MOST]))}{more}"
