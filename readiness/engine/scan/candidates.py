"""Lines that detect-secrets may find something in: a superset of its patterns, for RE2 over bytes.

The library looks at every line with some eighty backtracking expressions; these let most lines go. Python's
classes and its folding of case know more than ASCII (a Kelvin sign is a "k"), so bytes above 127 may stand
for what they need to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from readiness.engine.scan.blocks import Block
from readiness.engine.scan.patterns import compiled

LONGEST = 1000  # bytes of a line that the library is given at once
_NEAR = 300
_FOLDED = {"k": b"(?:[kK]|\xe2\x84\xaa)", "s": b"(?:[sS]|\xc5\xbf)", "i": b"(?:[iI]|\xc4[\xb0\xb1])"}


def _folded(*words: str) -> bytes:
    """Any of the words in any case; "?" makes the character before optional."""
    made = (
        b"".join(
            _FOLDED.get(c, c.encode() if c in "?_" else b"[%s%s]" % (c.encode(), c.upper().encode()))
            for c in word
        )
        for word in words
    )
    return b"(?:" + b"|".join(made) + b")"


_NAMED = _folded(
    "api_?key", "auth_?key", "service_?key", "account_?key", "db_?key", "database_?key", "priv_?key",
    "private_?key", "client_?key", "db_?pass", "database_?pass", "key_?pass", "password", "passwd", "pwd",
    "secret", "contrasena",
)  # fmt: skip
_ENDS = _folded("key", "pwd", "pw", "password", "pass", "token")
_VALUE = rb"[0-9A-Za-z_\-\x80-\xff]"
# By the name of the library's plugin.
PATTERNS: dict[str, bytes] = {
    "ArtifactoryDetector": rb"AKC[a-zA-Z0-9]{10}|AP(?:[0-9A-F]|[\x80-\xff])[\x80-\xffa-zA-Z0-9]{8}",
    "AWSKeyDetector": rb"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}|"
    + _folded("aws")
    + rb"[^\n]{0,80}"
    + _ENDS
    + rb"[^\n]{0,80}['\"]",
    "AzureStorageKeyDetector": rb"AccountKey=",
    "BasicAuthDetector": rb"://[^\s:/?#\[\]@]+:[^\s:/?#\[\]@]+@",
    "CloudantDetector": _ENDS + rb"['\"]?\]?[ :=>]+['\"]?" + _VALUE + rb"{24}",
    "DiscordBotTokenDetector": rb"[MNO]"
    + _VALUE
    + rb"{23,100}\."
    + _VALUE
    + rb"{6,24}\."
    + _VALUE
    + rb"{27}",
    "GitHubTokenDetector": rb"gh[pousr]_[A-Za-z0-9_]{36}",
    "GitLabTokenDetector": rb"(?:glpat|gldt|glft|glsoat|glrt|glcbt|glimt|glptt|glagent|gloas)-|GR1348941",
    "IbmCloudIamDetector": _ENDS + rb"['\"]?\]?[ :=>]+['\"]?" + _VALUE + rb"{44}",
    "IbmCosHmacDetector": _folded("key") + rb"['\"]?\]?[ :=>]+['\"]?" + _VALUE + rb"{48}",
    "JwtTokenDetector": rb"eyJ[A-Za-z0-9_=\-]+\.[A-Za-z0-9_=\-]",
    "KeywordDetector": _NAMED + b"|" + _folded("contrase") + rb"\xc3[\x91\xb1]" + _folded("a"),
    "MailchimpDetector": rb"[0-9a-z]{32}-us[0-9]",
    "NpmDetector": rb"_authToken=",
    "OpenAIDetector": rb"T3BlbkFJ",
    "PrivateKeyDetector": rb"BEGIN (?:[A-Z0-9]{2,8} )?(?:ENCRYPTED )?PRIVATE KEY|PuTTY-User-Key-File-2",
    "PypiTokenDetector": rb"pypi-AgE",
    "SendGridDetector": rb"SG\.[a-zA-Z0-9_\-]{22}\.",
    "SlackDetector": rb"(?i:xox(?:[abpors]|\xc5\xbf)-)|" + _folded("hook") + b"(?:" + _folded("s") + rb"\.)",
    "SoftlayerDetector": _folded("softlayer") + b"|" + _ENDS + rb"['\"]?\]?[ :=>]+['\"]?" + _VALUE + rb"{64}",
    "SquareOAuthDetector": rb"sq0csp-",
    "StripeDetector": rb"[rs]k_live_[0-9a-zA-Z]{24}",
    "TelegramBotTokenDetector": rb"[0-9\x80-\xff]:[0-9A-Za-z_\-]{35}",
    "TwilioKeyDetector": rb"(?:AC|SK)[a-z0-9]{32}",
}
# On request only: every long quoted string is one.
ENTROPY: dict[str, bytes] = {
    "Base64HighEntropyString": rb"['\"][A-Za-z0-9+/\\=_\-]{9}",
    "HexHighEntropyString": rb"['\"][0-9A-Fa-f]{9}",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line, or of a long one a piece, with its 1-based number."""

    line: int
    text: str


@cache
def prefilter(*, entropy: bool) -> Any:
    """One pattern that matches wherever a plugin of the library may."""
    every = [rb"pragma: ?(?:allow|white)list", *PATTERNS.values(), *(ENTROPY.values() if entropy else ())]
    return compiled(b"|".join(b"(?:" + p + b")" for p in every))


def in_block(block: Block, *, entropy: bool) -> Iterator[Candidate]:
    """The lines of a block that the library has to look at, each once."""
    data, done, line, counted = block.data, block.low, block.line, 0
    pattern = prefilter(entropy=entropy)
    while match := pattern.search(data, done):
        if match.start() >= block.high:
            return
        start, end = _around(data, match.start(), match.end())
        line += data.count(b"\n", counted, start)
        counted = start
        for part in data[start:end].decode(errors="replace").split("\r"):
            if part.strip():
                yield Candidate(line, part)
        # a value may lie across the end of a piece
        done = end if data[end : end + 1] in (b"", b"\n") else max(match.end(), end - _NEAR)


def _around(data: bytes, start: int, end: int) -> tuple[int, int]:
    """The line around a match; of a line over 1 kB, what is near it."""
    low = data.rfind(b"\n", max(0, start - LONGEST), start) + 1
    if low == 0 and start > LONGEST:
        low = start - _NEAR
    high = data.find(b"\n", end)
    return low, min(len(data) if high < 0 else high, max(end + _NEAR, low + LONGEST))
