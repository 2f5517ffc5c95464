"""One gateway in front of two providers; every test starts with providers that have seen nothing."""

import pytest

from unified_gateway import Unified


@pytest.fixture(scope="session")
def running(tmp_path_factory):
    unified = Unified(tmp_path_factory.mktemp("unified"))
    yield unified
    assert unified.stop() == [0, 0]


@pytest.fixture
def unified(running) -> Unified:
    running.simulator.reset()
    return running
