"""XML reports: no entities, nothing from outside, bounded depth and number of elements."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from xml.etree.ElementTree import Element, TreeBuilder  # the tree only; defusedxml parses

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from readiness.engine.errors import BadContent, LimitExceeded

MAX_DEPTH = 200
MAX_ELEMENTS = 1_000_000
_WHOLE = re.compile(r"[0-9]{1,15}")


def parse(content: bytes, file: str, *, roots: Collection[str], what: str, dtd: bool = False) -> Element:
    """The tree of an XML file whose root is one of `roots` (names without namespace).

    `what` names the expected report in messages ("a JUnit report"). A document type is refused unless `dtd`;
    its entities are refused always, and it is never fetched. Raises BadContent for anything else that is
    wrong, LimitExceeded over 1 million elements.
    """
    builder = _Bounded(file, frozenset(roots), what)
    try:
        parser = DefusedXMLParser(target=builder, forbid_dtd=not dtd)
        parser.feed(content)
        root: Element = parser.close()
    except DefusedXmlException:
        raise BadContent(f"{file} declares a DTD or entities.", f"Write {what} without them.") from None
    except (ParseError, ValueError, LookupError) as error:
        raise BadContent(f"{file} is not usable XML: {str(error)[:160]}.", f"Write {what}.") from None
    return root


class _Bounded(TreeBuilder):
    """Builds the tree and stops early: at the wrong root, too deep, or after too many elements."""

    def __init__(self, file: str, roots: frozenset[str], what: str) -> None:
        super().__init__()
        self._file, self._roots, self._what = file, roots, what
        self._depth = self._count = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._count += 1
        file, what = self._file, self._what
        if self._count == 1 and local(tag) not in self._roots:
            raise BadContent(f"{file} is not {what}: its root is <{tag[:60]}>.", f"Write {what}.")
        if self._depth > MAX_DEPTH:
            raise BadContent(f"{file} is nested deeper than {MAX_DEPTH} levels.", f"Write {what}.")
        if self._count > MAX_ELEMENTS:
            raise LimitExceeded(f"{file} has more than {MAX_ELEMENTS} elements.", "Write several files.")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def local(name: str) -> str:
    """A name without its namespace: "{urn:x}testsuite" is "testsuite"."""
    return name.rsplit("}", 1)[-1]


def tag(element: Element) -> str:
    """The element's name without its namespace; "" for comments."""
    return local(element.tag) if isinstance(element.tag, str) else ""


def children(element: Element, name: str) -> Iterator[Element]:
    """The direct children of that name, whatever their namespace."""
    return (child for child in element if tag(child) == name)


def below(element: Element, name: str) -> Iterator[Element]:
    """All elements of that name at or beneath `element`, in document order."""
    return (each for each in element.iter() if tag(each) == name)


def text(element: Element, name: str) -> str:
    """The stripped text of the first child of that name, or ""."""
    child = next(children(element, name), None)
    return (child.text or "").strip() if child is not None else ""


def whole(element: Element, name: str, file: str, default: str | None = None) -> int:
    """The attribute as a count: a whole number from 0. Raises BadContent naming element and attribute."""
    raw = element.get(name, default)
    if raw is None or not _WHOLE.fullmatch(raw):
        shown = "is missing" if raw is None else f"is {raw[:40]!r}"
        raise BadContent(
            f"{file}: {name} of a <{tag(element)[:60]}> {shown}, expected a whole number from 0.",
            "Write the report again.",
        )
    return int(raw)
