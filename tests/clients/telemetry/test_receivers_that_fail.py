"""Receivers that are not there, or never answer, are no matter of the calls."""

import socket
import time
from pathlib import Path

from openai import OpenAI

from conftest import CONFIGURATION
from demo import http
from processes import Gateway, Simulator
from receivers import eventually


def test_calls_do_not_wait_and_losses_are_counted(tmp_path):
    # Connections are taken by the system and never answered.
    deaf = socket.create_server(("127.0.0.1", 0))
    simulator = Simulator(tmp_path, CONFIGURATION)
    service = (Path(__file__).parent / "service.yaml").read_text().replace("interval: 1s", "interval: 1s\n  timeout: 500ms")
    (tmp_path / "service.yaml").write_text(service)
    gateway = Gateway(
        tmp_path / "service.yaml", tmp_path / "data",
        {"COLLECTOR": "http://127.0.0.1:%d" % deaf.getsockname()[1], "STATSD": "127.0.0.1:9", "TENANT_KEY": "x",
         "SIMULATOR": simulator.url.removeprefix("http://"), "AZURE_POD_IDENTITY_AUTHORITY_HOST": simulator.url})
    page = lambda: http(f"{gateway.management}/metrics").body.decode()
    with OpenAI(base_url=f"{gateway.url}/models/openai/v1", api_key="team-a-key", max_retries=0, timeout=30) as client:
        slowest = 0
        for _ in range(20):
            began = time.monotonic()
            client.embeddings.create(model="text-embedding-3-small", input="a gate")
            slowest = max(slowest, time.monotonic() - began)
        eventually(lambda: 'sekisho_export_failures_total{exporter="otlp"} 0' not in page(), "the first failure")
    assert slowest < 0.45, "no call waited for the receiver's deadline"
    began = time.monotonic()
    assert gateway.stop() == 0
    assert time.monotonic() - began < 15, "the end waits for the receiver within its bounds"
    assert simulator.stop() == 0
    deaf.close()
