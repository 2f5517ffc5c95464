"""A gateway that keeps logs, and calls of three teams in them."""

import time

import pytest
from openai import AuthenticationError, AzureOpenAI

from demo import http
from processes import Gateway, Simulator

SIMULATOR = """
port: 0
resources:
  - name: models
    deployments:
      - { name: gpt-4o, tokens: bpe }
      - { name: text-embedding-3-small }
"""

SERVICE = """
logs:
  prices: prices.yaml
apis:
  models:
    path: models
    serviceUrl: http://${SIMULATOR}/models
    subscriptionRequired: true
    subscriptionKeyParameterNames: { header: api-key, query: api-key }
    operations:
      ChatCompletions_Create: { displayName: Chat, method: POST, urlTemplate: "/openai/deployments/{deployment}/chat/completions" }
      Embeddings_Create: { displayName: Embeddings, method: POST, urlTemplate: "/openai/deployments/{deployment}/embeddings" }
    policy: |
      <policies>
          <inbound>
              <base />
              <authentication-managed-identity resource="https://cognitiveservices.azure.com" />
          </inbound>
          <backend><base /></backend>
          <outbound><base /></outbound>
          <on-error><base /></on-error>
      </policies>
subscriptions:
  team-a: { displayName: A, scope: /apis/models, primaryKey: team-a-key }
  team-b: { displayName: B, scope: /apis/models, primaryKey: team-b-key }
  team-c: { displayName: C, scope: /apis/models, primaryKey: team-c-key }
"""

PRICES = """
currency: USD
prices:
  - { model: gpt-4o, prompt: 2.5, completion: 10 }
"""

TEAMS = ("team-a", "team-b", "team-c")


class Logged:
    """The gateway, what it was called with, and what the clients were told they used."""

    def __init__(self, gateway: Gateway, data):
        self.gateway = gateway
        self.data = data
        self.used = {team: [0, 0] for team in TEAMS}
        self.calls = 0

    @property
    def token(self) -> str:
        """The management access token, which the gateway made."""
        return (self.data / "management-token").read_text().strip()

    def client(self, key: str) -> AzureOpenAI:
        return AzureOpenAI(
            azure_endpoint=f"{self.gateway.url}/models", api_key=key, api_version="2024-10-21", max_retries=0, timeout=30)

    def call(self) -> None:
        """Two chats, a stream and an embedding for each team, and a call that is refused."""
        for number, team in enumerate(TEAMS):
            client = self.client(f"{team}-key")
            for turn in range(2):
                messages = [{"role": "user", "content": f"Who passed checkpoint {number} on day {turn}?"}]
                self.add(team, client.chat.completions.create(model="gpt-4o", messages=messages).usage)
            stream = client.chat.completions.create(
                model="gpt-4o", messages=[{"role": "user", "content": f"Tell {team} a story."}], stream=True,
                stream_options={"include_usage": True})
            for chunk in stream:
                self.add(team, chunk.usage)
            self.add(team, client.embeddings.create(model="text-embedding-3-small", input="a road").usage)
            self.calls += 4
        with pytest.raises(AuthenticationError):
            self.client("wrong").chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "?"}])
        self.calls += 1

    def wait_until_kept(self) -> None:
        """Calls are written a moment after they end."""
        deadline = time.monotonic() + 10
        while self.kept() < self.calls:
            assert time.monotonic() < deadline, f"{self.kept()} of {self.calls} calls are kept"
            time.sleep(0.05)

    def kept(self) -> int:
        reply = http(
            f"{self.gateway.management}/v1/workspaces/any/query", b'{"query": "calls | count"}',
            {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"})
        assert reply.status == 200, reply.body
        return reply.json()["tables"][0]["rows"][0][0]

    def add(self, team: str, usage) -> None:
        if usage is not None:
            self.used[team][0] += usage.prompt_tokens
            self.used[team][1] += getattr(usage, "completion_tokens", 0) or 0


class Running:
    """The gateway and its simulator."""

    def __init__(self, folder):
        self._simulator = Simulator(folder, SIMULATOR)
        (folder / "sekisho.yaml").write_text(SERVICE)
        (folder / "prices.yaml").write_text(PRICES)
        self._gateway = Gateway(folder / "sekisho.yaml", folder / "data", {
            "SIMULATOR": self._simulator.url.removeprefix("http://"),
            "AZURE_POD_IDENTITY_AUTHORITY_HOST": self._simulator.url})
        self.logged = Logged(self._gateway, folder / "data")

    def stop(self) -> list[int]:
        return [self._gateway.stop(), self._simulator.stop()]
