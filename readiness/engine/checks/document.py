"""`document`: a document has the sections it needs, and they say something."""

from __future__ import annotations

import re
from dataclasses import dataclass

from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.readers import documents
from readiness.engine.readers.documents import Section
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

_WORD = re.compile(r"\w{2,}")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# What is left of a template that nobody filled in.
_PLACEHOLDERS = {
    "TODO": re.compile(r"\b(?:TODO|TBD|FIXME|XXX)\b"),
    "a placeholder": re.compile(
        r"\[(?:e\.g\.|your |insert |fill |name|date|todo)[^\]]*\](?!\()|<(?:fill|insert|your|name|todo)[^>]*>|\{\{.*?\}\}",
        re.IGNORECASE,
    ),
    "filler text": re.compile(r"\blorem ipsum\b", re.IGNORECASE),
    "coming soon": re.compile(
        r"(?im)^\W*(?:to be (?:written|done|defined|added)|coming soon|n/?a|none yet)\W*$"
    ),
}


class DocumentParams(Params, frozen=True):
    """`sections` are headings (case does not matter); `mentions` maps a section to words it must use."""

    file: str
    sections: tuple[str, ...] = ()
    min_words: int = 10
    mentions: dict[str, tuple[str, ...]] = {}  # msgspec copies it


@dataclass(frozen=True, slots=True)
class _Judgement:
    title: str
    problem: str
    words: int
    line: int


@check("document", title="A document says what it must")
def document(want: DocumentParams, run: RunDirectory) -> Finding:
    """Reads a Markdown document and looks for its sections, at any heading level.

    A heading alone proves nothing: a section fails when it is missing, empty, shorter than `min_words`
    words, or still holds TODO, TBD, a template's placeholder or filler text. `mentions` names words that a
    section must use. Write the named sections; the line numbers say where they stand.

    ```yaml check
    document:
      file: docs/deployment_guide.md
      sections: [Input Specification, Output Specification, Monitoring Recommendations]
      mentions: {Monitoring Recommendations: [threshold, dashboard, incident]}
    ```
    """
    found = documents.sections(run.read_text(want.file), want.file)
    judged_sections = [_judge(title, found, want) for title in _wanted(want)]
    if not judged_sections:
        judged_sections = [_whole(found, want)]
    problems = [j.problem for j in judged_sections if j.problem]
    measured = [
        Measurement(
            name=j.title,
            value=j.problem or "complete",
            limit=Limit("==", "complete"),
            source=f"{want.file} · line {j.line}" if j.line else want.file,
        )
        for j in judged_sections
    ]
    total = len(judged_sections)
    said = f"{total - len(problems)} of {total} sections complete in {want.file}"
    if problems:
        said = f"{want.file}: {'; '.join(problems)}"
    return judged(measured, said, advice="Write what is missing; a heading without content does not count.")


def _wanted(want: DocumentParams) -> list[str]:
    known = {title.casefold() for title in want.sections}
    return [*want.sections, *(title for title in want.mentions if title.casefold() not in known)]


def _judge(title: str, found: list[Section], want: DocumentParams) -> _Judgement:
    same = [s for s in found if s.title.casefold() == title.casefold()]
    if not same:
        return _Judgement(title, f"the section “{title}” is missing", 0, 0)
    # Of several sections with that title the fullest counts.
    section = max(same, key=lambda s: len(_words(s.text)))
    words = tuple(w for name, ws in want.mentions.items() if name.casefold() == title.casefold() for w in ws)
    problem = _problem(section, want.min_words, words)
    said = f"“{title}” (line {section.line}) {problem}" if problem else ""
    return _Judgement(title, said, len(_words(section.text)), section.line)


def _whole(found: list[Section], want: DocumentParams) -> _Judgement:
    text = "\n".join(s.text for s in found if s.level == min(x.level for x in found)) if found else ""
    problem = _problem(Section("Document", 1, 1, text), want.min_words, ())
    return _Judgement("Document", f"the document {problem}" if problem else "", len(_words(text)), 1)


def _words(text: str) -> list[str]:
    without = re.sub(r"(?m)^\s*#+ .*$", " ", _COMMENT.sub(" ", text))
    return _WORD.findall(without)


def _problem(section: Section, min_words: int, mentions: tuple[str, ...]) -> str:
    count = len(_words(section.text))
    if count == 0:
        return "is empty"
    for name, pattern in _PLACEHOLDERS.items():
        if match := pattern.search(section.text):
            line = section.line + section.text.count("\n", 0, match.start()) + 1
            return f"still holds {name} (line {line})"
    if count < min_words:
        return f"has {count} words, needs {min_words}"
    missing = [w for w in mentions if not re.search(rf"\b{re.escape(w)}", section.text, re.IGNORECASE)]
    return f"does not mention {', '.join(missing)}" if missing else ""
