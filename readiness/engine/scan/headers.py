"""Columns of a CSV file whose header says what is in them: a bare number is a telephone number there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from readiness.engine.scan.patterns import compiled

MOST_COLUMNS = 8
MOST_PLACE = 100
_LONGEST = 8192
_CELL = rb"(?:\"(?:[^\"\r\n]|\"\")*\"|[^\"\r\n%s]*)%s"
_VALUES = {
    "phone": rb"\+?\(?\d[\d ().\-]{5,20}\d",
    "us_ssn": rb"\d{3}-?\d{2}-?\d{4}",
    "password": rb"[^\",;\t\r\n]{4,200}",
}
_NAMES = {
    "phone": compiled(
        rb"(?i)^(?:[a-z]+[_ .\-])?(?:tele|cell|mobile)?[_ ]?(?:phone|mobile|telephone|fax|msisdn|whatsapp)"
        rb"(?:[_ ]?(?:number|num|no|nr|[0-9]))?$|^tel\.?$"
    ),
    "us_ssn": compiled(rb"(?i)^(?:us_?)?ssn$|^social[_ ]security(?:[_ ](?:number|no))?$"),
    "password": compiled(rb"(?i)^(?:[a-z]+[_ ])?(?:password|passwd|passphrase|pwd)$"),
}


def columns(first_line: bytes) -> tuple[tuple[str, Any], ...]:
    """A type and the pattern of its cells, for each column whose header names it; none for other text.

    The pattern's group is the value; it matches from the start of a line.
    """
    line = first_line[:_LONGEST].rstrip(b"\r\n").removeprefix(b"\xef\xbb\xbf")
    delimiter = max((b",", b";", b"\t", b"|"), key=line.count)
    if b"{" in line:
        return ()
    return tuple(_named(line.split(delimiter), delimiter))[:MOST_COLUMNS]


def _named(header: list[bytes], delimiter: bytes) -> Iterator[tuple[str, Any]]:
    escaped = b"\\" + delimiter if delimiter == b"|" else delimiter
    for number, cell in enumerate(header[:MOST_PLACE]):
        name = cell.strip().strip(b"\"'").strip()
        kind = next((kind for kind, pattern in _NAMES.items() if pattern.search(name)), None)
        if kind:
            before = b"(?:" + _CELL % (delimiter, escaped) + b"){%d}" % number
            yield (
                kind,
                compiled(rb"(?m)^" + before + rb"\"?(" + _VALUES[kind] + rb")\"?(?:" + escaped + rb"|\r?$)"),
            )
