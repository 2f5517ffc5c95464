"""One gateway for all tests of tokens; each test has an issuer that the gateway does not know yet."""

import pytest

from issuer import Issuer, Key, Server
from service import Gateway, policies, write


@pytest.fixture(scope="session")
def own_key() -> Key:
    """The key that stands in the document of the API `rsa`."""
    return Key("own")


@pytest.fixture(scope="session")
def server():
    running = Server()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def gateway(tmp_path_factory, own_key, server):
    folder = tmp_path_factory.mktemp("service")
    write(folder, policies(own_key))
    running = Gateway(folder, authority=server.url)
    yield running
    assert running.stop() == 0


@pytest.fixture
def issuer(server) -> Issuer:
    return server.issuer()
