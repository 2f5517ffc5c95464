"""Makes the tokens and key sets of the cases of `validate-jwt` and `validate-azure-ad-token`, with PyJWT and new keys.

    python3 conformance/validate-jwt/tokens.py            every case
    python3 conformance/validate-jwt/tokens.py CASE...    these

Writes `request*.http`, the documents that services answer with, and named values that hold keys; the rest of a case is
written by hand. Needs PyJWT and cryptography: `tests/run clients` installs both below `.cache/`.
"""

import base64
import hashlib
import hmac
import json
import sys
from datetime import datetime, timezone
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

ROOT = Path(__file__).resolve().parents[1]
# The time of every case.
NOW = int(datetime(2026, 1, 15, 10, 30, tzinfo=timezone.utc).timestamp())
SECRET = b"a secret of sixty-four characters, as long as SHA-512 would like."
ISSUER = "https://issuer.example/"
TENANT = "11111111-2222-3333-4444-555555555555"
OTHER_TENANT = "99999999-2222-3333-4444-555555555555"
CLIENT = "aaaaaaaa-0000-0000-0000-000000000001"
BACKEND = "bbbbbbbb-0000-0000-0000-000000000002"


class Key:
    """A key pair with its public half as a JSON web key."""

    def __init__(self, kid: str | None, kind: str = "RSA"):
        curves = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
        self.kid = kid
        if kind == "RSA":
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            public = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        else:
            self.private = ec.generate_private_key(curves[kind])
            public = ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        public.pop("key_ops", None)
        self.public = {**public, "use": "sig", **({"kid": kid} if kid else {})}

    def sign(self, claims: dict, algorithm: str = "RS256", **header) -> str:
        headers = {**({"kid": self.kid} if self.kid else {}), **header}
        return jwt.encode(claims, self.private, algorithm=algorithm, headers=headers)

    def pem(self) -> bytes:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, form)


def shared(claims: dict, algorithm: str = "HS256", **header) -> str:
    """A token signed with the shared secret."""
    return jwt.encode(claims, SECRET, algorithm=algorithm, headers=header)


