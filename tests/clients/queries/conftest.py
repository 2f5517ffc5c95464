"""One gateway for the whole run, and calls in its logs."""

import pytest

from logged import Logged, Running


@pytest.fixture(scope="session")
def logged(tmp_path_factory) -> Logged:
    running = Running(tmp_path_factory.mktemp("logged"))
    try:
        running.logged.call()
        running.logged.wait_until_kept()
        yield running.logged
    finally:
        codes = running.stop()
    assert codes == [0, 0]
