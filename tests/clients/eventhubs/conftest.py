"""One gateway for the whole run, in front of event hubs and of librdkafka's mock cluster."""

from pathlib import Path

import pytest
from confluent_kafka import Producer

from demo import http
from hub import HUB, KEY, EventHub, count
from processes import Gateway, Simulator


SERVICE = Path(__file__).parent / "service.yaml"
SIMULATOR = "port: 0\nresources: [{name: unused}]\n"


class Logging:
    """The gateway, and what its events go to."""

    def __init__(self, folder: Path):
        self.hub, self.mortal = EventHub(), EventHub()
        # The cluster lives as long as this producer, and has the topic from the first question about it.
        self._cluster = Producer({"test.mock.num.brokers": 1})
        brokers = self._cluster.list_topics(HUB, timeout=10).brokers
        self.kafka = ",".join(f"{broker.host}:{broker.port}" for broker in brokers.values())
        self._simulator = Simulator(folder, SIMULATOR)
        self.azure = self._simulator.azure
        self.gateway = Gateway(SERVICE, folder / "data", {
            "HUB": str(self.hub.port), "MORTAL": str(self.mortal.port), "KAFKA": self.kafka, "KEY": KEY,
            "SIMULATOR": self._simulator.url.removeprefix("http://")})

    def log(self, text: str, **headers: str) -> None:
        reply = http(f"{self.gateway.url}/log/x", text.encode(), headers)
        assert reply.status == 200, reply

    def count(self, family: str, **labels: str) -> float:
        """The value of a series of `/metrics`; 0 when there is none."""
        return count(self.gateway.management, family, **labels)

    def dropped(self, logger: str, reason: str) -> float:
        return self.count("sekisho_event_hub_events_dropped_total", logger=logger, reason=reason)

    def kill(self) -> None:
        """Ends the hubs, which nothing else ends."""
        self.hub.kill()
        self.mortal.kill()

    def stop(self) -> list[int]:
        codes = [self.gateway.stop(), self._simulator.stop()]
        self.kill()
        return codes


@pytest.fixture(scope="session")
def logging(tmp_path_factory):
    running = Logging(tmp_path_factory.mktemp("eventhubs"))
    yield running
    assert running.stop() == [0, 0]
