"""A signed PDF as pyHanko reads it: its one signature judged strictly, and the files attached to it.

Beside pdf_cms.py, which looks at bytes: both must agree on what the signature is and covers. Reading a
stranger's PDF is work for a confined process (see verify/confined.py). Needs pyHanko.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import SignatureCoverageLevel
from pyhanko.sign.validation.errors import ValidationInfoReadingError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError

from readiness.engine.errors import BadContent
from readiness.engine.sealed.pdf_frame import ADVICE, Frame

MAX_ATTACHED = 10_000
SUBFILTER = "/ETSI.CAdES.detached"
# What a hostile PDF makes pyHanko raise, all of it ending in "cannot be read".
_ODD = (
    PdfError, SigningError, ValidationInfoReadingError, PathError, ValueError, TypeError, AttributeError,
    AssertionError,
    EOFError, OSError, ArithmeticError, RuntimeError, LookupError, struct.error, zlib.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a PDF holds: its signature's claimed time, and the files attached to it by name."""

    at: datetime | None
    attached: dict[str, bytes]


def read(data: bytes, frame: Frame) -> Read:
    """The PDF with its signature judged; `frame` is what pdf_cms.py verified. Raises BadContent."""
    try:
        reader = PdfFileReader(BytesIO(data), strict=True)
        found = list(reader.embedded_signatures)
        if len(found) != 1:
            raise BadContent(
                f"The PDF holds {len(found)} signatures, not the one of the installation.", ADVICE
            )
        _judge(found[0], data, frame)
        return Read(
            at=_claimed(found[0]),
            attached=dict(_unique(_attached(reader))),
        )
    except _ODD as error:
        raise BadContent(
            f"The PDF cannot be read: {type(error).__name__}: {str(error)[:120]}.", ADVICE
        ) from None


def _judge(signature: EmbeddedPdfSignature, data: bytes, frame: Frame) -> None:
    """Raise BadContent where pyHanko finds less than a certification of the whole file."""
    ranges = [int(one) for one in signature.byte_range]
    if ranges != [0, frame.before, frame.resumes, frame.after]:
        raise BadContent("The PDF's signature is not the one that covers the file.", ADVICE)
    if (
        _at(signature.sig_object, "/SubFilter") != SUBFILTER
        or signature.docmdp_level is not MDPPerm.NO_CHANGES
    ):
        raise BadContent("The PDF's signature does not forbid later changes.", ADVICE)
    own = signature.signer_cert
    # Whose certificate this is the installation's statement says; here it only has to fit.
    moment = _claimed(signature) or own.not_valid_before
    context = ValidationContext(
        trust_roots=[own, *signature.other_embedded_certs],
        allow_fetching=False,
        moment=moment,
        best_signature_time=moment,
        revocation_mode="soft-fail",
    )
    status = _now(async_validate_pdf_signature(signature, signer_validation_context=context))
    if status.coverage != SignatureCoverageLevel.ENTIRE_FILE or (
        status.modification_level not in (None, ModificationLevel.NONE)
    ):
        raise BadContent("The PDF was changed after it was signed.", ADVICE)
    if not (status.intact and status.valid and status.docmdp_ok and status.bottom_line):
        raise BadContent(f"The PDF's signature does not hold: {status.summary()}.", ADVICE)


def _claimed(signature: EmbeddedPdfSignature) -> datetime | None:
    """When it says that it was signed."""
    stated: datetime | None = signature.self_reported_timestamp
    return stated.astimezone(UTC) if stated and stated.tzinfo else None


def _now(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that waits for nothing: nothing is fetched, so it ends without a loop."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    work.close()
    raise BadContent("The PDF's signature asks for something from outside.", ADVICE)


def _unique(found: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    seen: set[str] = set()
    for name, data in found:
        if name in seen or len(seen) >= MAX_ATTACHED:
            raise BadContent(f"The PDF has two attached files of the name {name[:80]!r}.", ADVICE)
        seen.add(name)
        yield name, data


def _attached(reader: PdfFileReader) -> Iterator[tuple[str, bytes]]:
    names = _at(reader.root, "/Names")
    tree = _at(names, "/EmbeddedFiles") if isinstance(names, generic.DictionaryObject) else None
    for specification in _leaves(tree) if tree is not None else ():
        name = _at(specification, "/UF") or _at(specification, "/F")
        stream = specification["/EF"]["/F"]
        if not isinstance(name, str) or not isinstance(stream, generic.StreamObject):
            raise BadContent("The PDF has an attached file that is not understood.", ADVICE)
        # Some writers call nothing at all a compressed stream.
        yield str(name), bytes(stream.data) if stream.encoded_data else b""


def _leaves(tree: Any) -> Iterator[Any]:
    """What the leaves of a name tree hold. A tree that runs in circles ends with BadContent."""
    left = [tree]
    for _ in range(MAX_ATTACHED):
        if not left:
            return
        node = left.pop()
        if not isinstance(node, generic.DictionaryObject):
            break
        listed, kids = _at(node, "/Names") or [], _at(node, "/Kids") or []
        for place in range(1, len(listed), 2):
            if not isinstance(listed[place], generic.DictionaryObject):
                raise BadContent("The PDF has an attached file that is not understood.", ADVICE)
            yield listed[place]
        left += [kids[place] for place in range(min(len(kids), MAX_ATTACHED))]
    raise BadContent("The PDF's list of attached files is not understood.", ADVICE)


def _at(held: Any, name: str) -> Any:
    """What a reference leads to; pyHanko's own `get` gives the reference."""
    return held[name] if name in held else None  # noqa: SIM401  # `get` is what must not be used
