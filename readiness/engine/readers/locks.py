"""Lock files: uv.lock, poetry.lock, pdm.lock, Pipfile.lock, pylock.toml (PEP 751), and pyproject.toml's list.

What each calls a package, its version and its source was read in the tools' own documentation; pylock.toml
in https://packaging.python.org/specifications/pylock-toml/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers import plain_json, plain_text, plain_toml
from readiness.engine.readers.requirement import Requirement, is_commit, public
from readiness.engine.target import RunDirectory

_PYLOCK = re.compile(r"pylock\.(?:[^.]+\.)?toml")  # the name that PEP 751 asks for
_FRAGMENT = re.compile(r"#(?P<commit>[0-9a-f]{40})$")
Line = Callable[[str, int], Iterator[Requirement]]


def is_lock(file: str) -> bool:
    """Whether the file's name is that of a lock file (or pyproject.toml)."""
    name = PurePosixPath(file).name
    return name in (*_READERS, "Pipfile.lock", "pyproject.toml") or bool(_PYLOCK.fullmatch(name))


def read(run: RunDirectory, file: str, line: Line) -> Iterator[Requirement]:
    """The packages of a lock file; `line` reads a requirement as pip writes it. Raises BadContent."""
    name = PurePosixPath(file).name
    text = plain_text.read(run, file)
    if name == "Pipfile.lock":
        yield from _pipfile(plain_json.parse(text, file), file)
        return
    loaded = plain_toml.parse(text, file)
    if name == "pyproject.toml":
        yield from _project(loaded, text, file, line)
        return
    table, one = _READERS.get(name, ("packages", _pylock))
    packages = loaded.get(table)
    if not isinstance(packages, list) or not all(isinstance(p, Mapping) for p in packages):
        raise BadContent(f"{file} has no list `[[{table}]]`.", "Write it again with the tool it belongs to.")
    places = [n for n, said in enumerate(text.splitlines(), 1) if said.strip() == f"[[{table}]]"]
    for position, package in enumerate(packages):
        if not isinstance(package.get("name"), str):
            raise BadContent(f"{file}: package {position + 1} has no name.", "Write the file again.")
        made = one(package)
        if made is not None:
            text_, pinned, version = made
            place = places[position] if len(places) == len(packages) else 1
            when = str(package.get("marker", package.get("resolution-markers", "")))
            yield Requirement(package["name"], text_, file, place, pinned, public(version), when)


# Each reader: (text as shown, pinned, version), or None for the project itself.
_Made = tuple[str, bool, str] | None


def _uv(package: Mapping[str, Any]) -> _Made:
    source = _mapping(package.get("source"))
    if source.get("virtual") == "." or source.get("editable") == ".":
        return None  # the project whose lock this is
    git = source.get("git")
    if git is not None:
        return _said(package, f"git+{git}", pinned=bool(_FRAGMENT.search(str(git))))
    if "registry" in source:
        return _said(package, "", pinned=True)
    hashed = any(_mapping(f).get("hash") for f in (package.get("sdist"), *_listed(package.get("wheels"))))
    return _said(package, f"{next(iter(source), 'no source')}", pinned="url" in source and hashed)


def _poetry(package: Mapping[str, Any]) -> _Made:
    source = _mapping(package.get("source"))
    kind = source.get("type", "legacy")
    if kind == "git":
        return _said(package, f"git+{source.get('url')}", pinned=is_commit(source.get("resolved_reference")))
    hashed = any(_mapping(f).get("hash") for f in _listed(package.get("files")))
    return _said(
        package, "" if kind == "legacy" else str(kind), pinned=kind == "legacy" or (kind == "url" and hashed)
    )


def _pdm(package: Mapping[str, Any]) -> _Made:
    if "git" in package:
        return _said(package, f"git+{package['git']}", pinned=is_commit(package.get("revision")))
    local = package.get("path") is not None or package.get("editable") is True
    return _said(package, "a path" if local else "", pinned=not local)


def _pylock(package: Mapping[str, Any]) -> _Made:
    if "directory" in package:
        return _said(package, "a directory", pinned=False)
    if "vcs" in package:
        vcs = _mapping(package["vcs"])
        return _said(package, f"{vcs.get('type')}+{vcs.get('url')}", pinned=is_commit(vcs.get("commit-id")))
    files = [package.get("archive"), package.get("sdist"), *_listed(package.get("wheels"))]
    hashed = [bool(_mapping(_mapping(f).get("hashes"))) for f in files if f is not None]
    return _said(package, "" if hashed else "no file", pinned=bool(hashed) and all(hashed))


def _said(package: Mapping[str, Any], source: str, *, pinned: bool) -> tuple[str, bool, str]:
    raw = package.get("version")
    version = raw if isinstance(raw, str) else ""
    text = f"{package['name']}=={version}" if version else str(package["name"])
    exact = pinned and bool(version or source)
    return f"{text} @ {source}" if source else text, exact, version


_READERS: dict[str, tuple[str, Callable[[Mapping[str, Any]], _Made]]] = {
    "uv.lock": ("package", _uv),
    "poetry.lock": ("package", _poetry),
    "pdm.lock": ("package", _pdm),
}


def _pipfile(loaded: Any, file: str) -> Iterator[Requirement]:
    if not isinstance(loaded, Mapping) or not isinstance(loaded.get("default"), Mapping):
        raise BadContent(f"{file} has no object `default`.", "Write it with `pipenv lock`.")
    for group in ("default", "develop"):
        for name, package in _mapping(loaded.get(group)).items():
            stated = _mapping(package)
            version = str(stated.get("version", ""))
            exact = version.startswith("==") and "*" not in version
            pinned = is_commit(stated.get("ref")) if "git" in stated else exact
            shown = f"{name} @ git+{stated['git']}" if "git" in stated else f"{name}{version}"
            when = str(stated.get("markers", ""))
            yield Requirement(
                name, shown, file, 1, pinned, public(version.lstrip("=")) if exact else "", when
            )


def _project(loaded: Mapping[str, Any], text: str, file: str, line: Line) -> Iterator[Requirement]:
    project = _mapping(loaded.get("project"))
    if "dependencies" in _listed(project.get("dynamic")) or not isinstance(project.get("dependencies"), list):
        raise BadContent(f"{file} has no list `project.dependencies`.", "Name a lock file instead.")
    lines = text.splitlines()
    start = next((n for n, said in enumerate(lines) if said.strip() == "[project]"), 0)
    for entry in project["dependencies"]:
        quoted = (f'"{entry}"', f"'{entry}'")
        place = next((n for n in range(start, len(lines)) if any(q in lines[n] for q in quoted)), 0)
        yield from line(str(entry), place + 1)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
