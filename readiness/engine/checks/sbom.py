"""`sbom`: a bill of materials that names what is in the release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from readiness.engine.errors import BadContent
from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.readers import bars, boms, cyclonedx, plain_json, requirements, spdx
from readiness.engine.readers.boms import Bom, Component
from readiness.engine.readers.requirement import Requirement
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory, decode

MAX_SHOWN = 3
MAX_KEPT = 200


class SbomParams(Params, frozen=True):
    """Shares in per cent of the components. `name` is the component that the document describes; `matches` a
    requirements or lock file of the run; `denied_licences` SPDX ids or patterns (`GPL-*`).
    """

    file: str
    format: Literal["cyclonedx", "spdx"] | None = None
    name: str = ""
    min_components: int = 1
    versions_at_least: float = 100.0
    licences_at_least: float | None = None
    hashes_at_least: float | None = None
    denied_licences: tuple[str, ...] = ()
    matches: str = ""


@check("sbom", title="A bill of materials names every part")
def sbom(want: SbomParams, run: RunDirectory) -> Finding:
    """Reads a bill of materials: CycloneDX 1.0 to 1.7 (JSON, XML) or SPDX 2.1 to 2.3 (JSON, tag-value).

    Counts the components, and how many of them say their version, licence and digest; files are not counted.
    With `matches`, each requirement pinned there must be a component of that version; one with a marker may
    be missing, but not differ. Fails on fewer components than `min_components` (none is never a pass), on a
    share below its limit, on another primary component than `name`, on a denied licence, and on any
    requirement that is missing or differs.

    To resolve: write the document again from what is released, for example with `syft` or `cyclonedx-py`.

    ```yaml check
    sbom: {file: sbom.cdx.json, min_components: 10, denied_licences: [AGPL-*], matches: requirements.txt}
    ```
    """
    bom = _read(run, want.file)
    if want.format and bom.format.lower() != want.format:
        raise BadContent(f"{want.file} is {bom.format}, expected {want.format}.", "")
    denied = {part: bad for part in bom.components if (bad := boms.denied(part, want.denied_licences))}
    pinned = _pinned(run, want.matches)
    odd = _odd(pinned, bom)
    measured = list(_measurements(want, bom))
    zero = Limit("==", 0)
    if want.denied_licences:
        measured.append(Measurement(name="Denied licences", value=len(denied), limit=zero, source=want.file))
    if want.matches:
        least = Limit(">=", 1)
        measured.append(
            Measurement(name="Pinned requirements", value=len(pinned), limit=least, source=want.matches)
        )
        measured.append(Measurement(name="Not as pinned", value=len(odd), limit=zero, source=want.file))
    tiny = bars.tiny(want.versions_at_least, want.licences_at_least, want.hashes_at_least)
    parts = [_message(bom, measured), _denied_words(denied), _listed("not as pinned", odd), tiny]
    return judged(
        measured,
        "; ".join(filter(None, parts)),
        advice=bars.ADVICE if tiny else "Write the bill of materials again from what is released.",
        details=_details(bom, denied, odd),
        warn=bool(tiny),
    )


def _read(run: RunDirectory, file: str) -> Bom:
    content = run.read_bytes(file)
    if not content.strip():
        raise BadContent(f"{file} is empty.", "Write the bill of materials again.")
    start = content[:200].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")
    if start.startswith(b"<"):
        return cyclonedx.from_xml(content, file)
    text = decode(content, file)
    if not start.startswith((b"{", b"[")):
        return spdx.from_tags(text, file)
    data = plain_json.parse(text, file)
    if isinstance(data, dict) and data.keys() == {"sbom"}:
        data = data["sbom"]  # as GitHub's REST API answers
    if isinstance(data, dict) and data.get("bomFormat") == "CycloneDX":
        return cyclonedx.from_json(data, file)
    if isinstance(data, dict) and "spdxVersion" in data:
        return spdx.from_json(data, file)
    known = "CycloneDX or SPDX 2"
    if isinstance(data, dict) and "spdx.org/rdf/3" in str(data.get("@context"))[:200]:
        raise BadContent(f"{file} is SPDX 3, which is not read here.", f"Write {known}.")
    raise BadContent(f"{file} is no bill of materials.", f"Write {known}.")


def _pinned(run: RunDirectory, file: str) -> list[Requirement]:
    return [each for each in requirements.read(run, file) if each.version] if file else []


def _odd(pinned: list[Requirement], bom: Bom) -> list[str]:
    found: dict[str, set[str]] = {}
    for part in bom.components:
        found.setdefault(part.folded, set()).add(part.version.partition("+")[0])
    wanted: dict[str, set[str]] = {}
    for each in pinned:
        wanted.setdefault(Component(each.name).folded, set()).add(each.version)
    odd = []
    for each in pinned:
        folded = Component(each.name).folded
        versions = found.get(folded)
        # of several pins with markers, one holds on the machine that the document describes
        held = versions is not None and bool(versions & (wanted[folded] if each.when else {each.version}))
        if versions is None and not each.when:
            odd.append(f"{each.name} {each.version} is missing")
        elif versions is not None and not held:
            odd.append(f"{each.name} {each.version} is {', '.join(sorted(versions)) or 'without version'}")
    return odd


def _measurements(want: SbomParams, bom: Bom) -> Iterator[Measurement]:
    parts, file = bom.components, want.file
    least = Limit(">=", max(1, want.min_components))
    yield Measurement(name="Components", value=len(parts), limit=least, source=file)
    yield _share("With version", parts, [bool(p.version) for p in parts], want.versions_at_least, file)
    yield _share("With licence", parts, [bool(p.licences) for p in parts], want.licences_at_least, file)
    yield _share("With digest", parts, [p.hashes > 0 for p in parts], want.hashes_at_least, file)
    primary = bom.primary.name[:200] if bom.primary else None
    if primary or want.name:
        limit = Limit("==", want.name) if want.name else None
        yield Measurement(name="Describes", value=primary, limit=limit, source=file)


def _share(
    name: str, parts: tuple[Component, ...], has: list[bool], least: float | None, file: str
) -> Measurement:
    share = 100 * sum(has) / len(parts) if parts else None
    limit = None if least is None else Limit(">=", least)
    return Measurement(name=name, value=share, unit="%", limit=limit, source=file)


def _message(bom: Bom, measured: list[Measurement]) -> str:
    bad = [m for m in measured if m.ok is False and m.name not in ("Denied licences", "Not as pinned")]
    if bad:
        return "; ".join(f"{m.name.lower()} {m.observed}, needs {m.expected}" for m in bad)
    of = f" of {bom.primary.name[:80]} {bom.primary.version[:40]}".rstrip() if bom.primary else ""
    version = bom.version.removeprefix("SPDX-")
    count = len(bom.components)
    return f"{bom.format} {version}{of}: {count} component{'s' if count != 1 else ''}"


def _denied_words(denied: dict[Component, str]) -> str:
    return _listed("denied", [f"{part.name[:80]} ({licence[:80]})" for part, licence in denied.items()])


def _listed(word: str, entries: list[str]) -> str:
    if not entries:
        return ""
    more = f" and {len(entries) - MAX_SHOWN} more" if len(entries) > MAX_SHOWN else ""
    return f"{word}: {', '.join(each[:160] for each in entries[:MAX_SHOWN])}{more}"


def _details(bom: Bom, denied: dict[Component, str], odd: list[str]) -> dict[str, Any]:
    def named(parts: list[Component]) -> list[str]:
        return [f"{part.name} {part.version}".strip()[:200] for part in parts[:MAX_KEPT]]

    return {
        "format": bom.format,
        "version": bom.version,
        "without_version": named([part for part in bom.components if not part.version]),
        "without_licence": named([part for part in bom.components if not part.licences]),
        "denied": named(list(denied)),
        "not_as_pinned": [each[:200] for each in odd[:MAX_KEPT]],
    }
