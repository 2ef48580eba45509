"""Runs detect-secrets' plugins on candidate lines; in the limited child, because their expressions backtrack.

The plugins are asked line by line for what their patterns match. The library's own scan is not used: it would
verify what it finds by sending it to the services, and keeps its settings for the whole process.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from readiness.engine.scan.mask import preview

_CONFIGURATION = (".env", ".sh", ".bash", ".dockerfile", ".envrc")


def find(payload: Mapping[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """`{found[{index, type, fingerprint, preview}], allowed[index]}` of `{plugins[name], lines[path, text]}`.

    `index` is the place in `lines`, and so are the numbers in `allowed`: lines whose comment says "pragma:
    allowlist secret". `fingerprint` is the SHA-1 that detect-secrets writes into its baselines. The secret
    itself never comes back.
    """
    detectors = plugins(payload["plugins"])
    found: list[dict[str, Any]] = []
    allowed: list[int] = []
    for index, (path, text) in enumerate(payload["lines"]):
        if _allowlisted(path, text):
            allowed.append(index)
            continue
        secrets = {(kind, secret) for kind, secret in in_line(detectors, path, text) if secret}
        found += [_shown(index, kind, secret) for kind, secret in sorted(secrets)]
    return {"found": found, "allowed": allowed}


def plugins(names: Sequence[str]) -> list[Any]:
    """The library's detectors of these names, with their default settings."""
    package = importlib.import_module("detect_secrets.plugins")
    modules = (
        importlib.import_module(f"{package.__name__}.{m.name}")
        for m in pkgutil.iter_modules(package.__path__)
    )
    known = {name: value for module in modules for name, value in vars(module).items() if name in names}
    return [known[name]() for name in names]


def in_line(detectors: Sequence[Any], path: str, text: str) -> Iterator[tuple[str, str]]:
    """Type and value of what the detectors find in a line and the library's heuristics let stand."""
    from detect_secrets.filters import heuristic

    line = text.rstrip()
    if heuristic.is_indirect_reference(line):
        return
    for detector in detectors:
        for secret in _matches(detector, path, line):
            if not _harmless(secret, line, detector):
                yield detector.secret_type, secret


def _matches(detector: Any, path: str, line: str) -> Iterator[str]:
    from detect_secrets.plugins import keyword
    from detect_secrets.util.filetype import FileType, determine_file_type

    if isinstance(detector, keyword.KeywordDetector):
        name = PurePosixPath(path).name.lower()
        kind = determine_file_type(path)
        if name.startswith(".env") or name.endswith(_CONFIGURATION) or name == "dockerfile":
            kind = FileType.CONFIG
        groups = keyword.REGEX_BY_FILETYPE.get(kind, keyword.QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP)
        yield from detector.analyze_string(line, groups)
    elif hasattr(detector, "entropy_limit"):
        for secret in detector.analyze_string(line):
            if detector.calculate_shannon_entropy(secret) > detector.entropy_limit:
                yield secret
    else:
        yield from detector.analyze_string(line)


def _harmless(secret: str, line: str, detector: Any) -> bool:
    from detect_secrets.filters import heuristic

    return bool(
        heuristic.is_sequential_string(secret)
        or heuristic.is_potential_uuid(secret)
        or heuristic.is_likely_id_string(secret, line, detector)
        or heuristic.is_templated_secret(secret)
        or heuristic.is_prefixed_with_dollar_sign(secret)
        or heuristic.is_not_alphanumeric_string(secret)
    )


def _allowlisted(path: str, line: str) -> bool:
    from detect_secrets.filters.allowlist import is_line_allowlisted
    from detect_secrets.util.code_snippet import CodeSnippet

    context = CodeSnippet(snippet=[line], start_line=0, target_index=0)
    return bool(is_line_allowlisted(path, line, context))


def _shown(index: int, kind: str, secret: str) -> dict[str, Any]:
    from detect_secrets.core.potential_secret import PotentialSecret

    masked = "password" if kind in ("Secret Keyword", "Basic Auth Credentials") else "api_key"
    return {
        "index": index,
        "type": kind,
        "fingerprint": PotentialSecret.hash_secret(secret),
        "preview": preview("private_key" if kind == "Private Key" else masked, secret),
    }