def forged(claims: dict, secret: bytes, **header) -> str:
    """HS256 with a secret that PyJWT rightly refuses to sign with: the text of a public key."""
    def part(value) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    signed = f"{part({'typ': 'JWT', 'alg': 'HS256', **header})}.{part(claims)}"
    signature = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def claims(**changes) -> dict:
    """What most tokens say; a claim that is None is left out."""
    whole = {"iss": ISSUER, "aud": "api", "sub": "user-1", "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 3600}
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def version_2(**changes) -> dict:
    """An access token of version 2 as Microsoft Entra ID writes it."""
    own = {"iss": f"https://login.microsoftonline.com/{TENANT}/v2.0", "aud": BACKEND, "azp": CLIENT, "tid": TENANT,
           "oid": "cccccccc-0000-0000-0000-000000000003", "ver": "2.0", "roles": ["Reader"]}
    return claims(**{**own, **changes})


def version_1(**changes) -> dict:
    """An access token of version 1."""
    own = {"iss": f"https://sts.windows.net/{TENANT}/", "aud": f"api://{BACKEND}", "appid": CLIENT, "tid": TENANT,
           "oid": "cccccccc-0000-0000-0000-000000000003", "ver": "1.0", "appidacr": "1"}
    return claims(**{**own, **changes})


class Case:
    """The folder of a case."""

    def __init__(self, name: str):
        self.folder = ROOT / name
        self.calls = 0
        self.folder.mkdir(parents=True, exist_ok=True)

    def call(self, token: str | None = None, header: str = "Authorization", scheme: str = "Bearer ", target: str = "/chat"):
        self.calls += 1
        number = "" if self.calls == 1 else f"-{self.calls}"
        line = f"{header}: {scheme}{token}\n" if token is not None else ""
        (self.folder / f"request{number}.http").write_text(f"GET {target}\n{line}")
        return self

    def document(self, file: str, body: dict):
        text = json.dumps(body, indent=2)
        (self.folder / file).write_text(f"HTTP/1.1 200 OK\nContent-Type: application/json\n\n{text}\n")
        return self

    def keys(self, file: str, *keys: Key):
        return self.document(file, {"keys": [key.public for key in keys]})

    def openid(self, file: str, issuer: str, keys: str):
        return self.document(file, {"issuer": issuer, "jwks_uri": keys})

    def provider(self, *keys: Key, issuer: str = ISSUER, uri: str = "https://issuer.example/keys"):
        """The documents of one provider."""
        return self.openid("openid.http", issuer, uri).keys("keys.http", *keys)

    def tenant(self, *keys: Key, issuer: str = f"https://login.microsoftonline.com/{TENANT}/v2.0"):
        return self.provider(*keys, issuer=issuer, uri="https://login.microsoftonline.com/keys")

    def named_values(self, **values: str):
        file = self.folder / "case.json"
        settings = json.loads(file.read_text()) if file.exists() else {}
        settings["namedValues"] = {**settings.get("namedValues", {}), **values}
        file.write_text(json.dumps(settings, indent=2) + "\n")
        return self


def base64_text(secret: bytes) -> str:
    return base64.b64encode(secret).decode()


# validate-jwt

def claims_case(case: Case):
    key = Key("first")
    case.provider(key)
    groups = {"groups": ["finance", "sales"], "scope": "read write"}
    case.call(key.sign(claims(**groups)))
    case.call(key.sign(claims(groups="sales")))
    case.call(key.sign(claims(groups="legal", scope="read write")))
    case.call(key.sign(claims(groups="sales", scope="read")))


def shared_secret(case: Case):
    case.named_values(**{"signing-key": base64_text(SECRET)})
    for algorithm in ("HS256", "HS384", "HS512"):
        case.call(shared(claims(aud="gateway.example"), algorithm))
    case.call(jwt.encode(claims(aud="gateway.example"), b"another secret of thirty-two chars", algorithm="HS256"))


def not_present(case: Case):
    case.call()
    case.call("")
    case.call("", scheme="Bearer")


def lifetime(case: Case):
    case.named_values(**{"signing-key": base64_text(SECRET)})
    token = shared(claims(exp=NOW + 60))
    case.call(token).call(token)
    case.call(shared(claims(nbf=NOW + 3600, exp=NOW + 7200)))
    case.call(shared(claims(exp=None)))
    case.call(shared(claims(exp=NOW + 600, nbf=NOW + 900)))


def clock_skew(case: Case):
    case.named_values(**{"signing-key": base64_text(SECRET)})
    case.call(shared(claims(exp=NOW - 29)))
    case.call(shared(claims(exp=NOW - 30)))
    case.call(shared(claims(nbf=NOW + 30)))
    case.call(shared(claims(nbf=NOW + 31)))
    case.call(shared(claims(exp=None)))


def refusals(case: Case):
    key, stranger = Key("first"), Key("stranger")
    case.provider(key)
    good = key.sign(claims(role="admin"))
    header, payload, signature = good.split(".")
    case.call(f"{header}.{payload}.{signature[:-8]}AAAAAAAA")
    case.call(stranger.sign(claims(role="admin")))
    case.call(key.sign(claims(aud="other", role="admin")))
    case.call(key.sign(claims(iss="https://other.example/", role="admin")))
    case.call(key.sign(claims()))
    case.call(key.sign(claims(role="reader")))
    case.call("not-a-token")
    case.call(key.sign(claims(role="admin"), crit=["exp"]))
    case.call(good)


def expressions(case: Case):
    case.named_values(**{"signing-key": base64_text(SECRET)})
    key = Key("first")
    case.provider(key)
    case.call(key.sign(claims(aud="gateway.example", role="reader", exp=NOW - 5)), header="X-Token", scheme="")
    case.call(key.sign(claims(aud="gateway.example", role="writer", exp=NOW - 5)), header="X-Token", scheme="")


def query_parameter(case: Case):
    case.named_values(**{"signing-key": base64_text(SECRET)})
    case.call(target=f"/chat?auth={shared(claims())}")
    case.call(target="/chat?auth=").call(target="/chat")


def token_value(case: Case):
    case.named_values(**{"signing-key": base64_text(SECRET)})
    token = shared(claims())
    case.call(token, header="X-Wrapped", scheme="token:")
    case.call(token, header="X-Wrapped", scheme="token:Bearer ")
    case.call()


def scheme(case: Case):
    case.named_values(**{"signing-key": base64_text(SECRET)})
    token = shared(claims())
    case.call(token).call(token, scheme="bearer   ").call(token, scheme="").call(token, scheme="Basic ")


def claim_values(case: Case):
    case.named_values(**{"signing-key": base64_text(SECRET)})
    full = {"scope": "read;write", "level": 3, "active": True, "roles": ["a", "b"]}
    case.call(shared(claims(**full)))
    case.call(shared(claims(**{**full, "scope": "read"})))
    case.call(shared(claims(**{**full, "roles": ["c"]})))
    case.call(shared(claims(**{**full, "level": "4", "active": "true"})))
    case.call(shared(claims(level=3)))


def key_server_down(case: Case):
    case.call(Key("first").sign(claims())).call(Key("first").sign(claims()))


def rotated_keys(case: Case):
    old, new, unknown = Key("old"), Key("new"), Key("unknown")
    case.openid("openid.http", ISSUER, "https://issuer.example/keys")
    case.keys("keys.http", old).keys("keys-new.http", old, new)
    case.call(old.sign(claims())).call(new.sign(claims())).call(unknown.sign(claims())).call(unknown.sign(claims()))
    case.call(unknown.sign(claims(exp=NOW + 7200)))


def stale_keys(case: Case):
    key = Key("first")
    case.provider(key)
    token = key.sign(claims(exp=NOW + 7 * 24 * 3600))
    for _ in range(5):
        case.call(token)


def algorithm_confusion(case: Case):
    key = Key("first")
    case.provider(key)
    case.named_values(modulus=key.public["n"], exponent=key.public["e"])
    modulus = base64.urlsafe_b64decode(key.public["n"] + "==")
    case.call(key.sign(claims()))
    for secret in (key.pem(), modulus, json.dumps(key.public).encode()):
        case.call(forged(claims(), secret))
        case.call(forged(claims(), secret, kid="first"))


def unsigned(case: Case):
    case.named_values(**{"signing-key": base64_text(SECRET)})
    token = jwt.encode(claims(), None, algorithm="none")
    case.call(token)
    case.call(shared(claims()))
    case.call(token + "AAAA")
    case.call(jwt.encode(claims(), b"another secret of thirty-two chars", algorithm="HS256"))
    case.call(token.replace(token.split(".")[0], "eyJhbGciOiJOb25lIiwidHlwIjoiSldUIn0"))


def unsigned_refused(case: Case):
    case.named_values(**{"signing-key": base64_text(SECRET)})
    case.call(jwt.encode(claims(), None, algorithm="none"))


def retry(case: Case):
    key = Key("first")
    case.provider(key)
    case.call(key.sign(claims()))


def on_error(case: Case):
    case.named_values(**{"signing-key": base64_text(SECRET)})
    case.call(shared(claims(exp=NOW - 1)))


def algorithms(case: Case):
    keys = [Key("rsa"), Key("p256", "P-256"), Key("p384", "P-384"), Key("p521", "P-521")]
    case.provider(*keys)
    for algorithm in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"):
        case.call(keys[0].sign(claims(), algorithm))
    for key, algorithm in zip(keys[1:], ("ES256", "ES384", "ES512")):
        case.call(key.sign(claims(), algorithm))
    case.call(Key("p256", "P-256").sign(claims(), "ES256"))


def several_configurations(case: Case):
    first, second = Key("first"), Key("second")
    case.openid("openid.http", ISSUER, "https://issuer.example/keys").keys("keys.http", first)
    case.openid("openid-2.http", "https://second.example/", "https://second.example/keys").keys("keys-2.http", second)
    case.call(first.sign(claims()))
    case.call(second.sign(claims(iss="https://second.example/")))
    case.call(second.sign(claims()))


def keys_without_ids(case: Case):
    old, new = Key(None), Key(None)
    case.named_values(**{"old-n": old.public["n"], "new-n": new.public["n"]})
    case.call(old.sign(claims())).call(new.sign(claims()))
    case.call(new.sign(claims(), kid="anything"))
    case.call(Key(None).sign(claims()))
    case.call(Key("anything").sign(claims()))


def redirected_keys(case: Case):
    key = Key("first")
    case.provider(key)
    case.call(key.sign(claims()))


# validate-azure-ad-token

def client(case: Case):
    key = Key("entra")
    case.tenant(key)
    case.call(key.sign(version_2())).call(key.sign(version_1()))


def azure_refusals(case: Case):
    key = Key("entra")
    case.tenant(key)
    case.call(key.sign(version_2(azp=BACKEND)))
    case.call(key.sign(version_2(azp=None)))
    case.call(key.sign(version_2(aud="https://other.example")))
    case.call(key.sign(version_2(iss=f"https://login.microsoftonline.com/{OTHER_TENANT}/v2.0", tid=OTHER_TENANT)))
    case.call(key.sign(version_1(iss=f"https://sts.windows.net/{OTHER_TENANT}/", tid=OTHER_TENANT)))
    case.call(key.sign(version_2(exp=NOW - 1)))
    case.call(key.sign(version_2(roles=["Guest"])))
    case.call(Key("other").sign(version_2()))
    case.call()
    case.call(key.sign(version_2()))


def common(case: Case):
    key = Key("entra")
    case.tenant(key, issuer="https://login.microsoftonline.com/{tenantid}/v2.0")
    case.call(key.sign(version_2()))
    case.call(key.sign(version_1(iss=f"https://sts.windows.net/{OTHER_TENANT}/", tid=OTHER_TENANT)))
    case.call(key.sign(version_2(tid=OTHER_TENANT)))
    case.call(key.sign(version_2(iss="https://login.microsoftonline.com/x/v2.0", tid="x")))
    case.call(key.sign(version_2(tid=None)))


def organizations(case: Case):
    key = Key("entra")
    case.tenant(key, issuer="https://login.microsoftonline.com/{tenantid}/v2.0")
    personal = "9188040d-6c67-4c5b-b112-36a304b66dad"
    case.call(key.sign(version_2()))
    case.call(key.sign(version_2(iss=f"https://login.microsoftonline.com/{personal}/v2.0", tid=personal)))


def azure_expressions(case: Case):
    key = Key("entra")
    case.tenant(key)
    case.call(key.sign(version_2(aud="gateway.example")), header="X-Token", scheme="")
    case.call(key.sign(version_2()), header="X-Token", scheme="")


def azure_query(case: Case):
    key = Key("entra")
    case.tenant(key)
    case.call(target=f"/chat?access_token={key.sign(version_1())}").call()


def azure_domain(case: Case):
    key = Key("entra")
    case.tenant(key)
    case.call(key.sign(version_2()))
    case.call(key.sign(version_1()))


def azure_cloud(case: Case):
    key = Key("entra")
    host = "https://login.partner.microsoftonline.cn"
    case.provider(key, issuer=f"{host}/{TENANT}/v2.0", uri=f"{host}/keys")
    case.call(key.sign(version_2(iss=f"{host}/{TENANT}/v2.0")))
    case.call(key.sign(version_1(iss=f"https://sts.chinacloudapi.cn/{TENANT}/")))
    case.call(key.sign(version_1()))


def azure_retry(case: Case):
    key = Key("entra")
    case.tenant(key)
    case.call(key.sign(version_2()))


def azure_on_error(case: Case):
    key = Key("entra")
    case.tenant(key)
    case.call(key.sign(version_2(azp=BACKEND)))


CASES = {
    "validate-jwt/claims": claims_case,
    "validate-jwt/shared-secret": shared_secret,
    "validate-jwt/not-present": not_present,
    "validate-jwt/lifetime": lifetime,
    "validate-jwt/clock-skew": clock_skew,
    "validate-jwt/refusals": refusals,
    "validate-jwt/expressions": expressions,
    "validate-jwt/query-parameter": query_parameter,
    "validate-jwt/token-value": token_value,
    "validate-jwt/require-scheme": scheme,
    "validate-jwt/claim-values": claim_values,
    "validate-jwt/key-server-down": key_server_down,
    "validate-jwt/rotated-keys": rotated_keys,
    "validate-jwt/stale-keys": stale_keys,
    "validate-jwt/algorithm-confusion": algorithm_confusion,
    "validate-jwt/unsigned": unsigned,
    "validate-jwt/unsigned-refused": unsigned_refused,
    "validate-jwt/retry": retry,
    "validate-jwt/on-error": on_error,
    "validate-jwt/algorithms": algorithms,
    "validate-jwt/several-configurations": several_configurations,
    "validate-jwt/keys-without-ids": keys_without_ids,
    "validate-jwt/redirected-keys": redirected_keys,
    "validate-azure-ad-token/client": client,
    "validate-azure-ad-token/refusals": azure_refusals,
    "validate-azure-ad-token/common": common,
    "validate-azure-ad-token/organizations": organizations,
    "validate-azure-ad-token/expressions": azure_expressions,
    "validate-azure-ad-token/query-parameter": azure_query,
    "validate-azure-ad-token/domain": azure_domain,
    "validate-azure-ad-token/other-cloud": azure_cloud,
    "validate-azure-ad-token/retry": azure_retry,
    "validate-azure-ad-token/on-error": azure_on_error,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or CASES:
        CASES[name](Case(name))
