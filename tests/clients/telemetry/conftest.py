"""One gateway for the whole run, with receivers for all that it tells."""

import pytest

from demo import http
from processes import Gateway, Simulator
from receivers import Collector, Datagrams
from pathlib import Path

CONFIGURATION = """\
port: 0
resources:
  - {name: models, deployments: [{name: "*", tokens: bpe}, {name: text-embedding-3-small, dimensions: 64}]}
"""


class Watched:
    """The gateway, what is behind it, and what it tells."""

    def __init__(self, folder: Path):
        self.collector, self.statsd = Collector(), Datagrams()
        self._simulator = Simulator(folder, CONFIGURATION)
        self.simulator = self._simulator.azure
        self._gateway = Gateway(
            Path(__file__).parent / "service.yaml", folder / "data",
            {"COLLECTOR": self.collector.url, "STATSD": self.statsd.address, "TENANT_KEY": "tenant-secret",
             "OTEL_SERVICE_NAME": "edge", "SIMULATOR": self._simulator.url.removeprefix("http://"),
             "AZURE_POD_IDENTITY_AUTHORITY_HOST": self._simulator.url})
        self.management = self._gateway.management

    def client(self, subscription: str) -> dict:
        """What `OpenAI` takes."""
        return dict(base_url=f"{self._gateway.url}/models/openai/v1", api_key=f"{subscription}-key", max_retries=0, timeout=30)

    def page(self) -> str:
        return http(f"{self.management}/metrics").body.decode()

    def stop(self) -> list[int]:
        codes = [self._gateway.stop(), self._simulator.stop()]
        self.collector.stop()
        self.statsd.stop()
        return codes


@pytest.fixture(scope="session")
def watched(tmp_path_factory):
    watched = Watched(tmp_path_factory.mktemp("telemetry"))
    yield watched
    assert watched.stop() == [0, 0]
