"""Values that stand for a value.

What was taken out on purpose is not counted at all: "[REDACTED]", "xxxxx", "${DB_PASSWORD}", null. What is
written where a value belongs is counted with low severity: AWS's documented example key, "changeme",
"your-api-key".

An address at a domain that RFC 2606 reserves is a placeholder when its local part is one too ("user",
"name1"). "jane.doe@example.com" is not: changing only the domain leaves the person's name. Senders that are
nobody ("noreply@…", "git@…") are not counted.
"""

from __future__ import annotations

from readiness.engine.scan.patterns import compiled
from readiness.engine.scan.values import Severity

_RESERVED = (b"example.com", b"example.org", b"example.net", b"example.edu")
_RESERVED_ENDINGS = (b".example", b".test", b".invalid", b".localhost", b".example.com", b".example.org")
_ROLES = compiled(
    rb"(?:your|my|the|some)?[._\-]?(?:e?mail|user|username|name|first|last|firstname|lastname|you|me|foo|bar|baz"
    rb"|test|tester|demo|dummy|fake|sample|example|someone|somebody|person|customer|client|contact|info|admin"
    rb"|root|support|help|sales|hello|webmaster|postmaster|abc|xyz|x|a|b|c)"
    rb"(?:[._\-]?(?:name|mail|user|last|id|address))?[._\-]?\d*(?:\+[a-z0-9]*)?"
)
_NOBODY = compiled(rb"(?:git|no-?reply|do-?not-?reply|mailer-daemon)")
_TAKEN_OUT = compiled(
    rb"(?i)(?:.*(?:redacted|masked|x{4}|\*{3}|\.{3}|<[a-z_ ]|removed>|anonymi[sz]ed).*"
    rb"|[x*.\-_#\s\xe2\x80\xa2]+|\$.*|%\(.*|%[a-z_]+%|\{.*|<.*|\[.*\]|env[:(].*|vault:.*"
    rb"|none|null|nil|nan|true|false|undefined|empty|string|str|required|optional|hidden|n/?a)"
)
_EXAMPLE = compiled(
    rb"(?i)(?:.*(?:example|placeholder|change[_\-]?me|changeit|dummy|insert[_\-]|replace[_\-]?|your[_\-]).*"
    rb"|your.*|todo|tbd|password|passwd|pass|pwd|secret|token|test|testing|user|username|foo|bar|value|key)"
)


def severity_of(secret: bytes) -> Severity | None:
    """High, low for an example, None for what was taken out."""
    if _TAKEN_OUT.fullmatch(secret) or len(set(secret)) < 3:
        return None
    return "low" if _EXAMPLE.fullmatch(secret) else "high"


def severity_of_address(local: bytes, domain: bytes) -> Severity | None:
    """The same for an e-mail address in lower case."""
    if _NOBODY.fullmatch(local):
        return None
    reserved = domain in _RESERVED or domain.endswith(_RESERVED_ENDINGS)
    return "low" if reserved and _ROLES.fullmatch(local) else "high"
