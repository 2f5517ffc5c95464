"""A service whose APIs check tokens in different ways, and the gateway that runs it."""

import base64
import http.client
import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from demo import FOREIGN_VARIABLES, STOP_SECONDS, binary
from issuer import Key

SECRET = b"a secret of sixty-four characters, as long as SHA-512 would like."
CLIENT = "aaaaaaaa-0000-0000-0000-000000000001"
BACKEND = "bbbbbbbb-0000-0000-0000-000000000002"

# The issuer of a call stands in a header, so that each test has its own.
OPENID = """<openid-config url="@(context.Request.Headers.GetValueOrDefault("x-openid", ""))" />"""
KEY = f"<issuer-signing-keys><key>{base64.b64encode(SECRET).decode()}</key></issuer-signing-keys>"


def policies(own: Key) -> dict[str, str]:
    """The check of each API; `own` is a key that stands in a document."""
    rsa = f'<issuer-signing-keys><key n="{own.public["n"]}" e="{own.public["e"]}" /></issuer-signing-keys>'
    return {
        "open": f"""<validate-jwt header-name="Authorization" output-token-variable-name="token">{OPENID}
            <audiences><audience>other</audience><audience>api</audience></audiences></validate-jwt>""",
        "secret": f"""<validate-jwt header-name="Authorization" output-token-variable-name="token">{KEY}</validate-jwt>""",
        "rsa": f"""<validate-jwt header-name="Authorization" output-token-variable-name="token">{rsa}</validate-jwt>""",
        "skew": f"""<validate-jwt header-name="Authorization" clock-skew="300" require-expiration-time="false"
            output-token-variable-name="token">{KEY}</validate-jwt>""",
        "unsigned": f"""<validate-jwt header-name="Authorization" require-signed-tokens="false"
            output-token-variable-name="token">{KEY}</validate-jwt>""",
        "issuers": f"""<validate-jwt header-name="Authorization" output-token-variable-name="token">{KEY}
            <issuers><issuer>https://one.example/</issuer><issuer>https://two.example/</issuer></issuers></validate-jwt>""",
        "claims": f"""<validate-jwt header-name="Authorization" failed-validation-httpcode="403"
            failed-validation-error-message="Ask for a role." output-token-variable-name="token">{KEY}
            <required-claims>
                <claim name="roles" match="any"><value>reader</value><value>writer</value></claim>
                <claim name="scp" match="all" separator=" "><value>read</value><value>write</value></claim>
            </required-claims></validate-jwt>""",
        "scheme": f"""<validate-jwt header-name="Authorization" require-scheme="Bearer"
            output-token-variable-name="token">{KEY}</validate-jwt>""",
        "custom": f"""<validate-jwt header-name="X-Token" require-scheme="Bearer"
            output-token-variable-name="token">{KEY}</validate-jwt>""",
        "body": f"""<validate-jwt token-value="@(context.Request.Body.As<string>())"
            output-token-variable-name="token">{KEY}</validate-jwt>""",
        "entra": f"""<validate-azure-ad-token tenant-id="@(context.Request.Headers.GetValueOrDefault("x-tenant", ""))"
            output-token-variable-name="token">
            <client-application-ids><application-id>{CLIENT}</application-id></client-application-ids>
            <backend-application-ids><application-id>{BACKEND}</application-id></backend-application-ids>
            </validate-azure-ad-token>""",
    }


DOCUMENT = """<policies>
    <inbound>
        <base />
        {check}
        <return-response>
            <set-status code="200" />
            <set-body>@(((Jwt)context.Variables["token"]).Subject)</set-body>
        </return-response>
    </inbound>
    <backend><base /></backend>
    <outbound><base /></outbound>
    <on-error>
        <base />
        <set-header name="x-source" exists-action="override"><value>@(context.LastError.Source)</value></set-header>
        <set-header name="x-reason" exists-action="override"><value>@(context.LastError.Reason)</value></set-header>
        <set-header name="x-message" exists-action="override"><value>@(context.LastError.Message)</value></set-header>
    </on-error>
</policies>
"""

SPECIFICATION = """openapi: 3.0.1
info: {title: Checks, version: '1'}
paths: {/call: {get: {operationId: call, responses: {}}, post: {operationId: call-post, responses: {}}}}
"""


def write(folder: Path, checks: dict[str, str]) -> None:
    """Writes a service with an API for each check."""
    for name, check in checks.items():
        api = folder / "apis" / name
        api.mkdir(parents=True)
        information = {"displayName": name, "path": name, "protocols": ["http"], "subscriptionRequired": False,
                       "serviceUrl": "http://127.0.0.1:9"}
        (api / "apiInformation.json").write_text(json.dumps({"properties": information}))
        (api / "specification.yaml").write_text(SPECIFICATION)
        (api / "policy.xml").write_text(DOCUMENT.format(check=check))


@dataclass(frozen=True)
class Reply:
    """What a call was answered, with what LastError said."""

    status: int
    body: str
    source: str | None
    reason: str | None
    message: str | None


class Gateway:
    """`sekisho serve` as a process."""

    def __init__(self, folder: Path, authority: str):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_VARIABLES)}
        self._process = subprocess.Popen(
            [binary(), "serve", str(folder), "--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0", "--no-watch",
             "--data", str(folder / "data")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            env={**environment, "AZURE_AUTHORITY_HOST": authority},
        )
        line = self._process.stdout.readline()
        assert line.startswith("gateway listening on "), f"the gateway said {line!r} and not where it listens"
        self.address = urlsplit(line.split()[-1]).netloc

    def call(self, api: str, token: str | None = None, headers: dict[str, str] | None = None, body: str | None = None,
             scheme: str = "Bearer ", header: str = "Authorization") -> Reply:
        sent = dict(headers or {})
        if token is not None:
            sent[header] = f"{scheme}{token}"
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            connection.request("POST" if body is not None else "GET", f"/{api}/call", body, sent)
            reply = connection.getresponse()
            shown = [reply.headers.get(f"x-{name}") for name in ("source", "reason", "message")]
            return Reply(reply.status, reply.read().decode(), *shown)
        finally:
            connection.close()

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise


def assert_accepted(reply: Reply, subject: str = "user-1") -> None:
    assert (reply.status, reply.body, reply.reason) == (200, subject, None)


def assert_refused(reply: Reply, reason: str, status: int = 401, message: str | None = None,
                   source: str = "validate-jwt") -> None:
    """The status, the whole body, and what the operator is told."""
    message = message or ("JWT not present." if reason == "TokenNotPresent" else "Invalid JWT.")
    body = json.dumps({"statusCode": status, "message": message}, separators=(",", ":"))
    assert (reply.status, reply.reason, reply.body, reply.source) == (status, reason, body, source), reply.message
