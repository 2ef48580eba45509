"""The audit log outside the database: lines, chains, checkpoints, cuts."""

from __future__ import annotations

import hashlib
import io
import random
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from readiness.engine import seal
from readiness.engine.errors import BadContent, LimitExceeded
from readiness.engine.sealed import cut, log, notes
from readiness.engine.sealed.checkpoint import Checkpoint, sign
from readiness.engine.sealed.keys import SigningKey

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
LENGTH = 12


def lines(length=LENGTH, start=log.FIRST, stream="gate:1", data=None):
    """That many entries as lines."""
    seq, previous = start
    made = []
    for number in range(seq + 1, seq + length + 1):
        content = {
            "stream": stream, "seq": number, "at": f"2026-03-01T09:00:{number:02}.000000+00:00",
            "actor_id": None, "actor_name": "Zoë", "verb": "item.ticked", "subject": "a", "revision": number,
            "data": data or {"share": number / 7, "n": [number, None, True]},
        }  # fmt: skip
        hashed = seal.chain(previous, content)
        made.append(log.line(content, previous, hashed))
        previous = hashed
    return made


def point(made, place):
    """A checkpoint of the first entries."""
    found = log.verify(made[:place])
    return Checkpoint(installation="x.example", stream="gate:1", length=place, head=found.head, at=AT)


def test_a_good_log():
    """Every entry is there, with what it says."""
    found = log.read(b"".join(lines()), "x")
    assert (found.broken, found.length, found.stream) == (None, LENGTH, "gate:1")
    assert [entry.seq for entry in found.entries] == list(range(1, LENGTH + 1))
    assert found.hash_at(0) == log.GENESIS
    assert found.hash_at(LENGTH) == found.head
    assert found.hash_at(LENGTH + 1) is None


def test_nothing_at_all():
    """An empty file is a log of no entry."""
    found = log.read(b"", "x")
    assert (found.broken, found.length, found.head) == (None, 0, log.GENESIS)


def test_a_log_that_begins_later():
    """With its start known, or taking its word; from the beginning it is not."""
    made = lines()
    start = log.Start(5, log.verify(made[:5]).head)
    for known in (start, None):
        found = log.verify(made[5:], known)
        assert (found.broken, found.start, found.length) == (None, start, LENGTH)
    assert log.verify(made[5:]).broken.seq == 1
    assert log.verify(made[5:], log.Start(5, "0" * 64)).broken.seq == 6


def _edit(made, pick):
    place = pick.randrange(len(made))
    made[place] = made[place].replace(b"item.ticked", b"item.reopened")


def _delete(made, pick):
    del made[pick.randrange(len(made) - 1)]


def _insert(made, pick):
    place = pick.randrange(len(made))
    made.insert(place, made[place])


def _reorder(made, pick):
    one, other = pick.sample(range(len(made)), 2)
    made[one], made[other] = made[other], made[one]


def _byte(made, pick):
    place = pick.randrange(len(made))
    raw = bytearray(made[place])
    at = pick.randrange(len(raw))
    raw[at] = (raw[at] + pick.randrange(1, 256)) % 256
    made[place] = bytes(raw)


def _form(made, pick):
    place = pick.randrange(len(made))
    change = pick.choice(
        [(b":", b": "), (b"\n", b" \n"), (b"\n", b"\r\n"), (b"Zo\xc3\xab", b"Zo\\u00eb"), (b"\n", b"")]
    )
    made[place] = made[place].replace(*change, 1)


@pytest.mark.parametrize("kind", [_edit, _delete, _insert, _reorder, _byte, _form])
def test_tampering_breaks_the_chain(kind):
    """200 of each kind; what stood before the break is still there."""
    pick = random.Random(kind.__name__)
    good = lines()
    for _ in range(200):
        made = list(good)
        kind(made, pick)
        found = log.read(b"".join(made), "x")
        assert found.broken or b"".join(made) == b"".join(good)
        assert [entry.hash for entry in found.entries] == [e.hash for e in log.verify(good).entries][
            : found.length
        ]


STANDINGS = [
    (LENGTH, 7, {}, log.Standing.COVERED, 7),
    (LENGTH, LENGTH, {}, log.Standing.COVERED, LENGTH),
    (5, 7, {}, log.Standing.CUT_OFF, 6),
    (0, 7, {}, log.Standing.OTHER, 0),
    (LENGTH, 7, {"head": "0" * 64}, log.Standing.REWRITTEN, 7),
    (LENGTH, 7, {"stream": "gate:2"}, log.Standing.OTHER, 0),
]


