"""The gate page's first load: the page with every file that it names, as sent over the line.

python -m bench first_load
"""

from __future__ import annotations

import gzip
import re
import sys
import tempfile
from pathlib import Path

from bench.figure import say
from bench.place import example_gate, prepare

LIMIT_KB = 200.0
NAMED = re.compile(r'(?:href|src)="/static/([^"#]+)')
NAMED_IN_CSS = re.compile(r"""url\(["']?((?!data:)[^"')]+)""")


def main() -> int:
    """Print one line; 0 when the figure holds."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        page = first_page(example_gate())
        files = named(Path(folder) / "static", page)
        sizes = {file.name: sent(file) for file in files}
    whole = len(page) + sum(sizes.values())
    largest = max(sizes, key=sizes.__getitem__)
    return say(
        f"first load of the gate page with {len(sizes)} files",
        f"{whole / 1e3:.0f} kB",
        against=f"{largest.split('.')[0]} alone {sizes[largest] / 1e3:.0f} kB",
        ratio=whole / sizes[largest],
        limit=f"needs < {LIMIT_KB:.0f} kB",
        holds=whole < LIMIT_KB * 1e3,
    )


def first_page(gate) -> bytes:
    """The page's HTML, which is sent as it is."""
    from django.test import Client

    client = Client(headers={"host": "localhost"})
    client.force_login(gate.opened_by)
    return client.get(f"/gates/{gate.pk}/").content


def named(static: Path, page: bytes) -> set[Path]:
    """The files that the page names, and those that its style sheets name."""
    found = {static / name for name in NAMED.findall(page.decode())}
    for sheet in [file for file in found if file.suffix == ".css"]:
        urls = NAMED_IN_CSS.findall(sheet.read_text(encoding="utf-8"))
        found |= {(sheet.parent / url.partition("#")[0]).resolve() for url in urls}
    return found


def sent(file: Path) -> int:
    """Bytes over the line: compressed, but for fonts, which are compressed already."""
    data = file.read_bytes()
    return len(data) if file.suffix == ".woff2" else len(gzip.compress(data, 9))


if __name__ == "__main__":
    sys.exit(main())
