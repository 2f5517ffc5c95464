"""The gateway with the semantic cache in front of a simulated Azure: one API for each threshold."""

import http.client
import json
import os
import re
import signal
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from demo import FOREIGN_VARIABLES, STOP_SECONDS, binary

THRESHOLDS = (0.05, 0.1, 0.2)
CHAT = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"

SIMULATOR = """resources:
  - {name: east, acceptAnyToken: true, deployments: [{name: gpt-4o}]}
"""

# Each pair has answers of its own, so that only its two questions can meet.
POLICY = """<policies>
    <inbound>
        <base />
        <llm-semantic-cache-lookup score-threshold="THRESHOLD" embeddings-backend-id="embeddings"
            embeddings-backend-auth="system-assigned">
            <vary-by>@(context.Request.Headers.GetValueOrDefault("x-pair", ""))</vary-by>
        </llm-semantic-cache-lookup>
        <set-header name="api-key" exists-action="delete" />
        <set-header name="Authorization" exists-action="override"><value>Bearer any</value></set-header>
    </inbound>
    <backend><base /></backend>
    <outbound>
        <base />
        <llm-semantic-cache-store duration="3600" />
    </outbound>
    <on-error><base /></on-error>
</policies>
"""


def name(threshold: float) -> str:
    return f"within-{int(threshold * 100):02}"


def service(simulator: str, embeddings: str) -> str:
    """A `sekisho.yaml`."""
    apis = {
        name(threshold): {
            "path": name(threshold), "serviceUrl": f"{simulator}/east", "subscriptionRequired": False,
            "operations": {"any": {"displayName": "Any", "method": "POST", "urlTemplate": "/*"}},
            "policy": POLICY.replace("THRESHOLD", str(threshold)),
        }
        for threshold in THRESHOLDS
    }
    backend = {"url": embeddings, "protocol": "http", "credentials": {"header": {"api-key": ["secret"]}}}
    # JSON is YAML too.
    return json.dumps({"apis": apis, "backends": {"embeddings": backend}, "semanticCache": {"markHits": True, "embeddingTimeout": "30s"}})


class Process:
    """A `sekisho` that tells where it listens."""

    def __init__(self, arguments: list[str], told: str):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_VARIABLES)}
        self._process = subprocess.Popen(
            [binary(), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=environment)
        line = self._process.stdout.readline()
        found = re.search(told + r" (http://\S+)", line)
        assert found, f"the process said {line!r} and not where it listens"
        self.url = found[1]

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(STOP_SECONDS) == 0


def start_simulator(folder: Path) -> Process:
    config = folder / "simulator.yaml"
    config.write_text(SIMULATOR)
    return Process(["simulate", "--config", str(config)], "simulated Azure on")


def start_gateway(folder: Path, simulator: str, embeddings: str) -> Process:
    config = folder / "sekisho.yaml"
    config.write_text(service(simulator, embeddings))
    arguments = ["serve", str(config), "--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0", "--no-watch",
                 "--data", str(folder / "data")]
    return Process(arguments, "gateway listening on")


class Client:
    """Asks over one connection."""

    def __init__(self, gateway: str):
        self._connection = http.client.HTTPConnection(urlsplit(gateway).netloc, timeout=60)

    def ask(self, threshold: float, pair: str, question: str, stream: bool = False) -> tuple[bool, bytes]:
        """Whether the answer came from the cache, and the answer."""
        body = json.dumps({"messages": [{"role": "user", "content": question}], "stream": stream})
        headers = {"Content-Type": "application/json", "x-pair": pair}
        self._connection.request("POST", f"/{name(threshold)}{CHAT}", body, headers)
        reply = self._connection.getresponse()
        answer = reply.read()
        assert reply.status == 200, answer
        return reply.headers.get("x-cache") == "semantic-hit", answer
