"""An issuer of tokens: keys, an OpenID configuration with its key set, and tokens."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}


class Key:
    """A key pair and its public half as a JSON web key."""

    def __init__(self, kid: str, algorithm: str = "RS256", size: int = 2048):
        self.kid = kid
        self.algorithm = algorithm
        if algorithm in CURVES:
            self.private = ec.generate_private_key(CURVES[algorithm])
            public = ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        else:
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=size)
            public = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        public.pop("key_ops", None)
        self.public = {**public, "use": "sig", "kid": kid}

    def sign(self, claims: dict, algorithm: str | None = None, **header) -> str:
        return jwt.encode(claims, self.private, algorithm or self.algorithm, headers={"kid": self.kid, **header})

    def pem(self) -> bytes:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, form)


def forged(claims: dict, secret: bytes, **header) -> str:
    """HS256 with a secret that PyJWT rightly refuses to sign with: the text of a public key."""
    def part(value: dict) -> str:
        return encoded(json.dumps(value).encode())
    signed = f"{part({'typ': 'JWT', 'alg': 'HS256', **header})}.{part(claims)}"
    return f"{signed}.{encoded(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """One issuer on a server. Its address is new for each one, so nothing of it is known to the gateway yet."""

    def __init__(self, server: "Server", path: str, name: str | None = None):
        self.server = server
        self.path = path
        self.name = name or f"{server.url}{path}"
        self.configuration = f"{server.url}{path}/.well-known/openid-configuration"
        self.keys = [Key("first")]
        # How often each document was asked for.
        self.fetches: Counter[str] = Counter()
        # The status in place of the documents.
        self.failure: int | None = None

    def claims(self, **changes) -> dict:
        """What a good token says; a claim that is None is left out."""
        now = int(time.time())
        whole = {"iss": self.name, "aud": "api", "sub": "user-1", "iat": now, "nbf": now - 60, "exp": now + 3600}
        return {name: value for name, value in {**whole, **changes}.items() if value is not None}

    def token(self, **changes) -> str:
        """A good token but for these claims."""
        return self.keys[0].sign(self.claims(**changes))

    def document(self, path: str) -> dict | None:
        if path == f"{self.path}/.well-known/openid-configuration":
            self.fetches["configuration"] += 1
            return {"issuer": self.name, "jwks_uri": f"{self.server.url}{self.path}/keys"}
        if path == f"{self.path}/keys":
            self.fetches["keys"] += 1
            return {"keys": [key.public for key in self.keys]}
        return None


class Server:
    """Serves the documents of its issuers on a loopback port."""

    def __init__(self):
        self.issuers: list[Issuer] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                owner.answer(self)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def issuer(self) -> Issuer:
        return self.add(Issuer(self, f"/issuer-{len(self.issuers)}"))

    def add(self, issuer: Issuer) -> Issuer:
        self.issuers.append(issuer)
        return issuer

    def answer(self, call: BaseHTTPRequestHandler) -> None:
        for issuer in list(self.issuers):
            document = issuer.document(call.path)
            if document is None:
                continue
            call.send_response(issuer.failure or 200)
            body = b"" if issuer.failure else json.dumps(document).encode()
            call.send_header("Content-Type", "application/json")
            call.send_header("Content-Length", str(len(body)))
            call.end_headers()
            call.wfile.write(body)
            return
        call.send_error(404)

    def stop(self) -> None:
        """Nobody listens on the port from now on."""
        self.http.shutdown()
        self.http.server_close()
