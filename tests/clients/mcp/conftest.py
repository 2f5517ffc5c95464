"""One gateway and its upstreams for all tests of MCP and agents."""

import pytest

from mcp_gateway import Gateway
from upstreams import Upstreams


@pytest.fixture(scope="session")
def upstreams():
    running = Upstreams()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def gateway(tmp_path_factory, upstreams):
    running = Gateway(upstreams, tmp_path_factory.mktemp("data"))
    yield running
    assert running.stop() == 0
