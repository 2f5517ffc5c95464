"""The service of this folder in front of simulated models, a simulated Content Safety and simulated embeddings."""

import re
import time
from collections import Counter
from pathlib import Path

from certificates import write_certificate
from demo import http
from processes import Gateway, Simulator

SERVICE = Path(__file__).parent / "service.yaml"
MODEL = "gpt-4o"
API_VERSION = "2025-03-01-preview"

CONFIGURATION = f"""\
port: 0
resources:
  - name: models
    deployments:
      - {{name: "*", tokens: bpe}}
      - {{name: {MODEL}, tokens: bpe}}
  - {{name: safety}}
  - {{name: vectors, deployments: [{{name: text-embedding-3-small, dimensions: 256}}]}}
"""

SERIES = re.compile(r'(?P<name>\w+)\{(?P<labels>.*)\} (?P<value>\S+)')
LABEL = re.compile(r'(\w+)="([^"]*)"')


class Policies:
    """The gateway and the simulator."""

    def __init__(self, folder: Path):
        self._simulator = Simulator(folder, CONFIGURATION)
        self.simulator = self._simulator.azure
        self.authority_file = folder / "tls.crt"
        write_certificate(folder)
        self._gateway = Gateway(
            SERVICE, folder / "data",
            {"CERTIFICATES": str(folder),
             "SIMULATOR": self._simulator.url.removeprefix("http://"),
             "AZURE_POD_IDENTITY_AUTHORITY_HOST": self._simulator.url})
        self.url = f"{self._gateway.url}/models"
        self.tls_url = f"{self._gateway.url_of('gateway listening on ', 'https://')}/models"
        self.websocket_url = self.url.replace("http://", "ws://", 1)
        self.secure_websocket_url = self.tls_url.replace("https://", "wss://", 1)

    def stop(self) -> list[int]:
        return [self._gateway.stop(), self._simulator.stop()]

    def azure(self, subscription: str) -> dict:
        """What `AzureOpenAI` and its like take."""
        return dict(azure_endpoint=self.url, api_key=f"{subscription}-key", api_version=API_VERSION, max_retries=0, timeout=30)

    def v1(self, subscription: str) -> dict:
        """What `OpenAI` and its like take."""
        return dict(base_url=f"{self.url}/openai/v1", api_key=f"{subscription}-key", max_retries=0, timeout=30)

    def anthropic(self, subscription: str) -> dict:
        """What `Anthropic` takes."""
        return dict(base_url=f"{self.url}/anthropic", api_key=f"{subscription}-key", max_retries=0, timeout=30)

    def model_requests(self) -> list[dict]:
        """The calls that the model saw since the last reset."""
        return self.simulator.resources()["models"]["recent"]

    def model_calls(self) -> int:
        """How many calls reached the model since the last reset."""
        return self.simulator.resources()["models"]["requests"]

    def model_tokens(self) -> tuple[int, int]:
        """Prompt and completion tokens that the model charged since the last reset."""
        models = self.simulator.resources()["models"]
        return models["promptTokens"], models["completionTokens"]

    def sums(self, metric: str, *labels: str) -> Counter:
        """The values of a metric on `/metrics`, added up by these labels; `None` where a series does not have one."""
        text = http(f"{self._gateway.management}/metrics").body.decode()
        sums = Counter()
        for series in filter(None, map(SERIES.fullmatch, text.splitlines())):
            if series["name"] == metric:
                found = dict(LABEL.findall(series["labels"]))
                sums[tuple(found.get(label) for label in labels)] += int(float(series["value"]))
        return sums

    def eventually_sums(self, metric: str, *labels: str, until) -> Counter:
        """The same, once they are as `until` wants: what ends a WebSocket is recorded after its client left."""
        deadline = time.monotonic() + 10
        while not until(sums := self.sums(metric, *labels)):
            assert time.monotonic() < deadline, f"{metric} stays at {sums}"
            time.sleep(0.02)
        return sums
