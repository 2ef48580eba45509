"""The shapes of personal data and secrets, for RE2 over bytes: always in linear time.

Each pattern has one group: the value. What stands before it is consumed by the pattern (RE2 has no
look-behind), what follows is only looked at, so that two values side by side are both found.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import re2

# Before a number: no other digit, letter, sign, decimal point, fraction or path.
_ALONE = rb"(?:^|[^0-9A-Za-z_.+\-/#%=&])"
_WORD = rb"(?:^|[^0-9A-Za-z_\-])"
_ASSIGNED = rb"[\\\"'\]]{0,4}[ \t]{0,4}(?::=|=>|[:=]|==)[ \t]{0,4}"

EMAIL = rb"([A-Za-z0-9_%+'\x80-\xff.\-]{1,64}@(?:[A-Za-z0-9\x80-\xff\-]{1,63}\.){1,8}[A-Za-z]{2,24})\b"
PHONE_INTERNATIONAL = (
    rb"(?:^|[^0-9A-Za-z_.+\-/%=&])"
    rb"(\+[1-9]\d{0,2}[ .\-]?(?:\(0?\d{1,4}\)[ .\-]?)?\d{1,4}(?:[ .\-]?\d{2,4}){2,4})\b"
)
PHONE_NORTH_AMERICA = (
    _ALONE + rb"((?:1[ .\-])?(?:\([1-9]\d{2}\)[ \-.]?\d{3}[ \-.]\d{4}"
    rb"|[1-9]\d{2}-\d{3}-\d{4}|[2-9]\d{2}\.\d{3}\.\d{4}))\b"
)
PHONE_NAMED = (
    rb"(?i)\b(?:(?:[a-z]{1,12}_)?(?:tele|cell|mobile)?[_ ]?phone|mobile|tel|fax|whats_?app|msisdn)"
    rb"(?:[_ ]?(?:number|num|no|nr))?\.?" + _ASSIGNED + rb"[\"']?(\+?\(?\d[\d ().\-]{5,20}\d)\b"
)
# 16 digits, in groups or not; 19 only in groups: without them they are ids of 62 and 63 bits
CARD = _ALONE + (
    rb"((?:4\d{3}|5[1-5]\d{2}|2(?:22[1-9]|2[3-9]\d|[3-6]\d{2}|7[01]\d|720)|6\d{3}|35\d{2})"
    rb"(?:\d{12}|(?:[ \-]\d{4}){3}(?:[ \-]\d{3})?)"
    rb"|3[47]\d{2}[ \-]?\d{6}[ \-]?\d{5}|3(?:0[0-5]|[68]\d)\d[ \-]?\d{6}[ \-]?\d{4})\b"
)
IBAN = _WORD + rb"([A-Z]{2}\d{2} ?[A-Z0-9]{4}(?: ?[A-Z0-9]{4}){1,6}(?: ?[A-Z0-9]{1,3})?)\b"
SSN = _ALONE + rb"(\d{3}-\d{2}-\d{4})\b"
IP = rb"(?:^|[^0-9A-Za-z_.+\-/=])(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})\b"
API_KEYS = _WORD + (
    rb"((?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"
    rb"|gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22}"
    rb"|gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent)-[A-Za-z0-9_\-]{20}"
    rb"|xox[abeoprs]-[A-Za-z0-9\-]{10}|xapp-\d-[A-Za-z0-9\-]{10}"
    rb"|[sr]k_(?:live|test)_[A-Za-z0-9]{16}|whsec_[A-Za-z0-9]{24}"
    rb"|AIza[A-Za-z0-9_\-]{35}|GOCSPX-[A-Za-z0-9_\-]{28}|ya29\.[A-Za-z0-9_\-]{20}"
    rb"|sk-(?:proj|svcacct|admin|ant-[a-z0-9]{1,12}|or-v1)-[A-Za-z0-9_\-]{20}|sk-[A-Za-z0-9]{20}"
    rb"|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_\-]{50}|hf_[A-Za-z0-9]{30}|r8_[A-Za-z0-9]{37}|gsk_[A-Za-z0-9]{40}"
    rb"|SG\.[A-Za-z0-9_\-]{22}\.[A-Za-z0-9_\-]{43}|SK[0-9a-f]{32}|[0-9a-f]{32}-us\d{1,2}"
    rb"|\d{8,10}:AA[A-Za-z0-9_\-]{33}|dapi[0-9a-f]{32}|do[opr]_v1_[0-9a-f]{64}|dckr_pat_[A-Za-z0-9_\-]{20}"
    rb"|sq0(?:csp|atp)-[A-Za-z0-9_\-]{22}|shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}|hvs\.[A-Za-z0-9_\-]{24}"
    rb"|NRAK-[A-Z0-9]{27}|glsa_[A-Za-z0-9]{32}|lin_api_[A-Za-z0-9]{40})"
)
SLACK_HOOK = rb"(hooks\.slack\.com/services/T[A-Za-z0-9_]{6,}/B[A-Za-z0-9_]{6,}/[A-Za-z0-9_]{16,})"
API_KEY_NAMED = (
    rb"(?i)(?:api|secret|access|auth|encryption|signing|client)[_\- ]?"
    rb"(?:access[_\- ]?)?(?:key|token|secret)" + _ASSIGNED + rb"[\"']?([A-Za-z0-9_\-/+=.~]{16,200})"
)
PRIVATE_KEY = (
    rb"(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-[23]"
    rb"|AGE-SECRET-KEY-1[A-Z0-9]{20})"
)
JWT = _WORD + rb"(eyJ[A-Za-z0-9_\-]{8,}\.eyJ[A-Za-z0-9_\-]{4,}\.[A-Za-z0-9_\-]{8,})"
PASSWORD = (
    rb"(?i)(?:password|passwd|passphrase|pwd|passwort|kennwort|db_pass|user_pass)"
    + _ASSIGNED
    + rb"(\\?\"[^\"\r\n]{3,200}\"|'[^'\r\n]{3,200}'|[^\s\"',;&#<>(){}\[\]]{4,200})"
)
CONNECTION = (
    rb"\b([A-Za-z][A-Za-z0-9+.\-]{1,20}://[^\s/:@\"'<>]{0,80}:[^\s/@\"'<>]{1,120}@[A-Za-z0-9.\-\[]{1,120})"
    rb"|(?i:(AccountKey=[A-Za-z0-9+/]{80,90}={0,2}))"
)
# ASCII letters, digits, "@", "-" and "." that somebody wrote as an escape: \u0040, %40, &#64;
ESCAPED = (
    rb"\\u00(?:2[dDeE]|3[0-9]|4[0-9a-fA-F]|5[0-9aA]|6[1-9a-fA-F]|7[0-9aA])"
    rb"|%40[A-Za-z0-9]|&#(?:64|[xX]40);|\\x40"
)

TYPES: dict[str, tuple[bytes, ...]] = {
    "private_key": (PRIVATE_KEY,),
    "connection_string": (CONNECTION,),
    "api_key": (API_KEYS, SLACK_HOOK, API_KEY_NAMED),
    "jwt": (JWT,),
    "password": (PASSWORD,),
    "email": (EMAIL,),
    "iban": (IBAN,),
    "credit_card": (CARD,),
    "us_ssn": (SSN,),
    "phone": (PHONE_INTERNATIONAL, PHONE_NORTH_AMERICA, PHONE_NAMED),
    "ip_address": (IP,),
}


def compiled(pattern: bytes) -> Any:
    """A pattern over bytes as they come; memory for its automaton is bounded."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = 32 << 20
    options.log_errors = False
    return re2.compile(pattern, options)


@cache
def by_type() -> dict[str, tuple[Any, ...]]:
    """Every type's patterns, compiled, those that take precedence first."""
    return {name: tuple(compiled(p) for p in patterns) for name, patterns in TYPES.items()}


@cache
def prefilter() -> Any:
    """One pattern that matches wherever any of them does."""
    every = [ESCAPED, *(p for patterns in TYPES.values() for p in patterns)]
    return compiled(b"|".join(b"(?:" + p + b")" for p in every))


@cache
def escaped() -> Any:
    """The pattern of needless escapes."""
    return compiled(ESCAPED)
