"""Values that stand for a value: they are counted with low severity.

An address at a domain that RFC 2606 reserves is a placeholder when its local part is one too ("user",
"name1"). "jane.doe@example.com" is not: changing only the domain leaves the person's name.
"""

from __future__ import annotations

from readiness.engine.scan.patterns import compiled as compiled_words

_RESERVED = (b"example.com", b"example.org", b"example.net", b"example.edu")
_RESERVED_ENDINGS = (b".example", b".test", b".invalid", b".localhost", b".example.com", b".example.org")
_ROLES = compiled_words(
    rb"(?:your|my|the|some)?[._\-]?(?:e?mail|user|username|name|first|last|firstname|lastname|you|me|foo|bar|baz"
    rb"|test|tester|demo|dummy|fake|sample|example|someone|somebody|person|customer|client|contact|info|admin"
    rb"|root|support|help|sales|hello|noreply|no-reply|donotreply|webmaster|postmaster|abc|xyz|x|a|b|c|git)"
    rb"(?:[._\-]?(?:name|mail|user|last|id|address))?[._\-]?\d*(?:\+[a-z0-9]*)?"
)
_SYSTEM = compiled_words(rb"(?:git|noreply|no-reply|donotreply|do-not-reply)")
_STANDS_FOR = compiled_words(
    rb"(?i)(?:.*(?:example|placeholder|change[_\-]?me|changeit|redacted|masked|dummy|not[_\-]?a[_\-]?real|"
    rb"your[_\-]|<[a-z_ ]|insert[_\-]|replace[_\-]?|xxxx|\*\*\*|\.\.\.).*"
    rb"|[x*.\-_#\s\xe2\x80\xa2]+|your.*|x{3,}|\$.*|%\(.*|\{.*|<.*|env[:(].*|vault:.*|arn:.*"
    rb"|none|null|nil|true|false|undefined|empty|string|str|required|optional|hidden|todo|tbd|n/?a"
    rb"|password|passwd|pass|pwd|secret|token|test|testing|user|username|foo|bar|value|key)"
)


def placeholder(value: bytes) -> bool:
    """Whether a secret is only a stand-in."""
    return bool(_STANDS_FOR.fullmatch(value)) or len(set(value)) < 3


def placeholder_address(local: bytes, domain: bytes) -> bool:
    """Whether an e-mail address (lower case) can be nobody's."""
    reserved = domain in _RESERVED or domain.endswith(_RESERVED_ENDINGS)
    return bool(reserved and _ROLES.fullmatch(local)) or bool(_SYSTEM.fullmatch(local))
