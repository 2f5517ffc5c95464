"""One gateway for the whole run, and a stand-in of Azure Monitor that starts each test with nothing."""

from pathlib import Path

import pytest

from processes import Gateway, Simulator
from stand_in import AzureMonitor

SERVICE = Path(__file__).parent / "service.yaml"
CONFIGURATION = """\
port: 0
resources:
  - name: models
    deployments: [{name: gpt-4o}]
"""


@pytest.fixture(scope="session")
def running(tmp_path_factory):
    folder = tmp_path_factory.mktemp("insights")
    azure = AzureMonitor()
    simulator = Simulator(folder, CONFIGURATION)
    gateway = Gateway(SERVICE, folder / "data", {
        "MONITOR": azure.url, "SIMULATOR": simulator.url, "AZURE_POD_IDENTITY_AUTHORITY_HOST": simulator.url})
    yield gateway, azure, simulator
    assert [gateway.stop(), simulator.stop()] == [0, 0]
    azure.stop()


@pytest.fixture
def gateway(running) -> Gateway:
    return running[0]


@pytest.fixture
def azure(running) -> AzureMonitor:
    """What does not keep to the schema fails the test that sent it."""
    azure = running[1]
    azure.reset()
    yield azure
    mistakes, azure.mistakes = azure.mistakes, []
    assert mistakes == []


@pytest.fixture
def simulator(running) -> Simulator:
    return running[2]
