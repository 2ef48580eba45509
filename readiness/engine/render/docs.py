"""The reference of the check kinds, made from their own docstrings and parameters.

`python -m readiness.engine.render.docs` rewrites `docs/checks/`; a test compares it with the code.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from readiness.engine import atomic, registry
from readiness.engine.registry import Kind, Params
from readiness.engine.type_words import words

INDEX = "README.md"


def listing(kinds: Iterable[Kind]) -> str:
    """One line per kind: its name and what it shows when it passes."""
    known = list(kinds)
    width = max((len(kind.name) for kind in known), default=0)
    return "\n".join(f"{kind.name:<{width}}  {kind.title}" for kind in known)


def page(kind: Kind) -> str:
    """A kind explained in Markdown: title, docstring with its example, table of parameters."""
    parts = [f"# `{kind.name}`: {_lower(kind.title)}", kind.doc, "## Parameters", _table(kind)]
    if kind.short:
        parts.append(f"Short form: `{kind.name}: …` sets `{kind.short}`.")
    own = kind.params.__doc__
    if own and own != Params.__doc__:
        parts.append(" ".join(own.split()))
    return "\n\n".join(parts)


def pages() -> dict[str, str]:
    """Every file of `docs/checks/`: name to content, the index included. Only built-in kinds have one."""
    known = registry.kinds().values()
    kinds = [kind for kind in known if kind.function.__module__.startswith("readiness.")]
    entries = "\n".join(f"- [`{kind.name}`]({kind.name}.md): {_lower(kind.title)}" for kind in kinds)
    index = (
        "# Kinds of checks\n\n"
        "What a `yaml check` block of a checklist can ask for"
        f" ([the format](../checklist-format.md)). `readiness checks KIND` prints the same text.\n\n"
        f"{entries}\n"
    )
    return {INDEX: index, **{f"{kind.name}.md": f"{page(kind)}\n" for kind in kinds}}


def write(folder: Path) -> None:
    """Make `folder` hold exactly `pages()`: pages of kinds that are gone are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for old in folder.glob("*.md"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        atomic.write(folder, name, text.encode())


def _table(kind: Kind) -> str:
    rows = ["| Parameter | Value | Default |", "| --- | --- | --- |"]
    return "\n".join([*rows, *_rows(kind)])


def _rows(kind: Kind) -> Iterator[str]:
    hints = get_type_hints(kind.params, include_extras=True)
    for field in msgspec.structs.fields(kind.params):
        hint = hints[field.name]
        said = f": {_described(hint)}" if _described(hint) else ""
        yield f"| `{field.encode_name}` | {_cell(words(hint) + said)} | {_cell(_default(field))} |"


def _cell(text: str) -> str:
    """Text as a cell of a table, which a bar would end."""
    return text.replace("|", "\\|")


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return "–" if value in (None, [], {}, (), "") else f"`{_yaml(value)}`"


def _yaml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(_yaml(v) for v in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{k}: {_yaml(v)}' for k, v in value.items())}}}"
    return str(value)


def _described(hint: Any) -> str:
    metas = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return next((m.description for m in metas if isinstance(m, msgspec.Meta) and m.description), "")


def _lower(title: str) -> str:
    # "A file exists" reads on in lower case; "ONNX or TorchScript …" keeps its capitals
    return title[:1].lower() + title[1:] if title[1:2].islower() or title[1:2] == " " else title


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/checks"))
