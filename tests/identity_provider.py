"""A real OpenID Connect provider on this machine: discovery, keys, authorisation, tokens, over HTTP."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "readiness", "s3cret/with:signs"


def new_key() -> rsa.RSAPrivateKey:
    """A signing key as providers use."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """The provider's state. `who` is signed in there; `claims` and `header` change what its tokens say."""

    url: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=new_key)
    kid: str = "one"
    who: str = "subject-1"
    profile: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    signs_with: Any = None
    error: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    signed_in_at: float | None = None

    def jwks(self) -> dict[str, Any]:
        """The public key as a JWK set."""
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [jwk | {"kid": self.kid, "use": "sig", "alg": "RS256"}]}

    def token(self, asked: dict[str, str]) -> str:
        """The ID token for an authorisation request."""
        now = int(time.time())
        claims = {
            "iss": self.url, "sub": self.who, "aud": CLIENT, "exp": now + 300, "iat": now,
            "nonce": asked["nonce"], "auth_time": int(self.signed_in_at or now), **self.profile,
        }  # fmt: skip
        said = {name: value for name, value in (claims | self.claims).items() if value is not None}
        header = {"alg": "RS256", "kid": self.kid} | self.header
        algorithm = header["alg"]
        key: Any = None if algorithm == "none" else self.signs_with or self.key
        return jwt.encode(said, key, algorithm=algorithm, headers=header)


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def log_message(self, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        """Discovery, keys, and the page that signs people in, which here needs no click."""
        place, said = urlsplit(self.path), self.provider
        said.requests.append(place.path)
        if place.path == "/.well-known/openid-configuration":
            names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            self._json({"issuer": said.url, **{name: f"{said.url}/{name}" for name in names}})
        elif place.path == "/jwks_uri":
            self._json(said.jwks())
        elif place.path == "/authorization_endpoint":
            asked = {name: values[0] for name, values in parse_qs(place.query).items()}
            said.asked.append(asked)
            self.send_response(302)
            self.send_header("Location", f"{asked['redirect_uri']}?{urlencode(self._back(asked))}")
            self.end_headers()
        else:
            self._json({}, 404)

    def _back(self, asked: dict[str, str]) -> dict[str, str]:
        if self.provider.error:
            return {"state": asked["state"], "error": self.provider.error}
        code = secrets.token_hex(8)
        self.provider.codes[code] = asked
        return {"state": asked["state"], "code": code, "iss": self.provider.url}

    def do_POST(self) -> None:
        """A token for a code: once, for the client with the secret and the PKCE verifier."""
        said = self.provider
        said.requests.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        asked = said.codes.pop(form["code"], None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        known = base64.b64encode(b"readiness:s3cret%2Fwith%3Asigns").decode()
        right = (
            asked is not None
            and asked["code_challenge"] == proof.rstrip(b"=").decode()
            and asked["redirect_uri"] == form["redirect_uri"]
            and self.headers["Authorization"] == f"Basic {known}"
        )
        if not right or asked is None:
            self._json({"error": "invalid_grant"}, 400)
            return
        self._json({"access_token": "unused", "token_type": "Bearer", "id_token": said.token(asked)})

    def _json(self, said: object, status: int = 200) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving() -> Iterator[Provider]:
    """A provider that answers until the end of the `with`."""
    provider = Provider()
    handler = type("Handler", (_Handler,), {"provider": provider})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
