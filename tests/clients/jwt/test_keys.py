"""How often keys are fetched, and what holds while they cannot be."""

import time
from concurrent.futures import ThreadPoolExecutor

from issuer import Issuer, Key, Server
from service import assert_accepted, assert_refused


def openid(issuer: Issuer) -> dict[str, str]:
    return {"x-openid": issuer.configuration}


def test_keys_are_fetched_once(gateway, issuer):
    token = issuer.token()
    with ThreadPoolExecutor(32) as pool:
        replies = list(pool.map(lambda _: gateway.call("open", token, openid(issuer)), range(200)))
    for reply in replies:
        assert_accepted(reply)
    assert issuer.fetches == {"configuration": 1, "keys": 1}


def test_a_new_key_is_fetched_at_once(gateway, issuer):
    assert_accepted(gateway.call("open", issuer.token(), openid(issuer)))
    new = Key("new")
    issuer.keys.append(new)
    assert_accepted(gateway.call("open", new.sign(issuer.claims()), openid(issuer)))
    assert_accepted(gateway.call("open", new.sign(issuer.claims()), openid(issuer)))
    assert issuer.fetches == {"configuration": 2, "keys": 2}
    # The next one comes within five minutes.
    newest = Key("newest")
    issuer.keys.append(newest)
    assert_refused(gateway.call("open", newest.sign(issuer.claims()), openid(issuer)), "TokenSignatureKeyNotFound")
    assert_accepted(gateway.call("open", issuer.token(), openid(issuer)))
    assert issuer.fetches == {"configuration": 2, "keys": 2}


def test_a_key_that_was_taken_back(gateway, issuer):
    """What the newest key set lacks is not accepted any more."""
    old, new = issuer.keys[0], Key("new")
    assert_accepted(gateway.call("open", old.sign(issuer.claims()), openid(issuer)))
    issuer.keys = [new]
    assert_accepted(gateway.call("open", new.sign(issuer.claims()), openid(issuer)))
    assert_refused(gateway.call("open", old.sign(issuer.claims()), openid(issuer)), "TokenSignatureKeyNotFound")


def test_a_flood_of_unknown_keys(gateway, issuer):
    assert_accepted(gateway.call("open", issuer.token(), openid(issuer)))
    stranger = Key("stranger")
    tokens = [stranger.sign(issuer.claims(), kid=f"unknown-{number}") for number in range(300)]
    with ThreadPoolExecutor(32) as pool:
        replies = list(pool.map(lambda token: gateway.call("open", token, openid(issuer)), tokens))
    for reply in replies:
        assert_refused(reply, "TokenSignatureKeyNotFound")
    assert issuer.fetches == {"configuration": 2, "keys": 2}
    assert_accepted(gateway.call("open", issuer.token(), openid(issuer)))


def test_bad_signatures_fetch_nothing(gateway, issuer):
    assert_accepted(gateway.call("open", issuer.token(), openid(issuer)))
    for _ in range(20):
        forged = Key("first").sign(issuer.claims())
        assert_refused(gateway.call("open", forged, openid(issuer)), "TokenSignatureInvalid")
    assert issuer.fetches == {"configuration": 1, "keys": 1}


def test_the_key_server_is_down_while_warm(gateway):
    server = Server()
    issuer = server.issuer()
    assert_accepted(gateway.call("open", issuer.token(), openid(issuer)))
    server.stop()
    for _ in range(20):
        assert_accepted(gateway.call("open", issuer.token(), openid(issuer)))
    # Not even a token that asks for other keys changes that.
    assert_refused(gateway.call("open", Key("unknown").sign(issuer.claims()), openid(issuer)), "TokenSignatureKeyNotFound")
    assert_accepted(gateway.call("open", issuer.token(), openid(issuer)))


def test_the_key_server_is_down_while_cold(gateway):
    server = Server()
    issuer = server.issuer()
    server.stop()
    reply = gateway.call("open", issuer.token(), openid(issuer))
    assert_refused(reply, "JwtInvalid")
    assert reply.message.startswith("The keys of the token's issuer are not available: "), reply.message
    assert issuer.configuration in reply.message


def test_a_key_server_that_recovers(gateway, issuer):
    """It is asked again, and not by every call."""
    issuer.failure = 503
    token = issuer.token()
    started = time.monotonic()
    calls = 0
    while time.monotonic() - started < 0.5:
        assert_refused(gateway.call("open", token, openid(issuer)), "JwtInvalid")
        calls += 1
    assert calls > issuer.fetches["configuration"] == 1
    issuer.failure = None
    while gateway.call("open", token, openid(issuer)).status != 200:
        assert time.monotonic() - started < 30, "the key server is up and is not asked"
    assert issuer.fetches["configuration"] == 2


def test_documents_that_are_none(gateway, server):
    """Each is refused with its reason."""
    for number, (body, cause) in enumerate([
        ([], "it is no OpenID configuration"),
        ({"issuer": "x"}, "it is no OpenID configuration"),
        ({"issuer": "", "jwks_uri": "https://issuer.example/"}, "`issuer` is empty"),
        ({"issuer": "x", "jwks_uri": "keys"}, "no absolute URL"),
        ({"issuer": "x", "jwks_uri": "http://issuer.example/keys"}, "plain http is for loopback addresses only"),
        ({"issuer": "x", "jwks_uri": "file:///etc/passwd"}, "only https and http"),
        ({"issuer": "x" * 1_000_000, "jwks_uri": "https://issuer.example/"}, "larger than"),
    ]):
        issuer = server.add(Issuer(server, f"/wrong-{number}"))
        path, issuer.document = issuer.path, None
        issuer.document = lambda asked, path=path, body=body: body if asked.startswith(path + "/") else None
        reply = gateway.call("open", Key("x").sign(issuer.claims()), openid(issuer))
        assert_refused(reply, "JwtInvalid")
        assert cause in reply.message, reply.message


def test_addresses_that_may_not_be_called(gateway, issuer):
    for address in ("", "keys", "http://169.254.169.254/openid", "http://issuer.example/", "ftp://127.0.0.1/",
                    "http://user:password@127.0.0.1/", "https://" + "x" * 3000):
        reply = gateway.call("open", issuer.token(), {"x-openid": address})
        assert_refused(reply, "JwtInvalid")
        assert "password" not in reply.message or "user name or a password" in reply.message
