"""A Markdown document to a Checklist value.

Structure is read by CommonMark's rules with GFM tables and task items; every error names its line.
Inline Markdown is not rendered here, and nothing is fetched.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from readiness.engine import front_matter, inline, near_misses, tree
from readiness.engine.checklist import Checklist, Section
from readiness.engine.draft import Draft
from readiness.engine.errors import BadContent, ChecklistError
from readiness.engine.front_matter import FrontMatter
from readiness.engine.items import Part, Walker
from readiness.engine.target import decode

MAX_BYTES = 1_000_000
MAX_LINES = 20_000
MAX_NESTING = 60
# markdown-it drops what lies deeper without a word; the margin lets us see it and refuse
_HARD_NESTING = MAX_NESTING + 40


def parse(source: str | bytes, *, name: str = "checklist") -> Checklist:
    """Read a checklist. Bytes may be UTF-8 or UTF-16, with or without BOM, with any line ends.

    `name` stands in for a missing title. Any Markdown is accepted, also without a task item
    (`validation.validate` refuses that). Raises ChecklistError with the line for a document over
    MAX_BYTES, MAX_LINES or MAX_NESTING, for bad front matter or check blocks, and for an id used twice.
    """
    walker, front, _ = _walk(source)
    return _checklist(walker, front, name)


def notes(source: str | bytes) -> tuple[str, ...]:
    """What an author should know about a document that parses: sentences, none when all is well."""
    walker, front, root = _walk(source)
    near = tuple(near_misses.notes(root))
    if any(part.drafts for part in walker.parts):
        return (*near, *front.notes)
    seen = {"plain bullet points": walker.bullets, "tables": walker.tables}
    found = " and ".join(f"{count} {what}" for what, count in seen.items() if count)
    held = f" The document has {found}, which are not imported." if found else ""
    return (f"No task items found.{held} Write each item as `- [ ] text`.", *near, *front.notes)


def overlooked(source: str | bytes) -> tuple[str, ...]:
    """What looks like a task item or a check block and is none: sentences with their lines."""
    return tuple(near_misses.notes(_walk(source)[2]))


def structure(source: str | bytes) -> tuple[list[str], SyntaxTreeNode]:
    """The lines of a document as they are counted, and its block tree. Raises ChecklistError as `parse`."""
    lines = _lines(source)
    return lines, _read(lines)[2]


def _walk(source: str | bytes) -> tuple[Walker, FrontMatter, SyntaxTreeNode]:
    body, front, root = _read(_lines(source))
    walker = Walker(body)
    walker.document(root.children)
    return walker, front, root


def _read(lines: list[str]) -> tuple[list[str], FrontMatter, SyntaxTreeNode]:
    front = front_matter.read(lines)
    # blank lines in the place of the front matter keep every line number true
    body = [""] * front.length + lines[front.length :]
    return body, front, _blocks("\n".join(body))


def _lines(source: str | bytes) -> list[str]:
    if len(source) > MAX_BYTES:
        raise ChecklistError(
            f"The document has {len(source)} bytes; at most {MAX_BYTES} are read.",
            "Split it into several checklists.",
        )
    text = _decode(source) if isinstance(source, bytes) else source.removeprefix("\ufeff")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd").split("\n")
    if len(lines) > MAX_LINES:
        raise ChecklistError(
            f"The document has {len(lines)} lines; at most {MAX_LINES} are read.",
            "Split it into several checklists.",
        )
    return lines


def _decode(data: bytes) -> str:
    if data[:1] == b"\0" or data[1:2] == b"\0":
        data = (b"\xfe\xff" if data[:1] == b"\0" else b"\xff\xfe") + data
    try:
        return decode(data, "The document")
    except BadContent as error:
        raise ChecklistError(error.message, error.advice) from None


def _blocks(text: str) -> SyntaxTreeNode:
    parser = MarkdownIt("commonmark", {"maxNesting": _HARD_NESTING}).enable("table").disable("inline")
    tokens = parser.parse(text)
    deep = next((t for t in tokens if t.level >= MAX_NESTING), None)
    if deep:
        line = deep.map[0] + 1 if deep.map else None
        raise ChecklistError("the list or quotation is nested too deeply.", "Flatten it.", line=line)
    return SyntaxTreeNode(tokens)


def _checklist(walker: Walker, front: FrontMatter, name: str) -> Checklist:
    title = front.texts.get("title") or _first_title(walker.parts) or name
    conditional = frozenset(s.role for s in front.sign_off if s.conditional)
    ids = _ids(walker.parts)
    sections = [
        Section(
            title=part.title,
            level=part.level,
            weight=part.weight,
            line=part.line,
            items=tuple(
                draft.finish(ids[draft.line], tree.source(walker.lines, draft.line, draft.end), conditional)
                for draft in part.drafts
            ),
        )
        for part in walker.parts
    ]
    first, *rest = sections
    if first.items:
        rest.insert(0, replace(first, title=title))
    return Checklist(
        title=title,
        slug=front.texts.get("slug") or inline.slug(title),
        version=front.texts.get("version") or "1.0.0",
        gate=front.texts.get("gate", ""),
        summary=front.texts.get("summary", ""),
        waivers=front.waivers,
        isolation=front.isolation,
        parameters=front.parameters,
        sign_off=front.sign_off,
        sections=tuple(rest),
        front_matter=front.data,
    )


def _first_title(parts: list[Part]) -> str:
    titled = [part for part in parts if part.title]
    return next((p.title for p in titled if p.level == 1), titled[0].title if titled else "")


def _ids(parts: list[Part]) -> dict[int, str]:
    """The id of each draft, keyed by its line: explicit ones as written, others derived from the text."""
    drafts = [draft for part in parts for draft in part.drafts]
    taken: dict[str, int] = {}
    for draft in drafts:
        own = draft.attributes.id
        if own in taken:
            raise ChecklistError(
                f"the id {own!r} is already used on line {taken[own]}.",
                "Give each item its own id.",
                line=draft.line,
            )
        if own:
            taken[own] = draft.line
    uses: Counter[str] = Counter()
    return {draft.line: draft.attributes.id or _derived(draft, taken, uses) for draft in drafts}


def _derived(draft: Draft, taken: dict[str, int], uses: Counter[str]) -> str:
    base = inline.slug(draft.text)
    while True:
        uses[base] += 1
        found = base if uses[base] == 1 else f"{base}-{uses[base]}"
        if found not in taken:
            taken[found] = draft.line
            return found
