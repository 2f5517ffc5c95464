"""Who may sign, and how."""

import json
import time

import jwt
import pytest

from issuer import Key, encoded, forged
from service import SECRET, assert_accepted, assert_refused

RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")


def openid(issuer) -> dict[str, str]:
    return {"x-openid": issuer.configuration}


@pytest.mark.parametrize("algorithm", RSA)
def test_rsa(gateway, issuer, algorithm):
    token = issuer.keys[0].sign(issuer.claims(), algorithm)
    assert_accepted(gateway.call("open", token, openid(issuer)))


@pytest.mark.parametrize("algorithm", ("ES256", "ES384", "ES512"))
def test_elliptic_curves(gateway, issuer, algorithm):
    issuer.keys = [Key("curve", algorithm)]
    assert_accepted(gateway.call("open", issuer.token(), openid(issuer)))
    assert_refused(gateway.call("open", Key("curve", algorithm).sign(issuer.claims()), openid(issuer)),
                   "TokenSignatureInvalid")


@pytest.mark.parametrize("algorithm", ("HS256", "HS384", "HS512"))
def test_secrets(gateway, issuer, algorithm):
    assert_accepted(gateway.call("secret", jwt.encode(issuer.claims(), SECRET, algorithm)))
    assert_refused(gateway.call("secret", jwt.encode(issuer.claims(), SECRET[::-1], algorithm)), "TokenSignatureInvalid")


@pytest.mark.parametrize("algorithm", RSA)
def test_key_in_the_document(gateway, issuer, own_key, algorithm):
    assert_accepted(gateway.call("rsa", own_key.sign(issuer.claims(), algorithm)))


def test_a_key_for_one_algorithm(gateway, issuer):
    """`alg` of a JSON web key is all that it is for."""
    issuer.keys[0].public["alg"] = "RS512"
    assert_accepted(gateway.call("open", issuer.keys[0].sign(issuer.claims(), "RS512"), openid(issuer)))
    assert_refused(gateway.call("open", issuer.keys[0].sign(issuer.claims(), "RS256"), openid(issuer)),
                   "TokenSignatureInvalid")


@pytest.mark.filterwarnings("ignore:The RSA key is 1024 bits")
def test_keys_for_other_purposes(gateway, issuer):
    """A key that encrypts, a secret in a public document and a key that is too short check nothing."""
    good, encrypting, short = Key("good"), Key("encrypting"), Key("short", size=1024)
    encrypting.public["use"] = "enc"
    secret = {"kty": "oct", "kid": "secret", "k": encoded(SECRET)}
    issuer.keys = [good, encrypting, short]
    document = issuer.document
    issuer.document = lambda path: (found := document(path)) and (
        {"keys": [*found["keys"], secret, {"kty": "new"}, 7]} if "keys" in found else found)
    assert_accepted(gateway.call("open", good.sign(issuer.claims()), openid(issuer)))
    for token in (encrypting.sign(issuer.claims()), short.sign(issuer.claims()),
                  jwt.encode(issuer.claims(), SECRET, "HS256", headers={"kid": "secret"})):
        assert_refused(gateway.call("open", token, openid(issuer)), "TokenSignatureKeyNotFound")


def test_a_public_key_is_no_secret(gateway, issuer, own_key):
    """HS256 with everything that is known of an RSA key as the secret."""
    key = issuer.keys[0]
    number = jwt.utils.base64url_decode
    for target, key, headers in (("open", key, openid(issuer)), ("rsa", own_key, {})):
        for secret in (key.pem(), key.pem().strip(), json.dumps(key.public).encode(), number(key.public["n"])):
            for kid in ({}, {"kid": key.kid}):
                reply = gateway.call(target, forged(issuer.claims(), secret, **kid), headers)
                # The key of the document has no id, so a token that names one does not find it.
                is_named_in_vain = kid and target == "rsa"
                assert_refused(reply, "TokenSignatureKeyNotFound" if is_named_in_vain else "TokenSignatureInvalid")


