"""Files as a faulty disk, a broken writer or an attacker would leave them: good ones, disturbed."""

from __future__ import annotations

from hypothesis import strategies as st

_WORDS = (
    "NaN Infinity -1 0 1e999 null true [ ] { } ( ) \" ' \\ : , | # - ``` < > &a; <!-- % .. . / = == * & !! $x"
)
_BYTES = (
    "00",
    "ffffffff",
    "7fffffff",
    "efbbbf",
    "fffe",
    "c3",
    "8002",
    "0a",
    "0d0a",
    "09",
    "504b0506",
    "e280ae",
)
TOKENS = [b"", b"9" * 40, *map(bytes.fromhex, _BYTES), *_WORDS.encode().split()]


@st.composite
def disturbed(draw: st.DrawFn, good: bytes, others: tuple[bytes, ...] = ()) -> bytes:
    """`good` after a few edits: cut, doubled, replaced, moved, mixed with another file."""
    data = good
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 1, 2, 4, 8, 64, 1024, 1 << 20])))
        match draw(st.sampled_from(["token", "bytes", "cut", "double", "move", "mix"])):
            case "token":
                data = data[:start] + draw(st.sampled_from(TOKENS)) + data[end:]
            case "bytes":
                data = data[:start] + draw(st.binary(max_size=16)) + data[end:]
            case "cut":
                data = data[:start] if draw(st.booleans()) else data[:start] + data[end:]
            case "double":
                data = data[:end] + data[start:end] * draw(st.sampled_from([1, 2, 50])) + data[end:]
            case "move":
                rest = data[:start] + data[end:]
                place = draw(st.integers(0, len(rest)))
                data = rest[:place] + data[start:end] + rest[place:]
            case _:
                other = draw(st.sampled_from(others or (good,)))
                data = data[:start] + other[: end - start] + data[end:]
        data = data[: 8 << 20]
    return data
