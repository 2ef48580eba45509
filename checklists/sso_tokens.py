"""What an identity provider says in an ID token, believed only after every check of OpenID Connect Core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from checklists.errors import Refused

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY = 10  # seconds by which the provider's clock may differ from ours
LEAST_RSA = 2048
MOST_SECONDS = 24 * 3600
LAST = 1 << 40  # seconds, later than any token ends; neither infinity nor NaN is below it
ADVICE = "Try again; if it stays so, tell an administrator of this installation."
NEEDED = ("iss", "sub", "aud", "exp", "iat", "nonce")


class BadToken(Refused):
    """The provider's answer is not to be believed; the message says which check failed."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The answer of the identity provider was not accepted: {why}.", ADVICE)


class UnknownKey(BadToken):
    """No key of the provider has the token's key id; it may have new keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the token must say. `since` (seconds of the epoch): the person signed in there after that."""

    issuer: str
    client_id: str
    nonce: str
    now: float
    since: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What the provider says of the person. `strong`: it says that it asked for more than one factor."""

    subject: str
    email: str
    email_verified: bool
    name: str
    username: str
    strong: bool


def verify(token: str, keys: Sequence[Mapping[str, Any]], expected: Expected) -> Claims:
    """The claims of a token signed by one of the provider's keys (JWKs). Raises BadToken, UnknownKey."""
    claims = _signed(token, keys)
    for name in NEEDED:
        if claims.get(name) in (None, "", []):
            raise BadToken(f"it lacks {name}")
    if claims["iss"] != expected.issuer:
        raise BadToken("another provider issued it")
    _audience(claims, expected.client_id)
    if claims["nonce"] != expected.nonce:
        raise BadToken("it was made for another request")
    _times(claims, expected)
    return _read(claims)


def _signed(token: str, keys: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise BadToken(f"its signature is of the kind {algorithm!r}")
        key = jwt.PyJWK(dict(_key(header, keys)), algorithm=algorithm)
        if isinstance(key.key, RSAPublicKey) and key.key.key_size < LEAST_RSA:
            raise BadToken("its key is too short")
        options = {f"verify_{name}": False for name in ("exp", "iat", "nbf", "aud", "iss", "sub", "jti")}
        found: dict[str, Any] = jwt.decode(token, key, algorithms=[algorithm], options=options)  # type: ignore[arg-type]
    except jwt.PyJWTError:
        raise BadToken("its signature is not one of the provider") from None
    return found


def _key(header: Mapping[str, Any], keys: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    usable = [
        key for key in keys if key.get("use", "sig") == "sig" and key.get("kty") in ("RSA", "EC", "OKP")
    ]
    if "kid" in header:
        usable = [key for key in usable if key.get("kid") == header["kid"]]
    if len(usable) != 1:
        raise UnknownKey("its key is not known")
    if usable[0].get("alg", header["alg"]) != header["alg"]:
        raise BadToken("its key is for another kind of signature")
    return usable[0]


def _audience(claims: Mapping[str, Any], client_id: str) -> None:
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    party = claims.get("azp")
    if client_id not in audience or (party is not None and party != client_id):
        raise BadToken("it was made for another application")
    if len(audience) > 1 and party != client_id:
        raise BadToken("it was made for other applications as well")


def _times(claims: Mapping[str, Any], expected: Expected) -> None:
    now = expected.now
    expires, issued = _moment(claims, "exp"), _moment(claims, "iat")
    if now >= expires + LEEWAY:
        raise BadToken("it is over")
    if issued > now + LEEWAY or issued < now - MOST_SECONDS:
        raise BadToken("its time is not now")
    if "nbf" in claims and _moment(claims, "nbf") > now + LEEWAY:
        raise BadToken("its time is not now")
    if expected.since is not None:
        signed_in = _moment(claims, "auth_time")
        if not expected.since - LEEWAY <= signed_in <= now + LEEWAY:
            raise BadToken("it does not say that you signed in there just now")


def _moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < LAST:
        raise BadToken(f"it lacks {name}")
    return float(value)


def _read(claims: Mapping[str, Any]) -> Claims:
    subject = claims["sub"]
    if not isinstance(subject, str) or len(subject) > 255:
        raise BadToken("its subject is no text of at most 255 characters")
    methods = claims.get("amr")
    return Claims(
        subject=subject,
        email=_text(claims, "email"),
        email_verified=claims.get("email_verified") is True,
        name=_text(claims, "name"),
        username=_text(claims, "preferred_username"),
        strong=isinstance(methods, list) and "mfa" in methods,
    )


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value[:150] if isinstance(value, str) else ""
