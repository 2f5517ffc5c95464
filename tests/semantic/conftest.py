"""One model, one simulated Azure and one gateway for the whole run."""

import pytest

from gateway import Client, start_gateway, start_simulator
from model import EmbeddingServer, MiniLm


@pytest.fixture(scope="session")
def model() -> MiniLm:
    return MiniLm()


@pytest.fixture(scope="session")
def embeddings(model):
    server = EmbeddingServer(model)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def client(tmp_path_factory, embeddings) -> Client:
    folder = tmp_path_factory.mktemp("semantic")
    simulator = start_simulator(folder)
    try:
        gateway = start_gateway(folder, simulator.url, embeddings.url)
        yield Client(gateway.url)
        gateway.stop()
    finally:
        simulator.stop()
