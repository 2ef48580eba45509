"""`document`: a document has the sections it needs, and they say something."""

from __future__ import annotations

import re
from dataclasses import dataclass

import re2

from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.readers import documents, plain_text
from readiness.engine.readers.documents import Section
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

_WORD = re.compile(r"\w{2,}")
_HEADING = re.compile(r"(?m)^ {0,3}#{1,6}(?:[ \t].*)?$")
_ATTRIBUTES = re.compile(r"(?<!\s)\s*+\{[#.][^{}]*+\}$")
_NUMBERED = re.compile(r"^(?:\d+(?:\.\d+)*[.)]?|[A-Z][.)])\s+(?=\S)")
# What is left of a template that nobody filled in. RE2 and bounded: the documents are not ours.
_PLACEHOLDERS = {
    "TODO": re2.compile(r"\b(?:TODO|TBD|FIXME|XXX)\b"),
    "a placeholder": re2.compile(
        r"(?i)\[(?:e\.g\.|(?:your|insert|fill(?: in)?|describe|add|enter|specify) "
        r"|(?:name|date|version|todo|tbd|x+|\.{3}|…)\])"
        r"|<(?:fill|insert|your|name|todo)[^>\n]{0,100}>|\{\{[^{}\n]{0,100}\}\}"
    ),
    "filler text": re2.compile(r"(?i)\blorem ipsum\b"),
    "a “coming soon”": re2.compile(
        r"(?im)^\W*(?:to be (?:written|done|defined|added)|coming soon|n/?a|none yet)\W*$"
    ),
}
_CODE = re2.compile(r"`[^`\n]+`")
_LINK = re2.compile(r"\[[^\[\]\n]{1,300}\](?:\([^()\n]{1,300}\)|\[[^\[\]\n]{0,100}\])")


class DocumentParams(Params, frozen=True):
    """`sections` are headings (case does not matter); `mentions` maps a section to words it must use."""

    file: str
    sections: tuple[str, ...] = ()
    min_words: int = 10
    mentions: dict[str, tuple[str, ...]] = {}  # msgspec copies it


@dataclass(frozen=True, slots=True)
class _Judgement:
    title: str
    problem: str  # "is empty"; "" for none
    words: int
    line: int  # 0 for a section that is not there
    whole: bool = False

    @property
    def sentence(self) -> str:
        if self.whole:
            return f"the document {self.problem}"
        if not self.line:
            return f"the section “{self.title}” is {self.problem}"
        return f"“{self.title}” (line {self.line}) {self.problem}"


@check("document", title="A document says what it must")
def document(want: DocumentParams, run: RunDirectory) -> Finding:
    """Reads a Markdown document and looks for its sections, at any heading level.

    A heading alone proves nothing: a section fails when it is missing, empty, shorter than `min_words`
    words, or still holds TODO, TBD, a template's placeholder or filler text. Comments and YAML front matter
    are no content, a placeholder inside code (`<name>` in a command) is none; deeper headings belong to the
    section, numbers before a title ("2.1 Input") do not count. `mentions` names words that a section must
    use. Write the named sections; the line numbers say where they stand.

    ```yaml check
    document:
      file: docs/deployment_guide.md
      sections: [Input Specification, Output Specification, Monitoring Recommendations]
      mentions: {Monitoring Recommendations: [threshold, dashboard, incident]}
    ```
    """
    text = documents.body(plain_text.read(run, want.file), want.file)
    found = documents.sections(text, want.file)
    judged_sections = [_judge(title, found, want) for title in _wanted(want)] or [_whole(text, want)]
    problems = [j.sentence for j in judged_sections if j.problem]
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
    said = f"All {total} sections complete in {want.file}"
    if total == 1:
        said = f"“{judged_sections[0].title}” complete in {want.file} ({judged_sections[0].words} words)"
    if problems:
        said = f"{want.file}: {'; '.join(problems)}"
    return judged(measured, said, advice="Write what is missing; a heading without content does not count.")


def _wanted(want: DocumentParams) -> list[str]:
    known = {title.casefold() for title in want.sections}
    return [*want.sections, *(title for title in want.mentions if title.casefold() not in known)]


def _judge(title: str, found: list[Section], want: DocumentParams) -> _Judgement:
    same = [s for s in found if title.casefold() in _spellings(s.title)]
    if not same:
        return _Judgement(title, "missing", 0, 0)
    # Of several sections with that title the fullest counts.
    section = max(same, key=lambda s: len(_words(s.text)))
    words = tuple(w for name, ws in want.mentions.items() if name.casefold() == title.casefold() for w in ws)
    problem = _problem(section, want.min_words, words)
    return _Judgement(title, problem, len(_words(section.text)), section.line)


def _spellings(title: str) -> set[str]:
    bare = _ATTRIBUTES.sub("", title).rstrip(": ")
    return {said.casefold() for said in (title, bare, _NUMBERED.sub("", bare))}


def _whole(text: str, want: DocumentParams) -> _Judgement:
    problem = _problem(Section("Document", 1, 1, text, 1), want.min_words, ())
    return _Judgement("Document", problem, len(_words(text)), 1, whole=True)


def _content(text: str) -> str:
    """What a reader sees of a section, code included: neither comments nor headings."""
    return _HEADING.sub(" ", _uncommented(text))


def _uncommented(text: str) -> str:
    # One pass; a comment that never ends hides the rest, as it does on the page. Lines stay where they are.
    kept, rest = [], text
    while True:
        before, opened, after = rest.partition("<!--")
        kept.append(before)
        if not opened:
            return "".join(kept)
        comment, _, rest = after.partition("-->")
        kept.append("\n" * comment.count("\n"))


def _words(text: str) -> list[str]:
    return _WORD.findall(_content(text))


def _problem(section: Section, min_words: int, mentions: tuple[str, ...]) -> str:
    content = _content(section.text)
    count = len(_WORD.findall(content))
    if count == 0:
        return "is empty"
    prose = _LINK.sub("", _CODE.sub("", documents.without(_uncommented(section.text))))
    for name, pattern in _PLACEHOLDERS.items():
        if match := pattern.search(prose):
            line = section.first + prose.count("\n", 0, match.start())
            return f"still holds {name} (line {line})"
    if count < min_words:
        return f"has {count} words, needs {min_words}"
    missing = [w for w in mentions if not re.search(rf"\b{re.escape(w)}", content, re.IGNORECASE)]
    return f"does not mention {', '.join(missing)}" if missing else ""
