"""What a token must say."""

import time

import jwt
import pytest

from service import SECRET, assert_accepted, assert_refused


def signed(issuer, **changes) -> str:
    return jwt.encode(issuer.claims(**changes), SECRET, "HS256")


def openid(issuer) -> dict[str, str]:
    return {"x-openid": issuer.configuration}


def test_no_token(gateway, issuer):
    for token in (None, "", "  "):
        assert_refused(gateway.call("open", token, openid(issuer)), "TokenNotPresent")
    reply = gateway.call("open", None, openid(issuer))
    assert reply.message == "JWT not present."
    assert issuer.fetches["configuration"] == 0


def test_expired(gateway, issuer):
    now = int(time.time())
    for expires in (now - 1, now - 3600, 0, -1):
        assert_refused(gateway.call("open", issuer.token(exp=expires, nbf=None), openid(issuer)), "TokenExpired")
    assert_refused(gateway.call("open", issuer.token(exp=now - 1, nbf=now + 600), openid(issuer)), "TokenExpired")
    assert_accepted(gateway.call("open", issuer.token(exp=now + 120), openid(issuer)))


def test_not_yet_valid(gateway, issuer):
    now = int(time.time())
    reply = gateway.call("open", issuer.token(nbf=now + 600, exp=now + 1200), openid(issuer))
    assert_refused(reply, "JwtInvalid")
    assert reply.message == "The token is not valid yet."
    assert_refused(gateway.call("open", issuer.token(nbf=now - 10, exp=now - 60), openid(issuer)), "TokenExpired")


def test_clock_skew(gateway, issuer):
    """300 seconds, each way, and no more."""
    now = int(time.time())
    assert_accepted(gateway.call("skew", signed(issuer, exp=now - 200, nbf=None)))
    assert_accepted(gateway.call("skew", signed(issuer, nbf=now + 200)))
    assert_refused(gateway.call("skew", signed(issuer, exp=now - 301, nbf=None)), "TokenExpired")
    assert_refused(gateway.call("skew", signed(issuer, nbf=now + 400)), "JwtInvalid")


def test_no_expiration(gateway, issuer):
    assert_refused(gateway.call("open", issuer.token(exp=None), openid(issuer)), "JwtInvalid")
    assert_accepted(gateway.call("skew", signed(issuer, exp=None)))
    for expires in (b'"never"', b'"9999999999"', b"null", b"[]", b"{}", b"true"):
        token = jwt.api_jws.encode(b'{"exp":' + expires + b"}", SECRET, "HS256")
        assert_refused(gateway.call("skew", token), "JwtInvalid")


def test_audience(gateway, issuer):
    for audience in ("api", "other", ["x", "api"], "api/"):
        assert_accepted(gateway.call("open", issuer.token(aud=audience), openid(issuer)))
    for audience in ("API", "wrong", ["wrong"], [], None):
        assert_refused(gateway.call("open", issuer.token(aud=audience), openid(issuer)), "TokenAudienceNotAllowed")


def test_issuer(gateway, issuer):
    """The one of the OpenID configuration."""
    assert_accepted(gateway.call("open", issuer.token(), openid(issuer)))
    for name in (f"{issuer.name}/", "https://evil.example/", None):
        assert_refused(gateway.call("open", issuer.token(iss=name), openid(issuer)), "TokenIssuerNotAllowed")


def test_issuers_of_the_document(gateway, issuer):
    for name in ("https://one.example/", "https://two.example/"):
        assert_accepted(gateway.call("issuers", signed(issuer, iss=name)))
    for name in ("https://one.example", "https://three.example/", None):
        assert_refused(gateway.call("issuers", signed(issuer, iss=name)), "TokenIssuerNotAllowed")


GOOD = {"roles": ["guest", "writer"], "scp": "write read"}


def test_required_claims(gateway, issuer):
    assert_accepted(gateway.call("claims", signed(issuer, **GOOD)))
    assert_accepted(gateway.call("claims", signed(issuer, roles="reader", scp=["read", "write", "more"])))


@pytest.mark.parametrize(("changes", "reason", "message"), [
    ({"roles": None, "scp": None}, "TokenClaimNotFound",
     "JWT token is missing the following claims: roles, scp. Access denied."),
    ({"scp": None}, "TokenClaimNotFound", "JWT token is missing the following claims: scp. Access denied."),
    ({"roles": "guest"}, "TokenClaimValueNotAllowed", "Claim roles value of guest is not allowed. Access denied."),
    ({"roles": ["Reader"]}, "TokenClaimValueNotAllowed", "Claim roles value of Reader is not allowed. Access denied."),
    ({"scp": "read"}, "TokenClaimValueNotAllowed", "Claim scp value of read is not allowed. Access denied."),
    ({"scp": "read,write"}, "TokenClaimValueNotAllowed", "Claim scp value of read,write is not allowed. Access denied."),
    ({"roles": "a\r\nb: c"}, "TokenClaimValueNotAllowed", "Claim roles value of a  b: c is not allowed. Access denied."),
])
def test_missing_and_wrong_claims(gateway, issuer, changes, reason, message):
    reply = gateway.call("claims", signed(issuer, **{**GOOD, **changes}))
    assert_refused(reply, reason, status=403, message="Ask for a role.")
    assert reply.message == message


def test_scheme(gateway, issuer):
    token = signed(issuer)
    for scheme in ("Bearer ", "bearer ", "BEARER   "):
        assert_accepted(gateway.call("scheme", token, scheme=scheme))
    for scheme in ("", "Basic ", "Bearer:", "Token "):
        assert_refused(gateway.call("scheme", token, scheme=scheme), "TokenNotPresent")
    assert_accepted(gateway.call("secret", token, scheme=""))


def test_scheme_of_another_header(gateway, issuer):
    """Only `Authorization` has a scheme."""
    token = signed(issuer)
    assert_accepted(gateway.call("custom", token, header="X-Token", scheme=""))
    assert_refused(gateway.call("custom", token, header="X-Token"), "JwtInvalid")
