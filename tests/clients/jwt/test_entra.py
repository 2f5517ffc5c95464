"""Tokens as Microsoft Entra ID issues them to azure-identity, of both versions."""

import time
import uuid

import pytest

from issuer import Issuer
from service import BACKEND, CLIENT, assert_accepted, assert_refused

OTHER_TENANT = "99999999-2222-3333-4444-555555555555"


class Tenant:
    """A tenant of the authority that the gateway is told of."""

    def __init__(self, server, name: str | None = None, issuer: str | None = None):
        self.id = str(uuid.uuid4())
        self.name = name or self.id
        own = issuer or f"https://login.microsoftonline.com/{self.id}/v2.0"
        self.issuer = server.add(Issuer(server, f"/{self.name}/v2.0", own))

    def shared(self) -> dict:
        now = int(time.time())
        return {"iat": now, "nbf": now, "exp": now + 3900, "aio": "k2RgYPj/", "oid": "cccccccc-0000-0000-0000-000000000003",
                "rh": "0.AAAA", "sub": "user-1", "tid": self.id, "uti": "xA", "idtyp": "app"}

    def version_1(self, **changes) -> str:
        return self.sign({"aud": f"api://{BACKEND}", "iss": f"https://sts.windows.net/{self.id}/", "appid": CLIENT,
                          "appidacr": "1", "idp": f"https://sts.windows.net/{self.id}/", "ver": "1.0"}, changes)

    def version_2(self, **changes) -> str:
        return self.sign({"aud": BACKEND, "iss": f"https://login.microsoftonline.com/{self.id}/v2.0", "azp": CLIENT,
                          "azpacr": "1", "ver": "2.0"}, changes)

    def sign(self, own: dict, changes: dict) -> str:
        whole = {**self.shared(), **own, **changes}
        key = self.issuer.keys[0]
        claims = {name: value for name, value in whole.items() if value is not None}
        return key.sign(claims, x5t=key.kid)


@pytest.fixture
def tenant(server) -> Tenant:
    return Tenant(server)


def call(gateway, tenant: Tenant, token: str | None):
    return gateway.call("entra", token, {"x-tenant": tenant.name})


def refused(reply, reason: str) -> None:
    assert_refused(reply, reason, source="validate-azure-ad-token")


def test_both_versions(gateway, tenant):
    assert_accepted(call(gateway, tenant, tenant.version_1()))
    assert_accepted(call(gateway, tenant, tenant.version_2()))
    assert_accepted(call(gateway, tenant, tenant.version_1(aud=BACKEND)))
    assert tenant.issuer.fetches == {"configuration": 1, "keys": 1}


def test_the_application_that_asked(gateway, tenant):
    refused(call(gateway, tenant, tenant.version_2(azp=BACKEND)), "TokenClaimValueNotAllowed")
    refused(call(gateway, tenant, tenant.version_1(appid=BACKEND)), "TokenClaimValueNotAllowed")
    refused(call(gateway, tenant, tenant.version_2(azp=None)), "TokenClaimNotFound")


def test_the_application_it_is_for(gateway, tenant):
    for audience in ("00000003-0000-0000-c000-000000000000", "https://graph.microsoft.com", None):
        refused(call(gateway, tenant, tenant.version_2(aud=audience)), "TokenAudienceNotAllowed")


def test_another_tenant(gateway, tenant):
    for changes in ({"iss": f"https://login.microsoftonline.com/{OTHER_TENANT}/v2.0"},
                    {"iss": f"https://sts.windows.net/{OTHER_TENANT}/", "tid": OTHER_TENANT},
                    {"iss": f"https://evil.example/{tenant.id}/v2.0"}, {"iss": None}):
        refused(call(gateway, tenant, tenant.version_2(**changes)), "TokenIssuerNotAllowed")


def test_lifetime(gateway, tenant):
    now = int(time.time())
    refused(call(gateway, tenant, tenant.version_2(exp=now - 1, nbf=None)), "TokenExpired")
    refused(call(gateway, tenant, tenant.version_2(nbf=now + 600)), "JwtInvalid")
    refused(call(gateway, tenant, tenant.version_2(exp=None)), "JwtInvalid")
    refused(call(gateway, tenant, None), "TokenNotPresent")


def test_a_domain(gateway, server):
    """The tenant's id is learnt from its configuration."""
    tenant = Tenant(server, name="contoso.onmicrosoft.com")
    assert_accepted(call(gateway, tenant, tenant.version_1()))
    assert_accepted(call(gateway, tenant, tenant.version_2()))


@pytest.mark.parametrize("name", ("common", "organizations"))
def test_any_tenant(gateway, server, name):
    """Whichever tenant issued it, the token must say so."""
    tenant = Tenant(server, name=name, issuer="https://login.microsoftonline.com/{tenantid}/v2.0")
    assert_accepted(call(gateway, tenant, tenant.version_1()))
    assert_accepted(call(gateway, tenant, tenant.version_2()))
    for changes in ({"tid": OTHER_TENANT}, {"tid": None}, {"tid": "common"},
                    {"iss": "https://login.microsoftonline.com/common/v2.0", "tid": "common"}):
        refused(call(gateway, tenant, tenant.version_2(**changes)), "TokenIssuerNotAllowed")


def test_tenants_that_are_none(gateway, tenant):
    for name in ("", "a/b", "..", "a b", "%2e%2e"):
        reply = gateway.call("entra", tenant.version_2(), {"x-tenant": name})
        refused(reply, "JwtInvalid")
