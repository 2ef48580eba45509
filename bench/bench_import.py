"""Markdown checklists of many items, imported, beside markdown-it-py's bare parse of the same text.

python -m bench import
"""

from __future__ import annotations

import sys
import time

from markdown_it import MarkdownIt

from bench.figure import say
from readiness.engine import markdown

MOST, ROUNDS = 2.0, 5  # times the bare parse
ITEM = """- [ ] **Item {n} holds** (optional)
  - One thing is true
  - Another one is `true` (confirm)

**Verification**:
```bash
cat results/{n}.json
```

**If unchecked**: Do it again.

"""


def main() -> int:
    """Print one line for each size; 0 when all hold."""
    return max(line(items) for items in (24, 300, 800))


def line(items: int) -> int:
    """One figure."""
    source = "".join(f"## Part {n}\n\n" * (n % 10 == 0) + ITEM.format(n=n) for n in range(items))
    if len(markdown.parse(source).items) != items:
        sys.exit("the document was not imported")
    bare = best(lambda: MarkdownIt("commonmark").enable("table").parse(source))
    ours = best(lambda: markdown.parse(source))
    return say(
        f"import of {items} items ({len(source) // 1000} kB)",
        f"{ours * 1000:.0f} ms",
        against=f"markdown-it-py alone {bare * 1000:.0f} ms",
        ratio=ours / bare,
        limit=f"needs ≤ {MOST:g} times that, and < 1 s",
        holds=ours <= MOST * bare and ours < 1,
    )


def best(call) -> float:
    """Seconds of the quickest of several calls."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    sys.exit(main())