@pytest.mark.parametrize(("kept", "signed", "other", "standing", "seq"), STANDINGS)
def test_against_a_checkpoint(kept, signed, other, standing, seq):
    """Ahead is fine; shorter is cut off; another hash is a rewriting."""
    made = lines()
    whole = point(made, signed)
    said = {"installation": "x.example", "stream": "gate:1", "length": signed, "head": whole.head, "at": AT}
    found = log.against(log.verify(made[:kept]), Checkpoint(**said | other))
    assert (found.standing, found.seq) == (standing, seq)
    assert bool(found.why) == (standing != log.Standing.COVERED)


def test_against_what_is_not_there():
    """Before the log's beginning nothing can be said; behind a break it is broken."""
    made = lines()
    later = log.verify(made[5:], None)
    assert log.against(later, point(made, 3)).standing == log.Standing.BEFORE
    assert log.against(later, point(made, 5)).standing == log.Standing.COVERED
    broken = log.verify([*made[:4], *made[5:]])
    assert log.against(broken, point(made, 9)).standing == log.Standing.BROKEN
    assert log.against(broken, point(made, 4)).standing == log.Standing.COVERED


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | TEXTS | NUMBERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
@example(4.402953347791482e16)
@example(-1e21)
def test_any_data_survives(value):
    """Whatever an act may log reads back and verifies, whole fractions beyond 2^53 among it."""
    found = log.read(b"".join(lines(2, data={"value": value})), "x")
    assert (found.broken, found.length) == (None, 2)


ODD = [b"x\n", b"[]\n", b"{}\n", b"\xff\n", b"null\n", b'{"a":NaN}\n', b"[" * 5000 + b"\n", b"\n"]


@pytest.mark.parametrize("raw", ODD)
def test_what_is_no_entry(raw):
    """A break at its place, never an exception."""
    assert log.verify([raw]).broken == (1, "is no entry of an audit log in its canonical form")
    assert log.verify([*lines(3), raw]).broken.seq == 4


def test_bounds(monkeypatch):
    """A line and a file have limits."""
    monkeypatch.setattr(log, "MAX_BYTES", 10)
    with pytest.raises(LimitExceeded):
        log.read(b"x" * 11, "x")
    assert log.verify([b"x" * (5 << 20)]).broken.why == "is longer than 4 MB"


def test_a_sealed_file():
    """Lines and a signed statement; read back, changed, cut short."""
    key, made = SigningKey.make(), lines()
    whole = b"".join(made)
    end = log.Start(LENGTH, log.verify(made).head)
    said = cut.Cut(
        installation="x.example",
        stream="gate:1",
        since=cut.told(log.FIRST),
        until=cut.told(end),
        checkpoint="",
        cut_at="",
    )
    data = whole + cut.sign(said, sha256=hashlib.sha256(whole).hexdigest(), signer=key)
    found = cut.read(io.BytesIO(data), "x")
    assert (found.broken, found.start, found.end) == (None, log.FIRST, end)
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    pick = random.Random(9)
    for _ in range(300):
        raw = bytearray(data)
        at = pick.randrange(len(raw))
        raw[at] = (raw[at] + pick.randrange(1, 256)) % 256
        try:
            other = cut.read(io.BytesIO(bytes(raw)), "x")
        except BadContent:
            continue
        good = (
            other.envelope.signature == found.envelope.signature
            and other.envelope.data == found.envelope.data
        )
        assert other.broken or not good
    for short in (b"", whole, data[:-1], data[:-400], data[len(made[0]) :] + made[0]):
        with pytest.raises(BadContent):
            cut.read(io.BytesIO(short), "x")


def test_notes_of_a_file():
    """One, many, with words around; a damaged one is named."""
    key = SigningKey.make()
    note = sign(point(lines(), 3), key, key.public)
    assert len(notes.read(note, "x")) == 1
    assert len(notes.read(b"Dear auditor,\n\n" + note + b"\n" + note + b"Yours\n", "x")) == 2
    for damaged in (note[:-30], note.replace(b"\n3\n", b"\nthree\n") + note, b"", b"\xff", b"{", b"x" * 100):
        with pytest.raises(BadContent):
            notes.read(damaged, "x")