def test_no_algorithm(gateway, issuer):
    token = jwt.encode(issuer.claims(), None, "none")
    for api in ("secret", "open", "rsa"):
        assert_refused(gateway.call(api, token, openid(issuer)), "TokenSignatureInvalid")
    signed = jwt.encode(issuer.claims(), SECRET, "HS256")
    stripped = signed[: signed.rindex(".") + 1]
    assert_refused(gateway.call("secret", stripped), "TokenSignatureInvalid")
    for name in ("None", "NONE", "nOnE", ""):
        other = encoded(json.dumps({"alg": name}).encode()) + token[token.index("."):]
        assert_refused(gateway.call("secret", other), "TokenSignatureInvalid")
        assert_refused(gateway.call("unsigned", other), "TokenSignatureInvalid")


def test_unsigned_tokens_where_they_are_allowed(gateway, issuer):
    token = jwt.encode(issuer.claims(), None, "none")
    assert_accepted(gateway.call("unsigned", token))
    assert_accepted(gateway.call("unsigned", jwt.encode(issuer.claims(), SECRET, "HS256")))
    assert_refused(gateway.call("unsigned", token + "AAAA"), "TokenSignatureInvalid")
    assert_refused(gateway.call("unsigned", jwt.encode(issuer.claims(), SECRET[::-1], "HS256")), "TokenSignatureInvalid")
    assert_refused(gateway.call("unsigned", jwt.encode(issuer.claims(exp=1), None, "none")), "TokenExpired")


def test_a_changed_token(gateway, issuer):
    header, payload, signature = issuer.token().split(".")
    admin = encoded(json.dumps(issuer.claims(sub="admin")).encode())
    for token in (f"{header}.{admin}.{signature}", f"{header}.{payload}.{signature[4:]}", f"{header}.{payload}."):
        assert_refused(gateway.call("open", token, openid(issuer)), "TokenSignatureInvalid")


def test_what_is_no_token(gateway, issuer):
    header, payload, signature = issuer.token().split(".")
    deep = encoded(b"[" * 5000)
    for token in ("x", "a.b", "..", "a.b.c", f"{header}.{payload}", f"{header}.{payload}.{signature}.x", f"{deep}.a.b",
                  f"{header}.{payload}.{signature}!", f"{encoded(b'{}')}.{payload}.{signature}",
                  f"{encoded(b'[]')}.{payload}.{signature}", f"{header}={'='}.{payload}.{signature}"):
        assert_refused(gateway.call("open", token, openid(issuer)), "JwtInvalid")
    encrypted = ".".join([header, "a", "b", "c", "d"])
    reply = gateway.call("open", encrypted, openid(issuer))
    assert_refused(reply, "JwtInvalid")
    assert "encrypted" in reply.message
    assert issuer.fetches["configuration"] == 0, "keys were fetched for what is no token"


def test_a_payload_that_is_no_object(gateway):
    for payload in (b"[1]", b"7", b"{", b'{"a":' + b"[" * 200 + b"]" * 200 + b"}"):
        token = jwt.api_jws.encode(payload, SECRET, "HS256")
        assert_refused(gateway.call("secret", token), "JwtInvalid")


def test_a_token_of_one_megabyte(gateway, issuer):
    """Refused by its length alone: neither decoded nor checked, and no keys are fetched."""
    token = jwt.encode(issuer.claims(filling="x" * 800_000), SECRET, "HS256")
    assert len(token) > 1_000_000
    started = time.monotonic()
    reply = gateway.call("body", body=token)
    elapsed = time.monotonic() - started
    assert_refused(reply, "JwtInvalid")
    assert "more than 262144 characters" in reply.message
    assert elapsed < 2
    assert_accepted(gateway.call("body", body=jwt.encode(issuer.claims(filling="x" * 150_000), SECRET, "HS256")))


def test_a_token_of_one_megabyte_in_a_header(gateway):
    """The listener refuses it before any policy runs."""
    try:
        reply = gateway.call("open", "x" * 1_000_000)
    except (BrokenPipeError, ConnectionResetError):
        return
    assert reply.status == 431
