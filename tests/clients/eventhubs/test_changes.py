"""Hubs behind TLS, loggers of a changed configuration, and what waits when the gateway ends."""

import json
import uuid

import pytest

from certificates import write_certificate
from demo import http
from hub import HUB, EventHub, count, eventually
from processes import Process

SERVICE = {
    "loggers": {"calls": {"loggerType": "azureEventHub", "credentials": {"name": HUB}}},
    "apis": {"log": {
        "path": "log",
        "subscriptionRequired": False,
        "operations": {"any": {"method": "POST", "urlTemplate": "/*"}},
        "policy": """
            <policies>
                <inbound>
                    <log-to-eventhub logger-id="calls">@(context.Request.Body.As<string>())</log-to-eventhub>
                    <return-response />
                </inbound>
            </policies>
        """,
    }},
}


class Changing:
    """A gateway whose only logger is a hub that can be exchanged."""

    def __init__(self, folder, hub: EventHub, **settings):
        self._file, self._settings = folder / "sekisho.yaml", settings
        self.turn_to(hub)
        self._process = Process("serve", str(folder), "--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0",
                                "--data", str(folder / "data"), ready="management listening on ")
        self._url = self._process.url_of("gateway listening on ")
        self.management = self._process.url_of("management listening on ")

    def turn_to(self, hub: EventHub) -> None:
        SERVICE["loggers"]["calls"]["credentials"]["connectionString"] = hub.connection_string
        # JSON is YAML.
        self._file.write_text(json.dumps({**self._settings, **SERVICE}))

    def log(self, text: str) -> None:
        assert http(f"{self._url}/log/x", text.encode()).status == 200

    def stop(self) -> int:
        return self._process.stop()


@pytest.fixture
def hubs(tmp_path):
    """Starts hubs, which nothing else ends."""
    started = []

    def start(**settings) -> EventHub:
        started.append(EventHub(**settings))
        return started[-1]

    yield start
    for hub in started:
        hub.kill()


def test_a_changed_logger_takes_over_and_nothing_is_lost_on_the_way(hubs, tmp_path):
    first, second = hubs(), hubs()
    gateway = Changing(tmp_path, first)
    marks = [str(uuid.uuid4())]
    gateway.log(marks[0])
    eventually(lambda: first.texts() == marks, "the first hub has its event")
    gateway.turn_to(second)

    def has_changed():
        marks.append(str(uuid.uuid4()))
        gateway.log(marks[-1])
        return second.texts()

    eventually(has_changed, "events go to the second hub")
    assert gateway.stop() == 0
    assert sorted(first.texts() + second.texts()) == sorted(marks)


def test_what_waits_is_sent_when_the_gateway_ends(hubs, tmp_path):
    hub = hubs()
    gateway = Changing(tmp_path, hub)
    marks = [str(uuid.uuid4()) for _ in range(300)]
    for mark in marks:
        gateway.log(mark)
    assert gateway.stop() == 0
    assert sorted(hub.texts()) == sorted(marks)


def test_a_hub_behind_tls(hubs, tmp_path):
    write_certificate(tmp_path)
    hub, mark = hubs(certificates=tmp_path), str(uuid.uuid4())
    gateway = Changing(tmp_path, hub, upstream={"caFile": str(tmp_path / "tls.crt")})
    gateway.log(mark)
    [(_, event)] = hub.read(lambda text: text == mark, 1)
    assert event.body_as_str() == mark
    assert gateway.stop() == 0


def test_a_hub_with_a_certificate_of_nobody_gets_no_event(hubs, tmp_path):
    write_certificate(tmp_path)
    hub = hubs(certificates=tmp_path)
    gateway = Changing(tmp_path, hub)
    gateway.log("not for everybody")
    eventually(lambda: count(gateway.management, "sekisho_event_hub_lost", logger="calls") == 1, "the hub is not trusted")
    assert gateway.stop() == 0
    seen = hub.seen()
    assert (seen["tokens"], seen["transfers"], sum(seen["events"], [])) == ([], [], [])
