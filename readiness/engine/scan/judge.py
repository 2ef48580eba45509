"""Whether a match is what its shape suggests: check digits, known ranges, neighbours."""

from __future__ import annotations

from collections.abc import Callable

from readiness.engine.scan import judge_secrets
from readiness.engine.scan.patterns import compiled
from readiness.engine.scan.placeholders import severity_of_address
from readiness.engine.scan.values import Severity

Judge = Callable[[bytes, bytes, bytes], "Severity | None"]

# What stands behind "@" and ends like a domain, but is a file: icon@2x.png, model@v2.onnx
_FILES = frozenset(
    b"png jpg jpeg gif webp svg bmp tif tiff ico json jsonl csv tsv txt md yaml yml xml html htm js ts css "
    b"py pt pth onnx npz npy pkl bin gz zip tar tgz whl so log toml cfg ini conf sh lock parquet ckpt".split()
)
# Calling codes that are assigned (ITU-T E.164)
_COUNTRY = compiled(
    rb"^(?:1|7|20|27|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|21[12368]|22\d|23\d|24\d|25[0-8]|26\d"
    rb"|29[01789]|35\d|37\d|38[0-35-79]|42[013]|50\d|59\d|67[02-9]|68[0-35-9]|69[0-2]|80[08]|85[02356]|87[08]"
    rb"|88[0-368]|96\d|97[0-79]|99[2-8])"
)
_ARGUMENT = compiled(rb"[0-9A-Za-z_]\($")  # default_rng(2435908729190400)
_FOLLOWED = compiled(rb"[.\-/:][0-9]")
_ROW = compiled(rb" [0-9]{1,7}(?:[^/0-9]|$)")
_IBAN_LENGTHS = {
    name: length
    for length, names in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL FK SD", 19: "MK SI", 20: "AT BA EE KZ LT LU XK MN",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ TL OM SO",
        24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "PT ST LY", 26: "IS TR", 27: "FR GR IT MC MR SM BI DJ",
        28: "AL AZ BY CY DO GT HU LB PL SV NI", 29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC",
        32: "LC", 33: "RU",
    }.items()
    for name in names.split()
}  # fmt: skip


def email(value: bytes, before: bytes, after: bytes) -> Severity | None:
    """An address; not a file name, not part of a longer word."""
    local, _, domain = value.lower().rpartition(b"@")
    ending = domain.rpartition(b".")[2]
    if ending in _FILES or b".." in value or local.startswith(b".") or local.endswith(b"."):
        return None
    if not any(c in b"abcdefghijklmnopqrstuvwxyz0123456789" or c > 127 for c in local):
        return None
    if after[:1] in (b"@", b"(") or before[-1:] == b"@":
        return None
    return severity_of_address(local, domain)


def credit_card(value: bytes, before: bytes, after: bytes) -> Severity | None:
    """A number with an issuer's prefix and length that stands by itself; `cards` looks at the check digit."""
    number = _digits(value)
    if (
        _ARGUMENT.search(before)
        or not _one_separator(value)
        or _goes_on(value, before, after)
        or len(set(number)) == 1
    ):
        return None
    return "high"


def luhn(number: bytes) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812)."""
    total = 0
    for place, char in enumerate(reversed(number)):
        digit = char - 48
        doubled = digit * 2 - 9 * (digit > 4)
        total += doubled if place % 2 else digit
    return total % 10 == 0


def iban(value: bytes, before: bytes, after: bytes) -> Severity | None:
    """An account number of its country's length whose remainder by 97 is 1 (ISO 13616)."""
    text = value.replace(b" ", b"").decode()
    length = _IBAN_LENGTHS.get(text[:2])
    # a space and a word in capitals may follow and belong to the text
    if length is None or len(text) < length or (len(text) > length and b" " not in value):
        return None
    text = text[:length]
    return "high" if int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1 else None


def us_ssn(value: bytes, before: bytes, after: bytes) -> Severity | None:
    """A number in the ranges that the Social Security Administration gives out."""
    number = _digits(value)
    area, group, serial = number[:3], number[3:5], number[5:]
    outside = area in (b"000", b"666") or area[:1] == b"9" or group == b"00" or serial == b"0000"
    return None if outside or _goes_on(value, before, after) else "high"


def phone(value: bytes, before: bytes, after: bytes) -> Severity | None:
    """A number of 7 to 15 digits, written as one; a signed decimal number is none."""
    number = _digits(value)
    if not 7 <= len(number) <= 15 or _goes_on(value, before, after) or len(set(number)) < 3:
        return None
    if value.count(b".") == 1 and not any(c in value for c in b" -("):
        return None
    if value.startswith(b"+") and not _COUNTRY.match(number):
        return None
    return "low" if number.lstrip(b"0") in b"1234567890123456789" else "high"


def ip_address(value: bytes, before: bytes, after: bytes) -> Severity | None:
    """A public IPv4 address, always low; private, reserved and documentation ranges are not counted."""
    parts = value.split(b".")
    if any(len(p) > 1 and p[:1] == b"0" for p in parts) or after[:1] in (b".", b"-", b"+"):
        return None
    octets = [int(p) for p in parts]
    # four small numbers are more often a version than an address
    if max(octets) > 255 or max(octets) < 30 or octets[0] in (0, 10, 127) or octets[0] >= 224:
        return None
    reserved = octets[:2] in ([192, 168], [169, 254]) or (octets[0] == 172 and 16 <= octets[1] <= 31)
    documented = octets[:3] in ([192, 0, 2], [198, 51, 100], [203, 0, 113])
    return None if reserved or documented else "low"


def _digits(value: bytes) -> bytes:
    return bytes(c for c in value if 48 <= c <= 57)


def _one_separator(value: bytes) -> bool:
    return not (b" " in value and b"-" in value)


def _goes_on(value: bytes, before: bytes, after: bytes) -> bool:
    """Whether the number is a piece of something longer: a row of numbers, a fraction, an identifier."""
    if _FOLLOWED.match(after) or after[:1] in (b"%", b"_", b"+"):
        return True
    spaced = b" " in value
    return spaced and bool(_ROW.match(after) or (before[-1:] == b" " and before[-2:-1].isdigit()))


JUDGES: dict[str, Judge] = {
    "private_key": judge_secrets.private_key,
    "connection_string": judge_secrets.connection_string,
    "api_key": judge_secrets.api_key,
    "jwt": judge_secrets.jwt,
    "password": judge_secrets.password,
    "email": email,
    "iban": iban,
    "credit_card": credit_card,
    "us_ssn": us_ssn,
    "phone": phone,
    "ip_address": ip_address,
}
