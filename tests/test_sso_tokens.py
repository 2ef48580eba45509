"""Keys and signatures of ID tokens: what HTTP tests of the provider cannot easily make."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from checklists.sso_tokens import BadToken, Expected, UnknownKey, verify
from tests.factors import words
from tests.identity_provider import new_key

ISSUER, CLIENT, NONCE = "https://login.example.com", "readiness", "n" * 64
KEY = new_key()
KINDS = {
    "RS256": (KEY, jwt.algorithms.RSAAlgorithm),
    "PS256": (KEY, jwt.algorithms.RSAAlgorithm),
    "ES256": (ec.generate_private_key(ec.SECP256R1()), jwt.algorithms.ECAlgorithm),
    "EdDSA": (ed25519.Ed25519PrivateKey.generate(), jwt.algorithms.OKPAlgorithm),
}


def expected() -> Expected:
    """What is expected of a sign-in now."""
    return Expected(issuer=ISSUER, client_id=CLIENT, nonce=NONCE, now=time.time())


def token(key: Any, algorithm: str = "RS256", kid: str | None = "one", **claims: object) -> str:
    """A sound token but for what is given."""
    now = int(time.time())
    said = {"iss": ISSUER, "sub": "s", "aud": CLIENT, "nonce": NONCE, "iat": now, "exp": now + 60} | claims
    return jwt.encode(said, key, algorithm=algorithm, headers={"kid": kid} if kid else {})


def jwk(key: Any, kind: Any = jwt.algorithms.RSAAlgorithm, **more: object) -> dict[str, Any]:
    """The public half as providers publish it, without `alg` unless a test says it."""
    found: dict[str, Any] = json.loads(kind.to_jwk(key.public_key()))
    return {name: value for name, value in (found | {"kid": "one"} | more).items() if value is not None}


@pytest.mark.parametrize("algorithm", KINDS)
def test_kinds_that_are_taken(algorithm):
    """RSA, RSA-PSS, elliptic curves and Edwards curves, whether or not the key says which."""
    key, kind = KINDS[algorithm]
    for more in ({}, {"alg": algorithm}, {"use": "sig"}):
        assert verify(token(key, algorithm), [jwk(key, kind, **more)], expected()).subject == "s"


def test_the_public_key_is_no_secret():
    """A token "signed" with the public key as if it were a shared secret is refused."""
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    said = token(KEY).split(".")[1]
    head = words(b'{"alg":"HS256","kid":"one"}')
    forged = hmac.new(public, f"{head}.{said}".encode(), hashlib.sha256).digest()
    with pytest.raises(BadToken, match="of the kind 'HS256'"):
        verify(f"{head}.{said}.{words(forged)}", [jwk(KEY)], expected())


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_short_key():
    """RSA below 2048 bits is refused, though the signature is right."""
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    with pytest.raises(BadToken, match="too short"):
        verify(token(short), [jwk(short)], expected())


@pytest.mark.parametrize(
    ("keys", "error"),
    [
        ([], UnknownKey),
        ([{"kid": "other"}], UnknownKey),
        ([{"use": "enc"}], UnknownKey),
        ([{}, {}], UnknownKey),
        ([{"kty": "oct"}], UnknownKey),
        ([{"alg": "RS512"}], BadToken),
        ([{"n": "AQAB"}], BadToken),
        ([{"n": None}], BadToken),
    ],
)
def test_keys_that_do_not_fit(keys, error):
    """No key, one of another name, for encryption, two of one name, no public key, for another kind."""
    with pytest.raises(error):
        verify(token(KEY), [jwk(KEY, **changed) for changed in keys], expected())


def test_without_a_key_id():
    """Then the provider must have one key only."""
    assert verify(token(KEY, kid=None), [jwk(KEY)], expected()).subject == "s"
    with pytest.raises(UnknownKey):
        verify(token(KEY, kid=None), [jwk(KEY), jwk(new_key(), kid="two")], expected())


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "é", "e30.e30.", "x" * 5000, "e30.e30.e30"])
def test_what_is_no_token(text):
    """Anything else is refused in the same words."""
    with pytest.raises(BadToken):
        verify(text, [jwk(KEY)], expected())


@pytest.mark.parametrize("place", range(3))
def test_a_changed_part(place):
    """A token with one character changed, in any of its three parts, is none."""
    parts = token(KEY).split(".")
    middle = len(parts[place]) // 2
    other = "A" if parts[place][middle] != "A" else "B"
    parts[place] = parts[place][:middle] + other + parts[place][middle + 1 :]
    with pytest.raises(BadToken):
        verify(".".join(parts), [jwk(KEY)], expected())


@pytest.mark.parametrize(
    "claims",
    [{"sub": "x" * 256}, {"sub": 7}, {"exp": True}, {"iat": "1"}, {"nonce": ["n"]}, {"aud": {}}, {"azp": ""}],
)
def test_claims_of_another_kind(claims):
    """A claim that is not what the standard says is refused."""
    with pytest.raises(BadToken):
        verify(token(KEY, **claims), [jwk(KEY)], expected())


@pytest.mark.parametrize(
    ("claims", "strong"),
    [({}, False), ({"amr": ["mfa"]}, True), ({"amr": ["pwd", "otp"]}, False), ({"amr": {"mfa": 1}}, False)],
)
def test_more_than_one_factor(claims, strong):
    """Only a provider that says "mfa" asked for more than one factor."""
    assert verify(token(KEY, **claims), [jwk(KEY)], expected()).strong is strong


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("moment", [float("nan"), float("inf"), 10**400], ids=["nan", "infinite", "huge"])
def test_a_time_that_is_none(name, moment):
    """What compares with no moment does not pass for one: a token without an end would never be over."""
    with pytest.raises(BadToken, match=f"it lacks {name}"):
        verify(token(KEY, **{name: moment}), [jwk(KEY)], expected())
