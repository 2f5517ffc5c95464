"""An event hub as a process, and what reads from it: the Python SDK of Event Hubs."""

import json
import os
import re
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

from azure.eventhub import EventData, EventHubConsumerClient

from demo import http

NODE = Path(__file__).parents[1] / "node"
HUB = "calls"
KEY_NAME = "send"
KEY = "a key/of+the hub="
PARTITIONS = 4
# What arrives does so within milliseconds; a busy machine gets more.
SECONDS = 30
SAMPLE = re.compile(r"^(\w+)\{(.*)\} (\S+)$", re.MULTILINE)


def eventually(probe, what: str, seconds: float = SECONDS):
    """What `probe` gives once that is true."""
    end = time.monotonic() + seconds
    while not (found := probe()):
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return found


def count(management: str, family: str, **labels: str) -> float:
    """The value of a series of a gateway's `/metrics`; 0 when there is none."""
    written = ",".join(f'{name}="{value}"' for name, value in labels.items())
    samples = SAMPLE.findall(http(f"{management}/metrics").body.decode())
    return sum(float(value) for name, having, value in samples if (name, having) == (family, written))


class EventHub:
    """`node/event-hub.mjs`; it can be killed and started again on its port."""

    def __init__(self, port: int = 0, certificates: Path | None = None):
        assert (NODE / "node_modules" / "rhea").is_dir(), "npm's packages are missing: tests/run installs them"
        self.port, self._certificates = port, certificates
        self.start()

    def start(self) -> None:
        settings = {"port": self.port, "hub": HUB, "keyName": KEY_NAME, "key": KEY, "partitions": PARTITIONS}
        if self._certificates:
            settings |= {"certificate": str(self._certificates / "tls.crt"), "certificateKey": str(self._certificates / "tls.key")}
        self._process = subprocess.Popen(
            ["node", "event-hub.mjs", json.dumps(settings)], cwd=NODE, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True, env=dict(os.environ))
        ports = json.loads(self._process.stdout.readline())
        self.port, self._control = ports["port"], ports["control"]

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def seen(self) -> dict:
        """Tokens, transfers, refused links, and the events of each partition."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._control}/", timeout=SECONDS) as reply:
            return json.load(reply)

    def texts(self) -> list[str]:
        """The beginnings of all events."""
        return [event["text"] for events in self.seen()["events"] for event in events]

    @property
    def connection_string(self) -> str:
        emulator = "" if self._certificates else "UseDevelopmentEmulator=true;"
        return f"Endpoint=sb://localhost:{self.port};SharedAccessKeyName={KEY_NAME};SharedAccessKey={KEY};{emulator}"

    def _tls(self) -> dict[str, str]:
        """What the SDK wants to know of a hub behind TLS: it takes no port from a connection string."""
        if not self._certificates:
            return {}
        return {"custom_endpoint_address": f"https://localhost:{self.port}", "connection_verify": str(self._certificates / "tls.crt")}

    def read(self, is_wanted, count: int) -> list[tuple[str, EventData]]:
        """The first `count` events that are wanted, each with the id of its partition, as the SDK reads them."""
        found, is_enough = [], threading.Event()

        def on_events(context, events):
            wanted = [event for event in events if is_wanted(event.body_as_str())]
            found.extend((context.partition_id, event) for event in wanted)
            if len(found) >= count:
                is_enough.set()

        client = EventHubConsumerClient.from_connection_string(
            self.connection_string, consumer_group="$Default", eventhub_name=HUB, retry_total=0, load_balancing_interval=0.5,
            **self._tls())
        # One event at a time, and the client would wait for each partition that is empty before the next event.
        how = {"on_event_batch": on_events, "starting_position": "-1", "max_batch_size": 1000, "max_wait_time": 0.1}
        reading = threading.Thread(target=client.receive_batch, kwargs=how, daemon=True)
        reading.start()
        arrived = is_enough.wait(SECONDS)
        client.close()
        reading.join(SECONDS)
        assert arrived, f"the SDK read {len(found)} of {count} events"
        return found
