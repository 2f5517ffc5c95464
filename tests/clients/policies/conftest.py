"""One gateway for the whole run; every test starts with models that have seen nothing."""

import pytest

from policies_gateway import Policies


@pytest.fixture(scope="session")
def running_policies(tmp_path_factory):
    policies = Policies(tmp_path_factory.mktemp("policies"))
    yield policies
    assert policies.stop() == [0, 0]


@pytest.fixture
def policies(running_policies) -> Policies:
    running_policies.simulator.reset()
    return running_policies
