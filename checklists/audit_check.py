"""Whether a stream of the audit log is as it was: its chain, its cut, and every checkpoint of it.

A chain alone misses what was cut off at its end, and a rewriting as a whole; a checkpoint tells. Those in
the database guard against whoever cannot change them; files that left the host guard against everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from checklists import audit_chain
from checklists.audit_chain import Broken
from checklists.audit_trust import Given, Trusted, signed
from checklists.models import AuditEntry, AuditStream, Checkpoint
from readiness.engine.errors import BadContent
from readiness.engine.sealed import checkpoint as notes
from readiness.engine.sealed import cut as cuts
from readiness.engine.sealed import dsse

__all__ = ["Given", "Trusted", "Verdict", "check", "signed"]


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What was found of a stream. Only without `broken` and `doubts` is it as it was."""

    stream: str
    length: int = 0
    cut: int = 0
    holds: int = 0  # checkpoints that verify and agree
    newest: int = 0  # the length that the newest of them vouches for
    broken: Broken | None = None
    doubts: list[str] = field(default_factory=list)  # what could not be verified

    @property
    def good(self) -> bool:
        """Nothing is broken, and nothing that was to be verified could not be."""
        return self.broken is None and not self.doubts


def check(
    stream: str, trusted: Trusted, given: Iterable[Given] = (), sealed: Sequence[cuts.Sealed] = ()
) -> Verdict:
    """Everything about one stream. `given` are checkpoints from outside; `sealed` files of its cuts."""
    head = AuditStream.objects.filter(pk=stream).first() or AuditStream(name=stream)
    verdict = Verdict(stream=stream, length=head.length, cut=head.cut)
    verdict.broken = _cut(head, trusted, verdict) or audit_chain.verify(stream)
    verdict.broken = verdict.broken or _sealed(head, sealed, trusted, verdict)
    rows = Checkpoint.objects.filter(stream=stream).order_by("length", "pk")
    found: list[Given] = []
    for row in rows.iterator():
        note = _note(row)
        if note is None:
            verdict.broken = verdict.broken or Broken(stream, 0, f"has a forged checkpoint, {row.pk}")
        else:
            found.append(Given(f"checkpoint {row.pk}", note, stored=True))
    _compare(head, [*found, *given], trusted, verdict)
    return verdict


def _note(row: Checkpoint) -> notes.Note | None:
    try:
        note = notes.read(row.note.encode(), "the stored checkpoint")
    except (BadContent, UnicodeEncodeError):
        return None
    said = note.checkpoint
    same = (said.stream, said.length, said.head, said.at) == (row.stream, row.length, row.head, row.at)
    return note if same else None


def _compare(head: AuditStream, given: Sequence[Given], trusted: Trusted, verdict: Verdict) -> None:
    """Hold the stream against each checkpoint, the shortest first."""
    lengths = {each.note.checkpoint.length for each in given}
    hashes = dict(_hashes(head.name, sorted(lengths))) | ({head.cut: head.cut_head} if head.cut else {})
    doubts: list[tuple[int, str, bool]] = []
    for each in sorted(given, key=lambda one: one.note.checkpoint.length):
        said, key = each.note.checkpoint, trusted.key_of(each.note)
        why = trusted.why_not(each.note, key)
        if why:
            doubts.append((said.length, f"{each.place} {why}", key is not None))
        if not (key or each.stored) or said.length < head.cut:
            if not why and not each.stored:
                verdict.doubts.append(f"{each.place} is of entry {said.length}, which was cut and sealed")
        elif hashes.get(said.length) != said.head:
            if verdict.broken is None or verdict.broken.seq > said.length:
                verdict.broken = _against(head.name, each, verdict, said.length in hashes)
        elif not why:
            verdict.holds += 1
            verdict.newest = said.length
    # A key that was revoked, or a clock that ran back, is no matter where a later checkpoint vouches as well.
    verdict.doubts += [
        words for length, words, excused in doubts if not (excused and length <= verdict.newest)
    ]


def _against(stream: str, each: Given, verdict: Verdict, there: bool) -> Broken:  # noqa: FBT001  # it is said
    said = each.note.checkpoint
    day = f"{said.at:%Y-%m-%d %H:%M} ({each.place})"
    since = f"; it was as signed up to entry {verdict.newest}" if verdict.newest else ""
    if there:
        return Broken(stream, said.length, f"is not the one that was signed on {day}: rewritten{since}")
    ends = (
        AuditEntry.objects.filter(stream=stream).order_by("-seq").values_list("seq", flat=True).first() or 0
    )
    return Broken(stream, ends + 1, f"is cut off: {said.length} entries were signed on {day}")


def _hashes(stream: str, lengths: Sequence[int]) -> Iterable[tuple[int, str]]:
    for start in range(0, len(lengths), 500):
        chosen = AuditEntry.objects.filter(stream=stream, seq__in=lengths[start : start + 500])
        yield from chosen.values_list("seq", "hash")


def _cut(head: AuditStream, trusted: Trusted, verdict: Verdict) -> Broken | None:
    """A cut must be stated by this installation's key, in an entry of the stream."""
    if not head.cut:
        return None
    wanted = f"{head.cut}:{head.cut_head}"
    entries = AuditEntry.objects.filter(stream=head.name, verb="audit.cut").order_by("-seq")
    for data in entries.values_list("data", flat=True):
        if data.get("until") != wanted:
            continue
        why = _stated(str(data.get("statement", "")), head.name, wanted, trusted)
        if why:
            verdict.doubts.append(f"the cut at entry {head.cut} {why}")
        return None
    return Broken(head.name, head.cut, "and what stood before it is gone, and no entry says that it was cut")


def _stated(text: str, stream: str, wanted: str, trusted: Trusted) -> str:
    try:
        envelope = dsse.read(text.encode(), "the statement of the cut")
    except BadContent:
        return "has no readable statement"
    said = envelope.predicate
    if (said.get("stream"), said.get("until")) != (stream, wanted):
        return "has a statement about another cut"
    return signed(envelope, trusted)


def _sealed(
    head: AuditStream, files: Sequence[cuts.Sealed], trusted: Trusted, verdict: Verdict
) -> Broken | None:
    """The sealed files of a stream must lead from its first entry, or from each other, to its cut."""
    place = None
    for file in sorted(files, key=lambda one: one.start.seq):
        if file.broken:
            return Broken(head.name, file.broken.seq, f"{file.broken.why}, in the sealed file")
        if why := signed(file.envelope, trusted):
            verdict.doubts.append(f"the sealed file up to entry {file.end.seq} {why}")
        if place and file.start != place:
            return Broken(head.name, place.seq + 1, "is in none of the sealed files")
        place = file.end
    if place and place != (head.cut, head.cut_head):
        return Broken(head.name, place.seq + 1, "does not follow the sealed file")
    return None
